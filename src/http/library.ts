import type { AbortOptions, ModelCopyEvent, ModelLibrary } from '../interface.ts'
import type { CallMethod } from './membership.ts'
import type { MethodName } from './wire.ts'

/** Asks one method and passes on what it tells. */
type WatchMethod = (method: MethodName, options: AbortOptions) => AsyncIterable<ModelCopyEvent>

/** `Mesh.library` over the control socket. */
export function controlLibrary(call: CallMethod, watch: WatchMethod): ModelLibrary {
  return {
    catalogue: (options) => call('library.catalogue', options),
    pull: (options) => watch('library.pull', options),
    export: (options) => watch('library.export', options),
    import: (options) => watch('library.import', options),
    nearby: (options) => call('library.nearby', options),
    add: (options) => call('library.add', options),
    remove: (options) => call('library.remove', options),
    use: (options) => call('library.use', options)
  }
}
