import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  BATCH_START,
  PREFILL_CHUNK,
  nextStep,
  pieceFor,
  readBetween,
  shareRuns
} from '../../src/inference/batch-plan.ts'
import type { BatchState } from '../../src/inference/batch-plan.ts'

const options = { seed: 61, numRuns: 500 }

interface Job {
  /** After how many steps it comes. */
  at: number
  prompt: number
  answer: number
  /** After how many of its tokens it goes; it never comes back. */
  cancelAfter: number | null
}

interface Told {
  /** Steps and tokens of prompts since it came, until its prompt was read. */
  pieces: number | null
  read: number
  tokens: number
  /** The most that was read of prompts between two of its tokens. */
  stall: number
  /** Decode steps it was ready for and not in. */
  missed: number
}

/** Plays a schedule to its end, as the batcher would. */
function play(jobs: readonly Job[], between = PREFILL_CHUNK): { told: Told[]; reads: number[]; decodes: number } {
  let state: BatchState = BATCH_START
  let decodes = 0
  const told = jobs.map((): Told => ({ pieces: null, read: 0, tokens: 0, stall: 0, missed: 0 }))
  const since = jobs.map(() => 0)
  const reads: number[] = []
  for (let step = 0; ; step++) {
    const ready = jobs.flatMap((job, id) => {
      const { read, tokens } = told[id]!
      const gone = tokens >= Math.min(job.answer, job.cancelAfter ?? Infinity)
      if (job.at > step || gone) return []
      const unread = job.prompt - read
      return [{ id, piece: unread > 0 ? Math.min(PREFILL_CHUNK, unread) : 1, unread }]
    })
    const next = nextStep(state, ready, between)
    if (next === null) {
      if (jobs.every(({ at }) => at <= step)) return { told, reads, decodes }
      continue
    }
    state = next.state
    if (next.step.do === 'read') {
      const { row } = next.step
      const { piece, unread } = ready.find(({ id }) => id === row)!
      told[row]!.read += piece
      reads.push(row)
      if (unread === piece) told[row]!.pieces = reads.length
      for (const { id, unread: left } of ready) {
        if (left === 0) told[id]!.stall = Math.max(told[id]!.stall, (since[id] = since[id]! + piece))
      }
    } else {
      decodes++
      for (const { id, unread } of ready) {
        if (unread > 0) continue
        since[id] = 0
        if (next.step.rows.includes(id)) told[id]!.tokens++
        else told[id]!.missed++
      }
    }
  }
}

const job: fc.Arbitrary<Job> = fc.record({
  at: fc.nat(60),
  prompt: fc.oneof(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 2000 })),
  answer: fc.integer({ min: 1, max: 60 }),
  cancelAfter: fc.oneof(fc.constant(null), fc.nat(20))
})
const jobs = fc.array(job, { minLength: 1, maxLength: 12 })
const betweens = fc.integer({ min: PREFILL_CHUNK, max: 600 })

describe('the plan of a batch, for any asks,', () => {
  it('does the work that they would take alone, no more and no less', () => {
    fc.assert(
      fc.property(jobs, betweens, (all, between) => {
        const { told, reads } = play(all, between)
        all.forEach(({ prompt, answer, cancelAfter }, id) => {
          const wanted = Math.min(answer, cancelAfter ?? Infinity)
          assert.equal(told[id]!.tokens, wanted)
          if (wanted > 0) assert.equal(told[id]!.read, prompt)
          assert.ok(reads.filter((row) => row === id).length <= Math.ceil(prompt / PREFILL_CHUNK))
        })
      }),
      options
    )
  })

  it('gives a token to each that answers in every step, with no more of prompts between than is allowed', () => {
    fc.assert(
      fc.property(jobs, betweens, (all, between) => {
        for (const { missed, stall } of play(all, between).told) {
          assert.equal(missed, 0)
          assert.ok(stall <= between, String(stall))
        }
      }),
      options
    )
  })

  it('lets no prompt wait for more than twice its own and those that came before', () => {
    fc.assert(
      fc.property(jobs, betweens, (all, between) => {
        // All come at once: the order is that of their numbers.
        const together = all.map((each) => ({ ...each, at: 0, cancelAfter: null }))
        const { told } = play(together, between)
        let before = 0
        together.forEach(({ prompt }, id) => {
          before += Math.ceil(prompt / PREFILL_CHUNK)
          assert.ok(told[id]!.pieces! <= 2 * before, `${String(told[id]!.pieces)} of ${String(before)}`)
        })
      }),
      options
    )
  })

  it('reads a short prompt soon, whatever long ones came before', () => {
    const long = { at: 0, prompt: 2000, answer: 1, cancelAfter: null }
    const { told } = play([long, long, long, { ...long, prompt: 100 }])
    assert.ok(told[3]!.pieces! <= 4, String(told[3]?.pieces))
  })

  it('reads prompts that come together before any goes on, where they fit between two tokens', () => {
    const eight = Array.from({ length: 8 }, () => ({ at: 0, prompt: 70, answer: 30, cancelAfter: null }))
    assert.equal(play(eight, 8 * 70).decodes, 30)
    assert.ok(play(eight).decodes > 30)
  })

  it('lets a device read for a tenth of a second between two tokens, and one piece however slow it is', () => {
    assert.equal(readBetween(6000), 600)
    assert.equal(readBetween(20), PREFILL_CHUNK)
  })

  it('reads at once what takes a twentieth of a second, in whole chunks', () => {
    assert.deepEqual([20, 2500, 2600, 4000, 1e6].map(pieceFor), [64, 64, 128, 128, 128])
    fc.assert(
      fc.property(fc.float({ min: 0, max: Math.fround(1e7), noNaN: true }), (rate) => {
        const piece = pieceFor(rate)
        assert.equal(piece % PREFILL_CHUNK, 0)
        assert.ok(piece === PREFILL_CHUNK || piece <= rate / 20)
        assert.ok(readBetween(rate) >= piece)
      })
    )
  })

  it('has nothing to do for nobody', () => {
    assert.equal(nextStep(BATCH_START, [], PREFILL_CHUNK), null)
  })
})

describe('rows that share a run', () => {
  const row = fc
    .record({ length: fc.integer({ min: 1, max: 2000 }), room: fc.integer({ min: 1, max: 600 }) })
    .map(({ length, room }) => ({ length, most: length + room }))
  const rows = fc.array(row, { minLength: 1, maxLength: 32 })

  it('are each in one, padded as far as it is worth, within the memory that was kept free', () => {
    fc.assert(
      fc.property(rows, fc.nat(500), (all, worth) => {
        const groups = shareRuns(all, worth)
        assert.deepEqual(
          groups.flat().sort((a, b) => a - b),
          all.map((_, index) => index)
        )
        for (const group of groups) {
          const members = group.map((index) => all[index]!)
          const lengths = members.map(({ length }) => length)
          const longest = Math.max(...lengths)
          assert.ok(longest - Math.min(...lengths) <= worth)
          if (group.length > 1) {
            assert.ok(group.length * (longest + 1) <= members.reduce((sum, { most }) => sum + most, 0))
          }
        }
      }),
      options
    )
  })

  it('are all of them where they are alike', () => {
    const all = Array.from({ length: 32 }, (_, index) => ({ length: 40 + (index % 7), most: 500 }))
    assert.equal(shareRuns(all, 100).length, 1)
  })
})
