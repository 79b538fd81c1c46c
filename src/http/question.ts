/** Reads the question of a request, bounded and checked before anything acts on it. */
import type { IncomingMessage } from 'node:http'
import { ProtocolError } from '../errors.ts'
import type { Message } from '../interface.ts'
import { METHODS, unpacked } from './wire.ts'
import type { Asked, MethodName } from './wire.ts'

/** @throws {ProtocolError} when there is no such method, or the body is malformed or too long */
export async function readQuestion(request: IncomingMessage): Promise<Asked> {
  const method = request.url?.slice(1) ?? ''
  if (request.method !== 'POST' || !isMethod(method)) {
    throw new ProtocolError('The node knows no such request. If it is of an older release, stop it and start it again.')
  }
  const { longest, takes } = METHODS[method]
  const body = parse(await readBody(request, longest))
  if (!isObject(body) || !isObject(body.options)) {
    throw new ProtocolError('A question is an object with options.')
  }
  const { prompt } = body
  if (prompt !== undefined && !isPrompt(prompt)) {
    throw new ProtocolError('A prompt is a text, or messages each with a role and a content.')
  }
  // What else is in the options is the mesh's to judge, as it is for a caller in its own process.
  const options = unpacked(body.options, takes) as Asked['options']
  return { method, options, ...(prompt === undefined ? {} : { prompt }) }
}

async function readBody(request: IncomingMessage, longest: number): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > longest) {
      throw new ProtocolError(`This question has at most ${longest} bytes.`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    throw new ProtocolError('A question is JSON.')
  }
}

function isMethod(name: string): name is MethodName {
  return Object.hasOwn(METHODS, name)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isPrompt(value: unknown): value is string | Message[] {
  return typeof value === 'string' || (Array.isArray(value) && value.every(isMessage))
}

function isMessage(value: unknown): value is Message {
  return (
    isObject(value) &&
    typeof value.content === 'string' &&
    (value.role === 'system' || value.role === 'user' || value.role === 'assistant')
  )
}
