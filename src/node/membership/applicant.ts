import { randomBytes } from 'node:crypto'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import {
  InviteExpiredError,
  InviteUsedError,
  NoSuchNewcomerError,
  PairingFailedError,
  PeerUnreachableError,
  ProtocolError,
  type MeshError
} from '../../errors.ts'
import type { AbortOptions, Comparison, OpenDoor, PairRefusal } from '../../interface.ts'
import type { PairConversation } from '../../protocols/pair/index.ts'
import {
  beginPairing,
  decodeInvite,
  memberProof,
  newcomerProof,
  ticketId,
  wordsOf,
  type InviteTicket
} from '../../trust/index.ts'
import type { Network } from '../network.ts'
import { reasonOf } from '../files.ts'
import { deferred } from '../deferred.ts'
import type { Gate } from './gate.ts'
import { deviceKeyOf, peerIdOf } from './keys.ts'
import { explainRefusal, Meeting, MOST_RECORDS, pairingFailed } from './meeting.ts'
import type { OwnRoster } from './own-roster.ts'

const DIAL_TIMEOUT_MS = 5000

export interface ApplicantInit {
  self: { id: string; box: string; name: () => string }
  network: Network
  gate: Gate
  roster: OwnRoster
  /** Six digits are there to be compared. */
  comparing: (comparison: Comparison) => void
  /** This device is a member, and the one that let it in may be dialled as such. */
  joined: (id: string, addresses: string[]) => void
  signal: AbortSignal
}

interface Application {
  comparison: Comparison
  meeting: Meeting
  outcome: Promise<{ mesh: string }>
}

/** The newcomer's side of pairing: asks to be let in, at one door at a time. */
export class Applicant {
  readonly #init: ApplicantInit
  #application: Application | undefined
  #busy = false

  constructor(init: ApplicantInit) {
    this.#init = init
  }

  get comparison(): Comparison | null {
    return this.#application?.comparison ?? null
  }

  get isBusy(): boolean {
    return this.#busy
  }

