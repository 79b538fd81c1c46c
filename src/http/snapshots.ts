import type { AbortOptions, MeshSnapshots } from '../interface.ts'
import type { CallMethod } from './membership.ts'
import type { MethodName } from './wire.ts'

/** Asks one method and passes on what it tells. */
type WatchMethod = <Event>(method: MethodName, options: AbortOptions) => AsyncIterable<Event>

/** `Mesh.snapshots` over the control socket. */
export function controlSnapshots(call: CallMethod, watch: WatchMethod): MeshSnapshots {
  return {
    inspect: (options) => call('snapshots.inspect', options),
    export: (options) => watch('snapshots.export', options),
    import: (options) => watch('snapshots.import', options)
  }
}
