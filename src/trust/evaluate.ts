import { causalOrder } from './causality.ts'
import type { CausalOrder } from './causality.ts'
import type { BoxKey, DeviceKey } from './keys.ts'
import { MEMBER_ROLE, type RosterRecord } from './record.ts'
import { RecoveryReigns } from './recovery-reigns.ts'
import { applyRemovals } from './removals.ts'
import { Standing } from './standing.ts'

export interface Member {
  device: DeviceKey
  box: BoxKey
  name: string
  role: string
  /** Place by rank among members and removed ones together, from 0: it does not change when another is removed. */
  order: number
  /** A device's key, `recovery` for the recovery key, null for the founder. */
  admittedBy: DeviceKey | null
}

export interface RemovedMember extends Member {
  /** A device's key, or `recovery` for the recovery key. */
  removedBy: DeviceKey
}

/** What the records of a mesh say, taken together. */
export interface RosterState {
  members: ReadonlyMap<DeviceKey, Member>
  removed: ReadonlyMap<DeviceKey, RemovedMember>
  /** Public key of the present recovery phrase, or of the key that the founder keeps until there is one. */
  recoveryKey: DeviceKey
  phraseMade: boolean
}

/**
 * Who belongs to the mesh. A function of the set of records: their order does not matter, nor does any clock. Records
 * whose parents are missing are left aside; signatures are taken as verified.
 *
 * @throws {InvalidRecordError} when there is not one genesis
 */
export function evaluate(records: Iterable<RosterRecord>): RosterState {
  const order = causalOrder(records)
  const reigns = new RecoveryReigns(order)
  const standing = new Standing(order, reigns)
  applyRemovals(order, standing)

  const names = renames(order, standing)
  const signerOf = (at: number) => (reigns.signed(at) ? 'recovery' : (order.records[at]?.signer ?? ''))
  const members = new Map<DeviceKey, Member>()
  const removed = new Map<DeviceKey, RemovedMember>()
  for (const { device, admission, removal } of listed(standing)) {
    const { body } = order.records[admission] ?? {}
    if (body?.type !== 'genesis' && body?.type !== 'admit') continue
    const member: Member = {
      device,
      box: body.box,
      name: names.get(device) ?? body.name,
      role: MEMBER_ROLE,
      order: members.size + removed.size,
      admittedBy: body.type === 'genesis' ? null : signerOf(admission)
    }
    if (removal === null) members.set(device, member)
    else removed.set(device, { ...member, removedBy: signerOf(removal) })
  }
  return { members, removed, recoveryKey: reigns.key, phraseMade: reigns.replaced > 0 }
}

/** Members and removed devices by rank. Who was only ever admitted by a thief is neither. */
function listed(standing: Standing): { device: DeviceKey; admission: number; removal: number | null }[] {
  const found = []
  for (const device of standing.devices()) {
    const removal = standing.removal(device)
    const admission = standing.admission(device) ?? (removal === null ? null : standing.claim(device))
    if (admission !== null) found.push({ device, admission, removal })
  }
  return found.sort((a, b) => a.admission - b.admission)
}

/** Of those that count, the last in causal order says how a device is called. */
function renames(order: CausalOrder, standing: Standing): Map<DeviceKey, string> {
  const names = new Map<DeviceKey, string>()
  order.records.forEach(({ body }, at) => {
    if (body.type === 'rename' && standing.counts(at)) names.set(body.device, body.name)
  })
  return names
}
