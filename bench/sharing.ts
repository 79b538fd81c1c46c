import { createServer, connect, type AddressInfo, type Server } from 'node:net'
import { once } from 'node:events'
import { systemClock } from '../src/protocols/clock.ts'
import { sync, type Sync, type SyncMessage } from '../src/protocols/sync/index.ts'
import { encodeMessage } from '../src/protocols/sync/words.ts'
import { SyncSession } from '../src/crdt/index.ts'
import { keyOf, newHome, openDevice, removeHome, type TestDevice } from '../test/crdt/device.ts'
import { Devices } from '../test/integration/devices.ts'
import { testNode } from '../test/protocols/nodes.ts'
import type { Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { QUESTION, through } from './asks.ts'
import type { Effort } from './effort.ts'
import { figure, middle } from './figures.ts'
import { processorMs } from './machine.ts'
import { watch, watchedIn, type Holds } from './holding.ts'
import { median, percentile } from './statistics.ts'
import { verdict, type Row } from './table.ts'

const VISIBLE_MS = 500
const WRITTEN = 200
const CHECK_BYTES = 100
const NEW_BYTES = 5 * 1024
const MANY = 100_000
const SESSIONS = 100
const OFFLINE = 10_000
const OFFLINE_MS = 2000
const HOLD_MS = 20
const KEPT_RATE = 0.9
const ASKS = 60

export const VISIBLE = 'a memory visible on the other device'
export const CHECKED = 'in-sync check of two devices with 100,000 memories'
export const FRESH = '10 new memories to a device with 100,000 (written in 100 sessions)'
export const MERGED = '10,000 memories after an offline spell, from device to device'
export const HELD = 'longest hold of the event loop meanwhile, on the one that merges'
export const KEPT = 'token rate of an ask while 100,000 memories sync in the background, against alone'
export const HELD_BACKGROUND = 'longest hold of the event loop meanwhile, with 100,000'

/** Memories between two devices. */
export async function sharing(effort: Effort): Promise<Row[]> {
  return [await visible(effort), ...(await onTheWire(effort)), ...(await merged(effort)), ...(await background(effort))]
}

/** From the acknowledgement on one device to the event on the other, each a process of its own. */
async function visible({ times, tell }: Effort): Promise<Row> {
  const devices = await Devices.create()
  const took: number[] = []
  try {
    const flags = ['--answer', 'no']
    const here = await devices.start({ name: 'here', flags })
    const there = await devices.start({ name: 'there', flags })
    await here.sees('there', { model: false })
    const mesh = await here.attach()
    for (let count = 0; count < times(WRITTEN); count++) {
      const { id } = await mesh.memory.remember({ text: `Memory number ${count} is on shelf ${count % 17}` })
      const acknowledged = performance.now()
      const line = await there.until(id, (each) => each.event === 'memory-changed' && each.added.includes(id))
      took.push(Math.max(0, line.at - acknowledged))
    }
    await mesh.stop()
  } finally {
    await devices.remove()
  }
  const p95 = percentile(took, 95)
  tell(`visible: p95 ${figure(p95)} ms`)
  return {
    what: VISIBLE,
    goal: `p95 ≤ ${VISIBLE_MS} ms`,
    measured: `p50 ${middle(took, ' ms')}, p95 ${figure(p95)} ms after it was acknowledged (${took.length} times)`,
    verdict: verdict(p95 <= VISIBLE_MS)
  }
}

/** A TCP connection that is passed on, and counted. */
class Wire {
  bytes = 0
  readonly #server: Server

  private constructor(port: number) {
    this.#server = createServer((near) => {
      const far = connect(port, '127.0.0.1')
      for (const [from, to] of [
        [near, far],
        [far, near]
      ] as const) {
        from.on('data', (chunk) => {
          this.bytes += chunk.length
          to.write(chunk)
        })
        from.on('close', () => to.destroy())
        from.on('error', () => to.destroy())
      }
    })
  }

  static async to(port: number): Promise<Wire> {
    const wire = new Wire(port)
    wire.#server.listen(0, '127.0.0.1')
    await once(wire.#server, 'listening')
    return wire
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  close(): void {
    this.#server.close()
  }
}

/** Two devices in this process, with libp2p, Noise and yamux between them, and their bytes counted in both ways. */
async function onTheWire({ times, tell }: Effort): Promise<Row[]> {
  const home = newHome()
  const sessions = times(SESSIONS)
  for (let session = 0; session < sessions; session++) {
    const device = openDevice({ home, key: keyOf('a') })
    const texts = Array.from({ length: MANY / SESSIONS }, (_, at) => ({ text: textOf(session * 1000 + at) }))
    device.memories.rememberAll(texts)
    device.close()
  }
  const other = newHome()
  cpSync(home, other, { recursive: true })
  const one = openDevice({ home, key: keyOf('a') })
  const two = openDevice({ home: other, key: keyOf('b') })
  const total = one.memories.count()
  const link = await joined(one, two)
  try {
    await link.quiet()
    const before = { ...link.frames }
    const wireBefore = link.wire.bytes
    link.check()
    await link.quiet()
    const check = { frames: link.frames.bytes - before.bytes, wire: link.wire.bytes - wireBefore }
    link.pause()
    one.memories.rememberAll(Array.from({ length: 10 }, (_, at) => ({ text: textOf(MANY + at) })))
    const apart = { frames: link.frames.bytes, wire: link.wire.bytes }
    link.resume()
    await link.until(() => two.memories.count() === total + 10)
    await link.quiet()
    const fresh = { frames: link.frames.bytes - apart.frames, wire: link.wire.bytes - apart.wire }
    tell(`check ${check.frames} bytes, 10 new ${fresh.frames} bytes of ${total}`)
    const among = total === MANY ? '' : `, of ${total} here`
    return [
      {
        what: CHECKED,
        goal: `≤ ${CHECK_BYTES} bytes`,
        measured: `${check.frames} bytes of frames, both ways together; ${check.wire} with yamux and Noise around them${among}`,
        verdict: verdict(check.frames <= CHECK_BYTES)
      },
      {
        what: FRESH,
        goal: `≤ ${NEW_BYTES / 1024} KB`,
        measured: `${fresh.frames} bytes of frames, both ways together; ${fresh.wire} with yamux and Noise around them${among}`,
        verdict: verdict(fresh.wire <= NEW_BYTES)
      }
    ]
  } finally {
    await link.close()
    one.close()
    two.close()
    for (const each of [home, other]) removeHome(each)
  }
}

interface Joined {
  frames: { bytes: number; sent: number; taken: number }
  wire: Wire
  /** Nothing is under way. */
  quiet(): Promise<void>
  until(isSo: () => boolean): Promise<void>
  check(): void
  /** Sessions end, as when the link is cut; the connection stays, so that only what is said is counted. */
  pause(): void
  resume(): void
  close(): Promise<void>
}

async function joined(one: TestDevice, two: TestDevice): Promise<Joined> {
  const frames = { bytes: 0, sent: 0, taken: 0 }
  const sessions: { session: SyncSession | null; begin: () => SyncSession }[] = []
  const node = async (device: TestDevice, peer: string): Promise<Libp2p<{ sync: Sync }>> =>
    testNode({
      sync: sync({
        clock: systemClock,
        meet: ({ leads, send }) => {
          const counted = async (message: SyncMessage): Promise<void> => {
            const { byteLength } = encodeMessage(message)
            frames.bytes += byteLength + (byteLength < 128 ? 1 : byteLength < 16_384 ? 2 : 3)
            frames.sent++
            await send(message)
          }
          const begin = (): SyncSession => {
            const session = new SyncSession({ documents: device.documents, peer, leads, send: counted, warn: fail })
            session.start()
            return session
          }
          const held: (typeof sessions)[number] = { session: null, begin }
          sessions.push(held)
          return {
            start: () => (held.session = begin()),
            receive: async (message) => {
              await held.session?.receive(message)
              frames.taken++
            },
            stop: () => held.session?.stop()
          }
        }
      })
    })
  const [first, second] = await Promise.all([node(one, two.key), node(two, one.key)])
  const port = Number(/tcp\/(\d+)/.exec(second.getMultiaddrs().join())?.[1])
  const wire = await Wire.to(port)
  await first.dial(multiaddr(`/ip4/127.0.0.1/tcp/${wire.port}/p2p/${second.peerId.toString()}`))
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
  }
  const isIdle = (): boolean =>
    sessions.length === 2 && frames.sent === frames.taken && sessions.every(({ session }) => session?.isIdle === true)
  return {
    frames,
    wire,
    until,
    quiet: async () => {
      // Identify and window updates come a moment after the last frame.
      for (let bytes = -1; bytes !== wire.bytes;) {
        bytes = wire.bytes
        await until(isIdle)
        await new Promise((resolve) => setTimeout(resolve, QUIET_MS))
      }
    },
    check: () => sessions.find(({ session }) => session !== null)?.session?.check(),
    pause: () => {
      for (const { session } of sessions) session?.stop()
    },
    resume: () => {
      for (const held of sessions) held.session = held.begin()
    },
    close: async () => {
      await Promise.all([first.stop(), second.stop()])
      wire.close()
    }
  }
}

