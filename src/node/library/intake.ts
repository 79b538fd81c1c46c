/** What every way for a model to come to this home has in common: the name, the proof, the place in the list. */
import { join, sep } from 'node:path'
import { InvalidPackageError, ModelExistsError } from '../../errors.ts'
import { createCatalog, keepContentHash } from '../../inference/index.ts'
import type { Catalog, MeasurementStore } from '../../inference/index.ts'
import type { AbortOptions } from '../../interface.ts'
import type { ModelsFolder } from './models-folder.ts'

export interface IntakeInit {
  folder: ModelsFolder
  catalog: Catalog
  measurements: MeasurementStore
  /** The list of models has changed; resolves when what is offered follows it. */
  changed: (options: AbortOptions) => Promise<void>
}

/** A model that came, in a folder that is not listed, each of its files proved. */
export interface Arrival {
  name: string
  hash: string
  files: readonly { path: string; sha256: string }[]
  /** Where it came from, in words. */
  source: string
}

export class Intake {
  readonly #init: IntakeInit

  constructor(init: IntakeInit) {
    this.#init = init
  }

  /**
   * Under which name a model is here already, or null when it may come under the wanted one.
   *
   * @param isChosen whether the name was chosen here, so that the model under another one is not enough
   * @throws {ModelExistsError}
   */
  async known(
    name: string,
    { hash, isChosen, replace }: { hash: string; isChosen: boolean; replace: boolean }
  ): Promise<string | null> {
    const models = await this.#init.catalog.list()
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

  /** That what came is a model, and the one that it was said to be. @throws {InvalidPackageError} */
  async prove(incoming: string, { name, hash, files, source }: Arrival): Promise<void> {
    const kept = new Map<string, string>()
    const measurements: MeasurementStore = {
      get: (key) => kept.get(key),
      set: (key, value) => void kept.set(key, value)
    }
    await keepHashes(files, incoming, measurements)
    const [model] = await createCatalog({
      modelFolders: () => [{ name, path: incoming, builtIn: false }],
      measurements
    }).list()
    if (model?.info.hash === hash) return
    const broken = model?.info.broken?.replaceAll(join(incoming, sep), '')
    throw new InvalidPackageError(
      `${source} cannot be used: ${broken ?? 'it is another model than its manifest says.'} Nothing of it was taken.`
    )
  }

  /** Lists what was proved, all of it at once, and offers it. */
  async settle(incoming: string, { name, files }: Arrival, { signal }: { signal: AbortSignal }): Promise<void> {
    const { folder, measurements, changed } = this.#init
    signal.throwIfAborted()
    await folder.settle(incoming, name)
    await keepHashes(files, folder.of(name), measurements)
    await changed({ signal })
  }
}

/** The files were hashed while they came; they need not be read again to be listed. */
async function keepHashes(files: Arrival['files'], folder: string, measurements: MeasurementStore): Promise<void> {
  for (const { path, sha256 } of files) await keepContentHash(join(folder, path), sha256, measurements)
}

/** On some systems they would be one folder. */
export function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}
