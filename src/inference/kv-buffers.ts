import type { Tensor } from 'onnxruntime-node'
import { numbersFor } from './kv-rows.ts'
import type { CacheShape, CacheTensors, Numbers } from './kv-rows.ts'
import type { Runtime } from './runtime.ts'

/**
 * How keys and values lie in what a graph is fed with, [rows, heads, tokens, size of a head]:
 * - `padded`: each head has room for more tokens than there are, and the graph is told apart how many there are
 *   (GroupQueryAttention). A new token is written behind the others, and the rows may be of different length.
 * - `packed`: a graph that joins old and new (Concat) wants the old ones and nothing else. Heads move up for each token,
 *   in place; there is one row.
 * - `spaced`: rows of such a graph that takes a mask and positions. It puts the new token behind all columns; here it is
 *   written behind those of its row, and the mask leaves out the columns between. So the rows may be of different length,
 *   and heads move up once in some tokens.
 */
export type KvLayout = 'padded' | 'packed' | 'spaced'

/** Growing copies everything once, so there is room for an eighth more, in such steps. */
const GROWTH_TOKENS = 64
const GROWTH_SHARE = 1 / 8
/** Columns that nobody uses are joined and multiplied too; moving heads up costs as much as some of them. */
const SPACE_TOKENS = 16

/** Keys and values of one or several rows, kept in memory that is used again for each token. */
export class KvBuffers {
  readonly #Tensor: Runtime['Tensor']
  readonly #shapes: readonly CacheShape[]
  readonly #layout: KvLayout
  #buffers: readonly Numbers[]
  #capacity: number
  /** Tokens between the beginnings of two heads. */
  #stride: number
  #reserved = 0
  readonly #lengths: number[]

  /** @param lengths tokens of each row, for which there is room; the caller puts them there. @default one row, empty */
  constructor(
    runtime: Pick<Runtime, 'Tensor'>,
    shapes: readonly CacheShape[],
    layout: KvLayout,
    lengths: readonly number[] = [0]
  ) {
    this.#Tensor = runtime.Tensor
    this.#shapes = shapes
    this.#layout = layout
    this.#lengths = [...lengths]
    // One more than there are: the next token shall not copy what was just put there.
    this.#capacity = this.#longest === 0 ? 0 : roomFor(this.#longest + 1)
    this.#stride = this.#longest === 0 ? 0 : this.#strideFor(this.#longest, this.#longest + 1, this.#capacity)
    this.#buffers = shapes.map((shape) => numbersFor(shape, lengths.length, this.#capacity))
  }

  /** Memory that they take. */
  get bytes(): number {
    return this.#buffers.reduce((sum, { byteLength }) => sum + byteLength, 0)
  }

  /** Tokens of each row. */
  get lengths(): readonly number[] {
    return this.#lengths
  }

