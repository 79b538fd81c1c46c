import { randomBytes } from 'node:crypto'
import { rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DamagedSnapshotError } from '../errors.ts'
import { makeHeader, type Seal } from './age-header.ts'
import { CHUNK_BYTES, NONCE_BYTES, payloadKey, sealChunk, SEALED_BYTES } from './age-payload.ts'
import { exists, giveName, makeTemporary, syncFolder, taken, writing } from './disk.ts'
import { PIECE_BYTES } from './limits.ts'
import { encodeManifest, type Manifest } from './manifest.ts'
import { PieceHashes } from './piece-hashes.ts'
import { examineSnapshot, type DocumentUpdate } from './read-snapshot.ts'
import { encodeHead, encodeSection } from './sections.ts'
import { openFile } from './source.ts'
import type { Signer, Verify } from './index.ts'

export interface WriteInit {
  /** Where it is to lie. Nothing may be there. */
  path: string
  seal: Seal
  /** Null where there is no mesh. */
  signer: Signer | null
  verify: Verify
  /** What the manifest says besides what is counted here. */
  about: Pick<Manifest, 'mesh' | 'time' | 'since' | 'conversation'>
  records: Iterable<Uint8Array>
  /** Documents in ascending order of their ids, the updates of each together. */
  updates: Iterable<DocumentUpdate> | AsyncIterable<DocumentUpdate>
  /** Visible entries, asked when all updates were taken. */
  entries: () => number
  signal?: AbortSignal | undefined
}

export type WriteEvent =
  | { phase: 'writing'; bytes: number }
  | { phase: 'verifying'; bytes: number; total: number }
  | { phase: 'done'; bytes: number; manifest: Manifest }

/**
 * Writes a snapshot into a temporary file, syncs it, gives it its name, syncs the folder, and reads it back from its first
 * byte to its last. Whatever goes wrong, nothing of it is left.
 *
 * @throws {FileUnusableError} {DiskFullError} {DamagedSnapshotError} when what is read back is not what was written
 */
export async function* writeSnapshot(init: WriteInit): AsyncGenerator<WriteEvent, void> {
  const { path, seal, verify, signal } = init
  if (await exists(path)) throw taken(path)
  const { header, fileKey } = await makeHeader(seal)
  const { file, temporary } = await makeTemporary(path)
  let isNamed = false
  let isDone = false
  try {
    let manifest: Manifest
    try {
      manifest = yield* writeContent(file, { ...init, header, fileKey })
      await writing(path, () => file.sync())
    } finally {
      await file.close()
    }
    signal?.throwIfAborted()
    await giveName(temporary, path)
    isNamed = true
    await syncFolder(dirname(path))
    const size = yield* readBack(path, { start: header.length, fileKey, verify, signal })
    isDone = true
    yield { phase: 'done', bytes: size, manifest }
  } finally {
    // It is not acknowledged: half of it, or what the stick made of it, helps nobody.
    if (!isDone) await rm(isNamed ? path : temporary, { force: true }).catch(() => undefined)
  }
}

async function* writeContent(
  file: FileHandle,
  init: WriteInit & { header: Uint8Array; fileKey: Uint8Array }
): AsyncGenerator<WriteEvent, Manifest> {
  const { path, header, fileKey, about, records, updates, entries, signer, signal } = init
  const body = new Body(file, header, fileKey)
  const hashes = new PieceHashes()
  const count = { documents: 0, updates: 0 }
  const put = async (bytes: Uint8Array): Promise<boolean> => {
    hashes.update(bytes)
    return writing(path, () => body.write(bytes))
  }
  let document: string | null = null
  // Its place is kept; what it says is known at the end, and hashed then as it stands here.
  body.reserve(encodeHead(0).length)
  for (const record of records) await put(encodeSection('record', record))
  for await (const part of updates) {
    signal?.throwIfAborted()
    if (part.document !== document) {
      document = part.document
      count.documents++
      await put(encodeSection('document', Buffer.from(document, 'latin1')))
    }
    count.updates++
    if (await put(encodeSection('update', part.update))) yield { phase: 'writing', bytes: body.written }
  }
  const pieces = hashes.end()
  const device = signer?.key ?? null
  const manifest = { ...about, device, ...count, entries: entries(), bytes: hashes.bytes, pieces }
  await writing(path, async () => {
    await body.write(encodeSection('manifest', encodeManifest(manifest, signer)))
    await body.end(encodeHead)
  })
  yield { phase: 'writing', bytes: body.written }
  return manifest
}

