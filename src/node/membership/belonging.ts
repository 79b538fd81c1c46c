import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import type { Connection, PeerId } from '@libp2p/interface'
import { NotMemberError } from '../../errors.ts'
import type { MembershipEvent } from '../../interface.ts'
import type { Clock } from '../../protocols/clock.ts'
import type { PairConversation } from '../../protocols/pair/index.ts'
import type { GivenAddress } from '../given-addresses.ts'
import type { Identity } from '../identity.ts'
import type { Neighbours } from '../neighbours.ts'
import type { Network, NetworkInit } from '../network.ts'
import type { Paths } from '../paths.ts'
import type { Settings } from '../settings.ts'
import type { MeshStore } from '../stores.ts'
import { Applicant } from './applicant.ts'
import { Doorkeeper } from './doorkeeper.ts'
import { Gate } from './gate.ts'
import { LocalMembership } from './local-membership.ts'
import { MemberList } from './member-list.ts'
import { OwnRoster, type RosterChange } from './own-roster.ts'
import type { Heard } from './looking.ts'
import { Reconciler } from './reconciler.ts'
import { Seeker } from './seeker.ts'
import { Strangers } from './strangers.ts'
import { listenOnAir, voiceOf } from './voice.ts'

/** A member that is awake takes the records in milliseconds; nobody waits long for one that is not. */
const SPREAD_MS = 2000
const PROBE_TIMEOUT_MS = 3000
const NO_MEMBER = new NotMemberError('The other device is no member of the mesh any more.')

export interface BelongingInit {
  identity: Identity
  paths: Paths
  store: MeshStore
  settings: Pick<Settings, 'name' | 'nameChosen' | 'mesh' | 'startNew' | 'discovery'>
  connect: GivenAddress[]
  /** False for a process that only asks: nobody can be let in there, and it looks for nobody. */
  listening: boolean
  clock: Clock
  emit: (event: MembershipEvent) => void
  warn: (message: string) => void
  /** The roster, or this device's name in it, is another one now. */
  rosterChanged: (now: { name: string; digest: string | null }) => void
  addresses: () => string[]
  /** Ends the node after this device has left its mesh. */
  left: (erase: boolean) => Promise<void>
}

/** Who belongs to the mesh, and everything that follows from it on the network. Brings the folder's parts together. */
export class Belonging {
  readonly roster: OwnRoster
  readonly membership: LocalMembership
  readonly #init: BelongingInit
  readonly #members: MemberList
  readonly #gate: Gate
  readonly #doorkeeper: Doorkeeper | null
  readonly #stopped = new AbortController()
  readonly #strangers: Strangers
  readonly #reconciler: Reconciler
  readonly #farewells = new Set<Promise<void>>()
  #seeker: Seeker | null = null
  #applicant: Applicant | undefined
  #network: Network | undefined
  #neighbours: Neighbours | undefined

