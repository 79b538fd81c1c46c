import { createHash, randomBytes } from 'node:crypto'
import { InvalidRecordError, NotMemberError, RecoveryError, RemovedError } from '../errors.ts'
import { evaluate, type RosterState } from './evaluate.ts'
import { takeIn, type Merged, type RefusedRecord } from './intake.ts'
import type { BoxKey, DeviceKey, Signer, Verify } from './keys.ts'
import { fingerprintOf, wordsOf } from './mesh-words.ts'
import { decodeRecord, MAX_PARENTS, parseRecord, refusal, signRecord } from './record-encoding.ts'
import { MEMBER_ROLE, type RecordHash, type RosterBody, type RosterRecord } from './record.ts'
import { Waiting } from './waiting.ts'

/** Evaluating this many takes well under a second; a household writes some hundreds in its life. */
const MAX_RECORDS = 10_000
/** The last places are the recovery key's: whoever fills a roster with records can still be removed from it. */
const RECOVERY_PLACES = 500
const NONCE_BYTES = 16

/** Where records outlive the process. */
export interface RosterStore {
  all(): Uint8Array[]
  /** One transaction; a record that is there already stays as it is. */
  add(records: Uint8Array[]): void
}

export interface NewDevice {
  device: DeviceKey
  box: BoxKey
  name: string
  /** @default 'member' */
  role?: string
}

interface RosterInit {
  mesh: string
  verify: Verify
  store: RosterStore | undefined
}

/** The records of one mesh that are known here, and what they say. Nothing is ever taken out. */
export class Roster {
  readonly mesh: string
  /** For example `amber-otter`. */
  readonly words: string
  /** Six words, the first two the mesh's own. */
  readonly fingerprint: string
  readonly #verify: Verify
  readonly #store: RosterStore | undefined
  /** Parents before children. */
  readonly #records = new Map<RecordHash, RosterRecord>()
  /** Records that none was built on. */
  readonly #heads = new Set<RecordHash>()
  readonly #waiting = new Waiting()
  #state: RosterState | undefined
  #digest: string | undefined
  #skipped: RefusedRecord[] = []

  private constructor({ mesh, verify, store }: RosterInit) {
    this.mesh = mesh
    this.words = wordsOf(mesh)
    this.fingerprint = fingerprintOf(mesh)
    this.#verify = verify
    this.#store = store
  }

  /** Starts a mesh. @param init.recovery public half of a key that makes the first recovery phrase's record later */
  static start(init: {
    signer: Signer
    verify: Verify
    box: BoxKey
    name: string
    recovery: DeviceKey
    store?: RosterStore
  }): Roster {
    const { signer, verify, box, name, recovery, store } = init
    const nonce = randomBytes(NONCE_BYTES).toString('hex')
    const body: RosterBody = { type: 'genesis', device: signer.key, box, name, recovery, nonce }
    const genesis = signRecord(signer, { mesh: null, parents: [], body })
    return Roster.from({ mesh: genesis.hash, verify, records: [genesis.bytes], ...(store && { store }) })
  }

  /**
   * What the store holds. Rows that cannot be used are listed in `skipped` and stay where they are: other members know
   * them, and send them again.
   *
   * @throws {InvalidRecordError} when the first record is missing or damaged
   */
  static load({ mesh, verify, store }: { mesh: string; verify: Verify; store: RosterStore }): Roster {
    const roster = new Roster({ mesh, verify, store })
    const { added, refused } = roster.#takeIn(store.all(), MAX_RECORDS)
    roster.#skipped = refused
    roster.#commit(added)
    if (added.length === 0) {
      throw new InvalidRecordError('The first record of the roster is missing or damaged.')
    }
    return roster
  }

