/** What crosses the control socket: one source for both ends. */
import { ProtocolError } from '../errors.ts'
import type {
  AskOptions,
  BenchOptions,
  DiscoverOptions,
  Engines,
  Membership,
  Mesh,
  MeshConversations,
  MeshMemory,
  MeshSnapshots,
  Message,
  ModelLibrary
} from '../interface.ts'

/** The longest question. A token is some four bytes, so this is more than any model reads; a stranger's limit is ours. */
const MAX_QUESTION_BYTES = 2 ** 20

/** The longest options of what takes no prompt: names, a code, an invite, a recovery phrase. */
const MAX_OPTIONS_BYTES = 2 ** 16

/** A request holds two keys and a name. */
const MAX_REQUEST_BYTES = 2 ** 16

/** An admission holds a roster: a thousand devices, each renamed a few times. */
const MAX_ADMISSION_BYTES = 4 * 2 ** 20

/** The longest line of a reply: an admission, or a failed answer whose details quote the question. */
export const MAX_LINE_CHARACTERS = 2 * MAX_ADMISSION_BYTES

/** Time for the proof. A node that is awake needs a few milliseconds; one that is suspended needs for ever. */
export const PROOF_MS = 5_000

/** Time from a connection's opening until its question is read. */
export const OPENING_MS = 2 * PROOF_MS

/** What was asked, after it was read. */
export interface Asked extends Question {
  method: MethodName
}

export interface Question {
  prompt?: string | Message[]
  options: AskOptions & DiscoverOptions & BenchOptions
}

/** A line of a reply: any number of events, then how it ended. */
export type Reply = { event: unknown } | { done: unknown } | { error: WireError }

export interface WireError {
  name: string
  message: string
  details: Record<string, unknown>
}

interface Method {
  call: (mesh: Mesh, question: Question) => AsyncIterable<unknown> | Promise<unknown>
  /** What a server that closes does with it: let it finish, end it as complete, or stay until it is through. */
  atClose: 'finish' | 'end' | 'stay'
  /** The longest question, as JSON in bytes. */
  longest: number
  /** The option that is bytes: base64 on the wire. */
  takes?: ByteField
  /** The field of the value that is bytes: base64 on the wire. */
  gives?: ByteField
  /** Options that no log may hold. */
  secrets?: readonly string[]
}

/** All that is bytes; everything else is JSON as it stands. */
type ByteField = 'request' | 'admission'

/** The parts of `Mesh` that have methods of their own. */
type Part = 'membership' | 'library' | 'engines' | 'memory' | 'conversations' | 'snapshots'

/** Every method of `Mesh` but `stop`, which is each end's own, and those of its parts. */
export type MethodName =
  | Exclude<keyof Mesh, 'stop' | Part>
  | `membership.${keyof Membership}`
  | `library.${keyof ModelLibrary}`
  | `engines.${keyof Engines}`
  | `memory.${keyof MeshMemory}`
  | `conversations.${keyof MeshConversations}`
  | `snapshots.${keyof MeshSnapshots}`

const FINISH = { atClose: 'finish', longest: MAX_QUESTION_BYTES } as const

function membership(name: keyof Membership, more: Partial<Method> = {}): Method {
  return {
    // The options are the mesh's to judge, as they are for a caller in its own process.
    call: (mesh, { options }) => mesh.membership[name](options as never),
    atClose: 'finish',
    longest: MAX_OPTIONS_BYTES,
    ...more
  }
}

function library(name: keyof ModelLibrary, more: Partial<Method> = {}): Method {
  return {
    call: (mesh, { options }) => mesh.library[name](options as never),
    atClose: 'finish',
    longest: MAX_OPTIONS_BYTES,
    ...more
  }
}

function engines(name: keyof Engines): Method {
  return {
    call: (mesh, { options }) => mesh.engines[name](options as never),
    atClose: 'finish',
    longest: MAX_OPTIONS_BYTES
  }
}

/** A memory has at most 64 KiB, ids of thousands of them less than a question; a log of failures quotes none of either. */
function memory(name: keyof MeshMemory): Method {
  return { call: (mesh, { options }) => mesh.memory[name](options as never), ...FINISH }
}

function conversations(name: keyof MeshConversations): Method {
  return { call: (mesh, { options }) => mesh.conversations[name](options as never), ...FINISH }
}

function snapshots(name: keyof MeshSnapshots): Method {
  return {
    call: (mesh, { options }) => mesh.snapshots[name](options as never),
    atClose: 'finish',
    longest: MAX_OPTIONS_BYTES,
    secrets: ['passphrase', 'phrase']
  }
}

function taking(takes: ByteField, bytes: number): Pick<Method, 'takes' | 'longest'> {
  return { takes, longest: Math.ceil(bytes / 3) * 4 + MAX_OPTIONS_BYTES }
}

