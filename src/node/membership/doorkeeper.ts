import { randomBytes } from 'node:crypto'
import { MeshError, NoSuchNewcomerError, PairingFailedError } from '../../errors.ts'
import type { AbortOptions, Door, Invite, MembershipEvent, Newcomer, PairMessage } from '../../interface.ts'
import type { Clock } from '../../protocols/clock.ts'
import type { PairConversation } from '../../protocols/pair/index.ts'
import { unlessAborted } from '../../protocols/unless-aborted.ts'
import { beginPairing, DoorState, encodeInvite, Invites, type DeviceKey } from '../../trust/index.ts'
import { deferred } from '../deferred.ts'
import { isDeviceName } from '../settings.ts'
import { deviceKeyOf } from './keys.ts'
import { expect, explainRefusal, Meeting } from './meeting.ts'
import type { OwnRoster } from './own-roster.ts'

export interface DoorkeeperInit {
  /** PeerId in base58. */
  self: string
  roster: OwnRoster
  clock: Clock
  emit: (event: MembershipEvent) => void
  /** The door was opened or closed: others have to hear of it, and strangers have to go. */
  changed: () => void
  /** Whether this device stays in its mesh, which ends what would take it to another; false when that was confirmed. */
  stay: () => boolean
  signal: AbortSignal
}

interface Visit {
  newcomer: Newcomer
  meeting: Meeting
  /** Settles with the end of the visit: null when it was admitted, else why not. */
  outcome: Promise<string | null>
}

/** The member's side of pairing: the door, the tickets, and the newcomers who stand there. */
export class Doorkeeper {
  readonly #init: DoorkeeperInit
  readonly #door = new DoorState()
  #invites = new Invites()
  readonly #visits = new Map<string, Visit>()
  #cancelClosing: () => void = () => undefined
  /** Whether the door was open when that was last told. */
  #toldOpen = false

  constructor(init: DoorkeeperInit) {
    this.#init = init
  }

