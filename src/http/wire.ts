/** What crosses the control socket: one source for both ends. */
import type { AskOptions, DiscoverOptions, Mesh, Message } from '../interface.ts'

/** The longest question. A token is some four bytes, so this is more than any model reads; a stranger's limit is ours. */
export const MAX_QUESTION_BYTES = 2 ** 20

/** The longest line of a reply: a status with thousands of peers, or a failed answer whose details quote the question. */
export const MAX_LINE_CHARACTERS = 4 * MAX_QUESTION_BYTES

/** Time for the proof. A node that is awake needs a few milliseconds; one that is suspended needs for ever. */
export const PROOF_MS = 5_000

/** Time from a connection's opening until its question is read. */
export const OPENING_MS = 2 * PROOF_MS

export interface Question {
  prompt?: string | Message[]
  options: AskOptions & DiscoverOptions
}

/** A line of a reply: any number of events, then how it ended. */
export type Reply = { event: unknown } | { done: unknown } | { error: WireError }

export interface WireError {
  name: string
  message: string
  details: Record<string, unknown>
}

interface Method {
  call(mesh: Mesh, question: Question): AsyncIterable<unknown> | Promise<unknown>
  /** What a server that closes does with it: let it finish, end it as complete, or stay until it is through. */
  atClose: 'finish' | 'end' | 'stay'
}

/** Every method of `Mesh` but `stop`, which is each end's own. */
export const METHODS = {
  ask: { call: (mesh, { prompt, options }) => mesh.ask(prompt ?? '', options), atClose: 'finish' },
  status: { call: (mesh, { options }) => mesh.status(options), atClose: 'finish' },
  peers: { call: (mesh, { options }) => mesh.peers(options), atClose: 'finish' },
  discover: { call: (mesh, { options }) => mesh.discover(options), atClose: 'finish' },
  why: { call: (mesh, { prompt, options }) => mesh.why(prompt, options), atClose: 'finish' },
  models: { call: (mesh, { options }) => mesh.models(options), atClose: 'finish' },
  doctor: { call: (mesh, { options }) => mesh.doctor(options), atClose: 'finish' },
  events: { call: (mesh, { options }) => mesh.events(options), atClose: 'end' },
  shutdown: { call: (mesh) => mesh.shutdown(), atClose: 'stay' }
} satisfies Record<Exclude<keyof Mesh, 'stop'>, Method>

export type MethodName = keyof typeof METHODS
