/**
 * @packageDocumentation
 *
 * Who may speak which protocol: members all of them, everybody else only those that are open to strangers. Asked anew
 * for each stream, in both directions, and for every protocol, libp2p's own (identify, push, meshsub) included. A
 * refused stream is reset before anything of it was read; no handler hears of it. A service for libp2p:
 *
 * ```ts
 * const node = await createLibp2p({
 *   services: { guard: guard({ mayPass: (peer) => roster.has(peer), open: [PAIR_PROTOCOL] }), … }
 * })
 * ```
 *
 * It takes its place when it is made, so nothing is unguarded while the node starts.
 */
import type { PeerId, Stream, StreamMiddleware } from '@libp2p/interface'
import { NotMemberError } from '../errors.ts'
import type { Middlewares } from './components.ts'
import { silentLog, type Log } from './log.ts'

export interface GuardInit {
  /** Asked for each stream, before anything of it is read or sent. */
  mayPass: (peer: PeerId, stream: Pick<Stream, 'protocol' | 'direction'>) => boolean
  /** Protocols that a stranger may speak. */
  open: readonly string[]
  log?: Log
}

export interface GuardComponents {
  registrar: Middlewares
}

/** Everything is done by its being there. */
export interface Guard {
  readonly open: readonly string[]
}

export function guard({ mayPass, open, log = silentLog }: GuardInit): (components: GuardComponents) => Guard {
  const check: StreamMiddleware = (stream, connection, next) => {
    const { remotePeer } = connection
    if (!mayPass(remotePeer, stream)) {
      log.debug(`no ${stream.protocol} with ${remotePeer.toString()}: it is no member`)
      throw new NotMemberError('The other device is no member of this mesh.')
    }
    next(stream, connection)
  }
  return ({ registrar }) => {
    // `libp2p.use` would need every protocol's name, and miss the handler that somebody adds later. It also keeps the
    // list that it is given, to which libp2p 3.3.11 appends the handler of each stream that comes in, so that the second
    // stream is handled twice. So the guard stands where libp2p asks for that list, and gives a new one each time.
    const others = registrar.getMiddleware.bind(registrar)
    registrar.getMiddleware = (protocol) => {
      const middleware = [...others(protocol)]
      return open.includes(protocol) ? middleware : [check, ...middleware]
    }
    return { open }
  }
}