const QUIET_MS = 300

function fail(message: string): void {
  throw new Error(message)
}

/** From the connection until the last of them is on the disk and was told of, two processes. */
async function merged({ times, tell }: Effort): Promise<Row[]> {
  const took: number[] = []
  const holds: Holds[] = []
  const used: number[][] = []
  const folder = mkdtempSync(join(tmpdir(), 'mesh-bench-'))
  for (let run = 0; run < Math.min(5, times(5)); run++) {
    const devices = await Devices.create()
    try {
      const flags = ['--answer', 'no']
      const here = devices.device({ name: 'here', flags, env: watchedIn(folder) })
      const away = devices.device({ name: 'away', flags })
      fill(away.home, OFFLINE)
      await here.start()
      await away.start()
      const { at: met } = await here.sees('away', { model: false })
      const held = watch(here, folder)
      const usedBefore = [here, away].map(({ pid }) => processorMs(pid) ?? NaN)
      const ids = new Set<string>()
      let end = met
      await here.until('all of them', (line) => {
        if (line.event !== 'memory-changed') return false
        for (const id of line.added) ids.add(id)
        end = line.at
        return ids.size === OFFLINE
      })
      took.push(Math.max(0, end - met))
      holds.push(await held())
      used.push([here, away].map(({ pid }, at) => (processorMs(pid) ?? NaN) - (usedBefore[at] ?? NaN)))
    } finally {
      await devices.remove()
    }
  }
  const worst = Math.max(...took)
  tell(`10,000 merged: ${took.map(figure).join(' ')} ms`)
  rmSync(folder, { recursive: true, force: true })
  const processors = [0, 1].map((at) => figure(median(used.map((each) => each[at] ?? NaN))))
  return [
    {
      what: MERGED,
      goal: `≤ ${OFFLINE_MS / 1000} s`,
      measured: `median ${middle(took, ' ms')}, longest ${figure(worst)} ms from the connection to the last of them (${took.length} times, two processes; processor time ${processors[0]} ms of the one that merges, ${processors[1]} ms of the other)`,
      verdict: verdict(worst <= OFFLINE_MS)
    },
    heldRow(HELD, holds)
  ]
}

