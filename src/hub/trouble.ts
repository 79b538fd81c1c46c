/** What can go wrong between here and the hub, in words that say what to do. */
import {
  GatedModelError,
  HubAnswerError,
  HubCutOffError,
  HubSilentError,
  HubUnreachableError,
  MeshError,
  NotOnHubError
} from '../errors.ts'

const OTHER_WAYS =
  'Where a device of this mesh has it: mesh model pull NAME --from PEER. Or carry it on a stick: mesh model export there, mesh model import here.'

/** A connection that was there and ended. */
const CUT = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'UND_ERR_ABORTED']

/** Of `getaddrinfo`: the name is not known, or nobody can be asked. */
const UNKNOWN_NAME = ['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'ENODATA']

/** The longest pause that a server may ask for. */
const MOST_WAIT_MS = 60_000

/**
 * @param err what `fetch`, or reading from it, has thrown
 * @param answered whether the head of an answer had come
 */
export function networkTrouble(err: unknown, host: string, answered: boolean): MeshError {
  if (err instanceof MeshError) return err
  const { name, code, message } = innermost(err)
  const options = { cause: err }
  // Its code (HPE_…) is not there on every release of Node.
  if (name === 'HTTPParserError') {
    return new HubAnswerError(`What ${host} answers is no HTTP. Is HF_ENDPOINT right?`, options)
  }
  if (answered || CUT.includes(code)) {
    return new HubCutOffError(
      `${host} ended the connection in the middle. What came is kept: repeat, and it goes on from there.`,
      options
    )
  }
  const reason = UNKNOWN_NAME.includes(code) ? `the name is not known (${code})` : message
  const network = UNKNOWN_NAME.includes(code) || code === 'ENETUNREACH' ? 'Is there a network? ' : ''
  return new HubUnreachableError(`${host} cannot be reached: ${reason}. ${network}${OTHER_WAYS}`, options)
}

/** `fetch` wraps what happened once or twice; of several addresses that were tried one is enough. */
function innermost(err: unknown): { name: string; code: string; message: string } {
  let inner = err
  for (let depth = 0; depth < 4 && inner instanceof Error; depth++) {
    const next: unknown = inner instanceof AggregateError ? inner.errors[0] : inner.cause
    if (!(next instanceof Error)) break
    inner = next
  }
  if (!(inner instanceof Error)) return { name: '', code: '', message: String(inner) }
  const code = 'code' in inner ? String(inner.code) : ''
  return { name: inner.name, code, message: inner.message }
}

/** An answer that is a refusal. */
export interface Refusal {
  status: number
  headers: Headers
  host: string
  endpoint: string
  /** What was asked for: `OWNER/NAME`. */
  repository: string
  hasToken: boolean
}

/** What a refusal means. The hub says it in `X-Error-Code`; mirrors leave that out. */
export function refusalInWords(refusal: Refusal): MeshError {
  const { status, headers, host } = refusal
  const code = headers.get('x-error-code')
  if (code === 'GatedRepo') return gated(refusal)
  if (code === 'RepoNotFound' || status === 404) return notThere(refusal)
  // Who may not see a model is not told that it exists: 401 without a token, 404 with one.
  if (status === 401) return refusal.hasToken ? badToken(refusal) : notThere(refusal)
  if (status === 403) return gated(refusal)
  const details = { status, waitMs: retryAfter(headers) }
  if (status === 429) {
    return new HubAnswerError(
      `${host} takes no more requests from here for now (429). Repeat in some minutes; with a token (HF_TOKEN) it takes more.`,
      { details }
    )
  }
  if (status >= 500)
    return new HubAnswerError(`${host} has an error of its own (${status}). Repeat later.`, { details })
  return new HubAnswerError(`${host} answers ${status}, which no hub should here. Is HF_ENDPOINT right?`, { details })
}

/** A model that is handed only to those whom its owner let in. */
export function gated({ repository, endpoint, hasToken }: Omit<Refusal, 'status' | 'headers' | 'host'>): MeshError {
  const page = `${endpoint}/${repository}`
  const token = hasToken
    ? `Your token has no access yet: accept the terms at ${page}, wait until you are let in`
    : `Accept the terms at ${page}, make a token for reading at ${endpoint}/settings/tokens, put it into HF_TOKEN`
  return new GatedModelError(
    `${repository} is handed only to those who accepted its terms. ${token}, then repeat. Or take one that is free: mesh model pull`
  )
}

function badToken({ host, endpoint }: Refusal): MeshError {
  return new GatedModelError(
    `${host} does not take the token that is set here (HF_TOKEN, or the token file of the hub's tools). Make another at ${endpoint}/settings/tokens, or unset it.`
  )
}

function notThere({ repository, host, hasToken }: Refusal): MeshError {
  const hidden = hasToken ? '' : ' If it is private, put a token that may read it into HF_TOKEN.'
  return new NotOnHubError(
    `${host} has no model ${repository}. Look at the spelling, OWNER/NAME with its capitals.${hidden} Known ones: mesh model pull`
  )
}

/** Milliseconds that the server asks for, bounded; null where it does not, or gives a date. */
function retryAfter(headers: Headers): number | null {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1000, MOST_WAIT_MS) : null
}

/** When to try again. */
export interface Trying {
  /** Failures in a row, this one among them, without a byte of progress. */
  failures: number
  /** Whether the hub has answered before: whoever has no network is told at once. */
  wasReached: boolean
  tries: number
  firstWaitMs: number
}

/** Milliseconds to wait before the next try; null where there is none. */
export function waitAfter(err: unknown, { failures, wasReached, tries, firstWaitMs }: Trying): number | null {
  if (failures >= tries || !isPassing(err, wasReached)) return null
  const asked = err instanceof MeshError ? err.details.waitMs : null
  const growing = Math.min(firstWaitMs * 2 ** (failures - 1), MOST_WAIT_MS)
  return typeof asked === 'number' ? Math.max(asked, growing) : growing
}

function isPassing(err: unknown, wasReached: boolean): boolean {
  if (err instanceof HubSilentError || err instanceof HubCutOffError) return true
  if (err instanceof HubUnreachableError) return wasReached
  const status = err instanceof HubAnswerError ? err.details.status : null
  return typeof status === 'number' && (status === 429 || status >= 500)
}