async function* readBack(
  path: string,
  options: { start: number; fileKey: Uint8Array; verify: Verify; signal: AbortSignal | undefined }
): AsyncGenerator<WriteEvent, number> {
  const { start, fileKey, verify, signal } = options
  const source = await openFile(path)
  const total = source.size
  try {
    for await (const bytes of examineSnapshot({ source, start, fileKey }, { verify, signal })) {
      yield { phase: 'verifying', bytes, total }
    }
    return total
  } catch (error) {
    if (!(error instanceof Error) || !error.name.endsWith('SnapshotError')) throw error
    throw new DamagedSnapshotError(
      `What was written to ${path} could not be read back as it was written, and was removed. The stick is worn or ` +
        'faulty: take another one.',
      { cause: error }
    )
  } finally {
    await source.close()
  }
}

/** The payload: sealed chunk by chunk, written by the MiB, the first chunk last of all. */
class Body {
  readonly #file: FileHandle
  readonly #key: Uint8Array
  readonly #first: number
  #chunk = Buffer.alloc(CHUNK_BYTES)
  #filled = 0
  #index = 0
  /** Waits for what the head shall say. */
  #held: Buffer | null = null
  #sealed: Buffer[]
  #offset = 0
  #total = 0

  constructor(file: FileHandle, header: Uint8Array, fileKey: Uint8Array) {
    const nonce = randomBytes(NONCE_BYTES)
    this.#file = file
    this.#key = payloadKey(fileKey, nonce)
    this.#first = header.length + NONCE_BYTES
    this.#sealed = [Buffer.from(header), nonce]
  }

  get written(): number {
    return this.#offset
  }

  reserve(bytes: number): void {
    this.#filled = bytes
    this.#total = bytes
  }

  /** @returns whether something reached the file */
  async write(bytes: Uint8Array): Promise<boolean> {
    const before = this.#offset
    this.#total += bytes.length
    for (let at = 0; at < bytes.length;) {
      // A full chunk is sealed when more follows: the last one is marked.
      if (this.#filled === CHUNK_BYTES) await this.#seal(false)
      const part = bytes.subarray(at, at + CHUNK_BYTES - this.#filled)
      this.#chunk.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
    }
    return this.#offset > before
  }

  async end(head: (total: number) => Uint8Array): Promise<void> {
    const isOnly = this.#index === 0
    await this.#seal(true)
    await this.#flush()
    const first = this.#held ?? Buffer.alloc(0)
    first.set(head(this.#total))
    await writeFully(this.#file, sealChunk(this.#key, 0, first, isOnly), this.#first)
  }

  async #seal(isLast: boolean): Promise<void> {
    const plain = this.#chunk.subarray(0, this.#filled)
    if (this.#index === 0) {
      this.#held = Buffer.from(plain)
      // Its place in the file.
      this.#sealed.push(Buffer.alloc(plain.length + SEALED_BYTES - CHUNK_BYTES))
    } else this.#sealed.push(sealChunk(this.#key, this.#index, plain, isLast))
    this.#index++
    this.#filled = 0
    if (this.#sealed.length >= PIECE_BYTES / CHUNK_BYTES) await this.#flush()
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#sealed)
    this.#sealed = []
    await writeFully(this.#file, bytes, this.#offset)
    this.#offset += bytes.length
  }
}

async function writeFully(file: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, offset + written)
    written += bytesWritten
  }
}
