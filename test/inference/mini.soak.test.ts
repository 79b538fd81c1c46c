/** Everything that the built-in model promises: 15,219 sums. */
import { user } from './fixture.ts'
import { judged, loadMini, mostAreRight } from './mini-model.ts'
import type { MiniModel } from './mini-model.ts'

interface Sum {
  question: string
  result: number
}

function upTo(most: number): number[] {
  return Array.from({ length: most + 1 }, (_, number) => number)
}

describe('the built-in model calculates', function () {
  this.timeout(30 * 60_000)
  let model: MiniModel
  before(async () => {
    model = await loadMini()
  })
  after(() => model.release())

  const all = (sums: Sum[]): Promise<void> =>
    mostAreRight(sums, 1, async ({ question, result }) => {
      const given = await model.say(user(question))
      return judged(question, given, given === String(result))
    })
  const sum = (a: number, sign: string, b: number, result: number): Sum => ({
    question: `What is ${String(a)} ${sign} ${String(b)}?`,
    result
  })

  it('every sum of 0 to 99', () => all(upTo(99).flatMap((a) => upTo(99).map((b) => sum(a, '+', b, a + b)))))
  it('every difference of 0 to 99 that is not negative', () =>
    all(upTo(99).flatMap((a) => upTo(a).map((b) => sum(a, '-', b, a - b)))))
  it('every product of 0 to 12', () => all(upTo(12).flatMap((a) => upTo(12).map((b) => sum(a, 'times', b, a * b)))))
})
