import assert from 'node:assert/strict'
import fc from 'fast-check'
import { KvBuffers } from '../../src/inference/kv-buffers.ts'
import type { KvLayout } from '../../src/inference/kv-buffers.ts'
import type { CacheShape } from '../../src/inference/kv-rows.ts'
import type { Runtime } from '../../src/inference/runtime.ts'

class Tensor {
  readonly data: ArrayLike<number | bigint>
  readonly dims: readonly number[]
  constructor(_type: string, data: ArrayLike<number | bigint>, dims: readonly number[]) {
    assert.equal(
      data.length,
      dims.reduce((product, size) => product * size, 1)
    )
    this.data = data
    this.dims = dims
  }
}
const runtime = { Tensor } as unknown as Pick<Runtime, 'Tensor'>

/** Keys and values as nested lists: [row][head][token][number]. */
type Nested = number[][][][]

const NAME = 'past_key_values.0.key'
let count = 0

/** New tokens that are told apart from all others. */
function fresh(rows: number, { heads, size }: CacheShape, tokens: number): Nested {
  const list = <T>(length: number, make: () => T): T[] => Array.from({ length }, make)
  return list(rows, () => list(heads, () => list(tokens, () => list(size, () => ++count % 60_000))))
}

function added(buffers: KvBuffers, news: Nested, shape: CacheShape, tokens: number): void {
  const flat = news.flat(3)
  const data = shape.type === 'float16' ? Uint16Array.from(flat) : Float32Array.from(flat)
  const tensor = new Tensor(shape.type, data, [news.length, shape.heads, tokens, shape.size])
  buffers.append({ [NAME]: tensor } as never, tokens)
}

function joined(before: Nested, news: Nested): Nested {
  return before.map((row, r) => row.map((head, h) => [...head, ...news[r]![h]!]))
}

/** What a graph that is told the lengths finds in a tensor. */
function found(tensor: Tensor, lengths: readonly number[]): Nested {
  const [rows = 0, heads = 0, tokens = 0, size = 0] = tensor.dims
  const at = (row: number, head: number, token: number): number => ((row * heads + head) * tokens + token) * size
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: heads }, (_, head) =>
      Array.from({ length: lengths[row]! }, (_, token) =>
        Array.from(tensor.data as ArrayLike<number>).slice(at(row, head, token), at(row, head, token) + size)
      )
    )
  )
}

/** Puts a row's tokens where a graph that is told its length finds them. */
function put({ data, dims }: Tensor, row: number, heads: Nested[number]): void {
  const [, count = 0, tokens = 0] = dims
  heads.forEach((head, index) => {
    ;(data as Float32Array).set(head.flat(), (row * count + index) * tokens * (dims[3] ?? 0))
  })
}

/** Where a graph puts the next token of each row: behind what it was told of, or behind all that it was given. */
function behind(buffers: KvBuffers, layout: KvLayout): number[] {
  const { dims } = only(buffers.tensors())
  return buffers.lengths.map((length) => (layout === 'spaced' ? (dims[2] ?? 0) : length))
}

const only = (tensors: Record<string, unknown>): Tensor => tensors[NAME] as Tensor

