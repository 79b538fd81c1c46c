import type { CausalOrder } from './causality.ts'
import type { DeviceKey } from './keys.ts'

/** A recovery key and its time, told by records: from the one that made it the key to the one that replaced it. */
interface Reign {
  key: DeviceKey
  since: number
  until: number
}

/** Which keys were the mesh's recovery key, one after the other. */
export class RecoveryReigns {
  readonly #order: CausalOrder
  readonly #reigns: Reign[] = []
  readonly #byKey = new Map<DeviceKey, Reign[]>()

  constructor(order: CausalOrder) {
    this.#order = order
    const [genesis] = order.records
    if (genesis?.body.type !== 'genesis') return
    let reign = this.#begin(genesis.body.recovery, 0)
    // Of several records that replace one key, the first in causal order does it.
    order.records.forEach(({ body, signer }, at) => {
      if (body.type !== 'recovery' || signer !== reign.key || !order.precedes(reign.since, at)) return
      reign.until = at
      reign = this.#begin(body.key, at)
    })
  }

  get key(): DeviceKey {
    return this.#reigns.at(-1)?.key ?? ''
  }

  /** How often the key was replaced. */
  get replaced(): number {
    return this.#reigns.length - 1
  }

  /**
   * Whether the recovery key signed the record while it was the key: its signer knew that it is the key, and whoever
   * replaced the key knew the record. So what a key signs after it was replaced, however it is back-dated, is nothing.
   */
  signed(at: number): boolean {
    const signer = this.#order.records[at]?.signer ?? ''
    const { precedes } = this.#order
    return (this.#byKey.get(signer) ?? []).some(
      ({ since, until }) => precedes(since, at) && (until === Infinity || precedes(at, until))
    )
  }

  #begin(key: DeviceKey, since: number): Reign {
    const reign = { key, since, until: Infinity }
    this.#reigns.push(reign)
    const same = this.#byKey.get(key)
    if (same === undefined) this.#byKey.set(key, [reign])
    else same.push(reign)
    return reign
  }
}
