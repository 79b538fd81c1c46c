import { existsSync, rmSync } from 'node:fs'
import { AlreadyMemberError, InvalidRecordError, NotMemberError, RecoveryError, RemovedError } from '../../errors.ts'
import { Roster, type Member, type RemovedMember, type RosterRecord, type Signer } from '../../trust/index.ts'
import { readPrivateFile, reasonOf, replaceFile } from '../files.ts'
import type { Identity } from '../identity.ts'
import type { NamedDevice } from '../names.ts'
import type { Paths } from '../paths.ts'
import type { MeshStore } from '../stores.ts'
import { newSeed, peerIdOf, signerOf, verifySignature } from './keys.ts'

/** What a change of the roster means for those who watch. Ids are PeerIds in base58. */
export interface RosterChange {
  admitted: string[]
  removed: string[]
  renamed: string[]
  /** How this device's own place changed, if it did. */
  own: 'started' | 'joined' | 'left' | 'removed' | null
}

export interface OwnRosterInit {
  identity: Identity
  paths: Paths
  store: MeshStore
  /** Told after every change, when everything here shows it already. */
  changed: (change: RosterChange) => void
  warn: (message: string) => void
}

/** A member by its PeerId. */
export type Listed<M extends Member> = M & { id: string }

/**
 * The roster of the mesh that this device belongs to, or none. Knows PeerIds where `trust` knows keys, and whether this
 * device may still speak for the mesh.
 */
export class OwnRoster {
  readonly #init: OwnRosterInit
  #roster: Roster | null
  /** PeerIds of the members, in the order of their ranks. */
  #members = new Map<string, Listed<Member>>()

  constructor(init: OwnRosterInit) {
    this.#init = init
    const mesh = init.store.mesh()
    this.#roster = mesh === null ? null : load(mesh, init)
    this.#read()
    const skipped = this.#roster?.skipped.length ?? 0
    if (skipped > 0) {
      init.warn(`${skipped} roster records in ${init.paths.database} are damaged; other members send them again.`)
    }
  }

  /** The mesh's id, or null outside any mesh. */
  get mesh(): string | null {
    return this.#roster?.mesh ?? null
  }

  get words(): string | null {
    return this.#roster?.words ?? null
  }

  get phraseMade(): boolean {
    return this.#roster?.state.phraseMade ?? false
  }

  /** Whether this device is a member; a removed one still holds the roster. */
  get isIn(): boolean {
    return this.#members.has(this.#init.identity.id)
  }

  /** Alone in a mesh of its own: it may still move into another. */
  get isProvisional(): boolean {
    return this.isIn && this.#members.size === 1 && this.removed().length === 0
  }

  /** Whether a device may speak here, and may be spoken to. */
  isMember(id: string): boolean {
    return this.isIn && this.#members.has(id)
  }

  /**
   * Whether a device is a member as far as this one knows. The removed know too: the devices that may tell them that the
   * recovery phrase has brought them back.
   */
  knows(id: string): boolean {
    return this.#members.has(id)
  }