  constructor(init: BelongingInit) {
    this.#init = init
    const { identity, paths, store, clock, emit, warn, settings, addresses, left } = init
    const { signal } = this.#stopped
    this.roster = new OwnRoster({
      identity,
      paths,
      store,
      warn,
      changed: (change) => {
        this.#changed(change)
      }
    })
    this.#doorkeeper = init.listening
      ? new Doorkeeper({
          self: identity.id,
          roster: this.roster,
          clock,
          emit,
          changed: () => {
            this.#speak()
            if (this.#doorkeeper?.isOpen === false) this.#sendStrangersAway()
          },
          stay: () => this.#applicant?.stay() ?? true,
          signal
        })
      : null
    this.#strangers = new Strangers({
      isMember: (id) => this.roster.isMember(id),
      isMeeting: (id) => this.#doorkeeper?.isMeeting(id) === true || this.#gate.isParting(id),
      hangUp: (id) => {
        this.#hangUp(id)
      },
      clock
    })
    this.#reconciler = new Reconciler({
      own: () => this.roster.digest,
      exchange: (id) => this.#exchange(id),
      clock,
      signal
    })
    this.#gate = new Gate({
      isMember: (id) => this.roster.isMember(id),
      knows: (id) => this.roster.knows(id),
      isOpen: () => this.#doorkeeper?.isOpen === true
    })
    this.#members = new MemberList(identity.id, this.roster, () => this.#neighbours?.list() ?? [])
    const parts = { doorkeeper: this.#doorkeeper, applicant: () => this.#applicant, seeker: () => this.#seeker }
    this.membership = new LocalMembership({
      ...parts,
      identity,
      ownName: settings.name,
      roster: this.roster,
      addresses,
      members: this.#members,
      stopped: signal,
      spread: () => this.#spread(),
      left
    })
  }

  /** This device's name, which the roster decides where there is one. */
  get name(): string {
    const { identity, settings } = this.#init
    return this.roster.members().find(({ id }) => id === identity.id)?.name ?? settings.name
  }

  /** What the network asks of it. */
  networkParts(): Pick<NetworkInit, 'isMember' | 'mayPass' | 'gater' | 'roster' | 'welcome' | 'voice'> {
    return {
      isMember: this.#gate.isMember,
      mayPass: this.#gate.mayPass,
      gater: this.#gate.gater,
      roster: {
        mine: () => this.roster.mine(),
        records: (hashes) => this.roster.records(hashes),
        merge: (records, from) => {
          // From the moment that a member knows of a removal it takes nothing more from that device.
          if (this.#gate.knows(from)) this.roster.merge(records)
        }
      },
      welcome: (conversation) => this.#welcome(conversation),
      // A member is found while it still starts; a door, or a mesh to look for, there is none yet.
      voice: voiceOf(this.roster, { isDoorOpen: false, isLooking: false })
    }
  }

  /** Before the network starts, so that nobody slips through. */
  attach(network: Network, neighbours: Neighbours): void {
    const { identity, settings, clock, connect, listening, emit } = this.#init
    this.#network = network
    this.#neighbours = neighbours
    this.#applicant = new Applicant({
      self: { id: identity.id, box: identity.box, name: () => settings.name },
      network,
      gate: this.#gate,
      roster: this.roster,
      comparing: (comparison) => {
        emit({ type: 'comparing', comparison })
      },
      joined: (id, addresses) => {
        neighbours.admitted(id, addresses)
      },
      signal: this.#stopped.signal
    })
    network.addEventListener('connection:open', ({ detail }: CustomEvent<Connection>) => {
      this.#connected(detail)
    })
    network.addEventListener('peer:disconnect', ({ detail }: CustomEvent<PeerId>) => {
      this.#reconciler.gone(detail.toString())
      // libp2p remembers whoever negotiated a stream; strangers make PeerIds for nothing.
      if (!this.#gate.isMember(detail)) void network.peerStore.delete(detail).catch(() => undefined)
    })
    if (!listening) return
    this.#seeker = new Seeker({
      self: identity.id,
      wish: {
        mesh: settings.mesh,
        startNew: settings.startNew,
        canLook: settings.discovery.length > 0 || connect.length > 0
      },
      roster: this.roster,
      applicant: this.#applicant,
      clock,
      probes: connect.map((given) => () => this.#probe(given)),
      emit,
      start: () => {
        this.roster.start(settings.name)
        this.#doorkeeper?.open()
      },
      changed: () => {
        this.#speak()
      }
    })
    listenOnAir(network, (heard) => {
      this.#heard(heard)
    })
  }

  /** The network runs: this device takes its place in its mesh, or looks for one. @throws as `Membership.redeem` */
  async begin(invite: string | null): Promise<void> {
    const { settings, identity } = this.#init
    if (invite !== null) await this.#applicant?.redeem(invite)
    if (this.roster.isIn && settings.nameChosen && this.name !== settings.name) {
      this.roster.rename(identity.signer.key, settings.name)
    }
    this.#tell()
    this.#seeker?.begin()
  }

  stop(): void {
    this.#stopped.abort(new Error('the node stops'))
    this.#seeker?.stop()
    this.#doorkeeper?.stop()
    this.#strangers.stop()
  }

  /** A member has this roster: where it is another one than here, what is in either is brought to both. */
  rosterOf(id: string, digest: string | null): void {
    const isReachable = this.roster.isMember(id) && this.#connectionsWith(id).length > 0
    if (digest !== null && isReachable) this.#reconciler.told(id, digest)
  }

  #changed({ admitted, removed, renamed, own }: RosterChange): void {
    const { identity, emit } = this.#init
    this.#tell()
    const gone = own === 'removed' || own === 'left' ? (this.#network?.getPeers() ?? []).map(String) : removed
    for (const id of gone) if (id !== identity.id) this.#dismiss(id)
    const anew = own === 'joined' ? (this.#network?.getPeers() ?? []).map(String) : admitted
    for (const id of anew) if (id !== identity.id) this.#comesAnew(id)
    if (own !== null && own !== 'started') this.#doorkeeper?.moved()
    if (own !== null) {
      emit({ type: 'mesh', mesh: this.roster.isIn ? this.roster.words : null, how: own })
      this.#neighbours?.dialGiven()
    }
    for (const id of admitted) if (id !== identity.id) this.#neighbours?.admitted(id, [])
    for (const id of renamed) this.#neighbours?.renamed(id)
    const isOther = ({ id }: { id: string }) => id !== identity.id
    for (const member of this.#members.members().filter(isOther)) {
      // Who was there before this device came is no news.
      if (own !== 'joined' && admitted.includes(member.id)) emit({ type: 'member-admitted', member })
    }
    for (const member of this.#members.removed().filter(isOther)) {
      if (removed.includes(member.id)) emit({ type: 'member-removed', member })
    }
  }

  /** Ends everything that runs with a device, at once; says goodbye, so that it knows why; and hangs up. */
  #dismiss(id: string): void {
    for (const { streams } of this.#connectionsWith(id)) for (const stream of [...streams]) stream.abort(NO_MEMBER)
    this.#neighbours?.forget(id)
    const farewell: Promise<void> = this.#gate
      .farewell(id, () => this.#reconciler.exchange(id))
      .catch(() => undefined)
      .finally(() => {
        this.#hangUp(id)
        this.#farewells.delete(farewell)
      })
    this.#farewells.add(farewell)
  }

  /** Who is connected as a stranger was asked nothing, and was told nothing: as a member it is to come again. */
  #comesAnew(id: string): void {
    if (this.#doorkeeper?.isMeeting(id) !== true && this.#applicant?.isBusy !== true) this.#hangUp(id)
  }

  #hangUp(id: string): void {
    for (const connection of this.#connectionsWith(id)) connection.abort(NO_MEMBER)
  }

  #connectionsWith(id: string): Connection[] {
    // A copy: libp2p hands out the array from which it takes those that end.
    return [...(this.#network?.getConnections(peerIdFromString(id)) ?? [])]
  }

  async #welcome(conversation: PairConversation): Promise<void> {
    if (this.#doorkeeper === null) throw new Error('nobody is let in by a process that only asks')
    const id = conversation.peer.toString()
    this.#strangers.speaks(id)
    try {
      await this.#doorkeeper.answer(conversation)
    } finally {
      this.#strangers.idle(id)
    }
  }

  #connected(connection: Connection): void {
    const id = connection.remotePeer.toString()
    if (!this.roster.isMember(id)) {
      // Removed as it is, this device asks those that it knows what has become of it.
      if (this.roster.knows(id)) void this.#reconciler.exchange(id).catch(() => undefined)
      else if (connection.direction === 'inbound') this.#strangers.idle(id)
      return
    }
    // Members alone are asked what they speak; it is what every other service waits for. One that refuses has yet to learn
    // that this device is a member: it hangs up when it does, and is dialled again.
    this.#network?.services.identify.identify(connection).catch(() => undefined)
  }

  /** Unless this device is itself the stranger somewhere. */
  #sendStrangersAway(): void {
    if (this.#applicant?.isBusy === true) return
    this.#strangers.sendAway((this.#network?.getPeers() ?? []).map(String))
  }

  #heard(heard: Heard): void {
    if (heard.type === 'door' && this.roster.isMember(heard.door.id)) return
    if (heard.type === 'knock' && this.roster.mesh !== null) this.#doorkeeper?.knock(heard.id)
    else this.#seeker?.hear(heard)
  }

  /** What this device is now, to its peers and to the network. */
  #tell(): void {
    this.#init.rosterChanged({ name: this.name, digest: this.roster.isIn ? this.roster.digest : null })
    this.#speak()
  }

  /** Says on the network what this device is now. */
  #speak(): void {
    const isDoorOpen = this.#doorkeeper?.isDoorOpen === true
    const voice = voiceOf(this.roster, { isDoorOpen, isLooking: this.#init.listening })
    this.#network?.services.beacon?.speak(voice)
    this.#network?.services.mdns?.speak(voice)
  }

  async #probe({ addresses }: GivenAddress): Promise<{ id: string; address: string } | null> {
    const network = this.#network
    if (network === undefined) return null
    for (const address of addresses) {
      const found = await this.#gate.visiting(async () => {
        try {
          const connection = await network.dial(multiaddr(address), { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) })
          await connection.close()
          return { id: connection.remotePeer.toString(), address: address.replace(/\/p2p\/[^/]+$/, '') }
        } catch {
          // Nobody there now.
          return null
        }
      })
      if (found !== null) return found
    }
    return null
  }

  /** Every member that is connected comes to know what this device knows. */
  async #spread(): Promise<void> {
    await this.#neighbours?.remembered
    const connected = this.#neighbours?.list().filter(({ state }) => state === 'connected') ?? []
    await Promise.allSettled([...connected.map(({ id }) => this.#reconciler.exchange(id)), ...this.#farewells])
  }

  async #exchange(id: string): Promise<void> {
    const network = this.#network
    if (network === undefined || this.#connectionsWith(id).length === 0) return
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(SPREAD_MS)])
    await network.services.roster.exchange(peerIdFromString(id), { signal })
  }
}