export const METHODS: Readonly<Record<MethodName, Method>> = {
  ask: { call: (mesh, { prompt, options }) => mesh.ask(prompt ?? '', options), ...FINISH },
  status: { call: (mesh, { options }) => mesh.status(options), ...FINISH },
  peers: { call: (mesh, { options }) => mesh.peers(options), ...FINISH },
  discover: { call: (mesh, { options }) => mesh.discover(options), ...FINISH },
  why: { call: (mesh, { prompt, options }) => mesh.why(prompt, options), ...FINISH },
  models: { call: (mesh, { options }) => mesh.models(options), ...FINISH },
  doctor: { call: (mesh, { options }) => mesh.doctor(options), ...FINISH },
  bench: { call: (mesh, { options }) => mesh.bench(options), atClose: 'finish', longest: MAX_OPTIONS_BYTES },
  events: { call: (mesh, { options }) => mesh.events(options), ...FINISH, atClose: 'end' },
  pause: { call: (mesh, { options }) => mesh.pause(options), ...FINISH, longest: MAX_OPTIONS_BYTES },
  resume: { call: (mesh, { options }) => mesh.resume(options), ...FINISH, longest: MAX_OPTIONS_BYTES },
  // The signal is that of the connection: whoever hangs up on the wait does not take back the end.
  shutdown: { call: (mesh, { options }) => mesh.shutdown(options as never), ...FINISH, atClose: 'stay' },
  'library.catalogue': library('catalogue'),
  'library.pull': library('pull', { secrets: ['hub'] }),
  'library.export': library('export'),
  'library.import': library('import'),
  'library.nearby': library('nearby'),
  'library.add': library('add'),
  'library.remove': library('remove'),
  'library.use': library('use'),
  'membership.list': membership('list'),
  'membership.start': membership('start'),
  'membership.openDoor': membership('openDoor'),
  'membership.closeDoor': membership('closeDoor'),
  'membership.approve': membership('approve'),
  'membership.refuse': membership('refuse'),
  'membership.knock': membership('knock'),
  'membership.confirm': membership('confirm'),
  'membership.deny': membership('deny'),
  'membership.invite': membership('invite'),
  'membership.redeem': membership('redeem', { secrets: ['invite'] }),
  'membership.request': membership('request', { gives: 'request' }),
  'membership.admit': membership('admit', { ...taking('request', MAX_REQUEST_BYTES), gives: 'admission' }),
  'membership.inspect': membership('inspect', taking('admission', MAX_ADMISSION_BYTES)),
  'membership.import': membership('import', taking('admission', MAX_ADMISSION_BYTES)),
  'membership.rename': membership('rename'),
  'membership.remove': membership('remove'),
  // A node that has left its mesh ends.
  'membership.leave': membership('leave', { atClose: 'stay' }),
  'membership.makePhrase': membership('makePhrase', { secrets: ['phrase'] }),
  'membership.recover': membership('recover', { secrets: ['phrase'] }),
  'engines.list': engines('list'),
  'engines.add': engines('add'),
  'engines.remove': engines('remove'),
  'engines.look': engines('look'),
  'memory.remember': memory('remember'),
  'memory.list': memory('list'),
  'memory.get': memory('get'),
  'memory.edit': memory('edit'),
  'memory.tag': memory('tag'),
  'memory.forget': memory('forget'),
  'memory.recall': memory('recall'),
  'memory.history': memory('history'),
  'memory.undo': memory('undo'),
  'memory.notices': memory('notices'),
  'memory.reindex': memory('reindex'),
  'conversations.list': conversations('list'),
  'conversations.create': conversations('create'),
  'conversations.get': conversations('get'),
  'conversations.messages': conversations('messages'),
  'conversations.append': conversations('append'),
  'conversations.title': conversations('title'),
  'conversations.forget': conversations('forget'),
  'snapshots.inspect': snapshots('inspect'),
  'snapshots.export': snapshots('export'),
  'snapshots.import': snapshots('import')
}

/** The object as JSON can carry it. What should be bytes and is not stays as it is: whoever reads it refuses it. */
export function packed(value: unknown, field: ByteField | undefined): unknown {
  const bytes = fieldOf(value, field)
  return field !== undefined && bytes instanceof Uint8Array
    ? { ...(value as object), [field]: Buffer.from(bytes).toString('base64') }
    : value
}

/** The object with its bytes again. @throws {ProtocolError} when they are no base64 */
export function unpacked(value: unknown, field: ByteField | undefined): unknown {
  if (field === undefined) {
    return value
  }
  const text = fieldOf(value, field)
  const bytes = typeof text === 'string' ? Buffer.from(text, 'base64') : undefined
  if (bytes === undefined || bytes.toString('base64') !== text) {
    throw new ProtocolError(`The ${field} is not base64.`)
  }
  return { ...(value as object), [field]: new Uint8Array(bytes) }
}

function fieldOf(value: unknown, field: ByteField | undefined): unknown {
  return field !== undefined && typeof value === 'object' && value !== null && field in value
    ? (value as Record<string, unknown>)[field]
    : undefined
}
