import {
  InvalidFileError,
  InvalidRequestError,
  NodeUnreachableError,
  NotMemberError,
  RemovedError
} from '../../errors.ts'
import type {
  AbortOptions,
  Admission,
  Comparison,
  Door,
  Imported,
  Invite,
  MemberInfo,
  Membership,
  MembershipStatus
} from '../../interface.ts'
import {
  decodeAdmission,
  decodeRequest,
  encodeAdmission,
  encodeRequest,
  fingerprintOf,
  wordsOf
} from '../../trust/index.ts'
import type { Identity } from '../identity.ts'
import { isDeviceName } from '../settings.ts'
import type { Applicant } from './applicant.ts'
import type { Doorkeeper } from './doorkeeper.ts'
import { deviceKeyOf, peerIdOf, verifySignature } from './keys.ts'
import type { MemberList } from './member-list.ts'
import type { OwnRoster } from './own-roster.ts'
import { newPhrase, recover } from './recovery.ts'
import type { Seeker } from './seeker.ts'

export interface LocalMembershipInit {
  identity: Identity
  /** What this device is called before a roster says so. */
  ownName: string
  roster: OwnRoster
  /** Null in a process that does not listen. */
  doorkeeper: Doorkeeper | null
  /** Absent before the network is there. */
  applicant: () => Applicant | undefined
  /** Null in a process that does not listen, and so looks for nobody. */
  seeker: () => Seeker | null
  /** What others may dial. */
  addresses: () => string[]
  members: MemberList
  /** Aborted when the node stops. */
  stopped: AbortSignal
  /** Tells every member that is connected; resolves when they know, or cannot be told. */
  spread: () => Promise<void>
  /** Ends the node, and with `erase` what lies in the home. */
  left: (erase: boolean) => Promise<void>
}

/** `Membership` of a device with an identity: who does what. */
export class LocalMembership implements Membership {
  readonly #init: LocalMembershipInit
  readonly #members: MemberList

  constructor(init: LocalMembershipInit) {
    this.#init = init
    this.#members = init.members
  }

  /** The mesh's two words, or null outside any. */
  get words(): string | null {
    const { roster } = this.#init
    return roster.isIn ? roster.words : null
  }

  status(): MembershipStatus {
    const { roster, doorkeeper, applicant, seeker } = this.#init
    return {
      state: this.#state(),
      members: roster.isIn ? roster.members().length : 0,
      recovery: roster.phraseMade,
      door: doorkeeper?.state() ?? { open: false, closesInMs: 0, newcomers: [] },
      comparing: applicant()?.comparison ?? null,
      openDoors: roster.mesh === null ? (seeker()?.openDoors() ?? []) : []
    }
  }

  list({ all = false, signal }: AbortOptions & { all?: boolean } = {}): Promise<MemberInfo[]> {
    return this.#begin(signal, () =>
      all ? [...this.#members.members(), ...this.#members.removed()] : this.#members.members()
    )
  }

