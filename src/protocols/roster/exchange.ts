import type { PeerId, Stream } from '@libp2p/interface'
import { NotMemberError, ProtocolError } from '../../errors.ts'
import { finish } from '../finish.ts'
import { writeFrame } from '../framing.ts'
import { CLOSE_TIMEOUT_MS, MAX_ROSTER_RECORDS } from '../limits.ts'
import { asError } from '../stream.ts'
import type { RosterInit } from './index.ts'
import { Lists } from './lists.ts'
import { encodeMessage, refusalFor } from './words.ts'

/** What an exchange needs to know, and whom it is with. */
export interface Exchanging extends Pick<RosterInit, 'mine' | 'records' | 'merge'> {
  peer: PeerId
  signal: AbortSignal
}

/** How many records went each way. */
export interface Exchanged {
  sent: number
  received: number
}

/** The side that opened the stream: says what it has, takes what it lacks, gives what it is asked for. */
export async function lead(stream: Stream, exchanging: Exchanging): Promise<Exchanged> {
  try {
    const lists = new Lists(stream, exchanging.signal)
    const exchanged = await leading(lists, exchanging)
    await stream.close({ signal: exchanging.signal })
    await lists.ended()
    return exchanged
  } catch (error) {
    stream.abort(asError(error))
    throw error
  }
}

async function leading(lists: Lists, { mine, records, merge, peer }: Exchanging): Promise<Exchanged> {
  const { digest, hashes } = present(mine)
  await lists.send({ type: 'state', digest })
  const theirs = await lists.expect('state')
  if (theirs.digest === digest) return { sent: 0, received: 0 }
  await lists.sendHashes(hashes)
  const wanted = [...(await lists.hashes())]
  const said = new Set(hashes)
  if (wanted.some((hash) => !said.has(hash))) throw new ProtocolError('The other device asks for what nobody offered.')
  const received = await lists.records(MAX_ROSTER_RECORDS, (some) => {
    merge(some, peer)
  })
  const given = records(wanted)
  await lists.sendRecords(given)
  return { sent: given.length, received }
}

/** The side that was asked. Resolves when both have everything. @throws what went wrong, after the other side was told */
export async function follow(stream: Stream, exchanging: Exchanging): Promise<Exchanged> {
  try {
    const exchanged = await following(new Lists(stream, exchanging.signal), exchanging)
    await finish(stream)
    return exchanged
  } catch (error) {
    await refuse(stream, error)
    throw error
  }
}

async function following(lists: Lists, { mine, records, merge, peer }: Exchanging): Promise<Exchanged> {
  const theirs = await lists.expect('state')
  const { digest, hashes } = present(mine)
  await lists.send({ type: 'state', digest })
  if (theirs.digest === digest) return { sent: 0, received: 0 }
  const said = await lists.hashes()
  const known = new Set(hashes)
  const wanted = [...said].filter((hash) => !known.has(hash))
  await lists.sendHashes(wanted)
  const given = records(hashes.filter((hash) => !said.has(hash)))
  await lists.sendRecords(given)
  const received = await lists.records(wanted.length, (some) => {
    merge(some, peer)
  })
  return { sent: given.length, received }
}

/** Tells the other side why not, if it still listens, and ends the stream. */
export async function refuse(stream: Stream, error: unknown): Promise<void> {
  try {
    if (stream.status === 'open' && !stream.writableNeedsDrain) {
      await writeFrame(stream, encodeMessage(refusalFor(error)), { timeoutMs: CLOSE_TIMEOUT_MS })
      await finish(stream)
    }
  } finally {
    stream.abort(asError(error))
  }
}

function present(mine: RosterInit['mine']): { digest: string; hashes: string[] } {
  const own = mine()
  if (own === null) throw new NotMemberError('This device belongs to no mesh: it has no roster to exchange.')
  return own
}
