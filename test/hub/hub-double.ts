/**
 * A hub for tests: it speaks the hub's own HTTP API on loopback, hands large files out from a second server as the hub
 * does from its storage, writes down what it is asked, and misbehaves where a test wants it to.
 */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MODELS = fileURLToPath(new URL('../../../test/fixtures/models/', import.meta.url))
/** Files of the hub that are larger lie in its storage. */
const LARGEST_IN_GIT = 10_000
const CHUNK_BYTES = 16_384

export type Files = Readonly<Record<string, Buffer>>

/** A commit of a repository. */
interface Commit {
  files: Files
  /** Announced in place of the true ones. */
  lies: Readonly<Record<string, { size?: number; oid?: string }>>
}

interface Repository {
  name: string
  head: string
  commits: Map<string, Commit>
  gated: false | 'manual'
  license: string | null
  /** Whether files announce Xet storage, as newer repositories do. */
  xet: boolean
}

export interface Asked {
  server: 'hub' | 'storage'
  path: string
  host: string
  authorization: string | null
  /** First byte that was asked for. */
  from: number
  /** Bytes of the body that were handed to the connection. */
  sent: number
}

/** What is done in place of an answer, or to it. */
export interface Trouble {
  status?: number
  headers?: Record<string, string>
  body?: string
  /** Nothing is answered. */
  silent?: boolean
  /** The connection is cut after so many bytes of the body. */
  cutAfter?: number
  /** Nothing more comes after so many bytes of the body. */
  stallAfter?: number
  /** A byte of the body is another one. */
  wrong?: boolean
  /** The whole file is sent, whatever part was asked for. */
  ignoresRange?: boolean
  /** Bytes are put behind the end, and no length is announced. */
  longer?: boolean
}

export class HubDouble {
  readonly asked: Asked[] = []
  /** A token that everything wants, or null. */
  token: string | null = null
  /** Entries on a page of a list. */
  pageSize = 1000
  /** Bytes a second of all bodies, or as fast as it goes. */
  pace = Infinity
  /** Runs after each chunk of a body; its argument is the bytes of all bodies until then. */
  onSent: (bytes: number) => void = () => undefined
  readonly #repositories = new Map<string, Repository>()
  readonly #troubles: { part: string; trouble: Trouble; times: number }[] = []
  readonly #hub: Server
  readonly #storage: Server
  readonly #renamed = new Map<string, string>()
  #sent = 0
  #endpoint = ''
  #stored = ''

  constructor() {
    this.#hub = createServer((request, response) => void this.#answer('hub', request, response))
    this.#storage = createServer((request, response) => void this.#answer('storage', request, response))
  }

