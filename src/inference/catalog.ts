import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, join, posix } from 'node:path'
import { BrokenModelError } from '../errors.ts'
import type { ModelInfo } from '../interface.ts'
import { parametersOf, quantizationOf } from './describe-model.ts'
import type { MeasurementStore, ModelPlace } from './index.ts'
import { traitsOf, whyNotRunnable, whyNotTogether } from './graph-fit.ts'
import type { GraphTraits } from './graph-fit.ts'
import type { ModelSize } from './memory-need.ts'
import { refusePointer } from './model-files.ts'
import { contextLengthOf, isModelFolder, largestIdOf, readModelFolder, reasonOf } from './model-folder.ts'
import type { GenerationConfig, ModelFolder } from './model-folder.ts'
import { readOrigin } from './origin.ts'
import { checkTemplate, checkTokenizer } from './text-fit.ts'
import { cacheBytesPerToken, summarizeOnnx } from './onnx-file.ts'
import type { OnnxSummary } from './onnx-file.ts'

/** A model as the engine keeps it: what others see, and what it needs to run it. */
export interface CatalogModel {
  info: Omit<ModelInfo, 'loaded'>
  path: string
  /** Relative path of the graph. */
  graph: string
  generation: GenerationConfig
  /** Relative paths of the files that make the hash; none of a broken model. */
  files: string[]
  size: ModelSize
  traits: GraphTraits
}

/** Finds the models on this device. Folders are looked through afresh on each call; unchanged files are not read again. */
export interface Catalog {
  list(): Promise<CatalogModel[]>
}

export interface CatalogInit {
  modelFolders: () => ModelPlace[]
  /** Each folder in it is a model of the folder's name. @default none */
  userFolder?: string
  measurements: MeasurementStore
}

/** Files that make the answers what they are; a README or a licence beside them changes no hash. */
const HASHED = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'chat_template.jinja'
]

export function createCatalog({ modelFolders, userFolder, measurements }: CatalogInit): Catalog {
  /** By path: what the files looked like, and what came of reading them. */
  const known = new Map<string, { signature: string; model: Promise<CatalogModel> }>()

  return {
    async list() {
      const places = [...modelFolders(), ...(await userPlaces(userFolder))]
      return Promise.all(
        places.map(async (place) => {
          const signature = await signatureOf(place)
          let entry = known.get(place.path)
          if (entry?.signature !== signature) {
            entry = { signature, model: describe(place, measurements) }
            known.set(place.path, entry)
          }
          return entry.model
        })
      )
    }
  }
}

async function userPlaces(userFolder: string | undefined): Promise<ModelPlace[]> {
  if (userFolder === undefined) return []
  const names = await readdir(userFolder).catch(() => [])
  const places = names
    .filter((name) => !name.startsWith('.'))
    .sort()
    .map((name) => ({ name, path: join(userFolder, name), builtIn: false }))
  const real = await Promise.all(places.map(({ path }) => isModelFolder(path)))
  return places.filter((_, index) => real[index])
}

async function describe(place: ModelPlace, measurements: MeasurementStore): Promise<CatalogModel> {
  const { name, path, builtIn, isElsewhere = false } = place
  const base = { name, builtIn, ...(isElsewhere && { path }) }
  try {
    if (isElsewhere && (await fileKey(path)) === null) {
      throw new BrokenModelError(
        `The folder ${path} is gone. Bring it back, or take it off the list: mesh model rm ${name}`
      )
    }
    const folder = await readModelFolder(place.path)
    const summary = await summaryOf(join(place.path, folder.graph), measurements)
    const weights = await externalFiles(place.path, folder.graph, summary)
    await refuseUnfit(folder, summary)
    const present = await existing(place.path, [...HASHED, folder.graph, ...weights])
    const { hash, bytes } = await hashOf(place.path, present, measurements)
    const origin = await readOrigin(place.path)
    const contextLength = contextLengthOf(folder.config)
    const [graphBytes = 0, ...beside] = await sizesOf(place.path, [folder.graph, ...weights])
    return {
      path: place.path,
      graph: folder.graph,
      generation: folder.generation,
      files: present,
      size: {
        weightBytes: beside.reduce((sum, size) => sum + size, graphBytes),
        graphBytes,
        cachePerToken: cacheBytesPerToken(summary.inputs),
        contextLength
      },
      traits: traitsOf(summary),
      info: {
        ...base,
        hash,
        bytes,
        parameters: parametersOf(folder.config),
        quantization: quantizationOf(folder.graph, summary),
        contextLength,
        broken: null,
        graph: folder.graph,
        ...(folder.otherGraphs.length > 0 && { otherGraphs: folder.otherGraphs }),
        ...(origin !== null && { origin })
      }
    }
  } catch (err) {
    const broken = reasonOf(err)
    // A broken model has no hash of contents; it still needs one that is its own.
    const hash = createHash('sha256').update(`broken ${place.path}`).digest('hex')
    const info = { ...base, hash, bytes: 0, parameters: null, quantization: null, contextLength: 0, broken }
    const size = { weightBytes: 0, graphBytes: 0, cachePerToken: 0, contextLength: 0 }
    const traits = { padding: null, reuse: 'pieces' } as const
    return { path: place.path, graph: '', generation: {}, files: [], size, traits, info }
  }
}

