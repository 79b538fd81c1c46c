import {
  BrokenModelError,
  BusyError,
  InvalidPackageError,
  InvalidRequestError,
  ModelExistsError,
  ModelTooLargeError,
  NodeUnreachableError,
  NotMemberError,
  UnknownModelError
} from '../../errors.ts'
import { createCatalog, modelHashOf } from '../../inference/index.ts'
import type { Catalog, CatalogModel, MeasurementStore } from '../../inference/index.ts'
import type {
  AbortOptions,
  CatalogueEntry,
  ModelCopyEvent,
  ModelInfo,
  ModelLibrary,
  NearbyModel
} from '../../interface.ts'
import { nameFrom, openPackage, unpackPackage, writePackage } from '../../packages/index.ts'
import { deferred, type Deferred } from '../deferred.ts'
import type { ModelChoice } from '../model-choice.ts'
import { settled } from '../settled.ts'
import { copyEvents } from './copy-events.ts'
import type { OtherDevices } from './devices.ts'
import { knownHere } from './hub-catalogue.ts'
import type { HubSource } from './hub-pull.ts'
import { Intake, sameName } from './intake.ts'
import type { ModelsFolder } from './models-folder.ts'
import { nearbyModels, shelves } from './nearby.ts'
import { absolutePath, modelName, partBytes } from './options.ts'
import { pullFromAnywhere } from './pull-anywhere.ts'
import type { PullFrom } from './pull-from.ts'

export interface LocalLibraryInit {
  folder: ModelsFolder
  /** The models of this home. */
  catalog: Catalog
  measurements: MeasurementStore
  /** The other devices, and where a model is found that is pulled. */
  devices: OtherDevices
  find: PullFrom
  /** The Hugging Face hub. */
  hub: HubSource
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
  readonly #intake: Intake
  readonly #stopped = new AbortController()
  #doing: Doing | null = null

  constructor(init: LocalLibraryInit) {
    this.#init = init
    init.folder.mend()
    this.#catalog = init.catalog
    this.#intake = new Intake(init)
  }

  stop(): void {
    this.#stopped.abort(new NodeUnreachableError('The node stopped. Repeat the command: it goes on where it ended.'))
  }

  async catalogue({ signal }: AbortOptions = {}): Promise<CatalogueEntry[]> {
    const device = await this.#init.hub.device()
    const models = await this.#catalog.list()
    signal?.throwIfAborted()
    return knownHere(
      device,
      models.map(({ info }) => info)
    )
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
    const known = await this.#intake.known(name, { hash, isChosen: chosen !== undefined, replace: replace === true })
    if (known !== null) {
      yield { type: 'done', outcome: 'known', name: known, hash, path: source.path, bytes, kept: bytes }
      return
    }
    const incoming = await folder.incoming(source.digest)
    yield { type: 'started', name, path: source.path, bytes, files: manifest.files.length }
    const arrival = { name, hash, files: manifest.files, source: source.path }
    let kept: number
    try {
      kept = yield* copyEvents(unpackPackage(source, incoming, { signal }), bytes)
      await this.#intake.prove(incoming, arrival)
    } catch (err) {
      // What is refused is not kept for another try; what was interrupted is.
      if (err instanceof InvalidPackageError) await folder.drop(incoming)
      throw err
    }
    await this.#intake.settle(incoming, arrival, { signal })
    yield { type: 'done', outcome: 'imported', name, hash, path: source.path, bytes, kept }
  }

  pull(options: Options<'pull'>): AsyncIterable<ModelCopyEvent> {
    return this.#alone(`pulling ${options.name}`, options, (signal) =>
      pullFromAnywhere(options, { ...this.#init, intake: this.#intake }, signal)
    )
  }

  async nearby({ signal: given }: AbortOptions = {}): Promise<NearbyModel[]> {
    const signal = this.#either(given)
    const { devices } = this.#init
    try {
      await devices.begin({ signal })
    } catch (err) {
      if (err instanceof NotMemberError) return []
      throw err
    }
    const here = await this.#catalog.list()
    return nearbyModels(await shelves(devices, signal), new Set(here.map(({ info }) => info.hash)))
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
