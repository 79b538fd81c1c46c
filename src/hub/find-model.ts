import { HubAnswerError, MeshError, NotOnHubError } from '../errors.ts'
import type { AbortOptions } from '../interface.ts'
import type { HubFile, HubInit, HubModel } from './index.ts'
import { jsonFetch } from './json-fetch.ts'
import { isRepository } from './repository.ts'
import type { Requests } from './requests.ts'
import { gated } from './trouble.ts'

/** The folder of graphs in the layout. */
const GRAPHS = 'onnx'
/** Repositories with the most variants have some hundred files in both folders. */
const MOST_FILES = 5_000

const COMMIT = /^[0-9a-f]{40}$/
const SHA256 = /^[0-9a-f]{64}$/

export async function findModel(
  requests: Requests,
  repository: string,
  pathsProblem: HubInit['pathsProblem'],
  { commit, signal }: AbortOptions & { commit?: string }
): Promise<HubModel> {
  if (!isRepository(repository)) {
    throw new NotOnHubError(
      `“${repository}” is no name on the hub: there it is OWNER/NAME. Known ones: mesh model pull`
    )
  }
  // Loaded at the first pull: nothing else needs it.
  const { listFiles, modelInfo } = await import('@huggingface/hub')
  const options = signal === undefined ? {} : { signal }
  const fetch = jsonFetch(requests, repository, options)
  const common = { hubUrl: requests.endpoint, fetch }
  const info = await understood(requests, options, () =>
    modelInfo({
      ...{ ...common, name: repository, additionalFields: ['sha', 'cardData', 'tags'] },
      ...(commit !== undefined && { revision: commit })
    })
  )
  const { name, sha, gated: gate, cardData, tags } = info as unknown as Readonly<Record<string, unknown>>
  if (typeof name !== 'string' || !isRepository(name) || typeof sha !== 'string' || !COMMIT.test(sha)) {
    throw strange(requests)
  }
  if (gate !== false && gate !== undefined && !requests.hasToken) {
    throw gated({ repository: name, endpoint: requests.endpoint, hasToken: false })
  }
  const files: HubFile[] = []
  /** Adds the files of a folder. Resolves to the folders in it. */
  const look = (path: string): Promise<string[]> =>
    understood(requests, options, async () => {
      const inside: string[] = []
      const entries: AsyncGenerator = listFiles({
        ...common,
        repo: { type: 'model', name },
        revision: sha,
        path
      })
      for await (const entry of entries) {
        const read = readEntry(entry)
        if (read === null || files.length >= MOST_FILES) throw strange(requests)
        if (read.isFolder) inside.push(read.path)
        else files.push(read.file)
      }
      return inside
    })
  if ((await look('')).includes(GRAPHS)) await look(GRAPHS)
  // Hidden files, and what not every system takes, are of no use here.
  const usable = files.filter((file) => pathsProblem([file]) === null)
  return { repository: name, commit: sha, license: licenseOf(cardData, tags), files: usable }
}

/** Runs what the hub's library does; what it throws by itself is its answer to an answer that it did not understand. */
async function understood<T>(requests: Requests, { signal }: AbortOptions, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (err) {
    signal?.throwIfAborted()
    if (err instanceof MeshError) throw err
    throw strange(requests, err)
  }
}

function strange({ host }: Requests, cause?: unknown): HubAnswerError {
  return new HubAnswerError(`What ${host} answers cannot be understood. Is HF_ENDPOINT right?`, { cause })
}

type Entry = { isFolder: true; path: string } | { isFolder: false; file: HubFile }

function readEntry(entry: unknown): Entry | null {
  if (!isObject(entry)) return null
  const { type, path, size, oid, lfs } = entry
  if (typeof path !== 'string') return null
  if (type !== 'file') return { isFolder: true, path }
  const bytes = isObject(lfs) ? lfs.size : size
  if (!Number.isSafeInteger(bytes) || (bytes as number) < 0) return null
  const file = { path, bytes: bytes as number }
  if (isObject(lfs)) {
    const { oid: hex } = lfs
    return typeof hex === 'string' && SHA256.test(hex)
      ? { isFolder: false, file: { ...file, digest: { kind: 'sha256', hex } } }
      : null
  }
  return typeof oid === 'string' && COMMIT.test(oid)
    ? { isFolder: false, file: { ...file, digest: { kind: 'git-blob', hex: oid } } }
    : null
}

/** What the model's card says, or the tag that the hub makes of it. */
function licenseOf(card: unknown, tags: unknown): string | null {
  const said: unknown = isObject(card) ? card.license : null
  const tag = Array.isArray(tags) ? tags.find((each): each is string => String(each).startsWith('license:')) : undefined
  const license = typeof said === 'string' ? said : (tag?.slice('license:'.length) ?? null)
  return license === null || license === '' ? null : license.slice(0, 100)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