  /**
   * Asks at a door; resolves when the digits are there, with the promise of how it ends.
   *
   * @param mesh the words that the mesh has to have, or null
   * @throws {PairingFailedError} {PeerUnreachableError}
   */
  async knock(
    door: OpenDoor,
    mesh: string | null
  ): Promise<{ comparison: Comparison; outcome: Promise<{ mesh: string }> }> {
    const compared = deferred<Application>()
    const outcome = this.#alone(() =>
      this.#visit(door.id, door.addresses, (conversation) => this.#pair(conversation, mesh, compared.resolve))
    )
    outcome.catch(compared.reject)
    const { comparison } = await compared.promise
    return { comparison, outcome }
  }

  /** Resolves when this device is a member. @throws {NoSuchNewcomerError} {PairingFailedError} */
  async confirm(code: string): Promise<{ mesh: string }> {
    const digits = code.replace(/\s/g, '')
    const application = this.#application
    if (application === undefined) {
      throw new NoSuchNewcomerError('Nothing is being compared here now. mesh join looks for a mesh with an open door.')
    }
    if (application.comparison.code !== digits) {
      throw new NoSuchNewcomerError(
        `This device shows ${application.comparison.code}, not ${digits}. If the other screen shows ${digits}, do not join: ` +
          'somebody may stand between the two.'
      )
    }
    application.comparison.confirmed = true
    application.meeting.say('yes')
    return application.outcome
  }

  deny(): void {
    this.#application?.meeting.say('no')
  }

  /** Another device is to be let in here: takes back what is not confirmed yet. False when it is too late for that. */
  stay(): boolean {
    if (this.#busy && this.#application?.comparison.confirmed !== false) return false
    this.deny()
    return true
  }

  /** @throws {InvalidInviteError} {InviteExpiredError} {InviteUsedError} {PairingFailedError} {AlreadyMemberError} */
  async redeem(text: string, { signal }: AbortOptions = {}): Promise<{ mesh: string }> {
    const ticket = decodeInvite(text)
    const { roster } = this.#init
    if (roster.mesh === ticket.mesh && roster.isIn) return { mesh: wordsOf(ticket.mesh) }
    roster.mayMove()
    return this.#alone(() =>
      this.#visit(
        peerIdOf(ticket.inviter),
        ticket.addresses,
        (conversation) => this.#present(conversation, ticket),
        signal
      )
    )
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy) throw new PairingFailedError('This device is asking to be let in already.')
    this.#busy = true
    try {
      return await work()
    } finally {
      this.#busy = false
    }
  }

  /** Goes to a stranger, speaks, and leaves: as a member it comes back over a connection of its own. */
  async #visit<T>(
    id: string,
    addresses: string[],
    speak: (conversation: PairConversation) => Promise<T>,
    signal?: AbortSignal
  ): Promise<T> {
    const result = await this.#speakWith(id, addresses, speak, signal)
    this.#init.joined(id, addresses)
    return result
  }

  async #speakWith<T>(
    id: string,
    addresses: string[],
    speak: (conversation: PairConversation) => Promise<T>,
    signal?: AbortSignal
  ): Promise<T> {
    const { network, gate } = this.#init
    const ended = signal === undefined ? this.#init.signal : AbortSignal.any([this.#init.signal, signal])
    const peer = peerIdFromString(id)
    return gate.visiting(async () => {
      let conversation: PairConversation | undefined
      try {
        const targets = addresses.map((address) => multiaddr(`${address}/p2p/${id}`))
        await network.dial(targets, { signal: AbortSignal.any([ended, AbortSignal.timeout(DIAL_TIMEOUT_MS)]) })
        conversation = await network.services.pair.open(peer, { signal: ended })
      } catch (cause) {
        await network.hangUp(peer).catch(() => undefined)
        ended.throwIfAborted()
        throw new PeerUnreachableError(
          `The device that would let this one in cannot be reached at ${addresses.join(', ')} (${reasonOf(cause)}), or ` +
            'its door is closed.',
          { cause }
        )
      }
      try {
        const result = await speak(conversation)
        // It is a member by now, however the other device takes its leave.
        await conversation.close().catch(() => undefined)
        return result
      } catch (error) {
        conversation.abort(error instanceof Error ? error : new Error(String(error)))
        throw error
      } finally {
        await network.hangUp(peer).catch(() => undefined)
      }
    })
  }

  async #pair(
    conversation: PairConversation,
    wanted: string | null,
    compared: (application: Application) => void
  ): Promise<{ mesh: string }> {
    const { self, roster, comparing, signal } = this.#init
    const settled = deferred<{ mesh: string }>()
    // Whoever confirms waits for it; nobody else has to.
    settled.promise.catch(() => undefined)
    const id = conversation.peer.toString()
    const begun = beginPairing({
      side: 'newcomer',
      self: deviceKeyOf(self.id),
      other: deviceKeyOf(id),
      mesh: null,
      nonce: randomBytes(16).toString('hex'),
      session: randomBytes(16).toString('hex')
    })
    const meeting = new Meeting({
      conversation,
      state: begun,
      onCode: (code, mesh) => {
        const comparison: Comparison = {
          code,
          mesh: wordsOf(mesh),
          id,
          address: conversation.address,
          confirmed: false
        }
        this.#application = { comparison, meeting, outcome: settled.promise }
        comparing(comparison)
        compared(this.#application)
      },
      introduction: { name: self.name(), box: self.box },
      wants: (mesh) => wanted === null || wordsOf(mesh) === wanted,
      signal
    })
    try {
      const end = await meeting.run()
      if (!end.ok) throw pairingFailed(end.reason)
      roster.adopt(end.mesh, meeting.records)
      const joined = { mesh: wordsOf(end.mesh) }
      settled.resolve(joined)
      return joined
    } catch (error) {
      settled.reject(error)
      throw error
    } finally {
      this.#application = undefined
    }
  }

  /** With a ticket both sides know who the other is, and nothing has to be compared. */
  async #present(conversation: PairConversation, ticket: InviteTicket): Promise<{ mesh: string }> {
    const { self, roster, signal } = this.#init
    const { seed, mesh, inviter } = ticket
    const session = randomBytes(16).toString('hex')
    const parties = { newcomer: deviceKeyOf(self.id), member: inviter, mesh, session }
    const proof = newcomerProof(seed, parties)
    await conversation.send({ type: 'hello', session, ticket: { id: ticketId(seed), proof } }, { signal })
    await conversation.send({ type: 'confirmed', name: self.name(), box: self.box }, { signal })
    const records: Uint8Array[] = []
    for (;;) {
      const message = await conversation.receive({ signal, timeoutMs: DIAL_TIMEOUT_MS })
      if (message.type === 'refused') throw refusedTicket(message.reason)
      if (message.type === 'admitted') {
        if (message.mesh !== mesh || message.proof !== memberProof(seed, parties)) throw pairingFailed('mismatch')
        roster.adopt(mesh, records)
        return { mesh: wordsOf(mesh) }
      }
      if (message.type !== 'records' || records.length + message.records.length > MOST_RECORDS) {
        throw new ProtocolError(`Expected the roster in a pairing, got ${message.type}.`)
      }
      records.push(...message.records)
    }
  }
}

function refusedTicket(reason: PairRefusal): MeshError {
  const message = `Not joined: ${explainRefusal(reason)}.`
  const details = { details: { reason } }
  if (reason === 'expired' || reason === 'unknown-ticket') return new InviteExpiredError(message, details)
  if (reason === 'used') return new InviteUsedError(message, details)
  return pairingFailed(reason)
}
