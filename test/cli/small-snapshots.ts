import type {
  MeshSnapshots,
  SnapshotExported,
  SnapshotImported,
  SnapshotInfo,
  SnapshotProgress
} from '../../src/interface.ts'

type Method = keyof MeshSnapshots

/** Says what a test lays into it, and writes down what it is asked. */
export class SmallSnapshots implements MeshSnapshots {
  /** Each call: the method and its options but the signal. */
  readonly calls: [Method, object][] = []
  info: SnapshotInfo = { to: 'members', bytes: 312_000 }
  exported: (SnapshotProgress | SnapshotExported)[] = [
    {
      ...{ type: 'done', file: '/stick/amber-otter-2026-11-21.snapshot', bytes: 312_000, entries: 1204 },
      ...{ time: 1_790_000_000_000, mesh: 'amber-otter', members: 3, recovery: true }
    }
  ]
  /** Each import: what it tells, or an error. The last one stays. */
  imports: ((SnapshotProgress | SnapshotImported)[] | Error)[] = [
    [
      {
        ...{ type: 'done', new: 12, changed: 3, known: 30, time: 1_790_000_000_000 },
        ...{ mesh: 'amber-otter', from: { name: 'desktop', id: '12D3KooWDesktop' } }
      }
    ]
  ]

  inspect({ signal, ...options }: Parameters<MeshSnapshots['inspect']>[0]): Promise<SnapshotInfo> {
    this.calls.push(['inspect', options])
    signal?.throwIfAborted()
    return Promise.resolve(this.info)
  }

  async *export({
    signal,
    ...options
  }: Parameters<MeshSnapshots['export']>[0]): AsyncGenerator<SnapshotProgress | SnapshotExported, void> {
    this.calls.push(['export', options])
    for (const event of this.exported) {
      await Promise.resolve()
      signal?.throwIfAborted()
      yield event
    }
  }

  async *import({
    signal,
    ...options
  }: Parameters<MeshSnapshots['import']>[0]): AsyncGenerator<SnapshotProgress | SnapshotImported, void> {
    this.calls.push(['import', options])
    const next = this.imports.length > 1 ? this.imports.shift() : this.imports[0]
    if (next === undefined || next instanceof Error) throw next ?? new Error('nothing was laid in')
    for (const event of next) {
      await Promise.resolve()
      signal?.throwIfAborted()
      yield event
    }
  }
}
