import { HubAnswerError } from '../errors.ts'
import type { AbortOptions } from '../interface.ts'
import type { Answer, Requests } from './requests.ts'
import { refusalInWords } from './trouble.ts'

/** The list of a folder with a thousand files stays below it. */
const MOST_JSON_BYTES = 4 * 2 ** 20

/**
 * A `fetch` for the hub's library: it speaks with the hub alone, reads the whole of an answer within its bounds, and
 * throws in words what is none.
 */
export function jsonFetch(requests: Requests, repository: string, { signal }: AbortOptions): typeof fetch {
  return async (input) => {
    const url = new URL(input instanceof Request ? input.url : input)
    if (!requests.isOwn(url)) {
      throw new HubAnswerError(`${requests.host} sends to ${url.host} for the rest of a list, which is not followed.`)
    }
    for (let failures = 1; ; failures++) {
      try {
        return await once(requests, url, repository, signal === undefined ? {} : { signal })
      } catch (err) {
        await requests.afterwards(err, failures, signal === undefined ? {} : { signal }).wait()
      }
    }
  }
}

async function once(requests: Requests, url: URL, repository: string, options: AbortOptions): Promise<Response> {
  const answer = await requests.get(url, { accept: 'application/json' }, options)
  const { status, headers, host } = answer
  const { endpoint, hasToken } = requests
  if (status !== 200) throw refusalInWords({ status, headers, host, endpoint, repository, hasToken })
  const text = new TextDecoder().decode(await bounded(answer))
  if (!isJson(text)) {
    throw new HubAnswerError(
      `${host} answers with ${/^\s*</.test(text) ? 'a web page' : 'a text'} in place of JSON. Does this network want a log-in first? Is HF_ENDPOINT right?`
    )
  }
  const link = headers.get('link')
  return new Response(text, { headers: { 'content-type': 'application/json', ...(link !== null && { link }) } })
}

async function bounded({ body, host }: Answer): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body()) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > MOST_JSON_BYTES) {
      throw new HubAnswerError(`${host} answers with more than ${MOST_JSON_BYTES} bytes where a list was asked for.`)
    }
  }
  return Buffer.concat(chunks)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
