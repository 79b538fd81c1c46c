/** HTTP as far as engines need it: every answer is bounded in bytes and time, and nothing follows a redirect. */
import { BusyError, PromptTooLongError, ServedEngineError } from '../../errors.ts'
import { readKey } from './key.ts'

export interface Endpoint {
  /** How its owner calls it, for messages. */
  name: string
  /** Without `/v1`. */
  url: string
  keyFile: string | null
}

export interface Asked {
  /** After the endpoint's address; begins with a slash. */
  path: string
  /** Sent as JSON by POST. @default a GET */
  body?: unknown
  signal: AbortSignal
}

/** The status said that this is the wrong thing to ask for: an endpoint that is not there, or a model. */
export class NotThereError extends ServedEngineError {}

/** The server is there, and not ready. */
export class NotReadyError extends ServedEngineError {}

/** Nobody took the connection, or it broke. */
export class UnreachableError extends ServedEngineError {}

/** A list of all models that a server of many could load, each with a page of description. */
const MAX_JSON_BYTES = 4 * 2 ** 20
/** Of an error page, as much as may hold its reason. */
const MAX_ERROR_BYTES = 16 * 1024
/** On a terminal, a few lines. */
const MAX_QUOTED = 300

/**
 * Asks, and resolves with the head of a successful answer, whose body is to be read or cancelled.
 *
 * @throws {NotThereError} {NotReadyError} {BusyError} {PromptTooLongError} {ServedEngineError} with a sentence each
 * @throws the signal's reason
 */
export async function ask(endpoint: Endpoint, { path, body, signal }: Asked): Promise<Response> {
  const key = endpoint.keyFile === null ? null : await readKey(endpoint.keyFile)
  signal.throwIfAborted()
  let response: Response
  try {
    response = await fetch(endpoint.url + path, {
      method: body === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      signal,
      headers: {
        accept: 'application/json, text/event-stream',
        // What comes is bounded as it comes: a packed answer would have to be bounded twice.
        'accept-encoding': 'identity',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(key !== null && { authorization: `Bearer ${key}` })
      },
      ...(body !== undefined && { body: JSON.stringify(body) })
    })
  } catch (err) {
    signal.throwIfAborted()
    throw unreachable(endpoint, err)
  }
  if (response.ok) return response
  const said = await errorText(response, signal)
  signal.throwIfAborted()
  throw refusal(endpoint, response.status, key === null ? said : said.replaceAll(key, '(key)'))
}

/** The JSON at a path. @throws as `ask`, and {ServedEngineError} when it is none or too long */
export async function askJson(endpoint: Endpoint, asked: Asked): Promise<unknown> {
  const response = await ask(endpoint, asked)
  const text = await readText(endpoint, response, asked.signal)
  try {
    return JSON.parse(text)
  } catch {
    throw new ServedEngineError(
      `${endpoint.name} (${endpoint.url}) answers ${contentOf(response, text)} where JSON was asked for: ` +
        'it is no server with the OpenAI API, or its address needs another path.'
    )
  }
}

/** What a body is, in words: HTML, `text/plain`, or damaged JSON. */
export function contentOf(response: Response, text = ''): string {
  const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (type.includes('html') || /^\s*<(!doctype|html)/i.test(text)) return 'a web page'
  if (text !== '' && type.includes('json')) return 'damaged JSON'
  return type === '' ? 'something' : forPerson(type)
}

/** A server's words for a person: one line, no control characters, cut. */
export function forPerson(text: string): string {
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\s]+/g, ' ').trim()
  return line.length > MAX_QUOTED ? `${line.slice(0, MAX_QUOTED)}…` : line
}

/** @throws {ServedEngineError} beyond the limit */
async function readText(endpoint: Endpoint, response: Response, signal: AbortSignal): Promise<string> {
  const { text, whole } = await readUpTo(response, MAX_JSON_BYTES).catch((err: unknown) => {
    signal.throwIfAborted()
    throw unreachable(endpoint, err)
  })
  if (!whole) throw new ServedEngineError(`${endpoint.name} answers more than ${MAX_JSON_BYTES} bytes at once.`)
  return text
}

