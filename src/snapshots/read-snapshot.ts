import { setImmediate as nextTurn } from 'node:timers/promises'
import { sectionsOf, type OpenedSnapshot, type ReadOptions } from './content.ts'
import { damaged, invalid } from './refusals.ts'
import { openHeader, readHeader, type Header, type Opening } from './age-header.ts'
import { MAX_HEADER_BYTES, MAX_RECORDS, PIECE_BYTES } from './limits.ts'
import { decodeManifest, type Manifest } from './manifest.ts'
import { PieceHashes } from './piece-hashes.ts'
import type { Section } from './sections.ts'
import type { Source } from './source.ts'
import type { Verify } from './index.ts'

/** A snapshot that was read to its end and holds nothing that it should not. */
export interface ExaminedSnapshot {
  manifest: Manifest
  /** Roster records, not looked at. */
  records: Uint8Array[]
}

/** What a snapshot has of one document, in the order in which it is to be merged. */
export interface DocumentUpdate {
  document: string
  update: Uint8Array
}

/** Some milliseconds of looking at updates. */
const CHECKED_AT_ONCE = 2 ** 18

/** With how much of the file was read until there. */
export type PlacedUpdate = DocumentUpdate & { offset: number }

export interface ExamineOptions extends ReadOptions {
  verify: Verify
  /** Looks at each update before anything is merged, and throws where it must not be. */
  check?: (part: DocumentUpdate) => void
}

/** The beginning of a file: what it says before it is opened. @throws {InvalidSnapshotError} and its kin */
export async function headerOf(source: Source): Promise<Header> {
  const beginning = await source.read(0, MAX_HEADER_BYTES)
  return readHeader(beginning, beginning.length >= source.size)
}

/** @returns null when none of the keys opens it, or the passphrase is another one */
export async function openSnapshot(
  source: Source,
  header: Header,
  openings: readonly Opening[]
): Promise<OpenedSnapshot | null> {
  const fileKey = await openHeader(header, openings)
  return fileKey === null ? null : { source, start: header.bytes.length, fileKey }
}

/**
 * Reads all of a snapshot and gives out nothing of its documents: form, limits, order, hashes, and the signature of the
 * device that its manifest names. Whether that device's word counts is not known here. Yields how much was read.
 *
 * @throws {DamagedSnapshotError} {TruncatedSnapshotError} {NewerSnapshotError} {InvalidSnapshotError}
 */
export async function* examineSnapshot(
  opened: OpenedSnapshot,
  options: ExamineOptions
): AsyncGenerator<number, ExaminedSnapshot> {
  const { verify, check } = options
  const hashes = new PieceHashes()
  const records: Uint8Array[] = []
  const count = { documents: 0, updates: 0 }
  const order = new Order()
  let manifest: Manifest | null = null
  let told = 0
  let checked = 0
  for await (const section of sectionsOf(opened, options)) {
    const { kind, content, bytes, offset } = section
    if (offset > told) yield (told = offset)
    order.take(section)
    if (kind === 'manifest') {
      manifest = decodeManifest(content, verify)
      continue
    }
    hashes.update(bytes)
    if (kind === 'record' && records.push(Uint8Array.from(content)) > MAX_RECORDS) throw invalid('malformed')
    if (kind === 'document') count.documents++
    if (kind === 'update') {
      count.updates++
      check?.({ document: order.document, update: content })
      checked += content.length
      // Whoever looks at updates reads every value in them, and others shall have their turn.
      if (check !== undefined && checked >= CHECKED_AT_ONCE) {
        checked = 0
        await nextTurn()
      }
    }
  }
  if (manifest === null) throw invalid('malformed')
  compare(manifest, hashes, opened)
  const { documents, updates, mesh } = manifest
  const isCounted = documents === count.documents && updates === count.updates
  if (!isCounted || (mesh === null) !== (records.length === 0)) throw invalid('malformed')
  return { manifest, records }
}

/**
 * The updates of a snapshot that was examined. Each MiB is compared with its hash before anything of it is given out: the
 * file may have been changed since.
 *
 * @throws {DamagedSnapshotError}
 */
export async function* updatesOf(
  opened: OpenedSnapshot,
  { manifest }: ExaminedSnapshot,
  options: ReadOptions = {}
): AsyncGenerator<PlacedUpdate> {
  const hashes = new PieceHashes()
  let held: PlacedUpdate[] = []
  let document = ''
  let proved = 0
  for await (const { kind, content, bytes, offset } of sectionsOf(opened, options)) {
    if (kind === 'manifest') hashes.end()
    else hashes.update(bytes)
    if (kind === 'document') document = textOf(content)
    if (kind === 'update') held.push({ document, update: content, offset })
    if (hashes.hashes.length === proved) continue
    for (; proved < hashes.hashes.length; proved++) {
      if (hashes.hashes[proved]?.equals(manifest.pieces.subarray(proved * 32, proved * 32 + 32)) !== true) {
        throw damaged(opened.start + proved * PIECE_BYTES)
      }
    }
    // The last one may end in the next MiB, which is not proved yet.
    const last = kind === 'update' && hashes.bytes % PIECE_BYTES !== 0 ? held.pop() : undefined
    yield* held
    held = last === undefined ? [] : [last]
  }
  if (hashes.bytes !== manifest.bytes || held.length > 0) throw damaged(opened.start + hashes.bytes)
}

function compare({ bytes, pieces }: Manifest, hashes: PieceHashes, { start }: OpenedSnapshot): void {
  const found = hashes.end()
  if (hashes.bytes !== bytes) throw invalid('malformed')
  const index = hashes.hashes.findIndex((hash, at) => !hash.equals(pieces.subarray(at * 32, at * 32 + 32)))
  if (index !== -1) throw damaged(start + index * PIECE_BYTES)
  if (found.length !== pieces.length) throw invalid('malformed')
}

function textOf(content: Uint8Array): string {
  return Buffer.from(content).toString('latin1')
}

/** The order that sections have behind the head: the roster, documents by their ids and each with its updates, a manifest. */
class Order {
  document = ''
  #last: Section['kind'] | null = null
  #hasUpdates = true

  /** @throws {InvalidSnapshotError} */
  take({ kind, content }: Section): void {
    const last = this.#last
    this.#last = kind
    const follows = {
      head: false,
      record: last === null || last === 'record',
      document: last !== 'manifest' && this.#hasUpdates,
      update: last === 'document' || last === 'update',
      manifest: last !== 'manifest' && this.#hasUpdates
    }[kind]
    if (!follows) throw invalid('malformed')
    if (kind === 'update') this.#hasUpdates = true
    if (kind !== 'document') return
    const id = textOf(content)
    // Ascending, so that none comes twice.
    if (id <= this.document) throw invalid('malformed')
    this.document = id
    this.#hasUpdates = false
  }
}