describe('buffers of keys and values', () => {
  const shapes = fc.record({
    name: fc.constant(NAME),
    type: fc.constantFrom<CacheShape['type'][]>('float32', 'float16'),
    heads: fc.integer({ min: 1, max: 3 }),
    size: fc.integer({ min: 1, max: 2 })
  })
  const layouts = fc.constantFrom<KvLayout[]>('padded', 'packed', 'spaced')
  // Some steps are a chunk of a prompt, most a token; growth is met with both.
  const steps = fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 70 })), { minLength: 1, maxLength: 6 })

  it('hold what a graph that joins old and new would give back, whatever the steps', () => {
    fc.assert(
      fc.property(shapes, layouts, steps, fc.integer({ min: 1, max: 3 }), (shape, layout, counts, rows) => {
        const buffers = new KvBuffers(
          runtime,
          [shape],
          layout,
          Array.from({ length: rows }, () => 0)
        )
        let expected: Nested = fresh(rows, shape, 0)
        for (const tokens of counts) {
          const places = Array.from((buffers.places(tokens) as unknown as Tensor).data, Number)
          const first = behind(buffers, layout)[0] ?? 0
          assert.deepEqual(
            places,
            Array.from({ length: rows * tokens }, (_, index) => first + (index % tokens))
          )
          const news = fresh(rows, shape, tokens)
          added(buffers, news, shape, tokens)
          expected = joined(expected, news)
        }
        assert.deepEqual(found(only(buffers.tensors()), buffers.lengths), expected)
        const whole = only(buffers.whole())
        assert.equal(whole.dims[2], buffers.lengths[0])
        assert.deepEqual(found(whole, buffers.lengths), expected)
        if (layout === 'packed') assert.equal(only(buffers.tensors()).dims[2], buffers.lengths[0])
      }),
      { seed: 6, numRuns: 40 }
    )
  })

  it('have room for rows that lie beside each other, and for others in their place', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 2, maxLength: 4 })
    fc.assert(
      fc.property(shapes, layouts, lengths, fc.nat(200), (shape, layout, each, other) => {
        // Packed rows are equally long.
        const all = layout === 'packed' ? each.map(() => each[0]!) : each
        const buffers = new KvBuffers(runtime, [shape], layout, all)
        let expected = all.map((length) => fresh(1, shape, length)[0]!)
        expected.forEach((row, index) => {
          put(only(buffers.tensors()), index, row)
        })
        const step = (): void => {
          const news = fresh(all.length, shape, 1)
          const places = Array.from((buffers.places(1) as unknown as Tensor).data, Number)
          assert.deepEqual(places, behind(buffers, layout))
          added(buffers, news, shape, 1)
          expected = joined(expected, news)
          assert.deepEqual(found(only(buffers.tensors()), buffers.lengths), expected)
        }
        for (let token = 0; token < 3; token++) step()
        // Where there is room for it, another row is put in the place of the first.
        const length = layout === 'packed' ? buffers.lengths[0]! : other % only(buffers.tensors()).dims[2]!
        expected[0] = fresh(1, shape, length)[0]!
        put(only(buffers.tensors()), 0, expected[0])
        buffers.hold(expected.map(([head]) => head!.length))
        for (let token = 0; token < 3; token++) step()
      }),
      { seed: 6, numRuns: 40 }
    )
  })

  it('hold the first tokens of a row after a cut, and what comes then', () => {
    fc.assert(
      fc.property(shapes, layouts, fc.integer({ min: 1, max: 150 }), fc.nat(149), (shape, layout, tokens, left) => {
        const buffers = new KvBuffers(runtime, [shape], layout)
        buffers.reserve(tokens + 40)
        const before = fresh(1, shape, tokens)
        added(buffers, before, shape, tokens)
        const bytes = buffers.bytes
        const length = 1 + (left % tokens)
        buffers.cut(length)
        const news = fresh(1, shape, 30)
        added(buffers, news, shape, 30)
        const kept = before.map((row) => row.map((head) => head.slice(0, length)))
        assert.deepEqual(found(only(buffers.tensors()), buffers.lengths), joined(kept, news))
        assert.equal(buffers.bytes, bytes)
      }),
      { seed: 6, numRuns: 60 }
    )
  })

  it('fit themselves to the rows that are left, in place, while they are not twice as large', () => {
    fc.assert(
      fc.property(shapes, fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 2, maxLength: 4 }), (shape, each) => {
        const buffers = new KvBuffers(runtime, [shape], 'spaced', each)
        const rows = each.map((length) => fresh(1, shape, length)[0]!)
        rows.forEach((row, index) => {
          put(only(buffers.tensors()), index, row)
        })
        // The longest goes; its slot is free.
        const gone = each.indexOf(Math.max(...each))
        const lengths = each.map((length, row) => (row === gone ? 0 : length))
        const longest = Math.max(...lengths)
        const before = buffers.bytes
        const columns = only(buffers.tensors()).dims[2]!
        const isFitted = buffers.fit(longest)
        buffers.hold(lengths)
        const after = only(buffers.tensors()).dims[2]!
        assert.equal(buffers.bytes, before)
        assert.equal(after === columns, !isFitted)
        if (longest > Math.max(...each) * 0.7) assert.ok(after > longest && after <= longest + 16)
        const expected = rows.map((row, index) => row.map((head) => head.slice(0, lengths[index])))
        assert.deepEqual(found(only(buffers.tensors()), lengths), expected)
        const news = fresh(each.length, shape, 1)
        added(buffers, news, shape, 1)
        assert.deepEqual(found(only(buffers.tensors()), buffers.lengths), joined(expected, news))
      }),
      { seed: 6, numRuns: 200 }
    )
    const shape: CacheShape = { name: NAME, type: 'float32', heads: 1, size: 1 }
    // The memory of a row that was much longer is not held for what is left.
    assert.equal(new KvBuffers(runtime, [shape], 'spaced', [200, 20]).fit(20), false)
  })

  it('have zeros where no token is, and know when they have far more room than they need', () => {
    const shape: CacheShape = { name: NAME, type: 'float32', heads: 2, size: 1 }
    const buffers = new KvBuffers(runtime, [shape], 'spaced', [0, 0])
    // More columns come with the seventeenth token and the thirty-third, in memory that is there.
    for (let token = 0; token < 40; token++) added(buffers, fresh(2, shape, 1), shape, 1)
    const { data, dims } = only(buffers.tensors())
    const columns = dims[2]!
    Array.from(data as Float32Array).forEach((number, at) => {
      assert.equal(number === 0, at % columns >= 40, String(at))
    })
    const row = new KvBuffers(runtime, [shape], 'packed')
    row.reserve(600)
    const isRoomyAt = (tokens: number): boolean => {
      added(row, fresh(1, shape, tokens), shape, tokens)
      return row.isRoomy
    }
    assert.deepEqual([isRoomyAt(64), isRoomyAt(400)], [true, false])
    row.cut(200)
    assert.equal(row.isRoomy, true)
  })

  it('stay as they are when what they are given does not fit', () => {
    const shape: CacheShape = { name: NAME, type: 'float32', heads: 2, size: 2 }
    const buffers = new KvBuffers(runtime, [shape], 'packed')
    const news = fresh(1, shape, 3)
    added(buffers, news, shape, 3)
    assert.throws(() => {
      buffers.append({ [NAME]: new Tensor('float32', new Float32Array(8), [1, 2, 2, 2]) } as never, 1)
    }, /gave past_key_values\.0\.key otherwise/)
    assert.deepEqual(found(only(buffers.tensors()), buffers.lengths), news)
  })
})