  start({ signal }: AbortOptions = {}): Promise<{ mesh: string }> {
    return this.#begin(signal, () => {
      const { roster, ownName } = this.#init
      roster.start(ownName)
      return { mesh: roster.words ?? '' }
    })
  }

  openDoor({ signal }: AbortOptions = {}): Promise<Door> {
    return this.#begin(signal, () => this.#keeper().open())
  }

  closeDoor({ signal }: AbortOptions = {}): Promise<void> {
    return this.#begin(signal, () => {
      this.#keeper().close()
    })
  }

  async approve({ code, signal }: AbortOptions & { code: string }): Promise<MemberInfo> {
    this.#check(signal)
    const id = await this.#keeper().approve(code, signal === undefined ? {} : { signal })
    return this.#members.of(id)
  }

  refuse({ code, signal }: AbortOptions & { code: string }): Promise<void> {
    return this.#begin(signal, () => {
      this.#keeper().refuse(code)
    })
  }

  async knock({ door: wanted, signal }: AbortOptions & { door: string }): Promise<Comparison> {
    this.#check(signal)
    const { roster } = this.#init
    const seeker = this.#init.seeker()
    roster.mayMove()
    const doors = seeker?.openDoors() ?? []
    const door = doors.find(({ mesh, id }) => mesh === wanted.trim().toLowerCase() || id.startsWith(wanted))
    if (seeker === null || door === undefined) {
      const known = doors.map(({ mesh, id }) => mesh ?? id)
      throw new InvalidRequestError(
        `No open door of ${JSON.stringify(wanted)} is heard. Open ones: ${known.length === 0 ? 'none' : known.join(', ')}.`
      )
    }
    return seeker.knock(door)
  }

  async confirm({ code, signal }: AbortOptions & { code: string }): Promise<{ mesh: string }> {
    this.#check(signal)
    return this.#applicant().confirm(code)
  }

  deny({ signal }: AbortOptions = {}): Promise<void> {
    return this.#begin(signal, () => {
      this.#applicant().deny()
    })
  }

  invite({ signal }: AbortOptions = {}): Promise<Invite> {
    return this.#begin(signal, () => this.#keeper().invite(forOthers(this.#init.addresses())))
  }

  async redeem({ invite, signal }: AbortOptions & { invite: string }): Promise<{ mesh: string }> {
    this.#check(signal)
    return this.#applicant().redeem(invite, signal === undefined ? {} : { signal })
  }

  request({ signal, name }: AbortOptions & { name?: string } = {}): Promise<{ request: Uint8Array }> {
    return this.#begin(signal, () => {
      const { identity, ownName } = this.#init
      return { request: encodeRequest({ signer: identity.signer, box: identity.box, name: name ?? ownName }) }
    })
  }

  async admit({ request, signal }: AbortOptions & { request: Uint8Array }): Promise<Admission> {
    this.#check(signal)
    const { roster } = this.#init
    const newcomer = decodeRequest(request, verifySignature)
    this.#mustBeIn()
    if (!isDeviceName(newcomer.name)) throw new InvalidFileError('The name in this request cannot be that of a device.')
    const id = peerIdOf(newcomer.device)
    if (roster.removed().some((each) => each.id === id)) {
      throw new RemovedError(
        `${newcomer.name} was removed from this mesh, and comes back only with a new key: there, mesh join --new-key.`
      )
    }
    if (!roster.isMember(id)) roster.admit(newcomer)
    const admission = encodeAdmission({ mesh: roster.mesh ?? '', device: newcomer.device, records: roster.records() })
    await this.#init.spread()
    return { member: this.#members.of(id), admission }
  }

  inspect({ admission, signal }: AbortOptions & { admission: Uint8Array }): Promise<{ mesh: string; words: string }> {
    return this.#begin(signal, () => {
      const { mesh } = decodeAdmission(admission)
      return { mesh: wordsOf(mesh), words: fingerprintOf(mesh) }
    })
  }

  async import({ admission, signal }: AbortOptions & { admission: Uint8Array }): Promise<Imported> {
    this.#check(signal)
    const { roster } = this.#init
    const { mesh, records } = decodeAdmission(admission)
    const before = roster.mesh === mesh ? roster.records().length : 0
    roster.adopt(mesh, records)
    await this.#init.spread()
    return { mesh: wordsOf(mesh), new: roster.records().length - before }
  }

  async rename({ peer, name, signal }: AbortOptions & { peer: string; name: string }): Promise<MemberInfo> {
    this.#check(signal)
    this.#mustBeIn()
    if (!isDeviceName(name)) {
      throw new InvalidRequestError(
        `A device cannot be called ${JSON.stringify(name)}: letters, digits, '.', '_', '-'.`
      )
    }
    const id = this.#members.resolve(peer)
    this.#init.roster.rename(deviceKeyOf(id), name)
    await this.#init.spread()
    return this.#members.of(id)
  }

  async remove({ peer, signal }: AbortOptions & { peer: string }): Promise<MemberInfo> {
    this.#check(signal)
    this.#mustBeIn()
    const id = this.#members.resolve(peer)
    if (id === this.#init.identity.id) {
      throw new InvalidRequestError('This is the device that you are at. It goes by itself: mesh leave.')
    }
    this.#init.roster.remove(deviceKeyOf(id))
    await this.#init.spread()
    return this.#members.of(id)
  }

  async leave({ erase = false, signal }: AbortOptions & { erase?: boolean } = {}): Promise<void> {
    this.#check(signal)
    const { roster, spread, left } = this.#init
    if (roster.mesh === null && !erase) throw new NotMemberError('This device belongs to no mesh.')
    if (roster.isIn && roster.members().length > 1) {
      roster.leave()
      await spread()
    }
    roster.forget()
    await left(erase)
  }

  async makePhrase({ phrase, signal }: AbortOptions & { phrase?: string } = {}): Promise<{ phrase: string }> {
    this.#check(signal)
    this.#mustBeIn()
    const made = newPhrase(this.#init.roster, phrase)
    await this.#init.spread()
    return { phrase: made }
  }

  async recover({
    phrase,
    remove = [],
    restore = [],
    signal
  }: AbortOptions & { phrase: string; remove?: string[]; restore?: string[] }): Promise<MemberInfo[]> {
    this.#check(signal)
    const { roster, identity } = this.#init
    const own = roster.isIn ? [] : [identity.id]
    // What was asked for may have come already, from another device that was recovered.
    const everybody = [...roster.members(), ...roster.removed()]
    const idOf = (peer: string): string => this.#members.resolve(peer, everybody)
    recover(roster, { phrase, lost: remove.map(idOf), back: [...own, ...restore.map(idOf)] })
    await this.#init.spread()
    return this.#members.members()
  }

  #begin<T>(signal: AbortSignal | undefined, work: () => T): Promise<T> {
    return new Promise((resolve) => {
      this.#check(signal)
      resolve(work())
    })
  }

  /** What every call begins with. @throws {NodeUnreachableError} after the end, and the signal's reason */
  #check(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted()
    if (this.#init.stopped.aborted) throw new NodeUnreachableError('This mesh was stopped; create or open another.')
  }

  #state(): MembershipStatus['state'] {
    const { roster } = this.#init
    const seeker = this.#init.seeker()
    if (roster.mesh === null) return seeker === null ? 'none' : seeker.isWaiting ? 'waiting' : 'looking'
    if (!roster.isIn) return 'removed'
    return roster.isProvisional ? 'provisional' : 'member'
  }

  #applicant(): Applicant {
    const applicant = this.#init.applicant()
    if (applicant === undefined) throw new NodeUnreachableError('This process speaks to no other device.')
    return applicant
  }

  /** The doorkeeper of a mesh that is there: whoever wants to let others in starts one, without looking on. */
  #keeper(): Doorkeeper {
    const { roster, ownName, doorkeeper } = this.#init
    if (doorkeeper === null) {
      throw new NodeUnreachableError('Newcomers need a node to speak to. Start it with mesh join, and then again.')
    }
    if (roster.mesh === null) roster.start(ownName)
    this.#mustBeIn()
    return doorkeeper
  }

  #mustBeIn(): void {
    const { roster } = this.#init
    if (roster.isIn) return
    throw new NotMemberError(
      roster.mesh === null
        ? 'This device belongs to no mesh yet. mesh join finds yours, or starts one.'
        : `${roster.words ?? 'The mesh'} has removed this device. It can start anew: mesh join --new-key`
    )
  }
}

/** Without this machine's own, unless there are no others: an invite is carried elsewhere. */
function forOthers(addresses: string[]): string[] {
  const others = addresses.filter((address) => !/^\/(?:ip4\/127\.|ip6\/::1\/)/.test(address))
  return others.length > 0 ? others : addresses
}
