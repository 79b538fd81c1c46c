import { once } from 'node:events'
import { chmod, rm } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { ListenError, MeshError } from '../errors.ts'
import type { Mesh } from '../interface.ts'
import type { Control, ServeControlInit } from './index.ts'
import { checkToken, proveAsServer } from './proof.ts'
import { readQuestion } from './question.ts'
import { endReply, toWire, writeReply } from './reply.ts'
import { METHODS, packed } from './wire.ts'
import type { Asked } from './wire.ts'

/** Connections that have not asked yet. Ours need milliseconds, so of more than this the oldest is not one of ours. */
const MAX_OPENING = 64

/** Our requests have four headers. */
const MAX_HEADER_BYTES = 4096

/** A request that is being answered. */
interface Running {
  aborted: AbortController
  atClose: 'finish' | 'end' | 'stay'
  closed: Promise<unknown>
}

export class ControlServer implements Control {
  readonly #mesh: Mesh
  readonly #init: Required<ServeControlInit>
  readonly #listener: Server
  /** Never listens: it is given connections whose other end has proved the token. */
  readonly #http: HttpServer
  readonly #opening = new Map<Socket, NodeJS.Timeout>()
  readonly #running = new Map<ServerResponse, Running>()

  constructor(mesh: Mesh, init: Required<ServeControlInit>) {
    checkToken(init.token)
    this.#mesh = mesh
    this.#init = init
    this.#listener = createServer((socket) => void this.#admit(socket))
    this.#http = createHttpServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
      void this.#answer(request, response)
    })
    this.#http.maxRequestsPerSocket = 1
  }

  async listen(): Promise<void> {
    const { path } = this.#init
    try {
      const isFile = process.platform !== 'win32'
      if (isFile) await rm(path, { force: true })
      this.#listener.listen(path)
      await once(this.#listener, 'listening')
      if (isFile) await chmod(path, 0o600)
    } catch (cause) {
      throw new ListenError(`The control socket ${path} cannot be opened: ${String(cause)}`, { cause })
    }
  }

  async close({ drain }: { drain: boolean }): Promise<void> {
    if (this.#listener.listening) this.#listener.close()
    for (const socket of this.#opening.keys()) socket.destroy()
    const ending = [...this.#running].filter(([, { atClose }]) => atClose !== 'stay')
    for (const [response, running] of ending) {
      if (!drain) response.destroy()
      else if (running.atClose === 'end') {
        endReply(response, { done: null })
        running.aborted.abort()
      }
    }
    await Promise.all(ending.map(([, { closed }]) => closed))
  }

  /** From an open connection to one that may ask. */
  async #admit(socket: Socket): Promise<void> {
    // What breaks is told by `close`, and nobody would hear of an error here.
    socket.on('error', () => undefined)
    this.#opening.set(
      socket,
      setTimeout(() => {
        refuse(socket, '408 Request Timeout')
      }, this.#init.openingMs)
    )
    socket.once('close', () => {
      this.#opened(socket)
    })
    const [oldest] = this.#opening.keys()
    if (this.#opening.size > MAX_OPENING && oldest !== undefined) {
      this.#opened(oldest)
      refuse(oldest, '503 Service Unavailable')
    }
    try {
      await proveAsServer(socket, this.#init.token)
    } catch (error) {
      this.#init.log.debug(`a connection to the control socket was refused: ${String(error)}`)
      refuse(socket, '403 Forbidden')
      return
    }
    this.#http.emit('connection', socket)
  }

  /** The connection has asked, or is gone. */
  #opened(socket: Socket): void {
    clearTimeout(this.#opening.get(socket))
    this.#opening.delete(socket)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let running: Running | undefined
    let question: Asked | undefined
    // A proof is good for one request, also where the asker would like to go on.
    response.setHeader('connection', 'close')
    try {
      question = await readQuestion(request)
      this.#opened(request.socket)
      const { call, atClose, gives } = METHODS[question.method]
      running = this.#run(response, atClose)
      response.writeHead(200, { 'content-type': 'application/x-ndjson' }).flushHeaders()
      const { signal } = running.aborted
      const result = call(this.#mesh, { ...question, options: { ...question.options, signal } })
      await writeReply(response, 'then' in result ? result.then((value) => packed(value, gives)) : result, signal)
    } catch (error) {
      this.#fail(response, error, running, question)
    }
  }

  #run(response: ServerResponse, atClose: Running['atClose']): Running {
    const aborted = new AbortController()
    const running: Running = { aborted, atClose, closed: once(response, 'close') }
    this.#running.set(response, running)
    response.once('close', () => {
      this.#running.delete(response)
      // The reader is gone, or has everything.
      aborted.abort()
    })
    return running
  }

  #fail(response: ServerResponse, error: unknown, running: Running | undefined, question: Asked | undefined): void {
    if (response.destroyed || response.writableEnded) {
      return
    }
    if (!(error instanceof MeshError)) {
      this.#init.log.warn(`a request on the control socket failed: ${withoutSecrets(describe(error), question)}`)
    }
    if (running === undefined) response.writeHead(400)
    endReply(response, { error: toWire(error) })
  }
}

/** In HTTP, for whoever tries the socket with a tool of theirs. */
function refuse(socket: Socket, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\n\r\n`, () => socket.destroy())
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** An inner error may quote what it was given; a recovery phrase belongs into no log. */
function withoutSecrets(text: string, question: Asked | undefined): string {
  const secrets = question === undefined ? [] : (METHODS[question.method].secrets ?? [])
  const given = secrets.map((name) => (question?.options as Record<string, unknown> | undefined)?.[name])
  return given
    .filter((secret): secret is string => typeof secret === 'string' && secret !== '')
    .reduce((rest, secret) => rest.replaceAll(secret, '(secret)'), text)
}
