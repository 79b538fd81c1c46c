/** Writes what a mesh says as lines of JSON, at the reader's pace. */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { MeshError } from '../errors.ts'
import type { Reply, WireError } from './wire.ts'

/** Events one by one and then the end; or a value as the end. Closes an iterator that the reader leaves early. */
export async function writeReply(
  response: ServerResponse,
  result: AsyncIterable<unknown> | Promise<unknown>,
  signal: AbortSignal
): Promise<void> {
  if (!(Symbol.asyncIterator in result)) {
    endReply(response, { done: (await result) ?? null })
    return
  }
  for await (const event of result) {
    signal.throwIfAborted()
    if (!response.write(line({ event }))) {
      await once(response, 'drain', { signal })
    }
  }
  endReply(response, { done: null })
}

/** Says how it ended, unless that has been said: a server that closes may be first. */
export function endReply(response: ServerResponse, reply: Reply): void {
  if (!response.writableEnded) response.end(line(reply))
}

/** An error of ours as it is. Any other one may quote what nobody should read, so it crosses without its words. */
export function toWire(error: unknown): WireError {
  if (error instanceof MeshError) {
    const { name, message, details } = error
    return { name, message, details }
  }
  return {
    name: 'MeshError',
    message: 'The node failed at this; its log has the cause (mesh join --verbose).',
    details: {}
  }
}

function line(reply: Reply): string {
  return `${JSON.stringify(reply)}\n`
}
