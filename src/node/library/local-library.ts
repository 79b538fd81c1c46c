import { join, sep } from 'node:path'
import {
  BrokenModelError,
  BusyError,
  InvalidPackageError,
  InvalidRequestError,
  ModelExistsError,
  ModelTooLargeError,
  NodeUnreachableError,
  UnknownModelError
} from '../../errors.ts'
import { createCatalog, keepContentHash, modelHashOf } from '../../inference/index.ts'
import type { Catalog, CatalogModel, MeasurementStore, ModelPlace } from '../../inference/index.ts'
import type { AbortOptions, ModelCopyEvent, ModelInfo, ModelLibrary } from '../../interface.ts'
import { nameFrom, openPackage, unpackPackage, writePackage, type ModelPackage } from '../../packages/index.ts'
import { deferred, type Deferred } from '../deferred.ts'
import type { ModelChoice } from '../model-choice.ts'
import { settled } from '../settled.ts'
import type { ModelsFolder } from './models-folder.ts'
import { absolutePath, modelName, partBytes } from './options.ts'
import { copyEvents } from './copy-events.ts'

export interface LocalLibraryInit {
  folder: ModelsFolder
  /** The models that are listed without lying in the folder. */
  places: () => ModelPlace[]
  measurements: MeasurementStore
  /** The list of models has changed; resolves when what is offered follows it. */
  changed: (options: AbortOptions) => Promise<void>
  /** All models of this device, those of other engines too. */
  models: () => Promise<ModelInfo[]>
  choice: ModelChoice
  /** Another model was chosen; resolves when that was said. */
  chose: () => Promise<void>
}

/** What is being done. */
interface Doing {
  words: string
  signal: AbortSignal
  over: Deferred<void>
}

/** What was aborted ends within a chunk or two, unless its disk is stuck. */
const ENDING_MS = 5_000

type Options<M extends keyof ModelLibrary> = Parameters<ModelLibrary[M]>[0]

/** The models of a home as files. One thing at a time: two imports would fill one disk, unknown to each other. */
export class LocalLibrary implements ModelLibrary {
  readonly #init: LocalLibraryInit
  readonly #catalog: Catalog
  readonly #stopped = new AbortController()
  #doing: Doing | null = null

  constructor(init: LocalLibraryInit) {
    this.#init = init
    init.folder.mend()
    const { places, folder, measurements } = init
    this.#catalog = createCatalog({ modelFolders: places, userFolder: folder.path, measurements })
  }

  stop(): void {
    this.#stopped.abort(new NodeUnreachableError('The node stopped. Repeat the command: it goes on where it ended.'))
  }

  export(options: Options<'export'>): AsyncIterable<ModelCopyEvent> {
    return this.#alone(`exporting ${options.name}`, options, (signal) => this.#export(options, signal))
  }

