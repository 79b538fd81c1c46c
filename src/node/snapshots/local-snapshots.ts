import { NodeUnreachableError } from '../../errors.ts'
import type {
  AbortOptions,
  MeshSnapshots,
  PeerLabel,
  SnapshotExported,
  SnapshotImported,
  SnapshotInfo,
  SnapshotProgress
} from '../../interface.ts'
import { headerOf, openFile } from '../../snapshots/index.ts'
import type { Identity } from '../identity.ts'
import type { Remembering } from '../memories/remembering.ts'
import type { OwnRoster } from '../membership/own-roster.ts'
import { exportSnapshot } from './export-snapshot.ts'
import { importSnapshot } from './import-snapshot.ts'
import { absolutePath } from './snapshot-name.ts'

export interface LocalSnapshotsInit {
  remembering: Remembering
  /** Null while this device has none. */
  identity: Identity | null
  roster: OwnRoster | null
  /** The secret half of this device's X25519 key, or null while it has none. */
  boxSecret: () => Uint8Array | null
  /** Merges a roster of this mesh, and tells the other members. */
  adopt: (mesh: string, records: Uint8Array[]) => Promise<void>
  label: (id: string) => PeerLabel
  warn: (message: string) => void
  /** Milliseconds since 1970. */
  now: () => number
}

/** `Mesh.snapshots` in this process. */
export class LocalSnapshots implements MeshSnapshots {
  readonly #init: LocalSnapshotsInit
  readonly #stopped = new AbortController()

  constructor(init: LocalSnapshotsInit) {
    this.#init = init
  }

  stop(): void {
    this.#stopped.abort(new NodeUnreachableError('The node stopped. Start it again with mesh join, then repeat.'))
  }

  async inspect({ path, signal }: AbortOptions & { path: string }): Promise<SnapshotInfo> {
    this.#either(signal)
    const source = await openFile(absolutePath(path))
    try {
      return { to: (await headerOf(source)).to, bytes: source.size }
    } finally {
      await source.close()
    }
  }

  async *export(
    options: Parameters<MeshSnapshots['export']>[0]
  ): AsyncGenerator<SnapshotProgress | SnapshotExported, void> {
    yield* exportSnapshot(this.#init, options, this.#either(options.signal))
  }

  async *import(
    options: Parameters<MeshSnapshots['import']>[0]
  ): AsyncGenerator<SnapshotProgress | SnapshotImported, void> {
    yield* importSnapshot(this.#init, options, this.#either(options.signal))
  }

  #either(signal: AbortSignal | undefined): AbortSignal {
    const either = AbortSignal.any([this.#stopped.signal, ...(signal === undefined ? [] : [signal])])
    either.throwIfAborted()
    return either
  }
}
