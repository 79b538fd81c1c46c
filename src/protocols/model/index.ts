/**
 * @packageDocumentation
 *
 * `/mesh/model/1.0.0`: models from device to device. For members only: a stranger is kept away by `guard`. What a device
 * shares is for `share` to say; what comes from another one is proved here, piece by piece, against the hashes that its
 * manifest gave. Whether those hashes make the model that was wanted is for whoever asked. A service for libp2p:
 *
 * ```ts
 * const node = await createLibp2p({ services: { model: model({ share: { list, manifest, read } }) } })
 * const files = await node.services.model.manifest(peerId, hash, { signal })
 * for await (const { index, bytes } of node.services.model.pieces(peerId, { model: hash, file, first: 0, count }, …)) …
 * ```
 *
 * The wire is in ../PROTOCOL.md.
 */
import type { PeerId, Startable } from '@libp2p/interface'
import type { AbortOptions } from '../../interface.ts'
import type { Clock } from '../clock.ts'
import type { Handlers, Streams } from '../components.ts'
import type { Log } from '../log.ts'
import { ModelService } from './model.ts'

export { MODEL_PROTOCOL, PIECE_BYTES } from './constants.ts'

/** A model that a device gives to others. */
export interface SharedModel {
  name: string
  hash: string
  bytes: number
  parameters: number | null
  quantization: string | null
  /** Where it was pulled from the Hugging Face hub: `OWNER/NAME`, and in which form. @default it came another way */
  origin?: { repository: string; quantization: string }
}

/** A file of a model, with `/` in its path. Digests are 64 lower-case hexadecimal digits. */
export interface SharedFile {
  path: string
  bytes: number
  sha256: string
  /** It comes with the model and is no part of its hash: a licence, a description. */
  extra: boolean
  /** SHA-256 of each piece of `PIECE_BYTES`, in order; the last piece may be shorter. */
  pieces: string[]
}

/** Pieces of one file. */
export interface WantedPieces {
  /** The model's hash. */
  model: string
  file: SharedFile
  first: number
  count: number
}

/** A piece that is what the manifest said. */
export interface Piece {
  index: number
  /** Valid until the next piece is asked for. */
  bytes: Buffer
}

/** What this device gives. Errors of PROTOCOL.md's table reach the other side, without their message. */
export interface Share {
  list: (options: { signal: AbortSignal }) => Promise<SharedModel[]>
  /** Files as their hashes are known; it may take its time. @throws {UnknownModelError} {BrokenModelError} */
  manifest: (model: string, options: { signal: AbortSignal }) => AsyncIterable<SharedFile>
  /**
   * A stretch of the file with that SHA-256, from the byte `start` on, until its end if it is shorter, in chunks of any
   * size. A chunk is not used any more when the next is asked for. @throws {UnknownModelError} {BrokenModelError}
   */
  read: (
    wanted: { model: string; sha256: string; start: number; bytes: number },
    options: { signal: AbortSignal }
  ) => AsyncIterable<Uint8Array>
}

export interface ModelInit {
  share: Share
  /** Bytes a second that all transfers from this device together take. @default as many as go */
  maxUpload?: number | null
  /** For the rates. */
  clock?: Clock
  /** Silence of the other device that counts as failure. @default 10000 */
  silenceMs?: number
  /** @default 1000 */
  signOfLifeMs?: number
  log?: Log
}

export interface ModelComponents {
  registrar: Handlers
  connectionManager: Streams
}

/**
 * Each method throws
 * - {PeerUnreachableError} when the peer cannot be dialled, or goes away before it is done
 * - {PeerSilentError} when it says nothing for `silenceMs`
 * - {BusyError}, {UnknownModelError}, {BrokenModelError}, {RemoteError} as it reports them
 * - {ProtocolError} when it breaks the protocol
 */
export interface ModelExchange extends Startable {
  /** What the peer would give. */
  list: (peer: PeerId, options?: AbortOptions) => Promise<SharedModel[]>
  /** The files of a model there. Paths are one line each and nothing more: whoever writes them checks them. */
  manifest: (peer: PeerId, model: string, options?: AbortOptions) => Promise<SharedFile[]>
  /**
   * Pieces in order, each of them proved. Leaving the loop early ends the transfer.
   *
   * @throws {WrongPieceError} at a piece that is not what the manifest said; those before it were right
   */
  pieces: (peer: PeerId, wanted: WantedPieces, options?: AbortOptions) => AsyncGenerator<Piece, void>
}

export function model(init: ModelInit): (components: ModelComponents) => ModelExchange {
  return (components) => new ModelService(components, init)
}
