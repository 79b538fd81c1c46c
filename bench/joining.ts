import { writeFile } from 'node:fs/promises'
import { LOOK_MS } from '../src/node/membership/looking.ts'
import type { Device } from '../test/integration/device.ts'
import { Devices } from '../test/integration/devices.ts'
import { told, untilTrue } from '../test/integration/membership/codes.ts'
import { createNetwork, whyNoNamespaces, type Network } from '../test/integration/namespaces.ts'
import { QUESTION, through } from './asks.ts'
import { interleaved, type Effort } from './effort.ts'
import { figure, middle, middleAndTail } from './figures.ts'
import { median } from './statistics.ts'
import type { Row } from './table.ts'

const RUNS = 20

export const JOINED_BY_CODE =
  'from mesh join on a new second device to its first answer, codes compared, without the human'
export const JOINED_BY_INVITE = 'the same by invite'

/** Milliseconds of one run, end to end. Every part begins where the one before it ends. */
interface Joined {
  totalMs: number
  parts: Readonly<Record<string, number>>
}

type Join = (first: Device, second: Device, devices: Devices) => Promise<Joined>

/**
 * Two devices out of the box, run by run: the first has started a mesh, its door is open and its model ready; the clock
 * runs from the spawn of the second one's process to the first text of an answer that the first one gives it. Programs
 * stand in for the people: at once they say over the control sockets, of the codes in the events, that they are equal.
 */
export async function joining({ times, tell }: Effort): Promise<Row[]> {
  const network = whyNoNamespaces() === null ? await createNetwork({ hosts: 2 }) : null
  try {
    const runs = await interleaved(times(RUNS), {
      code: () => joinOnce(network, joinByCode),
      invite: () => joinOnce(network, joinByInvite)
    })
    const where = network === null ? 'one machine' : 'two hosts'
    tell(`by code: ${runs.code.map(({ totalMs }) => Math.round(totalMs)).join(' ')} ms`)
    tell(`by invite: ${runs.invite.map(({ totalMs }) => Math.round(totalMs)).join(' ')} ms`)
    return [row(JOINED_BY_CODE, runs.code, where), row(JOINED_BY_INVITE, runs.invite, where)]
  } finally {
    await network?.remove()
  }
}

function row(what: string, runs: readonly Joined[], where: string): Row {
  const totals = runs.map(({ totalMs }) => totalMs)
  const look =
    what === JOINED_BY_CODE
      ? [`; without the look of ${LOOK_MS / 1000} s ${middle(totals.map(lookLeftOut), ' ms')}`]
      : []
  const parts = Object.keys(runs[0]?.parts ?? {}).map(
    (part) => `${part} ${figure(median(runs.map((run) => run.parts[part] ?? NaN)))}`
  )
  return {
    what,
    goal: '–',
    measured: `${middleAndTail(totals, ' ms', 95)}${look.join('')}; medians of the parts in ms: ${parts.join(', ')} (${runs.length} runs, ${where})`,
    verdict: 'no goal'
  }
}

/** The spell in which a newcomer listens for every door before it takes one, by design. */
function lookLeftOut(totalMs: number): number {
  return totalMs - LOOK_MS
}

async function joinOnce(network: Network | null, join: Join): Promise<Joined> {
  const devices = await Devices.create()
  try {
    const [first, second] = ['first', 'second'].map((name, index) => {
      const host = network?.hosts[index]
      // The first one looks for nobody: it is there already when a person starts the second one.
      return devices.device({ name, mesh: null, ...(host && { host }), flags: index === 0 ? ['--new'] : [] })
    }) as [Device, Device]
    await first.start()
    await untilTrue(first, async (mesh) => (await mesh.status()).tokensPerSecond !== null)
    return await join(first, second, devices)
  } finally {
    await devices.remove()
  }
}

const joinByCode: Join = async (first, second) => {
  const member = await first.attach()
  const spawnedAt = performance.now()
  const ready = await second.start()
  const newcomer = await second.attach()
  const [{ comparison, at: onNewcomerAt }, { newcomer: shown, at: onMemberAt }] = await Promise.all([
    told(second, 'comparing'),
    told(first, 'newcomer')
  ])
  if (comparison.code !== shown.code) throw new Error(`the codes differ: ${comparison.code} and ${shown.code}`)
  const codesAt = Math.max(onNewcomerAt, onMemberAt)
  await Promise.all([
    newcomer.membership.confirm({ code: comparison.code }),
    member.membership.approve({ code: shown.code })
  ])
  const memberAt = performance.now()
  const end = await firstAnswer(second)
  await Promise.all([newcomer.stop(), member.stop()])
  return {
    totalMs: end.textAt - spawnedAt,
    parts: {
      'to the ready line': ready.at - spawnedAt,
      'to both codes (the look in it)': codesAt - ready.at,
      'to membership': memberAt - codesAt,
      ...end.partsSince(memberAt)
    }
  }
}

const joinByInvite: Join = async (first, second, devices) => {
  const member = await first.attach()
  const { invite } = await member.membership.invite()
  const file = devices.home('invite')
  await writeFile(file, `${invite}\n`)
  const spawnedAt = performance.now()
  const ready = await second.start('--invite-file', file)
  const end = await firstAnswer(second)
  await member.stop()
  return {
    totalMs: end.textAt - spawnedAt,
    parts: { 'to the ready line, as a member': ready.at - spawnedAt, ...end.partsSince(ready.at) }
  }
}

interface Answered {
  textAt: number
  partsSince: (memberAt: number) => Readonly<Record<string, number>>
}

/** Asks the first device as soon as the second one knows of its model. */
async function firstAnswer(second: Device): Promise<Answered> {
  const { at: seenAt } = await second.sees('first')
  const mesh = await second.attach()
  const askedAt = performance.now()
  const { firstMs } = await through(mesh, 'first')(QUESTION)
  await mesh.stop()
  const textAt = askedAt + firstMs
  return {
    textAt,
    partsSince: (memberAt) => {
      // The other one's model may be known before the socket has said that this device is a member.
      const knownAt = Math.max(memberAt, seenAt)
      return { 'to the other’s model': knownAt - memberAt, 'to the first text': textAt - knownAt }
    }
  }
}
