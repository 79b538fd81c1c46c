/**
 * How the two ends of a control connection prove that they know the home's secret, without ever sending it:
 *
 *     client → server   "mesh/1\n" nonceC
 *     server → client   nonceS HMAC(token, "ownmesh control 1 server" ‖ nonceC ‖ nonceS)
 *     client → server   HMAC(token, "ownmesh control 1 client" ‖ nonceC ‖ nonceS)
 *
 * HMAC-SHA-256 (RFC 2104) and nonces of 32 random bytes. The server proves itself first, so a program that squats on the
 * path learns nothing. Each proof holds the other end's fresh nonce, so none can be used twice, and the labels differ,
 * so none can be sent back to whoever made it. A proof is good for the connection that it was made on.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Socket } from 'node:net'
import { NotAllowedError } from '../errors.ts'

const GREETING = Buffer.from('mesh/1\n')
const NONCE_BYTES = 32
const PROOF_BYTES = 32
const TOKEN_BYTES = 32

/** @throws {NotAllowedError} when it cannot be a token; an empty one would prove nothing */
export function checkToken(token: Uint8Array): void {
  if (token.length !== TOKEN_BYTES) {
    throw new NotAllowedError(
      `The secret of this home has ${token.length} bytes instead of ${TOKEN_BYTES}; stop the node and start it again.`
    )
  }
}

/** @throws {NotAllowedError} when the client cannot prove the token */
export async function proveAsServer(socket: Socket, token: Uint8Array): Promise<void> {
  const greeting = await readExactly(socket, GREETING.length)
  if (!greeting.equals(GREETING)) {
    throw new NotAllowedError('It does not speak our protocol.')
  }
  const clientNonce = await readExactly(socket, NONCE_BYTES)
  const serverNonce = randomBytes(NONCE_BYTES)
  socket.write(Buffer.concat([serverNonce, proof('server', token, clientNonce, serverNonce)]))
  const theirs = await readExactly(socket, PROOF_BYTES)
  if (!timingSafeEqual(theirs, proof('client', token, clientNonce, serverNonce))) {
    throw new NotAllowedError('It does not know the secret of this home.')
  }
}

/** @throws {NotAllowedError} when the server cannot prove the token */
export async function proveAsClient(socket: Socket, token: Uint8Array): Promise<void> {
  const clientNonce = randomBytes(NONCE_BYTES)
  socket.write(Buffer.concat([GREETING, clientNonce]))
  const serverNonce = await readExactly(socket, NONCE_BYTES)
  const theirs = await readExactly(socket, PROOF_BYTES)
  if (!timingSafeEqual(theirs, proof('server', token, clientNonce, serverNonce))) {
    throw new NotAllowedError(
      'Who listens on the control socket does not know the secret of this home, so it was told nothing. ' +
        'If that is a node of another release or home, stop it and start the right one.'
    )
  }
  socket.write(proof('client', token, clientNonce, serverNonce))
}

function proof(prover: 'client' | 'server', token: Uint8Array, clientNonce: Buffer, serverNonce: Buffer): Buffer {
  return createHmac('sha256', token)
    .update(`ownmesh control 1 ${prover}`)
    .update(clientNonce)
    .update(serverNonce)
    .digest()
}

/**
 * So many bytes and not one more: what follows them belongs to the HTTP parser. The listeners stay for the whole wait:
 * each new one for `readable` is called at once while part of the bytes is there, and the event loop would stand still.
 */
async function readExactly(socket: Socket, bytes: number): Promise<Buffer> {
  const signs = ['readable', 'end', 'error', 'close']
  let attempt = (): void => undefined
  try {
    return await new Promise((resolve, reject) => {
      attempt = () => {
        const chunk = socket.read(bytes) as Buffer | null
        if (chunk?.length === bytes) {
          resolve(chunk)
        } else if (chunk !== null || socket.readableEnded || socket.destroyed) {
          reject(socket.errored ?? new Error('The connection was closed before both ends had proved the secret.'))
        }
      }
      for (const sign of signs) socket.on(sign, attempt)
      attempt()
    })
  } finally {
    for (const sign of signs) socket.off(sign, attempt)
  }
}
