import type { SimulatedDevice, SimulatedMesh } from './mesh.ts'

/** What a mesh costs each of its devices, measured over a while in which nothing happens. */
export interface Costs {
  connections: { mean: number; max: number }
  /** Sent and received, per device and minute. */
  bytes: { mean: number; max: number }
  /** Of this process, divided by the devices and the minutes. */
  cpuMs: number
  /** New gossiped messages per device and minute, each of which costs the check of a signature. */
  verified: number
}

const MINUTE_MS = 60_000

export async function costs(mesh: SimulatedMesh, ms: number): Promise<Costs> {
  const devices = mesh.alive
  const before = devices.map((device) => ({ ...device.endpoint.traffic }))
  const cpu = process.cpuUsage()
  let most = 0
  const links: number[] = []
  for (let part = 0; part < 4; part++) {
    await mesh.world.pass(ms / 4)
    links.push(...devices.map(({ endpoint }) => endpoint.connected.length))
  }
  most = Math.max(...links)
  const { user, system } = process.cpuUsage(cpu)
  const minutes = ms / MINUTE_MS
  const bytes = devices.map(({ endpoint: { traffic } }, index) => {
    const { sent, received } = before[index] ?? traffic
    return (traffic.sent - sent + traffic.received - received) / minutes
  })
  const verified = devices.map(({ endpoint }, index) => endpoint.traffic.verified - (before[index]?.verified ?? 0))
  return {
    connections: { mean: mean(links), max: most },
    bytes: { mean: mean(bytes), max: Math.max(...bytes) },
    cpuMs: (user + system) / 1000 / devices.length / minutes,
    verified: mean(verified) / minutes
  }
}

/** Milliseconds until it is so; Infinity when it is not within `mostMs`. */
export async function timeUntil(mesh: SimulatedMesh, mostMs: number, isSo: () => boolean): Promise<number> {
  const { world } = mesh
  const begin = world.now
  while (world.now - begin < mostMs) {
    if (isSo()) return world.now - begin
    await world.pass(STEP_MS)
  }
  return isSo() ? world.now - begin : Infinity
}

/** How often it is looked. */
const STEP_MS = 50

/** Everybody knows it, and it knows everybody. */
export function isKnown(mesh: SimulatedMesh, device: SimulatedDevice): boolean {
  return mesh.alive.every(
    (other) => other === device || (mesh.isCandidate(other, device) && mesh.isCandidate(device, other))
  )
}

export function isNobodysCandidate(mesh: SimulatedMesh, device: SimulatedDevice): boolean {
  return mesh.alive.every((other) => !mesh.isCandidate(other, device))
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
