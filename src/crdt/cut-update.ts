import * as encoding from 'lib0/encoding'
import { MAX_STRUCTS, PIECE_BYTES } from './limits.ts'
import { readUpdate, type Bytes, type Deletion, type Struct } from './structs.ts'

/** Room for the numbers around the structs of one piece: counts, and a writer and a clock for each section. */
const SLACK_BYTES = 4096
/** A writer, a clock and a count, each as long as a number can be. */
const SECTION_BYTES = 20

/**
 * Cuts an update into pieces that each keep within the limits and, applied in order, never leave a gap: a write comes after
 * what it builds on, and deletions come last.
 *
 * @param update as Yjs encodes it, of a document of ours
 * @param vector what the receiver has
 * @param pieceBytes how large a piece may be, unless one value is larger
 */
export function* cutUpdate(
  update: Uint8Array,
  vector: ReadonlyMap<number, number>,
  pieceBytes = PIECE_BYTES
): Generator<Uint8Array> {
  if (isEmpty(update)) return
  // A struct takes at least four bytes here, so that a short update cannot hold too many.
  if (update.length <= Math.min(pieceBytes, 4 * MAX_STRUCTS)) {
    yield update
    return
  }
  const { structs, deletions } = readUpdate(update)
  if (update.length <= pieceBytes && structs.length <= MAX_STRUCTS) {
    yield update
    return
  }
  yield* structPieces(structs, new Map(vector), pieceBytes)
  yield* deletionPieces(deletions)
}

/** An update of structs that follow each other in each writer, and of deletions; without any limit. */
export function encodeUpdate(structs: readonly Struct[], deletions: readonly Deletion[]): Uint8Array {
  const piece = new Piece(Infinity, Infinity)
  for (const struct of structs) piece.take(struct)
  return piece.encode(deletions)
}

/** Neither structs nor deletions. */
function isEmpty(update: Uint8Array): boolean {
  return update.length === 2 && update[0] === 0 && update[1] === 0
}

/** As `cutUpdate`, of structs that may stand in several updates. */
export function* structPieces(
  structs: readonly Struct[],
  clocks: Map<number, number>,
  pieceBytes: number
): Generator<Uint8Array> {
  const queues = new Map<number, Struct[]>()
  for (const struct of structs) {
    const queue = queues.get(struct.writer)
    if (queue === undefined) queues.set(struct.writer, [struct])
    else queue.push(struct)
  }
  const next = new Map<number, number>()
  let piece = new Piece(MAX_STRUCTS, pieceBytes)
  let left = structs.length
  while (left > 0) {
    const before = left
    for (const [writer, queue] of queues) {
      for (let index = next.get(writer) ?? 0; index < queue.length; index++) {
        const struct = queue[index]
        if (struct === undefined || !isReady(struct, clocks)) break
        if (!piece.take(struct)) {
          yield piece.encode()
          piece = new Piece(MAX_STRUCTS, pieceBytes)
          piece.take(struct)
        }
        clocks.set(writer, struct.clock + struct.length)
        next.set(writer, index + 1)
        left--
      }
    }
    if (left === before) throw new Error('an update builds on what it does not hold')
  }
  if (!piece.isEmpty) yield piece.encode()
}

/** Whether the receiver has, by then, what a struct builds on. */
function isReady({ writer, origin }: Struct, clocks: ReadonlyMap<number, number>): boolean {
  return origin === null || origin.writer === writer || (clocks.get(origin.writer) ?? 0) > origin.clock
}

/** Structs of one piece, by writer. A writer's structs follow each other without a gap. */
class Piece {
  readonly #sections = new Map<number, { clock: number; count: number; parts: Bytes[] }>()
  readonly #maxStructs: number
  readonly #maxBytes: number
  #count = 0
  #bytes = SLACK_BYTES

  constructor(maxStructs = MAX_STRUCTS, maxBytes = PIECE_BYTES) {
    this.#maxStructs = maxStructs
    this.#maxBytes = maxBytes
  }

  get isEmpty(): boolean {
    return this.#count === 0
  }

  /** @returns false when there is no room for it */
  take(struct: Struct): boolean {
    const { writer, clock, bytes, start, end } = struct
    const size = end - start + (this.#sections.has(writer) ? 0 : SECTION_BYTES)
    if (this.#count > 0 && (this.#count >= this.#maxStructs || this.#bytes + size > this.#maxBytes)) return false
    let section = this.#sections.get(writer)
    if (section === undefined) {
      section = { clock, count: 0, parts: [] }
      this.#sections.set(writer, section)
    }
    const last = section.parts.at(-1)
    // What stands together is copied together.
    if (last?.bytes === bytes && last.end === start) last.end = end
    else section.parts.push({ bytes, start, end })
    section.count++
    this.#count++
    this.#bytes += size
    return true
  }

  encode(deletions: readonly Deletion[] = []): Uint8Array {
    const encoder = encoding.createEncoder()
    encoding.writeVarUint(encoder, this.#sections.size)
    for (const [writer, { clock, count, parts }] of this.#sections) {
      encoding.writeVarUint(encoder, count)
      encoding.writeVarUint(encoder, writer)
      encoding.writeVarUint(encoder, clock)
      for (const { bytes, start, end } of parts) encoding.writeUint8Array(encoder, bytes.subarray(start, end))
    }
    writeDeletions(encoder, deletions)
    return encoding.toUint8Array(encoder)
  }
}

function writeDeletions(encoder: encoding.Encoder, deletions: readonly Deletion[]): void {
  const sections = new Map<number, Deletion[]>()
  for (const range of deletions) {
    const section = sections.get(range.writer)
    if (section === undefined) sections.set(range.writer, [range])
    else section.push(range)
  }
  encoding.writeVarUint(encoder, sections.size)
  for (const [writer, ranges] of sections) {
    encoding.writeVarUint(encoder, writer)
    encoding.writeVarUint(encoder, ranges.length)
    for (const { clock, length } of ranges) {
      encoding.writeVarUint(encoder, clock)
      encoding.writeVarUint(encoder, length)
    }
  }
}

/** Ranges of one piece: each takes at most two numbers of eight bytes, and a section of its own. */
const RANGES = Math.floor((PIECE_BYTES - SLACK_BYTES) / (SECTION_BYTES + 16))

function* deletionPieces(all: readonly Deletion[]): Generator<Uint8Array> {
  for (let start = 0; start < all.length; start += RANGES) yield new Piece().encode(all.slice(start, start + RANGES))
}
