/** Where the keys and values of a row lie in an array, and how they move from one to another. */
import type { Tensor } from 'onnxruntime-node'

/** An input that takes keys or values of one layer: [rows, heads, tokens, size]. */
export interface CacheShape {
  name: string
  type: 'float32' | 'float16'
  heads: number
  size: number
}

/** Halves are the 16 bits that they have. */
export type Numbers = Float32Array | Uint16Array

/** Keys and values of some rows, by the name of the input that takes them. */
export type CacheTensors = Readonly<Record<string, Tensor>>

/** One row's tokens within the arrays of some. */
export interface RowPlace {
  data: (name: string) => Numbers
  row: number
  /** Tokens that each row of these arrays has room for. */
  width: number
  /** Where the first token of this row is. */
  start: number
}

export function numbersFor(shape: CacheShape, rows: number, width: number): Numbers {
  const length = rows * shape.heads * width * shape.size
  return shape.type === 'float16' ? new Uint16Array(length) : new Float32Array(length)
}

export function placeIn(tensors: CacheTensors, place: Omit<RowPlace, 'data'>): RowPlace {
  return { ...place, data: (name) => tensors[name]?.data as Numbers }
}

/** Makes zeros of all that a row has. */
export function clearRow(tensors: CacheTensors, row: number): void {
  for (const { data, dims } of Object.values(tensors)) {
    const size = data.length / (dims[0] ?? 1)
    const numbers = data as Numbers
    numbers.fill(0, row * size, (row + 1) * size)
  }
}

/** Copies the first `length` tokens of a row. */
export function copyRow(shapes: readonly CacheShape[], from: RowPlace, to: RowPlace, length: number): void {
  for (const { name, heads, size } of shapes) {
    const [source, target] = [from.data(name), to.data(name)]
    for (let head = 0; head < heads; head++) {
      const at = ((from.row * heads + head) * from.width + from.start) * size
      const into = ((to.row * heads + head) * to.width + to.start) * size
      target.set(source.subarray(at, at + length * size), into)
    }
  }
}