  /** Whether strangers may connect: the door is open, or a ticket is out. */
  get isOpen(): boolean {
    return this.isDoorOpen || (this.#init.roster.isIn && this.#invites.outstanding(this.#now()) > 0)
  }

  /** Whether everybody nearby may know that newcomers are welcome. */
  get isDoorOpen(): boolean {
    return this.#init.roster.isIn && this.#door.closesInMs(this.#now()) > 0
  }

  /** Whether somebody from this address or id is being spoken to. */
  isMeeting(id: string): boolean {
    return this.#door.isWith(id)
  }

  state(): Door {
    const closesInMs = this.#init.roster.isIn ? this.#door.closesInMs(this.#now()) : 0
    return { open: closesInMs > 0, closesInMs, newcomers: [...this.#visits.values()].map(({ newcomer }) => newcomer) }
  }

  open(): Door {
    this.#door.open(this.#now())
    this.#refresh()
    return this.state()
  }

  close(): void {
    this.#door.close()
    this.#refresh()
  }

  /** This device is in another mesh now, or in none: nothing that was promised in the one before is good for this. */
  moved(): void {
    this.#invites = new Invites()
    for (const { meeting } of this.#visits.values()) meeting.say('no')
    this.close()
  }

  stop(): void {
    this.#cancelClosing()
  }

  /** A device nearby looks for a mesh. */
  knock(id: string): void {
    if (this.isDoorOpen || !this.#init.roster.isIn) return
    if (this.#door.knock(id, this.#now())) this.#init.emit({ type: 'knock', id })
  }

  invite(addresses: string[]): Invite {
    const { roster, self, clock } = this.#init
    const ticket = this.#invites.make(roster.mesh ?? '', deviceKeyOf(self), addresses, this.#now())
    this.#refresh()
    const lasts = this.#invites.untilMs(this.#now()) - this.#now()
    return { invite: encodeInvite(ticket), expires: new Date(clock.wall() + lasts).toISOString() }
  }

  /** Resolves when the newcomer is a member. @throws {NoSuchNewcomerError} {PairingFailedError} */
  async approve(code: string, { signal }: AbortOptions = {}): Promise<string> {
    const visit = this.#visitWith(code)
    visit.newcomer.state = 'accepted'
    visit.meeting.say('yes')
    const { id } = visit.newcomer
    const failure = await (signal === undefined ? visit.outcome : unlessAborted(visit.outcome, signal))
    if (failure !== null) throw new PairingFailedError(`Not admitted: ${failure}.`)
    return id
  }

  refuse(code: string): void {
    this.#visitWith(code).meeting.say('no')
  }

  /** Speaks with one newcomer. For `pair({ answer })`. */
  async answer(conversation: PairConversation): Promise<void> {
    const { roster, signal } = this.#init
    const id = conversation.peer.toString()
    // Throws where it could not be a member, before it takes a place.
    const newcomer = deviceKeyOf(id)
    const hello = await expect(conversation, 'hello', signal)
    if (roster.removed().some((each) => each.id === id)) {
      await conversation.send({ type: 'refused', reason: 'removed' }, { signal })
    } else if (!roster.isIn) {
      await conversation.send({ type: 'refused', reason: 'door-closed' }, { signal })
    } else {
      const refusal = this.#door.begin(id, this.#now(), hello.ticket === null ? 'code' : 'ticket')
      if (refusal !== null) await conversation.send({ type: 'refused', reason: refusal }, { signal })
      else if (hello.ticket === null) await this.#meet(conversation, newcomer, hello)
      else await this.#redeem(conversation, newcomer, hello, hello.ticket)
    }
  }

  async #redeem(
    conversation: PairConversation,
    newcomer: DeviceKey,
    { session }: Extract<PairMessage, { type: 'hello' }>,
    ticket: { id: string; proof: string }
  ): Promise<void> {
    const { roster, self, signal } = this.#init
    const id = conversation.peer.toString()
    const mesh = roster.mesh ?? ''
    let isAdmitted = false
    try {
      const parties = { newcomer, member: deviceKeyOf(self), mesh, session }
      const verdict = this.#invites.redeem({ ...ticket, ...parties }, this.#now())
      if ('refused' in verdict) {
        await conversation.send({ type: 'refused', reason: verdict.refused }, { signal })
        return
      }
      const { name, box } = await expect(conversation, 'confirmed', signal)
      await this.#admit(conversation, { name, box, mesh, proof: verdict.proof })
      isAdmitted = true
    } finally {
      this.#door.end(id, isAdmitted)
    }
  }

  async #meet(conversation: PairConversation, other: DeviceKey, hello: PairMessage): Promise<void> {
    const { roster, self, signal, emit } = this.#init
    const id = conversation.peer.toString()
    const settled = deferred<string | null>()
    const meeting = new Meeting({
      conversation,
      state: beginPairing({
        side: 'member',
        self: deviceKeyOf(self),
        other,
        mesh: roster.mesh,
        nonce: randomBytes(16).toString('hex'),
        session: null
      }),
      onCode: (code) => {
        const newcomer: Newcomer = { id, code, address: conversation.address, state: 'comparing' }
        this.#visits.set(id, { newcomer, meeting, outcome: settled.promise })
        emit({ type: 'newcomer', newcomer })
      },
      signal
    })
    let failure: string | null = 'the conversation broke off'
    try {
      const end = await meeting.run(hello)
      if (!end.ok) failure = explainRefusal(end.reason)
      else if (end.name === undefined || end.box === undefined) failure = explainRefusal('malformed')
      else {
        await this.#admit(conversation, { name: end.name, box: end.box, mesh: end.mesh, proof: null })
        failure = null
      }
    } catch (error) {
      if (error instanceof MeshError) failure = error.message.replace(/\.$/, '')
      throw error
    } finally {
      const wasShown = this.#visits.delete(id)
      settled.resolve(failure)
      this.#door.end(id, failure === null)
      if (wasShown) emit({ type: 'newcomer-gone', id, reason: failure ?? 'it is a member now' })
      // The third failure closes the door.
      this.#refresh()
    }
  }

  async #admit(
    conversation: PairConversation,
    { name, box, mesh, proof }: { name: string; box: string; mesh: string; proof: string | null }
  ): Promise<void> {
    const { roster, stay, signal } = this.#init
    const id = conversation.peer.toString()
    if (!isDeviceName(name)) {
      await conversation.send({ type: 'refused', reason: 'malformed' }, { signal })
      throw new PairingFailedError('the name that it gives itself cannot be one')
    }
    if (roster.mesh !== mesh || !stay()) {
      await conversation.send({ type: 'refused', reason: 'busy' }, { signal })
      throw new PairingFailedError('this device goes into another mesh itself')
    }
    // An answer that was lost is given again.
    if (!roster.isMember(id)) roster.admit({ device: deviceKeyOf(id), box, name })
    await conversation.send({ type: 'records', records: roster.records() }, { signal })
    await conversation.send({ type: 'admitted', mesh, proof }, { signal })
  }

  #visitWith(code: string): Visit {
    const digits = code.replace(/\s/g, '')
    const [visit, ...more] = [...this.#visits.values()].filter(({ newcomer }) => newcomer.code === digits)
    if (visit !== undefined && more.length === 0) return visit
    const shown = [...this.#visits.values()].map(({ newcomer }) => newcomer.code)
    throw new NoSuchNewcomerError(
      more.length > 0
        ? `Two devices show ${digits}, which happens once in a million, or where somebody is after it. Let both try again.`
        : shown.length === 0
          ? 'No device is waiting to be let in. mesh approve opens the door; then start mesh join on the new device.'
          : `No device that is waiting shows ${digits}. Shown are: ${shown.join(', ')}.`,
      { details: { codes: shown } }
    )
  }

  /** What changed is told, and looked at again when the door or the last ticket runs out. */
  #refresh(): void {
    const { clock, changed, emit } = this.#init
    changed()
    if (this.isDoorOpen !== this.#toldOpen) {
      this.#toldOpen = this.isDoorOpen
      emit({ type: 'door', door: this.state() })
    }
    this.#cancelClosing()
    const now = this.#now()
    const ends = [this.#door.closesInMs(now), this.#invites.untilMs(now) - now].filter((ms) => ms > 0)
    if (ends.length === 0) return
    this.#cancelClosing = clock.after(Math.min(...ends) + 1, () => {
      this.#refresh()
    })
  }

  #now(): number {
    return this.#init.clock.monotonic()
  }
}
