import { setImmediate as nextTurn } from 'node:timers/promises'
import { bytesOf, SyncSession, type Documents, type SyncMessage } from '../../src/crdt/index.ts'

/** What a link needs of a device. */
export interface LinkedDevice {
  key: string
  documents: Documents
  warnings: string[]
}

/** Two sessions joined in memory: what one sends the other receives, in order, one at a time. */
export interface Link {
  /** What both sent, in bytes, as `bytesOf` counts them. */
  bytes: number
  messages: number
  /** Fulfilled when nothing is under way in either direction. */
  quiet(): Promise<void>
  cut(): void
  sessions: [SyncSession, SyncSession]
  /** What a side threw at what came. */
  errors: unknown[]
}

/** All of a message's parts are plain: quicker than the general way, and schedules copy millions. */
function copyOf<T>(value: T): T {
  if (value instanceof Uint8Array) return value.slice() as T
  if (Array.isArray(value)) return value.map(copyOf) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copyOf(inner)])) as T
}

export function link(one: LinkedDevice, other: LinkedDevice): Link {
  const queues: SyncMessage[][] = [[], []]
  const busy = [false, false]
  const errors: unknown[] = []
  let isCut = false
  const deliver = async (to: 0 | 1) => {
    if (busy[to] === true) return
    busy[to] = true
    for (let message = queues[to]!.shift(); message !== undefined; message = queues[to]!.shift()) {
      if (isCut) break
      try {
        await sessions[to].receive(message)
      } catch (error) {
        errors.push(error)
        joined.cut()
      }
    }
    busy[to] = false
  }
  const sender = (to: 0 | 1) => (message: SyncMessage) => {
    if (isCut) return Promise.resolve()
    joined.bytes += bytesOf(message)
    joined.messages++
    // A copy: a wire shares no memory.
    queues[to]!.push(copyOf(message))
    void deliver(to)
    return Promise.resolve()
  }
  const session = (device: LinkedDevice, peer: LinkedDevice, leads: boolean, to: 0 | 1) =>
    new SyncSession({
      documents: device.documents,
      peer: peer.key,
      leads,
      send: sender(to),
      warn: (message) => device.warnings.push(message)
    })
  const sessions: [SyncSession, SyncSession] = [session(one, other, true, 1), session(other, one, false, 0)]
  const isIdle = () => !busy[0] && !busy[1] && sessions.every((side) => side.isIdle)
  const joined: Link = {
    bytes: 0,
    messages: 0,
    errors,
    sessions,
    quiet: async () => {
      while (!isIdle()) await nextTurn()
    },
    cut: () => {
      isCut = true
      for (const side of sessions) side.stop()
    }
  }
  for (const side of sessions) side.start()
  return joined
}