/** @throws {BrokenModelError} when what was read shows that it cannot run, without loading it */
async function refuseUnfit(folder: ModelFolder, summary: OnnxSummary): Promise<void> {
  const names = (values: OnnxSummary['inputs']): string[] => values.map(({ name }) => name)
  const path = join(folder.path, folder.graph)
  const unrunnable = whyNotRunnable(names(summary.inputs), names(summary.outputs))
  if (unrunnable !== null) throw new BrokenModelError(`${path} cannot be run: ${unrunnable}.`)
  checkTokenizer(folder)
  await checkTemplate(folder)
  const contradiction = whyNotTogether(summary, folder.config, largestIdOf(folder.tokenizer))
  if (contradiction !== null) throw new BrokenModelError(`${path} does not fit: ${contradiction}.`)
}

async function externalFiles(folder: string, graph: string, { externalFiles: files }: OnnxSummary): Promise<string[]> {
  const paths: string[] = []
  for (const { name, bytes } of files) {
    const path = posix.join(posix.dirname(graph), name.replaceAll('\\', '/'))
    const outside = posix.isAbsolute(path) || path.split('/').includes('..')
    if (outside) throw new BrokenModelError(`${join(folder, graph)} refers to weights outside of the model: ${path}.`)
    const full = join(folder, path)
    const found = await stat(full).catch(() => null)
    if (found === null) {
      throw new BrokenModelError(
        `${full} is missing; ${basename(graph)} keeps its weights there. Copy or download it into the same folder.`
      )
    }
    if (found.size < bytes) {
      await refusePointer(full)
      throw new BrokenModelError(
        `${full} is cut short: it has ${found.size} bytes, and ${basename(graph)} needs ${bytes}. Copy or download it again.`
      )
    }
    paths.push(path)
  }
  return paths
}

async function sizesOf(folder: string, paths: readonly string[]): Promise<number[]> {
  return Promise.all(paths.map(async (path) => (await stat(join(folder, path))).size))
}

async function existing(folder: string, paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(paths.map((path) => fileKey(join(folder, path))))
  return paths.filter((_, index) => found[index] !== null)
}

/** A model's hash: SHA-256 over the lines `path` TAB `hash of the content`, by path. */
export function modelHashOf(contents: readonly { path: string; sha256: string }[]): string {
  const hash = createHash('sha256')
  for (const { path, sha256 } of [...contents].sort((a, b) => (a.path < b.path ? -1 : 1)))
    hash.update(`${path}\t${sha256}\n`)
  return hash.digest('hex')
}

/** What the measurements keep of a file: the SHA-256 of its contents, for as long as it looks as it does now. */
export async function keepContentHash(file: string, sha256: string, measurements: MeasurementStore): Promise<void> {
  measurements.set(`sha256 ${(await fileKey(file)) ?? file}`, sha256)
}

async function hashOf(
  folder: string,
  paths: readonly string[],
  measurements: MeasurementStore
): Promise<{ hash: string; bytes: number }> {
  const contents: { path: string; sha256: string }[] = []
  let bytes = 0
  for (const path of paths) {
    const full = join(folder, path)
    let sha256 = measurements.get(`sha256 ${(await fileKey(full)) ?? full}`)
    if (sha256 === undefined) {
      sha256 = await contentHash(full)
      await keepContentHash(full, sha256, measurements)
    }
    contents.push({ path, sha256 })
    bytes += (await stat(full)).size
  }
  return { hash: modelHashOf(contents), bytes }
}

async function contentHash(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

async function summaryOf(path: string, measurements: MeasurementStore): Promise<OnnxSummary> {
  // The number grows with each change of what a summary holds.
  const key = `onnx 4 ${(await fileKey(path)) ?? path}`
  const kept = measurements.get(key)
  if (kept !== undefined) {
    const { operators, elements, ...rest } = JSON.parse(kept) as Omit<OnnxSummary, 'operators' | 'elements'> & {
      operators: [string, number][]
      elements: [number, number][]
    }
    return { ...rest, operators: new Map(operators), elements: new Map(elements) }
  }
  await refusePointer(path)
  try {
    const summary = await summarizeOnnx(path)
    const { operators, elements } = summary
    measurements.set(key, JSON.stringify({ ...summary, operators: [...operators], elements: [...elements] }))
    return summary
  } catch (err) {
    throw new BrokenModelError(`${path} cannot be read: ${reasonOf(err)}.`, { cause: err })
  }
}

/** What tells whether a file changed without reading it; null where there is none. */
async function fileKey(path: string): Promise<string | null> {
  try {
    const { size, mtimeMs } = await stat(path)
    return `${path} ${size} ${mtimeMs}`
  } catch {
    return null
  }
}

async function signatureOf({ path, name }: ModelPlace): Promise<string> {
  const inside = async (folder: string): Promise<string[]> => {
    const names = await readdir(join(path, folder)).catch(() => [])
    return names.map((file) => join(path, folder, file)).sort()
  }
  const files = [...(await inside('')), ...(await inside('onnx'))]
  return [name, ...(await Promise.all(files.map(fileKey)))].join('\n')
}
