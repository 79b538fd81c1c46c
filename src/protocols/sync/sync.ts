import type { PeerId, Stream } from '@libp2p/interface'
import { systemClock } from '../clock.ts'
import { KeptStreams, type Kept, type KeptStreamsComponents } from '../kept-streams.ts'
import { silentLog } from '../log.ts'
import { SYNC_PROTOCOL } from './constants.ts'
import { Conversing } from './conversing.ts'
import type { Sync, SyncInit } from './index.ts'

export class SyncService implements Sync {
  readonly #init: Required<SyncInit>
  readonly #streams: KeptStreams<Kept>

  constructor(components: KeptStreamsComponents, init: SyncInit) {
    this.#init = { clock: systemClock, log: silentLog, ...init }
    this.#streams = new KeptStreams(components, {
      protocol: SYNC_PROTOCOL,
      clock: this.#init.clock,
      log: this.#init.log,
      adopt: (peer, stream, _connection, opened) => this.#adopt(peer, stream, opened)
    })
  }

  start(): Promise<void> {
    return this.#streams.start()
  }

  stop(): Promise<void> {
    return this.#streams.stop()
  }

  #adopt(peer: PeerId, stream: Stream, leads: boolean): Kept {
    const { meet, clock, log } = this.#init
    return new Conversing(stream, {
      clock,
      meet: (send) => meet({ peer, leads, send }),
      ended: (error) => {
        log.debug(`sync with ${peer.toString()} ended: ${error.message}`)
        this.#streams.ended(peer)
      }
    })
  }
}
