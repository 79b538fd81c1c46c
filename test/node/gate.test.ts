import assert from 'node:assert/strict'
import type { BusyError } from '../../src/errors.ts'
import type { Waiting } from '../../src/interface.ts'
import { Gate } from '../../src/node/gate.ts'
import { MOST_WAITING } from '../../src/node/turns.ts'
import { ManualClock } from '../protocols/manual-clock.ts'

describe('the gate before the engine', () => {
  let clock: ManualClock
  let gate: Gate
  /** Who was let through, in order, and how each gives its place back. */
  let through: { who: string; release: () => void }[]
  /** The last place that each was told. */
  let places: Map<string, number>

  beforeEach(() => {
    clock = new ManualClock()
    gate = new Gate({ atOnce: () => 1, nameOf: () => 'qwen', alsoAt: () => ['laptop', 'pi'], clock })
    through = []
    places = new Map()
  })

  async function enter(who: string, asker: string | null, signal?: AbortSignal): Promise<void> {
    const waits: AsyncGenerator<Waiting, () => void> = gate.enter('model', asker, signal)
    for (;;) {
      const step = await waits.next()
      if (step.done === true) {
        through.push({ who, release: step.value })
        return
      }
      places.set(who, step.value.place)
    }
  }

  function turns(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve))
  }

  async function release(): Promise<void> {
    through.at(-1)?.release()
    await turns()
  }

  it('lets the owner through next, and a modest device before the crowd of a greedy one', async () => {
    const all = [
      enter('g1', 'greedy'),
      enter('g2', 'greedy'),
      enter('g3', 'greedy'),
      enter('m1', 'modest'),
      enter('own', null)
    ]
    await turns()
    assert.deepEqual(Object.fromEntries(places), { g2: 2, g3: 4, m1: 3, own: 1 })
    for (let step = 0; step < 4; step++) await release()
    await Promise.all(all)
    assert.deepEqual(
      through.map(({ who }) => who),
      ['g1', 'own', 'g2', 'm1', 'g3']
    )
  })

  it('gives a sign of life each second to those who wait, and forgets who gives up', async () => {
    await enter('first', 'a')
    const signs: number[] = []
    const gone = new AbortController()
    const waits = gate.enter('model', 'b', gone.signal)
    for (let sign = 0; sign < 3; sign++) {
      const next = waits.next()
      await turns()
      // The first one comes without it.
      if (sign > 0) clock.advance(1000)
      const { value } = await next
      signs.push((value as Waiting).place)
    }
    assert.deepEqual(signs, [1, 1, 1])
    const reason = new Error('enough')
    const failing = waits.next()
    gone.abort(reason)
    await assert.rejects(failing, reason)
    const later = enter('later', 'c')
    await turns()
    assert.equal(places.get('later'), 1)
    await release()
    await later
  })

  it('refuses at once who finds no room, with the expected wait and who else could answer', async () => {
    await enter('first', 'greedy')
    clock.advance(2000)
    await release()
    await enter('second', 'greedy')
    const crowd: Promise<void>[] = []
    for (let ask = 0; ask < MOST_WAITING / 2; ask++) crowd.push(enter(`g${ask}`, 'greedy'))
    await turns()
    await assert.rejects(enter('one too many', 'greedy'), (err: BusyError) => {
      assert.equal(err.name, 'BusyError')
      assert.equal(
        err.message,
        '32 questions wait for qwen here already, about 64 s of work; ask again later. laptop and pi could answer too.'
      )
      assert.deepEqual(err.details, { waiting: 32, waitMs: 64_000, others: ['laptop', 'pi'] })
      return true
    })
    const modest = enter('modest', 'modest')
    await turns()
    assert.equal(places.get('modest'), 2)
    for (let step = 0; step <= crowd.length; step++) await release()
    await Promise.all([...crowd, modest])
    assert.equal(
      through.findIndex(({ who }) => who === 'modest'),
      3
    )
  })
})
