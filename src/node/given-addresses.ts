import { setTimeout as delay } from 'node:timers/promises'
import { parseConnectAddress } from '../protocols/discovery/index.ts'
import { reasonOf } from './files.ts'

export interface GivenAddressesInit {
  /** Resolves once the device at a multiaddr is connected and known; the dialer keeps it from then on. */
  dial: (address: string) => Promise<void>
  warn: (message: string) => void
  signal: AbortSignal
}

const FIRST_WAIT_MS = 1000
/** A device that is off for hours costs one attempt a minute. */
const LONGEST_WAIT_MS = 60_000

/**
 * Dials what the owner gave with `--connect` until somebody answers there, with growing waits. The first failure is
 * told, for it may be a typing mistake. @throws {InvalidRequestError} when one is no address
 */
export function keepDialling(given: readonly string[], init: GivenAddressesInit): void {
  for (const { text, addresses } of given.map((text) => ({ text, addresses: parseConnectAddress(text) }))) {
    void dialUntilThere(text, addresses, init)
  }
}

async function dialUntilThere(text: string, addresses: string[], { dial, warn, signal }: GivenAddressesInit) {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    const failure = await dialOneOf(addresses, dial)
    if (failure === null || signal.aborted) return
    if (wait === FIRST_WAIT_MS) warn(`Nobody answers at ${text} yet (${failure}); it is tried again and again.`)
    await delay(wait, undefined, { signal, ref: false }).catch(() => undefined)
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
