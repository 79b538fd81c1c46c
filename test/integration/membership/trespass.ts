import { randomBytes } from 'node:crypto'
import type { Connection } from '@libp2p/interface'
import type { OutsideDevice } from './outside-device.ts'

/** A member takes so many connections a second from one address, and not more: then it has to be tried again. */
const CONNECTED_MS = 10_000
/** Of nothing in particular: none of it may be read. */
const NONSENSE = randomBytes(1000)

export interface Tries {
  address: string
  /** What the device at the address handles, but `pair`. */
  protocols: string[]
  tries: number
  /** Whether the door is open. Then all of it is over a connection. */
  isOpen: boolean
}

/** Everything that somebody who shall not speak may try. What became of it is for those to say whom it was tried on. */
export async function trespass(device: OutsideDevice, { address, protocols, tries, isOpen }: Tries): Promise<void> {
  let connection: Connection | undefined
  for (let attempt = 0; attempt < tries; attempt++) {
    if (connection?.status !== 'open') {
      connection = isOpen ? await connected(device, address) : await device.connect(address).catch(() => undefined)
    }
    if (connection !== undefined) await speak(connection, protocols[attempt % protocols.length]!)
  }
  await connection?.close().catch(() => undefined)
}

export async function connected(device: OutsideDevice, address: string): Promise<Connection> {
  const deadline = performance.now() + CONNECTED_MS
  for (;;) {
    try {
      return await device.connect(address)
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
  }
}

/** A limit may refuse the stream, and the device may hang up: both are well. */
export async function speak(connection: Connection, protocol: string): Promise<void> {
  const signal = AbortSignal.timeout(1000)
  try {
    const stream = await connection.newStream(protocol, { signal })
    stream.send(NONSENSE)
    await stream.close({ signal })
  } catch {
    // What the member did is what the test asks next.
  }
}
