import { invalid, newer } from './refusals.ts'
import { MAX_DOCUMENT_BYTES, MAX_MANIFEST_BYTES, MAX_RECORD_BYTES, MAX_UPDATE_BYTES, VERSION } from './limits.ts'

/** The parts that the opened content of a snapshot consists of: a kind, a length of four bytes, the bytes. */
export type SectionKind = 'head' | 'record' | 'document' | 'update' | 'manifest'

export interface Section {
  kind: SectionKind
  content: Uint8Array
  /** As it stands in the file, its kind and length included. */
  bytes: Uint8Array
}

const KINDS: readonly SectionKind[] = ['head', 'record', 'document', 'update', 'manifest']
/** Kind and length. */
const BEFORE_BYTES = 5
const HEAD_BYTES = 10
const LONGEST: Readonly<Record<SectionKind, number>> = {
  head: HEAD_BYTES,
  record: MAX_RECORD_BYTES,
  document: MAX_DOCUMENT_BYTES,
  update: MAX_UPDATE_BYTES,
  manifest: MAX_MANIFEST_BYTES
}

export function encodeSection(kind: SectionKind, content: Uint8Array): Buffer {
  if (content.length > LONGEST[kind]) throw new RangeError(`a ${kind} of ${content.length} bytes`)
  const bytes = Buffer.alloc(BEFORE_BYTES + content.length)
  bytes[0] = KINDS.indexOf(kind) + 1
  bytes.writeUInt32BE(content.length, 1)
  bytes.set(content, BEFORE_BYTES)
  return bytes
}

/** The first section. @param total bytes of all sections together */
export function encodeHead(total: number): Buffer {
  const content = Buffer.alloc(HEAD_BYTES)
  content.writeUInt16BE(VERSION, 0)
  content.writeUIntBE(total, HEAD_BYTES - 6, 6)
  return encodeSection('head', content)
}

/** @returns bytes of all sections together @throws {NewerSnapshotError} {InvalidSnapshotError} */
export function readHead(section: Section | null): number {
  if (section?.kind !== 'head' || section.content.length < 2) throw invalid('malformed')
  const content = Buffer.from(section.content)
  if (content.readUInt16BE(0) > VERSION) throw newer()
  if (content.length !== HEAD_BYTES || content.readUInt32BE(0) !== VERSION << 16) throw invalid('malformed')
  return content.readUIntBE(HEAD_BYTES - 6, 6)
}

/** Takes sections out of bytes that come in pieces. What a length claims is bounded before it is waited for. */
export class Sections {
  #rest: Buffer = Buffer.alloc(0)

  push(bytes: Uint8Array): void {
    this.#rest = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes])
  }

  /** Whether bytes are left that are no whole section. */
  get isBetween(): boolean {
    return this.#rest.length > 0
  }

  /** @returns null where more bytes are needed @throws {InvalidSnapshotError} */
  next(): Section | null {
    const rest = this.#rest
    if (rest.length < BEFORE_BYTES) return null
    const kind = KINDS[(rest[0] ?? 0) - 1]
    const length = rest.readUInt32BE(1)
    if (kind === undefined || length > LONGEST[kind]) throw invalid('malformed')
    const end = BEFORE_BYTES + length
    if (rest.length < end) return null
    this.#rest = rest.subarray(end)
    return { kind, content: rest.subarray(BEFORE_BYTES, end), bytes: rest.subarray(0, end) }
  }
}