  async start(): Promise<this> {
    for (const server of [this.#hub, this.#storage]) {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
    }
    this.#endpoint = `http://127.0.0.1:${String((this.#hub.address() as AddressInfo).port)}`
    this.#stored = `http://127.0.0.1:${String((this.#storage.address() as AddressInfo).port)}`
    return this
  }

  async close(): Promise<void> {
    for (const server of [this.#hub, this.#storage]) {
      server.closeAllConnections()
      if (!server.listening) continue
      server.close()
      await once(server, 'close')
    }
  }

  get endpoint(): string {
    return this.#endpoint
  }

  /** Where its two servers listen. */
  addresses(): string[] {
    return [this.#endpoint, this.#stored].map((endpoint) => new URL(endpoint).host)
  }

  /** Puts files as the newest commit of a repository, and returns it. */
  put(
    name: string,
    files: Files,
    {
      lies = {},
      commit = randomBytes(20).toString('hex'),
      ...more
    }: Partial<Pick<Repository, 'gated' | 'license' | 'xet'>> & { lies?: Commit['lies']; commit?: string } = {}
  ): string {
    const before = this.#repositories.get(name) ?? { gated: false, license: 'apache-2.0', xet: false }
    const commits = this.#repositories.get(name)?.commits ?? new Map<string, Commit>()
    this.#repositories.set(name, {
      ...before,
      ...more,
      name,
      head: commit,
      commits: commits.set(commit, { files, lies })
    })
    return commit
  }

  rename(from: string, to: string): void {
    this.#renamed.set(from, to)
  }

  /** Takes the history away, as whoever rewrites it does. */
  forgetHistory(name: string): void {
    const { commits, head } = this.#repositories.get(name)!
    for (const commit of commits.keys()) if (commit !== head) commits.delete(commit)
  }

  /** Does something to the next answers whose address holds `part`. */
  trouble(part: string, trouble: Trouble, times = 1): void {
    this.#troubles.push({ part, trouble, times })
  }

  /** From now on it behaves. */
  clear(): void {
    this.#troubles.length = 0
  }

  /** Bytes that were sent although they had been sent before. */
  sentTwice(): number {
    let twice = 0
    for (const path of new Set(this.asked.map((each) => each.path))) {
      let furthest = 0
      for (const { from, sent } of this.asked.filter((each) => each.path === path)) {
        twice += Math.max(0, Math.min(furthest, from + sent) - from)
        furthest = Math.max(furthest, from + sent)
      }
    }
    return twice
  }

  async #answer(server: 'hub' | 'storage', request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.#endpoint)
    const asked: Asked = {
      ...{ server, path: url.pathname, host: request.headers.host ?? '' },
      authorization: request.headers.authorization ?? null,
      from: Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0),
      sent: 0
    }
    this.asked.push(asked)
    response.on('error', () => undefined)
    const trouble = this.#troubleFor(`${server} ${url.pathname}`)
    if (trouble.silent === true) return
    if (trouble.status !== undefined) {
      response.writeHead(trouble.status, trouble.headers).end(trouble.body ?? '')
      return
    }
    if (server === 'storage') {
      await this.#send(response, asked, this.#content(url), trouble)
      return
    }
    if (this.token !== null && asked.authorization !== `Bearer ${this.token}`) {
      refuse(response, 401, 'RepoNotFound')
      return
    }
    await this.#hubAnswer(url, asked, request, response, trouble)
  }

  async #hubAnswer(
    url: URL,
    asked: Asked,
    request: IncomingMessage,
    response: ServerResponse,
    trouble: Trouble
  ): Promise<void> {
    const [, isApi, name = '', kind, revision = '', rest = ''] =
      /^(\/api\/models)?\/([^/]+\/[^/]+)\/(revision|tree|resolve)\/([^/]+)\/?(.*)$/.exec(url.pathname) ?? []
    const renamed = this.#renamed.get(name)
    if (renamed !== undefined) {
      response.writeHead(307, { location: url.pathname.replace(name, renamed) + url.search }).end()
      return
    }
    const repository = this.#repositories.get(name)
    if (repository === undefined) {
      // Who may not see a model is not told whether there is one.
      refuse(response, asked.authorization === null ? 401 : 404, 'RepoNotFound')
      return
    }
    const sha = ['HEAD', 'main'].includes(revision) ? repository.head : revision
    const commit = repository.commits.get(sha)
    if (commit === undefined) {
      refuse(response, 404, 'RevisionNotFound')
      return
    }
    if (isApi !== undefined && kind === 'revision') {
      json(response, infoOf(repository, sha), {}, trouble)
      return
    }
    const path = decodeURIComponent(rest)
    if (isApi !== undefined) {
      this.#list(response, url, commit, path, trouble)
      return
    }
    if (repository.gated !== false && asked.authorization === null) {
      refuse(response, 401, 'GatedRepo')
      return
    }
    await this.#resolve(response, request, asked, { repository, sha, commit, path }, trouble)
  }

  /** One folder, page by page. */
  #list(response: ServerResponse, url: URL, { files, lies }: Commit, folder: string, trouble: Trouble): void {
    const prefix = folder === '' ? '' : `${folder}/`
    const inside = Object.keys(files).filter((path) => path.startsWith(prefix))
    const folders = new Set(
      inside
        .map((path) => path.slice(prefix.length))
        .filter((path) => path.includes('/'))
        .map((path) => prefix + path.split('/')[0]!)
    )
    if (inside.length === 0) {
      refuse(response, 404, 'EntryNotFound')
      return
    }
    const entries = [
      ...[...folders].map((path) => ({ type: 'directory', oid: 'ab'.repeat(20), size: 0, path })),
      ...inside
        .filter((path) => !path.slice(prefix.length).includes('/'))
        .map((path) => ({
          ...entryOf(path, files[path]!),
          ...lies[path]
        }))
    ]
    const start = Number(url.searchParams.get('cursor') ?? 0)
    const end = start + this.pageSize
    url.searchParams.set('cursor', String(end))
    const link = end < entries.length ? { link: `<${url.href}>; rel="next"` } : {}
    json(response, entries.slice(start, end), link, trouble)
  }

  async #resolve(
    response: ServerResponse,
    request: IncomingMessage,
    asked: Asked,
    { repository, sha, commit, path }: { repository: Repository; sha: string; commit: Commit; path: string },
    trouble: Trouble
  ): Promise<void> {
    const content = commit.files[path]
    if (content === undefined) {
      refuse(response, 404, 'EntryNotFound')
      return
    }
    response.setHeader('x-repo-commit', sha)
    if (content.length <= LARGEST_IN_GIT) {
      response.setHeader('etag', `"${gitBlob(content)}"`)
      await this.#send(response, asked, content, trouble)
      return
    }
    const sha256 = createHash('sha256').update(content).digest('hex')
    response.setHeader('x-linked-size', content.length)
    response.setHeader('x-linked-etag', `"${sha256}"`)
    if (repository.xet) {
      response.setHeader('x-xet-hash', sha256)
      response.setHeader('link', `<${this.#endpoint}/api/xet-read-token/${sha}>; rel="xet-auth"`)
      // Whoever asks so is told where the pieces are, and gets no file.
      if (request.headers.accept?.includes('xet-fileinfo') === true) {
        response.writeHead(200, { 'content-type': 'application/vnd.xet-fileinfo+json' }).end('{}')
        return
      }
    }
    const location = `${this.#stored}/${repository.name}/${sha}/${encodeURIComponent(path)}?X-Amz-Signature=x`
    response.writeHead(302, { location }).end()
  }

  #content(url: URL): Buffer {
    const [, owner = '', name = '', sha = '', path = ''] = url.pathname.split('/')
    return this.#repositories.get(`${owner}/${name}`)!.commits.get(sha)!.files[decodeURIComponent(path)]!
  }

  async #send(response: ServerResponse, asked: Asked, content: Buffer, trouble: Trouble): Promise<void> {
    const isPart = asked.from > 0 && trouble.ignoresRange !== true
    if (!isPart) asked.from = 0
    const right = content.subarray(asked.from)
    const body = trouble.longer === true ? Buffer.concat([right, randomBytes(100)]) : Buffer.from(right)
    if (trouble.wrong === true && body.length > 0) body[body.length - 1]! ^= 1
    response.writeHead(isPart ? 206 : 200, {
      'content-type': 'application/octet-stream',
      'accept-ranges': 'bytes',
      ...(trouble.longer !== true && { 'content-length': body.length }),
      ...(isPart && {
        'content-range': `bytes ${String(asked.from)}-${String(content.length - 1)}/${String(content.length)}`
      }),
      ...trouble.headers
    })
    response.flushHeaders()
    const end = Math.min(trouble.cutAfter ?? Infinity, trouble.stallAfter ?? Infinity, body.length)
    while (asked.sent < end && !response.destroyed) {
      const chunk = body.subarray(asked.sent, Math.min(end, asked.sent + CHUNK_BYTES))
      const goesOn = response.write(chunk)
      asked.sent += chunk.length
      this.#sent += chunk.length
      this.onSent(this.#sent)
      if (!goesOn) await eitherOf(response, 'drain', 'close')
      if (Number.isFinite(this.pace))
        await new Promise((resolve) => setTimeout(resolve, (chunk.length / this.pace) * 1000))
    }
    // What was handed over is to be on its way before the connection goes.
    if (trouble.cutAfter !== undefined) response.write('', () => response.destroy())
    else if (trouble.stallAfter === undefined) response.end()
  }

  #troubleFor(address: string): Trouble {
    const found = this.#troubles.find(({ part, times }) => times > 0 && address.includes(part))
    if (found === undefined) return {}
    found.times--
    return found.trouble
  }
}