  members(): Listed<Member>[] {
    return [...this.#members.values()]
  }

  removed(): Listed<RemovedMember>[] {
    return [...(this.#roster?.state.removed.values() ?? [])].map((each) => ({ ...each, id: peerIdOf(each.device) }))
  }

  named(): NamedDevice[] {
    return this.members().map(({ id, name, order }) => ({ id, ownName: name, order }))
  }

  /** For the exchange with another member. Null where there is nothing to say. */
  mine(): { digest: string; hashes: string[] } | null {
    return this.#roster === null ? null : { digest: this.#roster.digest, hashes: this.#roster.hashes() }
  }

  get digest(): string | null {
    return this.#roster?.digest ?? null
  }

  records(hashes?: readonly string[]): Uint8Array[] {
    return this.#roster?.records(hashes) ?? []
  }

  /** Starts a mesh with this device in it. The key that can make the first recovery phrase stays in the home. */
  start(name: string): void {
    if (this.#roster !== null) throw new AlreadyMemberError(`This device is in ${this.#roster.words} already.`)
    const { identity, paths } = this.#init
    const seed = newSeed('ed25519')
    replaceFile(paths.recoveryKey, seed)
    const { signer, box } = identity
    const roster = Roster.start({ signer, verify: verifySignature, box, name, recovery: signerOf(seed).key })
    this.#enter(roster, 'started')
  }

  /**
   * Enters the mesh that has admitted this device, and leaves a provisional one for it.
   *
   * @throws {InvalidRecordError} when the records are not that mesh's, or do not admit this device
   * @throws {AlreadyMemberError} when this device is one of several elsewhere
   */
  adopt(mesh: string, records: readonly Uint8Array[]): void {
    if (this.mesh === mesh) {
      this.merge(records)
      return
    }
    this.mayMove()
    const roster = Roster.from({ mesh, verify: verifySignature, records: [...records] })
    const { identity, paths } = this.#init
    if (roster.state.removed.has(identity.signer.key)) {
      throw new RemovedError(
        `${roster.words} has removed this device. It can come back with a new key: mesh join --new-key`
      )
    }
    if (!roster.state.members.has(identity.signer.key)) {
      throw new InvalidRecordError(`The roster of ${roster.words} does not list this device.`)
    }
    this.#enter(roster, 'joined')
    // The key of the mesh that is left behind.
    rmSync(paths.recoveryKey, { force: true })
  }

  /** @throws {AlreadyMemberError} when this device is one of several of a mesh, and would have to leave it first */
  mayMove(): void {
    if (this.#roster === null || this.isProvisional) return
    throw new AlreadyMemberError(
      this.isIn
        ? `This device is in ${this.#roster.words}. To take it into another mesh, mesh leave comes first.`
        : `${this.#roster.words} has removed this device. It can start anew: mesh join --new-key`
    )
  }

  /** Takes what another member, or a file, knows. */
  merge(records: readonly Uint8Array[]): void {
    if (this.#roster === null) return
    const { added, refused } = this.#roster.merge(records)
    const [first] = refused
    if (first !== undefined) {
      this.#init.warn(`${refused.length} roster records were refused, the first because ${first.reason}.`)
    }
    if (added.length > 0) this.#read(true)
  }

  admit(device: { device: string; box: string; name: string }): void {
    this.#sign((roster, signer) => roster.admit(signer, device))
  }

  rename(device: string, name: string): void {
    this.#sign((roster, signer) => roster.rename(signer, device, name))
  }

  remove(device: string): void {
    this.#sign((roster, signer) => roster.remove(signer, device))
  }

  /** Takes this device out, and lets the others know; `forget` comes after that. */
  leave(): void {
    this.#present().remove(this.#init.identity.signer, this.#init.identity.signer.key)
    this.#read(true, 'left')
  }

  /** With the recovery key, which needs no place in the roster. */
  recover(act: (roster: Roster) => void): void {
    const roster = this.#present()
    act(roster)
    this.#read(true)
  }

  /** Makes `key` the recovery key. @param old the present one, or null where no phrase was made yet */
  replaceRecovery(old: Signer | null, key: string): void {
    const roster = this.#present()
    const { paths } = this.#init
    const present = roster.state.recoveryKey
    if (old === null && roster.state.phraseMade) {
      throw new RecoveryError('There is a recovery phrase already. Only the old one replaces it: give it too.')
    }
    if (old === null && !existsSync(paths.recoveryKey)) {
      const [founder] = this.members()
      throw new RecoveryError(
        `Only the device that started the mesh can make its first recovery phrase${
          founder === undefined ? '' : ` (the first one in it now is ${founder.name})`
        }.`
      )
    }
    const signer = old ?? signerOf(readPrivateFile(paths.recoveryKey))
    if (signer.key !== present) throw new RecoveryError(`This is not the recovery phrase of ${roster.words}.`)
    roster.replaceRecovery(signer, key)
    rmSync(paths.recoveryKey, { force: true })
    this.#read(true)
  }

  get recoveryKey(): string | null {
    return this.#roster?.state.recoveryKey ?? null
  }

  /** Belongs to no mesh from now on. */
  forget(): void {
    if (this.#roster === null) return
    this.#init.store.forget()
    this.#roster = null
    this.#read(true, this.isIn ? 'left' : null)
  }

  #sign(act: (roster: Roster, signer: Signer) => RosterRecord): void {
    const roster = this.#present()
    if (!this.isIn) throw new NotMemberError(`${roster.words} has removed this device; it can change nothing there.`)
    act(roster, this.#init.identity.signer)
    this.#read(true)
  }

  #present(): Roster {
    if (this.#roster !== null) return this.#roster
    throw new NotMemberError('This device belongs to no mesh yet. mesh join finds yours, or starts one.')
  }

  #enter(roster: Roster, own: 'started' | 'joined'): void {
    const { store } = this.#init
    store.replace(roster.mesh, roster.records())
    this.#roster = Roster.load({ mesh: roster.mesh, verify: verifySignature, store })
    this.#members.clear()
    this.#read(true, own)
  }

  #read(tell = false, how: RosterChange['own'] = null): void {
    const { id: self } = this.#init.identity
    const before = this.#members
    const wasIn = before.has(self)
    this.#members = new Map(
      [...(this.#roster?.state.members.values() ?? [])]
        .toSorted((a, b) => a.order - b.order)
        .map((member) => {
          const id = peerIdOf(member.device)
          return [id, { ...member, id }]
        })
    )
    if (!tell) return
    const isIn = this.#members.has(self)
    const own = how ?? (wasIn && !isIn ? 'removed' : !wasIn && isIn ? 'joined' : null)
    this.#init.changed({
      admitted: [...this.#members.keys()].filter((id) => !before.has(id)),
      removed: [...before.keys()].filter((id) => !this.#members.has(id)),
      renamed: this.members().flatMap(({ id, name }) => ((before.get(id)?.name ?? name) === name ? [] : [id])),
      own
    })
  }
}

/** @throws {InvalidRecordError} with what to do about it */
function load(mesh: string, { store, paths }: OwnRosterInit): Roster {
  try {
    return Roster.load({ mesh, verify: verifySignature, store })
  } catch (cause) {
    throw new InvalidRecordError(
      `The roster in ${paths.database} cannot be read (${reasonOf(cause)}). Restore the file from a backup, or make this ` +
        'a new device: mesh join --new-key',
      { cause }
    )
  }
}
