import type { Clock } from '../protocols/clock.ts'
import { parseConnectAddress } from '../protocols/discovery/index.ts'
import { reasonOf } from './files.ts'
import { pause } from './pause.ts'

/** What the owner gave with `--connect`, and where it leads. */
export interface GivenAddress {
  text: string
  /** Multiaddrs, dialled in this order. */
  addresses: string[]
}

/** @throws {InvalidRequestError} when it is no address */
export function givenAddress(text: string): GivenAddress {
  return { text, addresses: parseConnectAddress(text) }
}

export interface GivenAddressesInit {
  /** Resolves once the device at a multiaddr is connected and known; the dialer keeps it from then on. */
  dial: (address: string) => Promise<void>
  warn: (message: string) => void
  clock: Pick<Clock, 'after'>
  signal: AbortSignal
}

const FIRST_WAIT_MS = 1000
/** A device that is off for hours costs one attempt a minute. */
const LONGEST_WAIT_MS = 60_000

/**
 * Dials one that was given until somebody answers there or the signal ends it, with growing waits. The first failure is
 * told, for it may be a typing mistake.
 */
export async function dialUntilThere(given: GivenAddress, init: GivenAddressesInit): Promise<void> {
  const { dial, warn, clock, signal } = init
  const isOver = () => signal.aborted
  for (let wait = FIRST_WAIT_MS; !isOver(); wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    const failure = await dialOneOf(given.addresses, dial)
    if (failure === null || isOver()) return
    if (wait === FIRST_WAIT_MS) warn(`Nobody answers at ${given.text} yet (${failure}); it is tried again and again.`)
    await pause(clock, wait, signal)
  }
}

/** Null when somebody answered, else why the first address failed. */
async function dialOneOf(addresses: string[], dial: GivenAddressesInit['dial']): Promise<string | null> {
  let reason: string | null = null
  for (const address of addresses) {
    try {
      await dial(address)
      return null
    } catch (err) {
      reason ??= reasonOf(err)
    }
  }
  return reason ?? 'no address'
}
