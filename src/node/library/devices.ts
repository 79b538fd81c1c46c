import { peerIdFromString } from '@libp2p/peer-id'
import { NotMemberError, PeerUnreachableError } from '../../errors.ts'
import type { AbortOptions, MeshEvent, PeerLabel } from '../../interface.ts'
import type { ModelExchange, Piece, SharedFile, SharedModel, WantedPieces } from '../../protocols/model/index.ts'
import type { Broadcast } from '../broadcast.ts'
import { resolvePeer } from '../names.ts'
import type { Neighbours } from '../neighbours.ts'
import { settled } from '../settled.ts'

/** The other devices, as far as models can come from them. Devices are called by their PeerId. */
export interface OtherDevices {
  /** Waits for those that are only just being dialled. @throws {NotMemberError} where this device speaks to nobody */
  begin: (options: { signal: AbortSignal }) => Promise<void>
  /** Those that are connected now, the quickest link first. */
  connected: () => PeerLabel[]
  /** Those, and in a mesh of many the ones that are connected as soon as they are asked. */
  there: () => PeerLabel[]
  /** The device that a person means. @throws {UnknownPeerError} {AmbiguousPeerError} */
  called: (wanted: string) => PeerLabel
  /** Resolves when something about the devices has changed, or after `ms`. */
  changed: (ms: number, options: { signal: AbortSignal }) => Promise<void>
  list: (id: string, options: { signal: AbortSignal }) => Promise<SharedModel[]>
  manifest: (id: string, model: string, options: { signal: AbortSignal }) => Promise<SharedFile[]>
  pieces: (id: string, wanted: WantedPieces, options: { signal: AbortSignal }) => AsyncIterable<Piece>
}

export interface MeshDevicesInit {
  neighbours: () => Pick<Neighbours, 'list' | 'remembered' | 'reach'>
  /** Null where this process speaks to no other device. */
  exchange: () => ModelExchange | null
  events: Pick<Broadcast<MeshEvent>, 'watch'>
}

/** A device on the LAN takes the connection and says what it runs in far less. */
const REMEMBERED_MS = 1500

/** The devices of the mesh, over the network. */
export class MeshDevices implements OtherDevices {
  readonly #init: MeshDevicesInit

  constructor(init: MeshDevicesInit) {
    this.#init = init
  }

  async begin({ signal }: AbortOptions): Promise<void> {
    this.#exchange()
    await settled(this.#init.neighbours().remembered, REMEMBERED_MS, signal)
  }

  connected(): PeerLabel[] {
    return this.#init
      .neighbours()
      .list()
      .filter(({ state }) => state === 'connected')
      .sort((a, b) => (a.roundTripMs ?? Infinity) - (b.roundTripMs ?? Infinity))
      .map(({ name, id }) => ({ name, id }))
  }

  there(): PeerLabel[] {
    return this.#init
      .neighbours()
      .list()
      .filter(({ state }) => state === 'connected' || state === 'reachable')
      .map(({ name, id }) => ({ name, id }))
  }

  called(wanted: string): PeerLabel {
    return resolvePeer(
      wanted,
      this.#init
        .neighbours()
        .list()
        .map(({ name, id }) => ({ peer: { name, id }, here: false }))
    )
  }

  async changed(ms: number, { signal }: { signal: AbortSignal }): Promise<void> {
    const enough = new AbortController()
    const events = this.#init.events.watch({ signal: AbortSignal.any([signal, enough.signal]) })
    const news = async (): Promise<void> => {
      for await (const { type } of events) if (type.startsWith('peer-')) return
    }
    const heard = news()
    heard.catch(() => undefined)
    try {
      await settled(heard, ms, signal)
    } finally {
      enough.abort()
    }
  }

  async list(id: string, options: AbortOptions): Promise<SharedModel[]> {
    await this.#init.neighbours().reach(id, options.signal)
    return this.#exchange().list(peerIdFromString(id), options)
  }

  async manifest(id: string, model: string, options: AbortOptions): Promise<SharedFile[]> {
    await this.#init.neighbours().reach(id, options.signal)
    return this.#exchange().manifest(peerIdFromString(id), model, options)
  }

  pieces(id: string, wanted: WantedPieces, options: AbortOptions): AsyncIterable<Piece> {
    // Whoever went away is not dialled from here: the neighbours know when it is back.
    if (!this.connected().some((peer) => peer.id === id)) throw new PeerUnreachableError('It is not connected.')
    return this.#exchange().pieces(peerIdFromString(id), wanted, options)
  }

  #exchange(): ModelExchange {
    const exchange = this.#init.exchange()
    if (exchange !== null) return exchange
    throw new NotMemberError('This device belongs to no mesh, so there is no other one to pull from: mesh join')
  }
}
