import { fork, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Mesh } from '../src/index.ts'
import { hashPieces } from '../src/node/library/piece-hashes.ts'
import { PIECE_BYTES, type SharedFile } from '../src/protocols/model/index.ts'
import { makePaddedModel, PADDING } from '../test/fixtures/padded-model.ts'
import type { Device } from '../test/integration/device.ts'
import { Devices } from '../test/integration/devices.ts'
import type { CopyOffer, CopyReport, CopyTask, Way } from './copy-process.ts'
import { interleaved, paired, type Effort } from './effort.ts'
import { middle } from './figures.ts'
import { processorMs } from './machine.ts'
import { median, ratios } from './statistics.ts'
import { verdict, type Row } from './table.ts'

const MEGABYTES = 256
const ROUNDS = 12
/** The goal of bench/README.md, of raw TCP in the same run. */
const GOAL = 0.25

export const COPIED = 'model copied between two devices, against raw TCP to disk'
export const COPIED_BY_TLS = 'the same bytes by TLS, each piece proved, against the model copied'

interface Copied {
  bytesPerSecond: number
  /** Seconds of processor time a gigabyte, both sides together. */
  cpuPerGb: number
}

/**
 * A model from one device to another, from the command to its place in the list; in turn the same bytes over sockets
 * between two other processes: by TCP, hashing nothing, and by TLS with the same proof of each piece, as a side channel
 * beside libp2p would do it. Everything is on the disk when a time ends.
 */
export async function copying({ times, tell }: Effort): Promise<Row[]> {
  const devices = await Devices.create()
  const sides: ChildProcess[] = []
  let mesh: Mesh | undefined
  try {
    const [from, to] = ['from', 'to'].map((name) => devices.device({ name, flags: ['--answer', 'no'] })) as [
      Device,
      Device
    ]
    const model = join(from.home, 'models', 'big')
    makePaddedModel({ path: model, bytes: MEGABYTES * 2 ** 20 })
    await from.start()
    await to.start()
    await to.sees('from', { model: false })
    const library = (mesh = await to.attach()).library
    sides.push(startSide(), startSide())
    const sockets = await socketsOf(sides, join(model, PADDING), to.home)
    const ways = {
      mesh: () => measured([from.pid, to.pid], () => pulled(library)).finally(() => library.remove({ name: 'big' })),
      tcp: () => sockets('tcp'),
      tls: () => sockets('tls')
    }
    await interleaved(1, ways)
    const { mesh: byMesh, tcp, tls } = await interleaved(times(ROUNDS), ways)
    for (const [way, all] of Object.entries({ mesh: byMesh, tcp, tls })) tell(`${way}: ${inWords(all)}`)
    const [kept, gained] = [against(byMesh, tcp), against(tls, byMesh)]
    return [
      {
        what: COPIED,
        goal: `≥ ${GOAL} ×`,
        measured: `${middle(kept, ' ×')} of TCP's ${inWords(tcp)}: ${inWords(byMesh)} (${kept.length} pairs of ${MEGABYTES} MiB)`,
        verdict: verdict(median(kept) >= GOAL)
      },
      {
        what: COPIED_BY_TLS,
        goal: '–',
        measured: `${middle(gained, ' ×')}: ${inWords(tls)} (${gained.length} pairs)`,
        verdict: 'no goal'
      }
    ]
  } finally {
    await mesh?.stop()
    for (const side of sides) side.kill()
    await devices.remove()
  }
}

async function pulled(library: Mesh['library']): Promise<number> {
  for await (const event of library.pull({ name: 'big' })) if (event.type === 'done') return event.bytes
  throw new Error('the pull did not end')
}

/** Copies over a socket between two processes. */
async function socketsOf(
  [giver, taker]: readonly ChildProcess[],
  source: string,
  folder: string
): Promise<(way: Way) => Promise<Copied>> {
  if (giver === undefined || taker === undefined) throw new Error('two sides are needed')
  const bytes = statSync(source).size
  const hashes = await hashPieces({ source, bytes }, { signal: AbortSignal.timeout(60_000) })
  const file: SharedFile = { path: 'file', bytes, extra: false, ...hashes }
  return async (way) => {
    const key = randomBytes(32).toString('hex')
    const { port } = await told<CopyOffer>(giver, { role: 'give', way, source, key })
    const given = answer<CopyReport>(giver)
    const taken = await told<CopyReport>(taker, { role: 'take', way, port, folder, file, key, pieceBytes: PIECE_BYTES })
    const { cpuMs } = await given
    return copied(bytes, taken.ms, cpuMs + taken.cpuMs)
  }
}

function startSide(): ChildProcess {
  return fork(fileURLToPath(new URL('copy-process.js', import.meta.url)))
}

function told<Answer>(side: ChildProcess, task: CopyTask): Promise<Answer> {
  const answered = answer<Answer>(side)
  side.send(task)
  return answered
}

async function answer<Answer>(side: ChildProcess): Promise<Answer> {
  const [message] = (await once(side, 'message')) as [Answer]
  return message
}

async function measured(pids: readonly number[], work: () => Promise<number>): Promise<Copied> {
  const spent = (): number => pids.reduce((sum, pid) => sum + (processorMs(pid) ?? NaN), 0)
  const [since, before] = [performance.now(), spent()]
  const bytes = await work()
  return copied(bytes, performance.now() - since, spent() - before)
}

function copied(bytes: number, ms: number, cpuMs: number): Copied {
  return { bytesPerSecond: bytes / (ms / 1000), cpuPerGb: cpuMs / 1000 / (bytes / 1e9) }
}

function against(one: readonly Copied[], other: readonly Copied[]): number[] {
  return ratios(paired(other, one, ({ bytesPerSecond }) => bytesPerSecond))
}

function inWords(all: readonly Copied[]): string {
  const rate = middle(
    all.map(({ bytesPerSecond }) => bytesPerSecond / 1e6),
    ' MB/s'
  )
  const cpu = middle(
    all.map(({ cpuPerGb }) => cpuPerGb),
    ' s'
  )
  return `${rate} with ${cpu} of processor time a GB`
}