function eitherOf(response: ServerResponse, ...events: string[]): Promise<void> {
  return new Promise((resolve) => {
    const happened = (): void => {
      for (const event of events) response.off(event, happened)
      resolve()
    }
    for (const event of events) response.on(event, happened)
  })
}

/** A model of the fixtures as files of a repository: its graph under the names that are given. */
export function modelFiles(fixture: string, graphs: readonly string[] = ['model.onnx']): Files {
  const folder = join(MODELS, fixture)
  const top = readdirSync(folder).filter((name) => name.endsWith('.json'))
  const graph = readFileSync(join(folder, 'onnx', 'model.onnx'))
  return {
    ...Object.fromEntries(top.map((name) => [name, readFileSync(join(folder, name))])),
    '.gitattributes': Buffer.from('*.onnx filter=lfs\n'),
    'README.md': Buffer.from('---\nlicense: apache-2.0\n---\n'),
    LICENSE: Buffer.from('Apache License\n'),
    'training/log.bin': Buffer.alloc(100),
    ...Object.fromEntries(graphs.map((name) => [`onnx/${name}`, graph]))
  }
}

/** SHA-1 of a blob, as git names it. */
function gitBlob(content: Buffer): string {
  return createHash('sha1')
    .update(`blob ${String(content.length)}\0`)
    .update(content)
    .digest('hex')
}

function entryOf(path: string, content: Buffer): object {
  const entry = { type: 'file', path, size: content.length, oid: gitBlob(content) }
  if (content.length <= LARGEST_IN_GIT) return entry
  const oid = createHash('sha256').update(content).digest('hex')
  return { ...entry, lfs: { oid, size: content.length, pointerSize: 134 } }
}

function infoOf({ name, gated, license }: Repository, sha: string): object {
  return {
    ...{ _id: '66f0', id: name, sha, gated, private: false, downloads: 1, likes: 1 },
    ...{ lastModified: '2025-01-01T00:00:00.000Z', pipeline_tag: 'text-generation' },
    tags: ['onnx', ...(license === null ? [] : [`license:${license}`])],
    cardData: license === null ? {} : { license }
  }
}

function json(response: ServerResponse, value: unknown, headers: Record<string, string>, { body }: Trouble): void {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', ...headers })
  response.end(body ?? JSON.stringify(value))
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-error-code': code })
  response.end(JSON.stringify({ error: code === 'RepoNotFound' ? 'Invalid username or password.' : code }))
}
