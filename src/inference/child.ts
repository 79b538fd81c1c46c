/**
 * The child process of the engine: owns onnxruntime, answers the commands of `messages.ts`, and ends with its parent.
 * It never writes to standard output; what native libraries write to standard error goes to the parent's log.
 */
import { MeshError } from '../errors.ts'
import { benchProvider } from './bench-runs.ts'
import type { Command } from './messages.ts'
import { MemoryKeeper } from './memory-keeper.ts'
import { MUCH_GARBAGE_BYTES, ModelHost } from './model-host.ts'
import { reasonOf } from './model-folder.ts'
import { outbox } from './outbox.ts'
import { PrefixCache } from './prefix-cache.ts'
import { collect } from './resident.ts'
import { RUNTIME_PACKAGE, loadRuntime, runtimeFolder } from './runtime.ts'
import type { Runtime } from './runtime.ts'

const runtimePackage = process.argv[2] ?? RUNTIME_PACKAGE
const gatherMs = Number(process.argv[3] ?? 0)
const budget = Number(process.argv[4] ?? Infinity)
const models = new Map<string, ModelHost>()
const prefixes = new PrefixCache(budget)
const memory = new MemoryKeeper({
  budget,
  keepAliveMs: Number(process.argv[5] ?? Infinity),
  unload: async (hash) => models.get(hash)?.drop(),
  spare: (bytes) => {
    if (prefixes.leave(bytes) > MUCH_GARBAGE_BYTES) void collect()
  }
})
const running = new Map<string, AbortController>()
let runtime: Promise<Runtime> | undefined

const send = outbox((replies) => {
  // A parent that is gone is told of by 'disconnect'.
  if (process.connected) process.send?.(replies, undefined, undefined, () => undefined)
})

function loaded(): Promise<Runtime> {
  return (runtime ??= loadRuntime(runtimePackage))
}

function hostOf(hash: string): ModelHost {
  let host = models.get(hash)
  if (host === undefined) {
    host = new ModelHost(hash, {
      runtime: loaded,
      runtimeFolder: runtimeFolder(runtimePackage),
      send,
      memory,
      prefixes,
      gatherMs
    })
    models.set(hash, host)
  }
  return host
}

async function obey(command: Exclude<Command, { type: 'cancel' }>, signal: AbortSignal): Promise<void> {
  switch (command.type) {
    case 'generate':
      await hostOf(command.model.hash).generate(command, signal)
      return
    case 'measure':
      await hostOf(command.model.hash).measure(command.model, signal)
      break
    case 'unload':
      await models.get(command.hash)?.unload(signal)
      break
    case 'bench':
      await benchProvider(await loaded(), command, {
        tell: (step) => {
          send({ type: 'bench', id: command.id, step })
        },
        signal
      })
      break
    case 'memory':
      send({ type: 'result', id: command.id, value: process.memoryUsage.rss() })
      return
  }
  send({ type: 'result', id: command.id, value: null })
}

process.on('message', (command: Command) => {
  if (command.type === 'cancel') {
    running.get(command.id)?.abort(new Error('cancelled'))
    return
  }
  const controller = new AbortController()
  running.set(command.id, controller)
  obey(command, controller.signal)
    .catch((err: unknown) => {
      // Only our own words cross: anything else is a failure of the engine.
      const name = err instanceof MeshError ? err.name : 'EngineFailedError'
      send({ type: 'failed', id: command.id, name, message: reasonOf(err) })
    })
    .finally(() => running.delete(command.id))
})

// A terminal sends Ctrl-C to the whole group of processes: the parent decides what it means.
process.on('SIGINT', () => undefined)
// The parent died or let go: nothing here is worth saving.
process.on('disconnect', () => process.exit(0))