  async *#export(
    { name, path, as, partBytes: split, replace }: Options<'export'>,
    signal: AbortSignal
  ): AsyncGenerator<ModelCopyEvent, void> {
    const target = absolutePath(path)
    const { info, path: folder, files } = await this.#called(name)
    if (info.broken !== null) throw new BrokenModelError(info.broken)
    const { hash } = info
    const writing = await writePackage(
      {
        ...{ folder, hash, name: modelName(as ?? name), path: target, partBytes: partBytes(split) },
        replace: replace === true,
        check: (read) => {
          const counted = read.filter((file) => files.includes(file.path))
          if (counted.length === files.length && modelHashOf(counted) === hash) return
          throw new BrokenModelError(
            `The files of ${name} in ${folder} are not what they were when it was listed: they were changed just now, or the disk has damaged them. Repeat; if it stays so, get the model anew.`
          )
        }
      },
      { signal }
    )
    const { bytes } = writing
    yield { type: 'started', name, path: writing.path, bytes, files: writing.files }
    const kept = yield* copyEvents(writing.copy, bytes)
    yield { type: 'done', outcome: 'exported', name, hash, path: writing.path, bytes, kept }
  }

  import(options: Options<'import'>): AsyncIterable<ModelCopyEvent> {
    return this.#alone(`importing ${options.path}`, options, (signal) => this.#import(options, signal))
  }

  async *#import(
    { path, name: chosen, replace }: Options<'import'>,
    signal: AbortSignal
  ): AsyncGenerator<ModelCopyEvent, void> {
    const { folder } = this.#init
    const source = await openPackage(absolutePath(path))
    const { bytes, manifest } = source
    const { hash } = manifest
    const name = modelName(chosen ?? manifest.name)
    const known = await this.#known(name, hash, chosen !== undefined, replace === true)
    if (known !== null) {
      yield { type: 'done', outcome: 'known', name: known, hash, path: source.path, bytes, kept: bytes }
      return
    }
    const incoming = await folder.incoming(source.digest)
    yield { type: 'started', name, path: source.path, bytes, files: manifest.files.length }
    let kept: number
    try {
      kept = yield* copyEvents(unpackPackage(source, incoming, { signal }), bytes)
      await this.#prove(source, incoming)
    } catch (err) {
      // What is refused is not kept for another try; what was interrupted is.
      if (err instanceof InvalidPackageError) await folder.drop(incoming)
      throw err
    }
    signal.throwIfAborted()
    await folder.settle(incoming, name)
    await keepHashes(source, folder.of(name), this.#init.measurements)
    await this.#init.changed({ signal })
    yield { type: 'done', outcome: 'imported', name, hash, path: source.path, bytes, kept }
  }

  /** Under which name a model is here already, or null when it may come under the wanted one. @throws {ModelExistsError} */
  async #known(name: string, hash: string, isChosen: boolean, replace: boolean): Promise<string | null> {
    const models = await this.#catalog.list()
    const there = models.find(({ info }) => sameName(info.name, name))
    const same = isChosen ? undefined : models.find(({ info }) => info.hash === hash)
    if (there?.info.hash === hash) return there.info.name
    if (same !== undefined) return same.info.name
    if (there === undefined) return null
    const canGiveWay = !there.info.builtIn && there.info.name === name
    if (replace && canGiveWay) return null
    throw new ModelExistsError(
      `There is another model called ${there.info.name}. Take this one in by another name with --name` +
        (canGiveWay ? ', or put it in the place of that one with --replace.' : '.')
    )
  }

  /** That what came is a model, and the one that the manifest speaks of. @throws {InvalidPackageError} */
  async #prove(source: ModelPackage, incoming: string): Promise<void> {
    const kept = new Map<string, string>()
    const measurements: MeasurementStore = {
      get: (key) => kept.get(key),
      set: (key, value) => void kept.set(key, value)
    }
    await keepHashes(source, incoming, measurements)
    const { name, hash } = source.manifest
    const [model] = await createCatalog({
      modelFolders: () => [{ name, path: incoming, builtIn: false }],
      measurements
    }).list()
    if (model?.info.hash === hash) return
    const broken = model?.info.broken?.replaceAll(join(incoming, sep), '')
    throw new InvalidPackageError(
      `${source.path} cannot be used: ${broken ?? 'it is another model than its manifest says.'} Nothing of it was taken.`
    )
  }

  add(options: Options<'add'>): Promise<ModelInfo> {
    return this.#once(`adding ${options.path}`, options, async (signal) => {
      const { folder } = this.#init
      const path = absolutePath(options.path)
      const name = modelName(options.name ?? nameFrom(path))
      const place = { name, path, builtIn: false, isElsewhere: true }
      const { measurements } = this.#init
      const [model] = await createCatalog({ modelFolders: () => [place], measurements }).list()
      if (model === undefined || model.info.broken !== null) {
        throw new BrokenModelError(`No model was added. ${model?.info.broken ?? path}`)
      }
      const models = await this.#catalog.list()
      const there = models.find((each) => each.path === path) ?? models.find(({ info }) => sameName(info.name, name))
      if (there !== undefined && there.path !== path) {
        throw new ModelExistsError(
          `There is another model called ${there.info.name}. Give this one another with --name.`
        )
      }
      if (there !== undefined) return { ...there.info, loaded: false }
      folder.refer(name, path)
      await this.#init.changed({ signal })
      return { ...model.info, loaded: false }
    })
  }

  remove(options: Options<'remove'>): Promise<ModelInfo> {
    return this.#once(`removing ${options.name}`, options, async (signal) => {
      const { info, path } = await this.#called(options.name)
      const { folder } = this.#init
      if (info.builtIn) throw new InvalidRequestError(`${info.name} is built in and cannot be removed.`)
      const isHere = path === folder.of(info.name)
      const erase = isHere ? await folder.remove(info.name) : null
      folder.forget(info.name)
      await this.#init.changed({ signal })
      await erase?.()
      return { ...info, loaded: false }
    })
  }

  async use({ name, signal }: Options<'use'>): Promise<ModelInfo | null> {
    this.#either(signal)
    const { choice, chose, models } = this.#init
    const all = await models()
    const found = all.find((each) => each.name === name)
    if (name !== null) {
      if (found === undefined) {
        throw new UnknownModelError(
          `There is no model “${name}” here; there is ${all.map((each) => each.name).join(', ')}.`
        )
      }
      if (found.broken !== null) throw new BrokenModelError(found.broken)
      if (found.tooLarge !== undefined) throw new ModelTooLargeError(found.tooLarge)
    }
    choice.set(name)
    await chose()
    return found === undefined ? null : { ...found, chosen: true }
  }

  /** @throws {UnknownModelError} */
  async #called(name: unknown): Promise<CatalogModel> {
    const models = await this.#catalog.list()
    const found = models.find(({ info }) => info.name === name)
    if (found !== undefined) return found
    throw new UnknownModelError(
      `There is no model “${String(name)}” here; there is ${models.map(({ info }) => info.name).join(', ')}.`
    )
  }

  async #once<T>(words: string, options: AbortOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const doing = await this.#begin(words, options)
    try {
      return await work(doing.signal)
    } finally {
      this.#end(doing)
    }
  }

  async *#alone<T>(
    words: string,
    options: AbortOptions,
    work: (signal: AbortSignal) => AsyncGenerator<T, void>
  ): AsyncGenerator<T, void> {
    const doing = await this.#begin(words, options)
    try {
      yield* work(doing.signal)
    } finally {
      this.#end(doing)
    }
  }

  /** @throws {BusyError} */
  async #begin(words: string, { signal: given }: AbortOptions): Promise<Doing> {
    const signal = this.#either(given)
    // Whoever was interrupted and repeats the command at once is not told that the first one is still there.
    if (this.#doing?.signal.aborted === true) await settled(this.#doing.over.promise, ENDING_MS, signal)
    if (this.#doing !== null) {
      throw new BusyError(
        `This device is ${this.#doing.words}. Repeat when that is over; only one model is worked on at a time.`
      )
    }
    this.#doing = { words, signal, over: deferred() }
    return this.#doing
  }

  #end({ over }: Doing): void {
    this.#doing = null
    over.resolve()
  }

  #either(signal: AbortSignal | undefined): AbortSignal {
    const either = AbortSignal.any([this.#stopped.signal, ...(signal === undefined ? [] : [signal])])
    either.throwIfAborted()
    return either
  }
}

/** The files were hashed while they came; they need not be read again to be listed. */
async function keepHashes({ manifest }: ModelPackage, folder: string, measurements: MeasurementStore): Promise<void> {
  for (const { path, sha256 } of manifest.files) await keepContentHash(join(folder, path), sha256, measurements)
}

/** On some systems they would be one folder. */
function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}
