import type { FileHandle } from 'node:fs/promises'

/** Wire types of protocol buffers. */
export const VARINT = 0
const FIXED64 = 1
export const LENGTH_DELIMITED = 2
const FIXED32 = 5

/** Weights are skipped, not read: one window serves the many small fields between them. */
const WINDOW = 64 * 1024

/** The largest published graphs have some 200,000 fields; a file of nothing but fields would be read for hours. */
const MAX_FIELDS = 2_000_000

/** Names of tensors are paths of modules, some hundred characters. */
const MAX_TEXT_BYTES = 4096

export interface Field {
  number: number
  type: number
  /** Of a varint: its value. */
  value: number
  /** Where it begins with its key; `start` is where what it holds begins. */
  from: number
  start: number
  end: number
}

/** Walks over the fields of a protocol buffer in a file. The work is bounded, whatever the file holds. */
export class ProtobufReader {
  readonly #file: FileHandle
  readonly #window = Buffer.alloc(WINDOW)
  #from = 0
  #length = 0
  #fields = 0

  constructor(file: FileHandle) {
    this.#file = file
  }

  async *fields({ start, end }: Pick<Field, 'start' | 'end'>): AsyncGenerator<Field> {
    let at = start
    while (at < end) {
      this.#count()
      const from = at
      const key = await this.#varint(at, end)
      const number = Math.floor(key.value / 8)
      const type = key.value % 8
      at = key.end
      let field: Field
      if (type === VARINT) {
        const { value, end: after } = await this.#varint(at, end)
        field = { number, type, value, from, start: at, end: after }
      } else if (type === LENGTH_DELIMITED) {
        const { value: length, end: start } = await this.#varint(at, end)
        field = { number, type, value: 0, from, start, end: start + length }
      } else if (type === FIXED32 || type === FIXED64) {
        field = { number, type, value: 0, from, start: at, end: at + (type === FIXED32 ? 4 : 8) }
      } else {
        throw new Error('it is not an ONNX file')
      }
      if (field.end > end) throw new Error('it ends too early; copy or download it again')
      yield field
      at = field.end
    }
  }

  /** Integers that lie packed in one field. */
  async *packed({ start, end }: Field): AsyncGenerator<number> {
    let at = start
    while (at < end) {
      this.#count()
      const { value, end: after } = await this.#varint(at, end)
      yield value
      at = after
    }
  }

  async text({ start, end }: Field): Promise<string> {
    if (end - start > MAX_TEXT_BYTES) throw new Error(`it holds a name of ${end - start} bytes, which no model has`)
    const bytes = Buffer.alloc(end - start)
    await this.#file.read(bytes, 0, bytes.length, start)
    return bytes.toString('utf8')
  }

  #count(): void {
    this.#fields++
    if (this.#fields > MAX_FIELDS) throw new Error('it has more parts than any model')
  }

  /** Integers of up to 53 bits; a negative one (never a size here) comes out wrong and is not asked for. */
  async #varint(start: number, limit: number): Promise<{ value: number; end: number }> {
    let value = 0
    let scale = 1
    for (let at = start; at < limit && at < start + 10; at++) {
      if (at < this.#from || at >= this.#from + this.#length) await this.#moveTo(at)
      const byte = this.#window[at - this.#from] ?? 0
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return { value, end: at + 1 }
      scale *= 128
    }
    throw new Error('it ends too early or is not an ONNX file')
  }

  async #moveTo(at: number): Promise<void> {
    const { bytesRead } = await this.#file.read(this.#window, 0, WINDOW, at)
    this.#from = at
    this.#length = bytesRead
    if (bytesRead === 0) throw new Error('it ends too early')
  }
}
