/** Held-out questions to the built-in model, through the engine's own tokenizer, template, sampling and session. */
import assert from 'node:assert/strict'
import type { Message } from '../../src/interface.ts'
import { user } from './fixture.ts'
import { judged, loadMini, mostAreRight, readMini } from './mini-model.ts'
import type { MiniModel } from './mini-model.ts'

/** The beginning of every refusal. */
const REFUSAL = 'I am only the small built-in model'
/**
 * Shares that must be right; sums within the promised range have no excuse. The goal for help is 0.95 and was not
 * reached (models/mini/README.md): what is held here is what was.
 */
const GOALS = { sums: 1, help: 0.95, unknown: 0.95, talk: 0.9 }

interface Verbs {
  answer: string
  other: string
  verbs: { name: string; summary: string }[]
}

describe('the built-in model', function () {
  this.timeout(60_000)
  let model: MiniModel
  before(async () => {
    model = await loadMini()
  })
  after(() => model.release())

  it('does the held-out sums', () =>
    mostAreRight(
      readMini('held-out', 'sums.json') as { question: string; answer: string }[],
      GOALS.sums,
      async (sum) => {
        const given = await model.say(user(sum.question))
        return judged(sum.question, given, given === sum.answer)
      }
    ))

  it('knows which verb helps', async () => {
    const { answer, other, verbs } = readMini('verbs.json') as Verbs
    const answers = new Map(
      verbs.map(({ name, summary }) => [name, answer.replace('{name}', name).replace('{summary}', summary)])
    )
    const questions = readMini('held-out', 'help.json') as { question: string; verb: string }[]
    await mostAreRight(questions, GOALS.help, async ({ question, verb }) => {
      const given = await model.say(user(question))
      return judged(question, given, given === (answers.get(verb) ?? other))
    })
  })

  it('says that it does not know what it does not know', () =>
    mostAreRight(readMini('held-out', 'unknown.json') as string[], GOALS.unknown, async (question) => {
      const given = await model.say(user(question))
      return judged(question, given, given.startsWith(REFUSAL))
    }))

  it('talks: greets, tells what it is, and remembers a name', () =>
    mostAreRight(
      readMini('held-out', 'talk.json') as { turns: string[]; expect: string }[],
      GOALS.talk,
      async ({ turns, expect }) => {
        assert.ok(turns.length > 0)
        const messages: Message[] = []
        let given = ''
        for (const content of turns) {
          messages.push({ role: 'user', content })
          given = await model.say(messages)
          messages.push({ role: 'assistant', content: given })
        }
        return judged(turns.join(' / '), given, given.toLowerCase().includes(expect.toLowerCase()))
      }
    ))
})
