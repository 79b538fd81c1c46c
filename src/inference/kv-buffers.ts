import type { Tensor } from 'onnxruntime-node'
import { numbersFor } from './kv-rows.ts'
import type { CacheShape, CacheTensors, Numbers } from './kv-rows.ts'
import type { Runtime } from './runtime.ts'

/**
 * How keys and values lie in what a graph is fed with, [rows, heads, tokens, size of a head]:
 * - `padded`: each head has room for more tokens than there are, and the graph is told apart how many there are
 *   (GroupQueryAttention). A new token is written behind the others, and the rows may be of different length.
 * - `packed`: a graph that joins old and new (Concat) wants the old ones and nothing else. Heads move up for each token,
 *   in place; all rows are equally long.
 */
export type KvLayout = 'padded' | 'packed'

/** As many as a run of the graph adds at most (a chunk of the prompt): growing copies everything once. */
const GROWTH_TOKENS = 64

/** Keys and values of one or several rows, kept in memory that is used again for each token. */
export class KvBuffers {
  readonly #Tensor: Runtime['Tensor']
  readonly #shapes: readonly CacheShape[]
  readonly #layout: KvLayout
  #buffers: readonly Numbers[]
  #capacity = 0
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
    this.#buffers = shapes.map((shape) => numbersFor(shape, lengths.length, this.#capacity))
  }

  /** Tokens of each row. */
  get lengths(): readonly number[] {
    return this.#lengths
  }

  /** Tokens of each row from now on, where others were put in the place of some. Packed rows stay equally long. */
  hold(lengths: readonly number[]): void {
    lengths.forEach((length, row) => (this.#lengths[row] = length))
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

  /** Where the next `count` tokens of each row will stand: int64 [rows, 1, count, 1]. */
  places(count: number): Tensor {
    const places = this.#lengths.flatMap((length) => Array.from({ length: count }, (_, index) => length + index))
    return new this.#Tensor('int64', BigInt64Array.from(places, BigInt), [this.#lengths.length, 1, count, 1])
  }

  /**
   * Adds tokens to each row: all of them, or, where memory runs out, none.
   * @param news by the name of the input; [rows, heads, count, size]
   */
  append(news: CacheTensors, count: number): void {
    const before = this.#longest
    const after = before + count
    const added = this.#shapes.map(({ name, heads, size }) => {
      const { data } = news[name] as Tensor
      const expected = this.#lengths.length * heads * count * size
      if (data.length !== expected) throw new Error(`the graph gave ${name} otherwise: ${data.length} numbers`)
      return data as Numbers
    })
    if (after > this.#capacity) {
      const capacity = roomFor(after)
      const [from, to] = this.#layout === 'padded' ? [this.#capacity, capacity] : [before, after]
      this.#buffers = this.#resized(from, to, capacity)
      this.#capacity = capacity
    } else if (this.#layout === 'packed') {
      this.#spread(before, after)
    }
    const stride = this.#layout === 'padded' ? this.#capacity : after
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

  /** Tokens between the beginnings of two heads. */
  get #stride(): number {
    return this.#layout === 'padded' ? this.#capacity : this.#longest
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

  /** Moves heads that began `from` tokens after each other to `to`, in place: the last first. */
  #spread(from: number, to: number): void {
    this.#shapes.forEach(({ heads, size }, index) => {
      for (let head = this.#lengths.length * heads - 1; head > 0; head--) {
        this.#buffers[index]?.copyWithin(head * to * size, head * from * size, (head + 1) * from * size)
      }
    })
  }
}

function roomFor(tokens: number): number {
  return Math.ceil(tokens / GROWTH_TOKENS) * GROWTH_TOKENS
}
