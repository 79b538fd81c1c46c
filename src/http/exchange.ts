/** One exchange on a connection, as the client sees it: the proof, the request, the lines of the reply. */
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { MeshError, NodeUnreachableError, NotAllowedError, ProtocolError, errorFromName } from '../errors.ts'
import { proveAsClient } from './proof.ts'
import { MAX_LINE_CHARACTERS } from './wire.ts'
import type { MethodName, Reply } from './wire.ts'

/**
 * Both ends prove the token.
 * @throws {NodeUnreachableError} when nobody listens, hangs up, or says nothing
 * @throws {NotAllowedError} when the other end cannot prove it
 */
export async function greet(socket: Socket, { token, proofMs }: { token: Uint8Array; proofMs: number }): Promise<void> {
  const silent = setTimeout(() => {
    socket.destroy(
      new NodeUnreachableError(
        'The node does not answer on its control socket: it is suspended or very busy. Wake it, or end its process.'
      )
    )
  }, proofMs)
  try {
    await proveAsClient(socket, token)
  } catch (error) {
    throw explain(error)
  } finally {
    clearTimeout(silent)
  }
}

/** Sends the question; the reply's head is the sign that the node has it. */
export async function send(socket: Socket, method: MethodName, body: Buffer): Promise<IncomingMessage> {
  const request = httpRequest({
    createConnection: () => socket,
    method: 'POST',
    path: `/${method}`,
    headers: { host: 'mesh', 'content-type': 'application/json', 'content-length': body.length }
  })
  request.end(body)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  // A connection that breaks from here on is the response's to tell of.
  request.on('error', () => undefined)
  return response
}

/** @throws the error that the node sent, or a {ProtocolError} for what is no reply */
export async function* receive(response: IncomingMessage): AsyncGenerator<Exclude<Reply, { error: unknown }>> {
  for await (const line of lines(response)) {
    const reply = parse(line)
    if ('error' in reply) {
      const { name, message, details } = reply.error
      throw errorFromName(name, message, details)
    }
    yield reply
  }
}

async function* lines(response: IncomingMessage): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    const complete = (rest + chunk).split('\n')
    rest = complete.pop() ?? ''
    if (rest.length > MAX_LINE_CHARACTERS) {
      throw new ProtocolError(`The node sent a line of more than ${MAX_LINE_CHARACTERS} characters.`)
    }
    yield* complete
  }
}

function parse(line: string): Reply {
  try {
    const reply = JSON.parse(line) as Reply
    if ('event' in reply || 'done' in reply || typeof reply.error.message === 'string') {
      return reply
    }
  } catch {
    // Told below, without the line: it may hold anything.
  }
  throw new ProtocolError('The node sent what is no reply. If it is of another release, stop it and start it again.')
}

function explain(error: unknown): MeshError {
  if (error instanceof MeshError) {
    return error
  }
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EACCES' || code === 'EPERM') {
    return new NotAllowedError('The control socket belongs to another user; ask as the one who runs the node.', {
      cause: error
    })
  }
  const nobody = code === 'ENOENT' || code === 'ECONNREFUSED'
  return new NodeUnreachableError(
    nobody
      ? 'No node runs for this home. Start one with `mesh join`.'
      : 'The node hung up before both ends had proved the secret of this home. Try again, or start it with `mesh join`.',
    { cause: error }
  )
}
