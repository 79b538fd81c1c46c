import { UnknownPeerError } from '../../errors.ts'
import type { MemberInfo, PeerInfo } from '../../interface.ts'
import type { Member } from '../../trust/index.ts'
import { displayNames, resolvePeer } from '../names.ts'
import { peerIdOf } from './keys.ts'
import type { Listed, OwnRoster } from './own-roster.ts'

/** The roster as people see it: with the names that are unique in it, and who is here now. */
export class MemberList {
  readonly #self: string
  readonly #roster: OwnRoster
  readonly #peers: () => PeerInfo[]

  /** @param self PeerId of this device */
  constructor(self: string, roster: OwnRoster, peers: () => PeerInfo[]) {
    this.#self = self
    this.#roster = roster
    this.#peers = peers
  }

  members(): MemberInfo[] {
    const names = this.#names()
    const states = new Map(this.#peers().map(({ id, state }) => [id, state]))
    return this.#roster.members().map((member) => ({
      ...this.#describe(member, names),
      state: member.id === this.#self ? 'here' : (states.get(member.id) ?? 'away'),
      removedBy: null
    }))
  }

  removed(): MemberInfo[] {
    const names = this.#names()
    return this.#roster.removed().map((member) => ({
      ...this.#describe(member, names),
      state: 'removed',
      removedBy: nameOf(member.removedBy, names)
    }))
  }

  /** @throws {UnknownPeerError} */
  of(id: string): MemberInfo {
    const member = [...this.members(), ...this.removed()].find((each) => each.id === id)
    if (member === undefined) throw new UnknownPeerError(`The roster knows no device ${id}.`)
    return member
  }

  /** The id of the device that a person means. @throws {UnknownPeerError} {AmbiguousPeerError} */
  resolve(wanted: string, among: readonly { id: string }[] = this.#roster.members()): string {
    const names = this.#names()
    const known = among.map(({ id }) => ({ peer: { id, name: names.get(id) ?? id }, here: id === this.#self }))
    return resolvePeer(wanted, known).id
  }

  /** Whoever was removed gives way to the members' names. */
  #names(): Map<string, string> {
    const members = this.#roster.named()
    const removed = this.#roster.removed()
    return displayNames([
      ...members,
      ...removed.map(({ id, name, order }) => ({ id, ownName: name, order: order + members.length + removed.length }))
    ])
  }

  #describe({ id, name, role, admittedBy }: Listed<Member>, names: ReadonlyMap<string, string>) {
    return { name: names.get(id) ?? name, id, role, admittedBy: nameOf(admittedBy, names) }
  }
}

/** Of whoever signed a record. */
function nameOf(signer: string | null, names: ReadonlyMap<string, string>): string | null {
  if (signer === null) return null
  if (signer === 'recovery') return 'recovery phrase'
  const id = peerIdOf(signer)
  return names.get(id) ?? id
}
