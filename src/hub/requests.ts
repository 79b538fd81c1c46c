import { setTimeout as delay } from 'node:timers/promises'
import { ConfigError, HubAnswerError } from '../errors.ts'
import type { AbortOptions } from '../interface.ts'
import { DEFAULT_ENDPOINT, type HubInit } from './index.ts'
import { Patience } from './patience.ts'
import { redirectOf } from './redirect.ts'
import { networkTrouble, waitAfter } from './trouble.ts'

/** The hub redirects once for a large file, and once more for a model that was renamed. */
const MOST_REDIRECTS = 5

/** Two connections, a name look-up and a busy server fit; a person who waits longer thinks that it hangs. */
const SILENCE_MS = 30_000
/** With the waits between them, 1 + 2 + 4 + 8 + 16 seconds: long enough for a router that starts again. */
const TRIES = 6
const FIRST_WAIT_MS = 1_000

/** Visible ASCII, and no longer than any token is. */
const TOKEN = /^[\x21-\x7e]{1,500}$/

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]']

/** The head of an answer, and its body piece by piece. */
export interface Answer {
  status: number
  headers: Headers
  /** The one that answered, after redirects. */
  host: string
  /** May be left at any time; the connection ends then. */
  body: () => AsyncGenerator<Buffer, void>
}

/** Asks the hub: no other host is spoken to but where it redirects to, and the token goes to the hub alone. */
export class Requests {
  readonly endpoint: string
  readonly hasToken: boolean
  readonly #origin: string
  readonly #token: string | undefined
  readonly #limits: { silenceMs: number; tries: number; firstWaitMs: number }
  #wasReached = false

  constructor({ endpoint = DEFAULT_ENDPOINT, token, limits = {} }: Omit<HubInit, 'disk' | 'pathsProblem'>) {
    const url = URL.canParse(endpoint) ? new URL(endpoint) : null
    if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.search !== '') {
      throw new ConfigError(`HF_ENDPOINT is no address of a hub: one looks like ${DEFAULT_ENDPOINT}`)
    }
    if (token !== undefined && !TOKEN.test(token)) {
      throw new ConfigError('HF_TOKEN, or the token file of the hub’s tools, holds what cannot be a token.')
    }
    this.endpoint = url.href.replace(/\/+$/, '')
    this.#origin = url.origin
    const isPrivate = url.protocol === 'https:' || LOOPBACK.includes(url.hostname)
    this.#token = isPrivate ? token : undefined
    this.hasToken = this.#token !== undefined
    this.#limits = {
      silenceMs: limits.silenceMs ?? SILENCE_MS,
      tries: limits.tries ?? TRIES,
      firstWaitMs: limits.firstWaitMs ?? FIRST_WAIT_MS
    }
  }

  get host(): string {
    return new URL(this.endpoint).host
  }

  /** Whether an address is the hub's own. */
  isOwn(url: URL): boolean {
    return url.origin === this.#origin
  }

  /** One request and its redirects. @throws {HubUnreachableError} {HubSilentError} {HubCutOffError} {HubAnswerError} */
  async get(start: URL, headers: Record<string, string>, { signal }: AbortOptions = {}): Promise<Answer> {
    let url = start
    for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
      const { host } = url
      const patience = new Patience(host, this.#limits.silenceMs, signal)
      const response = await this.#ask(url, headers, patience, signal)
      this.#wasReached = true
      const next = redirectOf(response, url)
      if (next === null) {
        const { status, headers: told } = response
        return { status, headers: told, host, body: () => body(response, host, patience, signal) }
      }
      await response.body?.cancel()
      url = next
    }
    throw new HubAnswerError(
      `${this.host} redirects more than ${MOST_REDIRECTS} times, which has no end. Is HF_ENDPOINT right?`
    )
  }

  async #ask(
    url: URL,
    headers: Record<string, string>,
    patience: Patience,
    signal: AbortSignal | undefined
  ): Promise<Response> {
    const token = this.isOwn(url) && this.#token !== undefined ? { authorization: `Bearer ${this.#token}` } : {}
    try {
      const response = await patience.during(
        fetch(url, {
          headers: { 'user-agent': 'ownmesh', ...headers, ...token },
          redirect: 'manual',
          signal: patience.signal
        })
      )
      patience.heard()
      return response
    } catch (err) {
      signal?.throwIfAborted()
      throw networkTrouble(patience.signal.aborted ? patience.signal.reason : err, url.host, false)
    }
  }

  /**
   * What to do after a failure, or it is thrown again where there is nothing to be done.
   *
   * @param failures in a row, this one among them, without a byte of progress
   */
  afterwards(err: unknown, failures: number, { signal }: AbortOptions): { remark: string; wait: () => Promise<void> } {
    signal?.throwIfAborted()
    const ms = waitAfter(err, { failures, wasReached: this.#wasReached, ...this.#limits })
    if (ms === null) throw err
    const [happened = ''] = (err as Error).message.split('. ')
    return {
      remark: `${happened}. It is tried again in ${Math.ceil(ms / 1000)} s.`,
      wait: async () => {
        await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {
          signal?.throwIfAborted()
        })
      }
    }
  }
}

async function* body(
  response: Response,
  host: string,
  patience: Patience,
  signal: AbortSignal | undefined
): AsyncGenerator<Buffer, void> {
  if (response.body === null) return
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  try {
    while (true) {
      const { done, value } = await patience.during(reader.read())
      if (done) return
      patience.heard(value.length)
      yield Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    }
  } catch (err) {
    signal?.throwIfAborted()
    throw networkTrouble(patience.signal.aborted ? patience.signal.reason : err, host, true)
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}