  /** Tokens of each row from now on, where others were put in the place of some. */
  hold(lengths: readonly number[]): void {
    lengths.forEach((length, row) => (this.#lengths[row] = length))
  }

  /** Keeps the first tokens of the one row that there is. */
  cut(length: number): void {
    if (this.#layout !== 'padded') this.#narrow(length)
    this.#lengths[0] = length
  }

  /**
   * Gives spaced rows as many columns as this length needs, in place; none of them may be longer.
   * @returns whether they are others now; not so where there is no room for them, or twice as much as that
   */
  fit(longest: number): boolean {
    const stride = roundUp(longest + 1, SPACE_TOKENS)
    const isNear = stride <= this.#capacity && this.#capacity <= 2 * roomFor(longest)
    if (this.#layout !== 'spaced' || !isNear || stride === this.#stride) return false
    if (stride < this.#stride) this.#narrow(stride)
    else this.#spread(stride)
    return true
  }

  /** Whether they have room for more than twice what would be given to what is in them. */
  get isRoomy(): boolean {
    return this.#capacity > 2 * roomFor(this.#longest + 1)
  }

  /** Has the next growth make room for so many tokens. */
  reserve(tokens: number): void {
    this.#reserved = tokens
  }

  /** What the graph is fed with. The next `append` changes what is in it. */
  tensors(): Record<string, Tensor> {
    return this.#tensors(this.#stride)
  }

  /** A copy without room for more, as a graph's own output would be. All rows have to be equally long. */
  whole(): Record<string, Tensor> {
    const length = this.#longest
    const copies = this.#resized(this.#stride, length, length)
    return this.#tensors(length, copies)
  }

  /** Where the graph puts the next `count` tokens of each row: int64 [rows, 1, count, 1]. */
  places(count: number): Tensor {
    const places = this.#lengths.flatMap((length) => {
      const first = this.#layout === 'spaced' ? this.#stride : length
      return Array.from({ length: count }, (_, index) => first + index)
    })
    return new this.#Tensor('int64', BigInt64Array.from(places, BigInt), [this.#lengths.length, 1, count, 1])
  }

  /**
   * Adds tokens to each row: all of them, or, where memory runs out, none.
   * @param news by the name of the input; [rows, heads, count, size]
   */
  append(news: CacheTensors, count: number): void {
    const after = this.#longest + count
    const added = this.#shapes.map(({ name, heads, size }) => {
      const { data } = news[name] as Tensor
      const expected = this.#lengths.length * heads * count * size
      if (data.length !== expected) throw new Error(`the graph gave ${name} otherwise: ${data.length} numbers`)
      return data as Numbers
    })
    const capacity = after > this.#capacity ? roomFor(Math.max(after, this.#reserved)) : this.#capacity
    const stride = Math.max(this.#stride, this.#strideFor(after, after, capacity))
    if (capacity > this.#capacity) this.#buffers = this.#resized(this.#stride, stride, capacity)
    else if (stride > this.#stride) this.#spread(stride)
    this.#capacity = capacity
    this.#stride = stride
    this.#shapes.forEach(({ heads, size }, index) => {
      const [buffer, data] = [this.#buffers[index] as Numbers, added[index] as Numbers]
      this.#lengths.forEach((length, row) => {
        for (let head = row * heads; head < (row + 1) * heads; head++) {
          buffer.set(data.subarray(head * count * size, (head + 1) * count * size), (head * stride + length) * size)
        }
      })
    })
    for (const row of this.#lengths.keys()) this.#lengths[row] = (this.#lengths[row] ?? 0) + count
  }

  /** @param room columns of a head at least, where it has more than it needs */
  #strideFor(longest: number, room: number, capacity: number): number {
    switch (this.#layout) {
      case 'padded':
        return capacity
      case 'packed':
        return longest
      case 'spaced':
        return roundUp(room, SPACE_TOKENS)
    }
  }

  get #longest(): number {
    return Math.max(0, ...this.#lengths)
  }

  #tensors(tokens: number, buffers: readonly Numbers[] = this.#buffers): Record<string, Tensor> {
    const rows = this.#lengths.length
    return Object.fromEntries(
      this.#shapes.map(({ name, type, heads, size }, index) => {
        const data = (buffers[index] as Numbers).subarray(0, rows * heads * tokens * size)
        return [name, new this.#Tensor(type, data, [rows, heads, tokens, size])]
      })
    )
  }

  /** Copies in which heads begin `to` tokens after each other in place of `from`, with room for `capacity` of each. */
  #resized(from: number, to: number, capacity: number): Numbers[] {
    const rows = this.#lengths.length
    return this.#shapes.map((shape, index) => {
      const { heads, size } = shape
      const buffer = this.#buffers[index] as Numbers
      const copy = numbersFor(shape, rows, capacity)
      const kept = Math.min(from, to) * size
      for (let head = 0; head < rows * heads; head++) {
        copy.set(buffer.subarray(head * from * size, head * from * size + kept), head * to * size)
      }
      return copy
    })
  }

  /** Moves heads together that begin further apart than `to` tokens, in place: the first first. */
  #narrow(to: number): void {
    const from = this.#stride
    this.#shapes.forEach(({ heads, size }, index) => {
      for (let head = 1; head < this.#lengths.length * heads; head++) {
        const at = head * from * size
        this.#buffers[index]?.copyWithin(head * to * size, at, at + to * size)
      }
    })
    this.#stride = to
  }

  /** Moves heads to be `to` tokens apart, which were less, in place: the last first. What comes between is zero. */
  #spread(to: number): void {
    const from = this.#stride
    this.#shapes.forEach(({ heads, size }, index) => {
      const buffer = this.#buffers[index] as Numbers
      for (let head = this.#lengths.length * heads - 1; head >= 0; head--) {
        buffer.copyWithin(head * to * size, head * from * size, (head + 1) * from * size)
        buffer.fill(0, (head * to + from) * size, (head + 1) * to * size)
      }
    })
    this.#stride = to
  }
}

function roomFor(tokens: number): number {
  return roundUp(tokens * (1 + GROWTH_SHARE), GROWTH_TOKENS)
}

function roundUp(tokens: number, step: number): number {
  return Math.ceil(tokens / step) * step
}