  /**
   * A whole roster out of a file or a pairing.
   *
   * @param init.mesh the id that it must have
   * @throws {InvalidRecordError} when one of the records is none, or its parents are not there
   */
  static from(init: { mesh?: string; verify: Verify; records: Uint8Array[]; store?: RosterStore }): Roster {
    const { verify, records, store } = init
    const mesh = init.mesh ?? meshOf(records)
    const roster = new Roster({ mesh, verify, store })
    const { added, refused } = roster.#takeIn(records, MAX_RECORDS)
    const [first] = refused
    if (first !== undefined) throw refusal(first.reason)
    if (added.length === 0 || roster.#waiting.size > 0) throw refusal('records that it builds on are missing')
    store?.add(added.map(({ bytes }) => bytes))
    roster.#commit(added)
    return roster
  }

  get state(): RosterState {
    return (this.#state ??= evaluate(this.#records.values()))
  }

  /** SHA-256 over the hashes that none was built on, sorted: two rosters with equal digests know the same records. */
  get digest(): string {
    return (this.#digest ??= createHash('sha256')
      .update([...this.#heads].sort().join())
      .digest('hex'))
  }

  /** Rows of the store that could not be used when it was loaded. */
  get skipped(): readonly RefusedRecord[] {
    return this.#skipped
  }

  /** Parents before children, the genesis first. */
  hashes(): RecordHash[] {
    return [...this.#records.keys()]
  }

  /** The records of these hashes, unknown ones left out, or all; parents before children, the genesis first. */
  records(of?: readonly RecordHash[]): Uint8Array[] {
    const wanted = of && new Set(of)
    const records = [...this.#records.values()]
    return records.filter(({ hash }) => wanted?.has(hash) ?? true).map(({ bytes }) => bytes)
  }

  /**
   * Takes what others know, in any order. They are in the store before they count; what the store throws is thrown.
   * Records whose parents are not known wait for them, a bounded number.
   */
  merge(records: readonly Uint8Array[]): Merged {
    const merged = this.#takeIn(records, MAX_RECORDS - RECOVERY_PLACES)
    if (merged.added.length > 0) this.#store?.add(merged.added.map(({ bytes }) => bytes))
    this.#commit(merged.added)
    return merged
  }

  /**
   * Lets a device in; signed by the recovery key, also one that was removed.
   *
   * @throws {NotMemberError} when the signer has no say
   * @throws {RemovedError} when the device, or the signer, was removed
   */
  admit(signer: Signer, { device, box, name, role = MEMBER_ROLE }: NewDevice): RosterRecord {
    return this.#append(signer, { type: 'admit', device, box, role, name }, ({ members }) => {
      if (role === MEMBER_ROLE && !members.has(device)) {
        throw new RemovedError(`${name} was removed from ${this.words}. It returns with a new key, or by mesh recover.`)
      }
    })
  }

  /** @throws {NotMemberError} when the device, or the signer, is no member. @throws {RemovedError} */
  rename(signer: Signer, device: DeviceKey, name: string): RosterRecord {
    this.#known(device, this.state.members)
    return this.#append(signer, { type: 'rename', device, name }, () => undefined)
  }

  /**
   * Takes a device out for good; of oneself, it is leaving. The recovery key may confirm the removal of a removed one.
   *
   * @throws {NotMemberError} when the device, or the signer, is no member. @throws {RemovedError}
   */
  remove(signer: Signer, device: DeviceKey): RosterRecord {
    const { members, removed, recoveryKey } = this.state
    const isConfirmed = signer.key === recoveryKey && removed.has(device)
    if (!isConfirmed) this.#known(device, members)
    return this.#append(signer, { type: 'remove', device }, () => undefined)
  }

  /** Makes `key` the recovery key. @throws {RecoveryError} when the signer is not the present one */
  replaceRecovery(signer: Signer, key: DeviceKey): RosterRecord {
    if (signer.key !== this.state.recoveryKey) {
      throw new RecoveryError(`This is not the recovery phrase that ${this.words} has now.`)
    }
    return this.#append(signer, { type: 'recovery', key }, () => undefined)
  }

  #known(device: DeviceKey, members: ReadonlyMap<DeviceKey, unknown>): void {
    if (!members.has(device)) throw new NotMemberError(`No device of ${this.words} has the key ${device}.`)
  }

  /** Signs, and adds when `check` finds nothing wrong with what comes out. */
  #append(signer: Signer, body: RosterBody, check: (state: RosterState) => void): RosterRecord {
    const { members, removed, recoveryKey } = this.state
    if (removed.has(signer.key)) throw new RemovedError(`${this.words} has removed this device.`)
    if (!members.has(signer.key) && signer.key !== recoveryKey) {
      throw new NotMemberError(`Nothing in ${this.words} says that this key may change it.`)
    }
    const gathers = this.#gather(signer)
    const record = this.#sign(signer, gathers.heads, body)
    const added = [...gathers.written, record]
    const room = MAX_RECORDS - (signer.key === recoveryKey ? 0 : RECOVERY_PLACES) - this.#records.size
    if (added.length > room) throw refusal('the roster is full')
    const state = evaluate([...this.#records.values(), ...added])
    check(state)
    this.#store?.add(added.map(({ bytes }) => bytes))
    this.#commit(added)
    this.#state = state
    return record
  }

  /** Where the heads are too many to build on, writes as many records as it takes to gather them. */
  #gather(signer: Signer): { written: RosterRecord[]; heads: RecordHash[] } {
    const heads = [...this.#heads]
    const written: RosterRecord[] = []
    while (heads.length > MAX_PARENTS) {
      const record = this.#sign(signer, heads.splice(0, MAX_PARENTS), GATHER)
      written.push(record)
      heads.push(record.hash)
    }
    return { written, heads }
  }

  #sign(signer: Signer, parents: RecordHash[], body: RosterBody): RosterRecord {
    return decodeRecord(signRecord(signer, { mesh: this.mesh, parents, body }).bytes, this.#verify)
  }

  /** @param places how many records there may be; beyond them, only the present recovery key's are taken */
  #takeIn(encoded: readonly Uint8Array[], places: number): Merged {
    const isRecovery = (key: DeviceKey) => this.#records.size > 0 && key === this.state.recoveryKey
    return takeIn(encoded, this.#waiting, {
      mesh: this.mesh,
      verify: this.#verify,
      known: this.#records,
      hasRoom: ({ signer }, taken) => taken < places || (taken < MAX_RECORDS && isRecovery(signer))
    })
  }

  #commit(added: readonly RosterRecord[]): void {
    if (added.length === 0) return
    for (const record of added) {
      this.#records.set(record.hash, record)
      for (const parent of record.parents) this.#heads.delete(parent)
      this.#heads.add(record.hash)
    }
    this.#state = undefined
    this.#digest = undefined
  }
}

/** Says nothing but that its signer knew its parents. */
const GATHER: RosterBody = { type: 'unknown', name: 'gather' }

/** The id of the mesh whose genesis is among the records. @throws {InvalidRecordError} */
function meshOf(records: readonly Uint8Array[]): string {
  for (const bytes of records) {
    const { record } = parseRecord(bytes)
    if (record.body.type === 'genesis') return record.hash
  }
  throw refusal('the first record is missing')
}
