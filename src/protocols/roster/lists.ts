import type { Stream } from '@libp2p/interface'
import { PeerUnreachableError, ProtocolError } from '../../errors.ts'
import { frameReader, writeFrame } from '../framing.ts'
import { MAX_RECORDS_FRAME_BYTES, MAX_ROSTER_RECORDS } from '../limits.ts'
import { recordBatches } from '../record-batches.ts'
import { FRAME_TIMEOUT_MS, HASHES_PER_FRAME } from './limits.ts'
import { decodeMessage, encodeMessage, errorFor, type RosterMessage } from './words.ts'

type MessageOf<Type> = Extract<RosterMessage, { type: Type }>

/** One side of an exchange as it speaks and listens: single messages, and lists that come in several. */
export class Lists {
  readonly #stream: Stream
  readonly #signal: AbortSignal
  readonly #reader

  constructor(stream: Stream, signal: AbortSignal) {
    this.#stream = stream
    this.#signal = signal
    this.#reader = frameReader(stream, { maxBytes: MAX_RECORDS_FRAME_BYTES })
  }

  async send(message: RosterMessage): Promise<void> {
    await writeFrame(this.#stream, encodeMessage(message), { signal: this.#signal })
  }

  async sendHashes(hashes: readonly string[]): Promise<void> {
    for (let at = 0; at < hashes.length; at += HASHES_PER_FRAME) {
      await this.send({ type: 'hashes', hashes: hashes.slice(at, at + HASHES_PER_FRAME), last: false })
    }
    await this.send({ type: 'hashes', hashes: [], last: true })
  }

  async sendRecords(records: readonly Uint8Array[]): Promise<void> {
    for (const batch of recordBatches(records)) await this.send({ type: 'records', records: batch, last: false })
    await this.send({ type: 'records', records: [], last: true })
  }

  /** @throws {ProtocolError} when another message comes, and what the other side refused with */
  async expect<Type extends RosterMessage['type']>(type: Type): Promise<MessageOf<Type>> {
    const bytes = await this.#reader.read({ timeoutMs: FRAME_TIMEOUT_MS, signal: this.#signal })
    if (bytes === undefined) throw new PeerUnreachableError('The other device left before everything was said.')
    const message = decodeMessage(bytes)
    if (isOf(message, type)) return message
    if (message.type === 'refused') throw errorFor(message.code)
    throw new ProtocolError(`"${message.type}" came where "${type}" was expected.`)
  }

  async hashes(): Promise<Set<string>> {
    const all = new Set<string>()
    while (true) {
      const { hashes, last } = await this.expect('hashes')
      const before = all.size
      for (const hash of hashes) all.add(hash)
      if (all.size < before + hashes.length) throw new ProtocolError('A hash came twice.')
      if (all.size > MAX_ROSTER_RECORDS) throw new ProtocolError(`More than ${MAX_ROSTER_RECORDS} hashes came.`)
      if (last) return all
    }
  }

  /** Gives out records as they come, at most so many, and returns how many came. */
  async records(most: number, take: (records: Uint8Array[]) => void): Promise<number> {
    let count = 0
    while (true) {
      const { records, last } = await this.expect('records')
      count += records.length
      if (count > most) throw new ProtocolError(`More than ${most} records came.`)
      if (records.length > 0) take(records)
      if (last) return count
    }
  }

  /** Waits until the other side has taken everything, and has nothing more to say. */
  async ended(): Promise<void> {
    const bytes = await this.#reader.read({ timeoutMs: FRAME_TIMEOUT_MS, signal: this.#signal })
    if (bytes === undefined) return
    const message = decodeMessage(bytes)
    throw message.type === 'refused' ? errorFor(message.code) : new ProtocolError('More came after the end.')
  }
}

function isOf<Type extends RosterMessage['type']>(message: RosterMessage, type: Type): message is MessageOf<Type> {
  return message.type === type
}
