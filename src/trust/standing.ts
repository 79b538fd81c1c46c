import type { CausalOrder } from './causality.ts'
import type { DeviceKey } from './keys.ts'
import { MEMBER_ROLE, type RosterRecord } from './record.ts'
import type { RecoveryReigns } from './recovery-reigns.ts'

/** Signed by the recovery key: no rank is higher. */
const RECOVERY_RANK = -1
/** Signed by nobody who was ever admitted. */
const NO_RANK = Infinity
const NONE: readonly number[] = []

/**
 * Which records count, while removals are applied one after the other. All are known by their index in causal order.
 *
 * A record counts when the recovery key signed it, or when
 *   1. an admission of its signer that counts lies in its past, and
 *   2. each applied removal of its signer knew it (it lies in the removal's past), or was lifted
 *      before it (the recovery key admitted the signer again, knowing the removal, and that lies in the record's past).
 *
 * Applied removals only ever become more, so a record that has ceased to count never counts again: each is struck out
 * once, with all that rests on it.
 */
export class Standing {
  readonly #order: CausalOrder
  readonly #reigns: RecoveryReigns
  readonly #counts: boolean[] = []
  /** Of each device: admissions, records that it signed, admissions by the recovery key, applied removals. */
  readonly #admissions = new Map<DeviceKey, number[]>()
  readonly #signed = new Map<DeviceKey, number[]>()
  readonly #restorations = new Map<DeviceKey, number[]>()
  readonly #removals = new Map<DeviceKey, number[]>()
  /** Of each record: the place, among its signer's admissions, of the one that it rests on. Only moves on. */
  readonly #support: number[] = []
  /** Of each admission: the records that rest on it. */
  readonly #resting = new Map<number, number[]>()
  /** Of each device: the place of its first admission that counts. Only moves on. */
  readonly #first = new Map<DeviceKey, number>()

  constructor(order: CausalOrder, reigns: RecoveryReigns) {
    this.#order = order
    this.#reigns = reigns
    order.records.forEach((record, at) => {
      this.#counts[at] = this.#reigns.signed(at) || record.body.type === 'genesis' || this.#rest(at, 0)
      append(this.#signed, record.signer, at)
      const admitted = admittedBy(record)
      if (admitted === null) return
      append(this.#admissions, admitted, at)
      if (this.#reigns.signed(at)) append(this.#restorations, admitted, at)
    })
  }

  counts(at: number): boolean {
    return this.#counts[at] === true
  }

  /** Everybody who was ever named as admitted, whether it counts or not. */
  devices(): Iterable<DeviceKey> {
    return this.#admissions.keys()
  }

  /** The device's first admission that counts; else null. */
  admission(device: DeviceKey): number | null {
    const admissions = this.#admissions.get(device) ?? NONE
    let place = this.#first.get(device) ?? 0
    while (place < admissions.length && !this.counts(admissions[place] ?? 0)) place++
    this.#first.set(device, place)
    return admissions[place] ?? null
  }

  /** The device's first admission, whether it counts or not. */
  claim(device: DeviceKey): number | null {
    return this.#admissions.get(device)?.[0] ?? null
  }

  /** Of the signer of a record: the smaller, the sooner its removals are looked at. */
  rank(at: number): number {
    if (this.#reigns.signed(at)) return RECOVERY_RANK
    return this.admission(this.#order.records[at]?.signer ?? '') ?? NO_RANK
  }

  /** The first applied removal of a device that the recovery key has not lifted; null for one that stands. */
  removal(device: DeviceKey): number | null {
    return this.#removals.get(device)?.find((removal) => !this.#lifted(removal, device, Infinity)) ?? null
  }

  /** Applies a removal that counts. */
  remove(removal: number): void {
    const { body } = this.#order.records[removal] ?? {}
    if (body?.type !== 'remove') return
    append(this.#removals, body.device, removal)
    for (const at of this.#signed.get(body.device) ?? NONE) {
      if (this.counts(at) && !this.#reigns.signed(at) && !this.#outlasts(at, removal, body.device)) this.#strike(at)
    }
  }

  #outlasts(at: number, removal: number, device: DeviceKey): boolean {
    return this.#order.precedes(at, removal) || this.#lifted(removal, device, at)
  }

  /** Whether the recovery key admitted the device again, knowing of its removal, before the record (Infinity: ever). */
  #lifted(removal: number, device: DeviceKey, before: number): boolean {
    const { precedes } = this.#order
    return (this.#restorations.get(device) ?? NONE).some(
      (restoration) => precedes(removal, restoration) && (before === Infinity || precedes(restoration, before))
    )
  }

  #strike(struck: number): void {
    const falling = [struck]
    for (let at = falling.pop(); at !== undefined; at = falling.pop()) {
      this.#counts[at] = false
      for (const resting of this.#resting.get(at) ?? NONE) {
        if (this.counts(resting) && !this.#rest(resting, (this.#support[resting] ?? 0) + 1)) falling.push(resting)
      }
    }
  }

  /** Finds an admission for a record to rest on, from a place in the list of its signer's. */
  #rest(at: number, from: number): boolean {
    const admissions = this.#admissions.get(this.#order.records[at]?.signer ?? '') ?? NONE
    for (let place = from; place < admissions.length; place++) {
      const admission = admissions[place] ?? 0
      if (!this.counts(admission) || !this.#order.precedes(admission, at)) continue
      this.#support[at] = place
      append(this.#resting, admission, at)
      return true
    }
    return false
  }
}

/** The device that the record admits, if that is what it does. */
function admittedBy({ body }: RosterRecord): DeviceKey | null {
  if (body.type === 'genesis') return body.device
  return body.type === 'admit' && body.role === MEMBER_ROLE ? body.device : null
}

function append<K>(lists: Map<K, number[]>, key: K, value: number): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}
