import { setImmediate as nextTurn } from 'node:timers/promises'
import { CHUNK_BYTES, NONCE_BYTES, openChunk, payloadKey, SEALED_BYTES, sealedSize } from './age-payload.ts'
import { PIECE_BYTES } from './limits.ts'
import { damaged, invalid, truncated } from './refusals.ts'
import { readHead, Sections, type Section } from './sections.ts'
import type { Source } from './source.ts'

/** A snapshot whose key is known. */
export interface OpenedSnapshot {
  source: Source
  /** Where the header ends and the payload begins. */
  start: number
  fileKey: Uint8Array
}

export interface ReadOptions {
  signal?: AbortSignal | undefined
}

/** A section, and how much of the file was read when it was complete. */
export type PlacedSection = Section & { offset: number }

/** A MiB of content is read, opened and let go before the next. */
const CHUNKS_AT_ONCE = PIECE_BYTES / CHUNK_BYTES

/**
 * The sections of a snapshot behind its head, in order: what comes was written by somebody who knew the key, and is whole.
 * Who that was is for the manifest to prove.
 *
 * @throws {DamagedSnapshotError} {TruncatedSnapshotError} {NewerSnapshotError} {InvalidSnapshotError}
 */
export async function* sectionsOf(opened: OpenedSnapshot, options: ReadOptions = {}): AsyncGenerator<PlacedSection> {
  const { source } = opened
  const first = opened.start + NONCE_BYTES
  const nonce = await source.read(opened.start, NONCE_BYTES)
  if (nonce.length < NONCE_BYTES) throw truncated()
  const key = payloadKey(opened.fileKey, nonce)
  const sections = new Sections()
  const beginning = await source.read(first, SEALED_BYTES)
  // Whether it is the last is known when it is open.
  const plain = openChunk(key, 0, beginning, false) ?? openChunk(key, 0, beginning, true)
  if (plain === null) throw damaged(first)
  sections.push(plain)
  const total = readHead(sections.next())
  checkSize(opened, total)
  const chunks = Math.ceil(total / CHUNK_BYTES)
  if (openChunk(key, 0, beginning, chunks === 1) === null) throw damaged(first)
  let index = 1
  let offset = first + beginning.length
  for (;;) {
    options.signal?.throwIfAborted()
    for (let section = sections.next(); section !== null; section = sections.next()) yield { ...section, offset }
    if (index >= chunks) break
    const sealed = await source.read(offset, CHUNKS_AT_ONCE * SEALED_BYTES)
    const parts: Buffer[] = []
    for (let at = 0; at === 0 || at < sealed.length; at += SEALED_BYTES, index++) {
      const part = openChunk(key, index, sealed.subarray(at, at + SEALED_BYTES), index === chunks - 1)
      if (part === null) throw damaged(offset + at)
      parts.push(part)
    }
    sections.push(Buffer.concat(parts))
    offset += sealed.length
    // What lies in memory is read without waiting, and others shall have their turn.
    await nextTurn()
  }
  if (sections.isBetween) throw invalid('malformed')
}

function checkSize({ source, start }: OpenedSnapshot, total: number): void {
  const meant = start + NONCE_BYTES + sealedSize(total)
  if (source.size < meant) throw truncated(source.size, meant)
  if (source.size > meant) throw damaged(meant)
}
