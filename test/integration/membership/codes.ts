import assert from 'node:assert/strict'
import type { Comparison, MembershipEvent, Mesh, Newcomer } from '../../../src/interface.ts'
import type { Device, Line, Outcome } from '../device.ts'
import { holds } from './happening.ts'

type Told<T extends MembershipEvent['type']> = Line & Omit<Extract<MembershipEvent, { type: T }>, 'type'>

/** The first line of the present process that tells of this, after the time `after`. */
export async function told<T extends MembershipEvent['type']>(
  device: Device,
  type: T,
  { after = -Infinity, timeoutMs }: { after?: number; timeoutMs?: number } = {}
): Promise<Told<T>> {
  const line: Line = await device.until(`the event ${type}`, ({ event, at }) => event === type && at > after, timeoutMs)
  return line
}

interface Comparing {
  member: Device
  newcomer: Device
  onMember: Newcomer
  onNewcomer: Comparison
}

/** Waits until two of the devices show six digits, whichever is the newcomer; those on both screens are the same. */
export async function comparing(devices: Device[], after = -Infinity): Promise<Comparing> {
  const [newcomer, { comparison }] = await Promise.any(
    devices.map(async (device) => [device, await told(device, 'comparing', { after })] as const)
  )
  const others = devices.filter((device) => device !== newcomer)
  const [member, { newcomer: shown }] = await Promise.any(
    others.map(async (device) => [device, await told(device, 'newcomer', { after })] as const)
  )
  assert.match(comparison.code, /^\d{6}$/)
  assert.equal(shown.code, comparison.code)
  return { member, newcomer, onMember: shown, onNewcomer: comparison }
}

/** The people at both screens find the digits equal, and say so by `approve` and `confirm`. */
export async function agree({ member, newcomer, onMember, onNewcomer }: Comparing): Promise<void> {
  const outcomes = await Promise.all([
    newcomer.mesh('confirm', '--json', onNewcomer.code),
    member.mesh('approve', '--json', onMember.code)
  ])
  for (const { code, stderr } of outcomes) assert.equal(code, 0, stderr)
}

/** What a verb with `--json` printed. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- whoever runs a verb knows what it prints
export function dataOf<T>({ code, stdout, stderr }: Outcome): T {
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as T
}

/** Waits until it is so on that device; what happened before counts too. */
export async function untilTrue(device: Device, isTrue: (mesh: Mesh) => Promise<boolean>): Promise<void> {
  const mesh = await device.attach()
  try {
    await holds(() => isTrue(mesh))
  } finally {
    await mesh.stop()
  }
}

/** Whether a device is listed there as removed, or as a member. */
export async function lists(mesh: Mesh, name: string, as: 'member' | 'removed'): Promise<boolean> {
  const all = await mesh.membership.list({ all: true })
  return all.some((member) => member.name === name && (member.state === 'removed') === (as === 'removed'))
}
