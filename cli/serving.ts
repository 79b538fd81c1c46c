/** The three ways in which `join` stays: a prompt, lines for a log, and lines of JSON for a program. */
import type { AbortOptions, Mesh, MeshEvent, MeshStatus } from '../src/interface.ts'
import { noAnswer, showAnswer } from './answer.ts'
import { onLoopbackOnly, strongest, answersHere } from './describe.ts'
import { narrator } from './narrator.ts'
import type { Output } from './output.ts'
import { Prompt, type PromptEnd } from './prompt.ts'

export interface FollowOptions extends Required<AbortOptions> {
  /** Ids of devices that need no announcement. */
  known?: string[]
}

/** The first line of `join --json`. */
function readyEvent({ name, id, addresses, mesh, models }: MeshStatus): unknown {
  return { event: 'ready', name, peerId: id, addresses, mesh, model: strongest(models)?.name ?? null }
}

/** Lines of JSON until the signal or the end of the node. */
export async function serveData(mesh: Mesh, output: Output, { signal }: Required<AbortOptions>): Promise<void> {
  output.data(readyEvent(await mesh.status({ signal })))
  await follow(mesh, { signal }, ({ type, ...rest }) => {
    // Said below for every way in which this can end.
    if (type !== 'stopping') {
      output.data({ event: type, ...rest })
    }
  })
  output.data({ event: 'stopping' })
}

/** Lines for a log until the signal or the end of the node. */
export async function serveLog(mesh: Mesh, output: Output, { signal }: Required<AbortOptions>): Promise<void> {
  const status = await mesh.status({ signal })
  const reach = onLoopbackOnly(status.addresses) ? ' (this machine only; --listen ADDR for more)' : ''
  output.progress(`${status.name} is ready, ${status.id}`)
  output.progress(`listens on ${status.addresses.join(' ')}${reach}`)
  output.progress(`answers with ${answersHere(status)}`)
  const tell = narrator()
  await follow(mesh, { signal }, (event) => {
    if (event.type === 'warning') {
      output.warning(event.message)
    } else if (event.type !== 'stopping') {
      const line = tell(event)
      if (line !== undefined) {
        output.progress(line)
      }
    }
  })
  output.progress('stopping')
}

/** Takes questions on the terminal until the person or the node ends it. */
export async function servePrompt(
  mesh: Mesh,
  input: NodeJS.ReadableStream,
  output: Output,
  { signal, known = [] }: FollowOptions
): Promise<PromptEnd> {
  const ended = new AbortController()
  const tell = narrator()
  const prompt = new Prompt({
    input,
    output,
    label: 'ask> ',
    answer: (line, options) => showAnswer(mesh.ask(line, options), output, noAnswer(), options)
  })
  const following = follow(mesh, { signal: AbortSignal.any([signal, ended.signal]), known }, (event) => {
    const line = tell(event)
    if (line !== undefined) {
      prompt.notice(line)
    }
  }).finally(() => {
    ended.abort()
  })
  try {
    return await prompt.run({ signal: AbortSignal.any([signal, ended.signal]) })
  } finally {
    ended.abort()
    await following
  }
}

/**
 * Hands over what happens, until the signal or the end of the node. Devices that are there and not `known` come first,
 * as if they had just connected, so that nobody slips between a look and the first event.
 */
export async function follow(
  mesh: Mesh,
  { signal, known = [] }: FollowOptions,
  onEvent: (event: MeshEvent) => void
): Promise<void> {
  const announced = new Set(known)
  const events = mesh.events({ signal })[Symbol.asyncIterator]()
  const first = events.next()
  // It is awaited below; should the look fail before, its failure is the one that counts.
  first.catch(() => undefined)
  try {
    for (const peer of await mesh.peers({ signal })) {
      if (peer.state !== 'away' && !announced.has(peer.id)) {
        announced.add(peer.id)
        onEvent({ type: 'peer-connected', peer })
      }
    }
    for (let next = await first; next.done !== true; next = await events.next()) {
      const event = next.value
      if (event.type === 'peer-lost') {
        announced.delete(event.peer.id)
      }
      if (event.type !== 'peer-connected' || !announced.has(event.peer.id)) {
        onEvent(event)
      }
    }
  } catch (error) {
    if (!signal.aborted) {
      throw error
    }
  }
}
