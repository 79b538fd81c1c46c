import { createHash } from 'node:crypto'
import {
  BrokenModelError,
  PeerUnreachableError,
  UnknownModelError,
  UnknownPeerError,
  WrongPieceError
} from '../../../src/errors.ts'
import type { PeerLabel } from '../../../src/interface.ts'
import type { OtherDevices } from '../../../src/node/library/devices.ts'
import {
  PIECE_BYTES,
  type Piece,
  type Share,
  type SharedFile,
  type SharedModel,
  type WantedPieces
} from '../../../src/protocols/model/index.ts'

/** One of them, and what goes wrong with it. */
export interface FakeDevice {
  peer: PeerLabel
  share: Share
  connected: boolean
  /** Runs before each piece goes out; may change it or throw. */
  onPiece: (piece: { path: string; index: number; bytes: Buffer }) => void
  /** What it says it has, in place of the truth. */
  manifest: (files: SharedFile[]) => SharedFile[]
  /** Pieces that it gave of files of several, right or wrong. */
  given: number
}

/** Devices in this process that share what they have, as the protocol does: without sockets, and with faults. */
export class FakeOtherDevices implements OtherDevices {
  readonly all: FakeDevice[] = []
  #changed: () => void = () => undefined

  /** The first has the quickest link. */
  add(name: string, share: Share): FakeDevice {
    const device: FakeDevice = {
      ...{ peer: { name, id: `12D3KooW${name}` }, share, connected: true, given: 0 },
      onPiece: () => undefined,
      manifest: (files) => files
    }
    this.all.push(device)
    return device
  }

  /** Something about them has changed. */
  tell(): void {
    this.#changed()
  }

  begin = (): Promise<void> => Promise.resolve()

  connected = (): PeerLabel[] => this.all.filter(({ connected }) => connected).map(({ peer }) => peer)

  there = this.connected

  called = (wanted: string): PeerLabel => {
    const found = this.all.find(({ peer }) => peer.name === wanted || peer.id === wanted)
    if (found === undefined) throw new UnknownPeerError(`No device is called ${wanted}.`)
    return found.peer
  }

  changed = (ms: number, { signal }: { signal: AbortSignal }): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms)
      this.#changed = () => {
        clearTimeout(timer)
        resolve()
      }
      signal.addEventListener('abort', () => {
        clearTimeout(timer)
        reject(signal.reason as Error)
      })
    })

  list = async (id: string, options: { signal: AbortSignal }): Promise<SharedModel[]> =>
    this.#there(id).share.list(options)

  manifest = async (id: string, model: string, options: { signal: AbortSignal }): Promise<SharedFile[]> => {
    const { share, manifest } = this.#there(id)
    return overWire(async () => {
      const files: SharedFile[] = []
      for await (const file of share.manifest(model, options)) files.push(structuredClone(file))
      return manifest(files)
    })
  }

  async *pieces(id: string, { model, file, first, count }: WantedPieces, options: { signal: AbortSignal }) {
    for (let index = first; index < first + count; index++) {
      const device = this.#there(id)
      const bytes = await overWire(() => readPiece(device.share, { model, file, index }, options))
      options.signal.throwIfAborted()
      device.onPiece({ path: file.path, index, bytes })
      if (file.pieces.length > 1) device.given++
      if (createHash('sha256').update(bytes).digest('hex') !== file.pieces[index]) {
        throw new WrongPieceError(`Piece ${String(index + 1)} of ${file.path} is wrong.`)
      }
      yield { index, bytes } satisfies Piece
    }
  }

  #there(id: string): FakeDevice {
    const device = this.all.find(({ peer }) => peer.id === id)
    if (device?.connected === true) return device
    throw new PeerUnreachableError('It is not connected.')
  }
}

async function readPiece(
  share: Share,
  { model, file, index }: { model: string; file: SharedFile; index: number },
  options: { signal: AbortSignal }
): Promise<Buffer> {
  const chunks: Buffer[] = []
  const stretch = { model, sha256: file.sha256, start: index * PIECE_BYTES, bytes: PIECE_BYTES }
  for await (const chunk of share.read(stretch, options)) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

/** Messages stay where they are, as over the wire. */
async function overWire<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof BrokenModelError) throw new BrokenModelError('It is not what it was.')
    throw error instanceof UnknownModelError ? new UnknownModelError('It is not there.') : error
  }
}
