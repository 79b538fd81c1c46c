import { noise } from '@chainsafe/libp2p-noise'
import { inOnePiece } from './together.ts'

type Create = ReturnType<typeof noise>

/** Noise that writes the length and the bytes of a packet in one piece; version 17.0.0 writes each by itself. */
export function encrypter(components: Parameters<Create>[0]): ReturnType<Create> {
  const made = noise()(components)
  const inbound = made.secureInbound.bind(made)
  const outbound = made.secureOutbound.bind(made)
  made.secureInbound = (connection, ...rest) => inbound(inOnePiece(connection), ...rest)
  made.secureOutbound = (connection, ...rest) => outbound(inOnePiece(connection), ...rest)
  return made
}
