import { HubAnswerError, HubBytesError } from '../errors.ts'
import type { AbortOptions } from '../interface.ts'
import type { HubFile, HubModel } from './index.ts'
import type { Answer, Requests } from './requests.ts'
import { networkTrouble, refusalInWords } from './trouble.ts'

/** A connection that brought less has failed as if it had brought nothing: else a few bytes each would do for ever. */
const PROGRESS_BYTES = 2 ** 16

/** Reads the files of one commit. */
export class FilesReader {
  readonly #requests: Requests
  readonly #model: Pick<HubModel, 'repository' | 'commit'>

  constructor(requests: Requests, model: Pick<HubModel, 'repository' | 'commit'>) {
    this.#requests = requests
    this.#model = model
  }

  /** For what is said of a file: where it came from. */
  get host(): string {
    return this.#requests.host
  }

  /**
   * The bytes of a file from `start` to its end. Where a connection breaks off, or nothing comes, it goes on from there
   * with another one, after growing waits.
   */
  async *read(file: HubFile, start: number, options: AbortOptions): AsyncGenerator<Buffer | { remark: string }, void> {
    let position = start
    let failures = 0
    let failedAt = start
    while (position < file.bytes) {
      try {
        for await (const chunk of this.#rest(file, position, options)) {
          position += chunk.length
          yield chunk
        }
        // Without an announced length the end of a connection is no error to HTTP.
        if (position < file.bytes) throw networkTrouble(new Error('the end came early'), this.host, true)
      } catch (err) {
        failures = position - failedAt >= PROGRESS_BYTES ? 1 : failures + 1
        failedAt = position
        const { remark, wait } = this.#requests.afterwards(err, failures, options)
        yield { remark }
        await wait()
      }
    }
  }

  /** One answer, of which nothing but what was asked for is passed on. Ends early where the connection does. */
  async *#rest(file: HubFile, position: number, options: AbortOptions): AsyncGenerator<Buffer, void> {
    const { repository, commit } = this.#model
    const { endpoint, hasToken } = this.#requests
    const path = file.path.split('/').map(encodeURIComponent).join('/')
    const headers = {
      // Packed bytes could not be counted.
      'accept-encoding': 'identity',
      ...(position > 0 && { range: `bytes=${position}-` })
    }
    const answer = await this.#requests.get(
      new URL(`${endpoint}/${repository}/resolve/${commit}/${path}`),
      headers,
      options
    )
    const { status, host } = answer
    if (status !== 200 && status !== 206) {
      throw refusalInWords({ status, headers: answer.headers, host, endpoint, repository, hasToken })
    }
    // Who does not know ranges sends the whole: what is here already is left out.
    let leaveOut = status === 206 ? 0 : position
    this.#check(file, position, answer)
    let left = file.bytes - position
    for await (const chunk of answer.body()) {
      const wanted = chunk.subarray(Math.min(leaveOut, chunk.length))
      leaveOut -= chunk.length - wanted.length
      if (wanted.length > left) throw wrong(file, host, 'it is longer than announced')
      left -= wanted.length
      if (wanted.length > 0) yield wanted
    }
  }

  /** That an answer is about this file and begins where it should. */
  #check(file: HubFile, position: number, { status, headers, host }: Answer): void {
    if (headers.get('content-type')?.startsWith('text/html') === true && !file.path.endsWith('.html')) {
      throw new HubAnswerError(
        `${host} answers with a web page in place of ${file.path}. Does this network want a log-in first?`
      )
    }
    if (status === 206) {
      const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '')
      if (Number(range?.[1]) !== position)
        throw new HubAnswerError(`${host} sends another part of ${file.path} than asked for.`)
      const total = range?.[2] ?? '*'
      if (total !== '*' && Number(total) !== file.bytes)
        throw wrong(file, host, `it has ${total} bytes in place of ${file.bytes}`)
      return
    }
    const length = headers.get('content-length')
    if (length !== null && headers.get('content-encoding') === null && Number(length) !== file.bytes) {
      throw wrong(file, host, `it has ${length} bytes in place of ${file.bytes}`)
    }
  }
}

/** @returns what is said of bytes that are not those announced */
export function wrong({ path }: HubFile, host: string, problem: string): HubBytesError {
  return new HubBytesError(
    `What ${host} sends as ${path} is not that file: ${problem}. Nothing of it was kept. Repeat later; if it stays so, tell the owner of the model.`
  )
}
