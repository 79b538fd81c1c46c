import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { PairRefusal } from '../interface.ts'
import { fittingAddresses, type InviteTicket } from './invite.ts'
import type { DeviceKey } from './keys.ts'
import { memberProof, newcomerProof, ticketId, type ProofParties } from './ticket-proof.ts'

/** Long enough to carry the text or the picture to the other device. */
const LIFETIME_MS = 10 * 60_000
/** More than anybody hands out within ten minutes. */
const MOST = 16
const SEED_BYTES = 16

export interface InvitesInit {
  /** @default 600000 */
  lifetimeMs?: number
  /** Beyond it the oldest goes. @default 16 */
  most?: number
  /** @default node:crypto's */
  random?: (bytes: number) => Uint8Array
}

/** What a newcomer brings, and with whom it speaks: the keys as Noise authenticated them. */
export interface Redemption extends ProofParties {
  /** `ticketId` of the seed. */
  id: string
  /** `newcomerProof`. */
  proof: string
}

interface Issued {
  ticket: InviteTicket
  expiresAt: number
  usedBy: DeviceKey | null
}

/**
 * The tickets made here. They live in memory only, so a restart voids them. All times are the caller's own monotonic
 * clock, in milliseconds: setting the date back revives nothing.
 */
export class Invites {
  readonly #lifetimeMs: number
  readonly #most: number
  readonly #random: (bytes: number) => Uint8Array
  /** By ticket id, in the order in which they were made; also those that expired, so that we can say so. */
  readonly #issued = new Map<string, Issued>()

  constructor({ lifetimeMs = LIFETIME_MS, most = MOST, random = randomBytes }: InvitesInit = {}) {
    this.#lifetimeMs = lifetimeMs
    this.#most = most
    this.#random = random
  }

  /** Of the addresses, which stand best first, the ticket names as many as there is room for. */
  make(mesh: string, inviter: DeviceKey, addresses: readonly string[], now: number): InviteTicket {
    const seed = Uint8Array.from(this.#random(SEED_BYTES))
    const ticket = { seed, mesh, inviter, addresses: fittingAddresses(addresses) }
    const [oldest] = this.#issued.keys()
    if (oldest !== undefined && this.#issued.size >= this.#most) this.#issued.delete(oldest)
    this.#issued.set(ticketId(ticket.seed), { ticket, expiresAt: now + this.#lifetimeMs, usedBy: null })
    return ticket
  }

  /**
   * The first newcomer that knows the seed has the ticket. It may come again until the ticket's end, because the answer
   * may have been lost. Whoever cannot prove that it knows the seed learns nothing and uses up nothing.
   */
  redeem({ id, proof, ...parties }: Redemption, now: number): { proof: string } | { refused: PairRefusal } {
    const issued = this.#issued.get(id)
    if (issued === undefined) return { refused: 'unknown-ticket' }
    const { ticket, expiresAt, usedBy } = issued
    // This device may have left that mesh since.
    if (ticket.mesh !== parties.mesh || ticket.inviter !== parties.member) return { refused: 'unknown-ticket' }
    if (!isSame(proof, newcomerProof(ticket.seed, parties))) return { refused: 'mismatch' }
    if (now >= expiresAt) return { refused: 'expired' }
    if (usedBy !== null && usedBy !== parties.newcomer) return { refused: 'used' }
    issued.usedBy = parties.newcomer
    return { proof: memberProof(ticket.seed, parties) }
  }

  /** Tickets with which a device may come now; also used ones, whose device may come again. */
  outstanding(now: number): number {
    return [...this.#issued.values()].filter(({ expiresAt }) => now < expiresAt).length
  }

  /** When the last of them expires, on the clock of `now`; 0 when there is none. */
  untilMs(now: number): number {
    return Math.max(0, ...[...this.#issued.values()].map(({ expiresAt }) => expiresAt).filter((at) => now < at))
  }
}

/** In a time that does not tell where the two differ. */
function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}
