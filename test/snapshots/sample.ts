import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { boxPublicOf, newSeed, signerOf, verifySignature } from '../../src/node/membership/keys.ts'
import {
  examineSnapshot,
  headerOf,
  openFile,
  openSnapshot,
  updatesOf,
  writeSnapshot,
  type DocumentUpdate,
  type ExaminedSnapshot,
  type OpenedSnapshot,
  type Opening,
  type Seal
} from '../../src/snapshots/index.ts'

export type Source = OpenedSnapshot['source']

/** Stretching a passphrase shall cost a test nothing. */
export const QUICK_LOG_N = 10

export const MESH = 'ab'.repeat(32)

/** Keys of a device that writes and one that reads. */
export const signer = signerOf(newSeed('ed25519'))
export const secret = newSeed('x25519')
export const MEMBERS: Seal = { to: 'members', mesh: MESH, keys: [boxPublicOf(secret)] }

export interface SampleInit {
  path: string
  seal?: Seal
  updates?: Iterable<DocumentUpdate>
  records?: Uint8Array[]
  mesh?: string | null
  signer?: typeof signer | null
  signal?: AbortSignal
}

export async function writeSample({ path, seal = MEMBERS, ...init }: SampleInit): Promise<number> {
  const { updates = documentsOf(), records = [Buffer.from('a record')], mesh = MESH, signer: signs = signer } = init
  let bytes = 0
  for await (const event of writeSnapshot({
    ...{ path, seal, updates, records, verify: verifySignature, signal: init.signal },
    signer: mesh === null ? null : signs,
    about: { mesh, time: 1_790_000_000_000, since: null, conversation: null },
    entries: () => 7
  })) {
    if (event.phase === 'done') bytes = event.bytes
  }
  return bytes
}

/** Documents of some updates each, which nobody merges here. */
export function* documentsOf(documents = 3, updates = 4, bytes = 2000): Generator<DocumentUpdate> {
  for (let document = 1; document <= documents; document++) {
    for (let update = 0; update < updates; update++) {
      yield { document: `m-aaaaaaaaaaaaaaaa-${document}`, update: Buffer.alloc(bytes, document * 16 + update) }
    }
  }
}

/** All of a snapshot, as an import reads it; `examined` is null where no key opened it. */
export async function readAll(
  source: Source,
  openings: Opening[] = [{ secret }]
): Promise<{ examined: ExaminedSnapshot; updates: DocumentUpdate[] } | null> {
  const opened = await openSnapshot(source, await headerOf(source), openings)
  if (opened === null) return null
  const examined = await examine(opened)
  const updates: DocumentUpdate[] = []
  for await (const { document, update } of updatesOf(opened, examined)) updates.push({ document, update })
  return { examined, updates }
}

export async function examine(opened: OpenedSnapshot): Promise<ExaminedSnapshot> {
  const examining = examineSnapshot(opened, { verify: verifySignature })
  for (;;) {
    const step = await examining.next()
    if (step.done === true) return step.value
  }
}

export function sourceOf(bytes: Uint8Array): Source {
  return {
    size: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length))
  }
}

export async function readFile(path: string, openings?: Opening[]): ReturnType<typeof readAll> {
  const source = await openFile(path)
  try {
    return await readAll(source, openings)
  } finally {
    await source.close()
  }
}

export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'mesh-snapshots-'))

  of(name: string): string {
    return join(this.path, name)
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