async function readUpTo(response: Response, most: number): Promise<{ text: string; whole: boolean }> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  // Leaving the loop cancels the body.
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk)
    bytes += chunk.byteLength
    if (bytes > most) break
  }
  const text = Buffer.concat(chunks).subarray(0, most).toString()
  return { text, whole: bytes <= most }
}

/** The message in an error's body, whichever of the usual forms it has; empty where there is none. */
async function errorText(response: Response, signal: AbortSignal): Promise<string> {
  try {
    const { text } = await readUpTo(response, MAX_ERROR_BYTES)
    if (contentOf(response, text) === 'a web page') return ''
    return messageIn(parsed(text)) ?? text
  } catch {
    signal.throwIfAborted()
    return ''
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** `{"error":{"message"}}` of OpenAI, `{"error":"…"}` of Ollama, `{"message"}` and `{"detail"}` of FastAPI. */
export function messageIn(value: unknown): string | null {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) return null
  const { error, message, detail } = value as { error?: unknown; message?: unknown; detail?: unknown }
  return messageIn(error) ?? messageIn(message) ?? (typeof detail === 'string' ? detail : null)
}

/** Each server's own words for a prompt that does not fit. */
const TOO_LONG = /context (length|size|window)|exceed_context|exceeds? the (available )?context|too many tokens|n_ctx/i

export function isTooLong(said: string): boolean {
  return TOO_LONG.test(said)
}

function refusal({ name, url, keyFile }: Endpoint, status: number, said: string): Error {
  const quoted = said === '' ? '' : `: ${forPerson(said)}`
  if (status >= 300 && status < 400) {
    return new ServedEngineError(`${url} (${name}) points to another address. Add the engine under that one.`)
  }
  // Its words are not quoted here: some quote the key.
  if (status === 401 || status === 403) {
    return new ServedEngineError(
      keyFile === null
        ? `${name} (${url}) wants a key. Put it into a file and add the engine again with --key-file FILE.`
        : `${name} (${url}) refuses the key in ${keyFile}. Put the right one there.`
    )
  }
  if (status === 413 || (status === 400 && isTooLong(said))) {
    return new PromptTooLongError(`The prompt is too long for ${name}${quoted}.`)
  }
  if (status === 429) return new BusyError(`${name} has too much to do${quoted}.`)
  if (status === 404 || status === 405) return new NotThereError(`${name} (${url}) answers “not found”${quoted}.`)
  if (status === 503) return new NotReadyError(`${name} (${url}) is not ready${quoted}.`)
  return new ServedEngineError(`${name} (${url}) failed with status ${status}${quoted}.`)
}

/** The reasons that Node's fetch gives, by code. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it hung up',
  EPIPE: 'it hung up',
  UND_ERR_SOCKET: 'it hung up',
  ENOTFOUND: 'the name of the host is not known',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the host',
  ETIMEDOUT: 'the host does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'the host does not answer',
  UND_ERR_HEADERS_TIMEOUT: 'it says nothing',
  UND_ERR_BODY_TIMEOUT: 'it says nothing',
  UND_ERR_HEADERS_OVERFLOW: 'it does not speak HTTP as it should',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'it hung up'
}

/** The error for a connection that failed or broke. */
export function unreachable({ name, url }: Pick<Endpoint, 'name' | 'url'>, err: unknown): ServedEngineError {
  if (err instanceof ServedEngineError) return err
  return new UnreachableError(`${name} does not answer at ${url}: ${reasonFor(err)}.`, { cause: err })
}

function reasonFor(err: unknown): string {
  const { code, name, message = String(err), cause } = (err ?? {}) as Partial<NodeJS.ErrnoException>
  // Node 24 gives its parser's errors no code.
  if (name === 'HTTPParserError' || code?.startsWith('HPE_') === true) return 'it does not speak HTTP'
  if (code === undefined) return cause === undefined || cause === null ? message : reasonFor(cause)
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)) return `its certificate is not trusted here (${code})`
  return REASONS[code] ?? `${message} (${code})`
}