function heldRow(what: string, holds: readonly Holds[]): Row {
  const most = (by: keyof Holds, which: 'longest' | 'p99'): number => Math.max(...holds.map((hold) => hold[by][which]))
  const longest = most('clock', 'longest')
  return {
    what,
    goal: `≤ ${HOLD_MS} ms`,
    measured:
      `${figure(longest)} ms by the clock, ${figure(most('processor', 'longest'))} ms by processor time; ` +
      `99 of a hundred looks below ${figure(most('clock', 'p99'))} and ${figure(most('processor', 'p99'))} ms`,
    verdict: verdict(longest <= HOLD_MS)
  }
}

/** A device asks itself, alone and while another one tells it everything; each is a process of its own. */
async function background({ times, tell }: Effort): Promise<Row[]> {
  const devices = await Devices.create()
  const folder = mkdtempSync(join(tmpdir(), 'mesh-bench-'))
  try {
    const total = times(MANY)
    const here = devices.device({ name: 'here', env: watchedIn(folder) })
    const away = devices.device({ name: 'away', flags: ['--answer', 'no'] })
    fill(away.home, total)
    const { peerId } = await here.start()
    const mesh = await here.attach()
    const ask = through(mesh, peerId)
    const rate = async (): Promise<number> => {
      const { tokens, totalMs } = await ask(QUESTION)
      return (1000 * tokens) / totalMs
    }
    for (let warm = 0; warm < 5; warm++) await rate()
    const alone: number[] = []
    for (let round = 0; round < times(ASKS); round++) alone.push(await rate())
    await away.start()
    await here.until('the first of them', (line) => line.event === 'memory-changed')
    const held = watch(here, folder)
    const during: number[] = []
    const startedAt = performance.now()
    let [told, read] = [0, 0]
    while (told < total) {
      during.push(await rate())
      for (const line of here.lines.slice(read)) {
        read++
        if (line.event === 'memory-changed') told += line.added.length
      }
    }
    const seconds = (performance.now() - startedAt) / 1000
    // Of the last ask a part was alone.
    during.pop()
    const holds = await held()
    await mesh.stop()
    const kept = median(during) / median(alone)
    tell(`background: ${during.length} asks in ${figure(seconds)} s`)
    const among = total === MANY ? '' : `, of ${total} here`
    return [
      {
        what: KEPT,
        goal: `≥ ${KEPT_RATE * 100} %`,
        measured: `${figure(100 * kept)} %: ${middle(during, '')} against ${middle(alone, '')} tokens/s (${during.length} asks in the ${figure(seconds)} s that it took, ${alone.length} before)${among}`,
        verdict: verdict(kept >= KEPT_RATE)
      },
      heldRow(HELD_BACKGROUND, [holds])
    ]
  } finally {
    await devices.remove()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Nothing is measured meanwhile, so that the disk need not keep up. */
function fill(home: string, count: number): void {
  const device = openDevice({ home, key: keyOf('b') })
  const { database, memories } = device
  database.exec('PRAGMA synchronous = OFF')
  for (let start = 0; start < count; start += 1000) {
    const length = Math.min(1000, count - start)
    memories.rememberAll(Array.from({ length }, (_, at) => ({ text: textOf(start + at) })))
  }
  device.close()
}

/** About 150 bytes, as people write. */
function textOf(number: number): string {
  return `On day ${number} somebody wrote that the thing number ${number * 7} lies in drawer ${number % 97}, behind the things of drawer ${number % 13}, and is blue`
}
