import assert from 'node:assert/strict'
import { BatchSession } from '../../src/inference/batch-session.ts'
import type { BatchRow } from '../../src/inference/batch-session.ts'
import type { KvCache } from '../../src/inference/decoder-session.ts'
import type { Padding } from '../../src/inference/graph-fit.ts'
import { apartBy, openModel } from './batch-rows.ts'
import type { RowsModel } from './batch-rows.ts'

interface Place {
  pack: { cache: KvCache }
  slot: number
}

/** Where a row is among others; nobody else sees it. */
function placeOf(row: BatchRow): Place {
  return (row as unknown as { home: Place }).home
}

/** Below it only the order of additions differs. */
const ROUNDING = 2e-5
/** A token at which a run fails. */
const BROKEN = 249

describe('the rows of a graph', () => {
  const models = new Map<string, RowsModel>()
  before(async () => {
    for (const name of ['plain', 'fused', 'beside']) models.set(name, await openModel(name))
  })
  after(async () => {
    for (const { session } of models.values()) await session.release()
  })

  /** A batch, and the same rows each in one of its own. */
  class Pair {
    readonly #model: RowsModel
    readonly together: BatchSession
    readonly rows: { row: BatchRow; alone: BatchSession; own: BatchRow }[] = []
    /** Rows of each run with several. */
    readonly runs: number[] = []

    constructor(name: string, padding?: Padding) {
      this.#model = models.get(name)!
      const { session } = this.#model
      const seen = Object.create(session) as typeof session
      for (const method of ['free', 'empty', 'roomFor'] as const) {
        Object.defineProperty(seen, method, { value: session[method].bind(session) })
      }
      Object.defineProperty(seen, 'forward', {
        value: (...args: Parameters<typeof session.forward>) => {
          refuse(args[1])
          return session.forward(...args)
        }
      })
      Object.defineProperty(seen, 'shapes', { get: () => session.shapes })
      Object.defineProperty(seen, 'forwardRows', {
        value: (...args: Parameters<typeof session.forwardRows>) => {
          refuse(args[1].ids)
          // What is new alone, where the graph can give it.
          assert.ok(args[0].buffers !== null)
          this.runs.push(args[1].ids.length)
          return session.forwardRows(...args)
        }
      })
      this.together = new BatchSession(seen, { padding: padding ?? this.#model.traits.padding, worth: 100 })
    }

    async add(length: number, most = 300): Promise<number> {
      const alone = new BatchSession(this.#model.session, { padding: null, worth: 0 })
      const entry = { row: this.together.begin(most), alone, own: alone.begin(most) }
      const ids = Array.from({ length }, (_, at) => (11 * length + 7 * at) % BROKEN)
      same(await this.together.read(entry.row, ids), await alone.read(entry.own, ids))
      return this.rows.push(entry) - 1
    }

    /** One more token for some of the rows, by their index. */
    async step(...indices: number[]): Promise<void> {
      const entries = indices.map((index) => this.rows[index]!)
      const ids = indices.map((index) => (31 * index + 5 * this.rows[index]!.row.length) % BROKEN)
      const given = await this.together.decode(
        entries.map(({ row }) => row),
        ids
      )
      for (const [at, { alone, own }] of entries.entries()) {
        const [expected] = await alone.decode([own], [ids[at]!])
        same(given[at]!, expected!)
      }
    }

    leave(index: number): void {
      this.together.end(this.rows[index]!.row)
    }
  }

  function refuse(ids: readonly number[]): void {
    if (ids.includes(BROKEN)) throw new Error('no such token')
  }

  function same(given: Float32Array | Error, expected: Float32Array | Error): void {
    assert.ok(given instanceof Float32Array && expected instanceof Float32Array, String(given))
    assert.ok(apartBy(given, expected) <= ROUNDING, `logits differ by ${apartBy(given, expected)}`)
  }

  for (const name of ['plain', 'fused']) {
    it(`of ${name} keep what they read through steps without them, free slots and moves`, async () => {
      const pair = new Pair(name)
      for (const length of [9, 30, 3, 17]) await pair.add(length)
      for (let step = 0; step < 3; step++) await pair.step(0, 1, 2, 3)
      // Two prove it; then all in one run.
      assert.deepEqual(pair.runs, [2, 2, 4, 4, 4])
      await pair.step(0, 1, 3)
      await pair.step(0, 2)
      await pair.step(3, 2, 1, 0)
      pair.leave(1)
      await pair.step(0, 2, 3)
      await pair.add(12)
      await pair.step(0, 2, 3, 4)
      // The newcomer got the slot that was free.
      assert.equal(pair.runs.at(-1), 4)
      pair.leave(0)
      // Longer than what the others have room for.
      await pair.add(90)
      await pair.step(2, 3, 4, 5)
      await pair.step(5, 4, 3, 2)
    })
  }

  it('of plain are not harmed by one that went wrong before in the same memory', async () => {
    const pair = new Pair('plain')
    for (const length of [40, 20, 30]) await pair.add(length)
    await pair.step(0, 1, 2)
    const { pack, slot } = placeOf(pair.rows[0]!.row)
    for (const { data, dims } of Object.values(pack.cache.tensors)) {
      const size = data.length / dims[0]!
      ;(data as Float32Array).fill(NaN, slot * size, (slot + 1) * size)
    }
    pair.leave(0)
    await pair.step(1, 2)
    const next = await pair.add(10)
    await pair.step(1, 2, next)
    assert.deepEqual(placeOf(pair.rows[next]!.row), { pack, slot })
  })

  it('give what they read to a later one, in no more than twice the room', async () => {
    const { session, traits } = models.get('plain')!
    const rows = new BatchSession(session, { ...traits, worth: 100 })
    const ids = (length: number): number[] => Array.from({ length }, (_, at) => (7 * at) % BROKEN)
    const row = rows.begin(250, { prompt: 240 })
    await rows.read(row, ids(64))
    // Whoever asked went away; what was read needs a quarter of the room that was made.
    const kept = rows.keep(row, 64)!
    rows.end(row)
    assert.ok(kept.bytes <= 2 * rows.bytesOf(64), String(kept.bytes))
    const long = rows.begin(250)
    await rows.read(long, ids(230))
    const all = rows.keep(long, 230)!
    rows.end(long)
    assert.ok(all.bytes >= rows.bytesOf(230))
    const next = rows.begin(60, { kept: { cache: all, length: 20, isTaken: true } })
    const { cache } = (next as unknown as { home: { cache: KvCache } }).home
    assert.ok(cache.buffers!.bytes < rows.bytesOf(100), String(cache.buffers!.bytes))
    await rows.read(next, [5, 6, 7])
    const alone = rows.begin(60)
    await rows.read(alone, [...ids(20), 5, 6, 7])
    same((await rows.decode([next], [9]))[0]!, (await rows.decode([alone], [9]))[0]!)
  })

  it('are apart where padding costs more than a run, or more memory than was kept free', async () => {
    const pair = new Pair('fused')
    for (const length of [150, 20, 25]) await pair.add(length)
    await pair.step(0, 1, 2)
    assert.deepEqual(pair.runs, [2, 2, 2])
    const tight = new Pair('fused')
    await tight.add(60, 61)
    await tight.add(5, 6)
    await tight.step(0, 1)
    assert.deepEqual(tight.runs, [2, 2])
  })

  it('are apart from the first token on where the graph mixes them up', async () => {
    // It counts positions by the columns of the mask, which are those of the longest row.
    const pair = new Pair('beside', 'left')
    for (const length of [9, 30]) await pair.add(length)
    for (let step = 0; step < 3; step++) await pair.step(0, 1)
    assert.deepEqual(pair.runs, [2, 2])
  })

  it('fail one by one', async () => {
    const pair = new Pair('fused')
    for (const length of [9, 30, 12]) await pair.add(length)
    await pair.step(0, 1, 2)
    const rows = pair.rows.map(({ row }) => row)
    const [first, second, third] = await pair.together.decode(rows, [1, BROKEN, 2])
    assert.ok(second instanceof Error)
    for (const [index, given] of [first, third].entries()) {
      const { alone, own } = pair.rows[index * 2]!
      same(given!, (await alone.decode([own], [index + 1]))[0]!)
    }
    pair.leave(1)
    await pair.step(0, 2)
  })
})
