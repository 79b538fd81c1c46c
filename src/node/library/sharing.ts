import { BrokenModelError, UnknownModelError } from '../../errors.ts'
import { modelHashOf } from '../../inference/index.ts'
import type { Catalog, CatalogModel, MeasurementStore } from '../../inference/index.ts'
import { readStretches } from '../../packages/index.ts'
import { MAX_SHARED_MODELS } from '../../protocols/model/limits.ts'
import type { Share, SharedFile, SharedModel } from '../../protocols/model/index.ts'
import { partsOf, type ModelPart } from './model-parts.ts'
import { changed, hashPieces, keepPieces, knownPieces, lookOf, type PieceHashes } from './piece-hashes.ts'

/** A file that is being given away, as it looked when its manifest was made. */
interface Given {
  source: string
  bytes: number
  look: string
}

/** More are not pulled at once; the manifest of one that fell out is made again from what is kept. */
const MOST_REMEMBERED = 16

/** What this device gives to its mesh: the models of its home but the built-in one, which every device has. */
export class Sharing implements Share {
  readonly #catalog: Catalog
  readonly #measurements: MeasurementStore
  /** By model, then by SHA-256. The Map's order is that of the last manifest. */
  readonly #given = new Map<string, Map<string, Given>>()
  /** One file is hashed at a time: two would only make each other slower, and are often the same. */
  #hashing: Promise<unknown> = Promise.resolve()

  constructor({ catalog, measurements }: { catalog: Catalog; measurements: MeasurementStore }) {
    this.#catalog = catalog
    this.#measurements = measurements
  }

  async list(): Promise<SharedModel[]> {
    const models = await this.#models()
    return models
      .slice(0, MAX_SHARED_MODELS)
      .map(({ info: { name, hash, bytes, parameters, quantization, origin } }) => ({
        ...{ name, hash, bytes, parameters, quantization },
        ...(origin !== undefined && { origin: { repository: origin.repository, quantization: origin.quantization } })
      }))
  }

  async *manifest(model: string, { signal }: { signal: AbortSignal }): AsyncGenerator<SharedFile, void> {
    const found = (await this.#models()).find(({ info }) => info.hash === model)
    if (found === undefined) throw new UnknownModelError('A device asked for a model that is not here.')
    const given = new Map<string, Given>()
    const counted: { path: string; sha256: string }[] = []
    for (const part of await partsOf(found)) {
      const { path, bytes, source, extra } = part
      const { look, sha256, pieces } = await this.#hashesOf(part, signal)
      given.set(sha256, { source, bytes, look })
      if (!extra) counted.push({ path, sha256 })
      yield { path, bytes, sha256, extra, pieces }
    }
    if (modelHashOf(counted) !== model) {
      throw new BrokenModelError(`The files of ${found.info.name} are not what they were when it was listed.`)
    }
    this.#given.delete(model)
    this.#given.set(model, given)
    const [oldest] = this.#given.keys()
    if (this.#given.size > MOST_REMEMBERED && oldest !== undefined) this.#given.delete(oldest)
  }

  async *read(
    { model, sha256, start, bytes }: Parameters<Share['read']>[0],
    { signal }: { signal: AbortSignal }
  ): AsyncGenerator<Uint8Array, void> {
    const file = (await this.#givenOf(model, signal)).get(sha256)
    if (file === undefined || start >= file.bytes) {
      throw new UnknownModelError('A device asked for a part of a model that is not there.')
    }
    const { source, look, bytes: fileBytes } = file
    if ((await lookOf(source)) !== look) {
      this.#given.delete(model)
      throw changed(source, 'it looks otherwise')
    }
    const stretch = { path: source, fileBytes, start, bytes: Math.min(bytes, fileBytes - start) }
    yield* readStretches([stretch], changed, { signal })
  }

  async #models(): Promise<CatalogModel[]> {
    return (await this.#catalog.list()).filter(({ info }) => info.broken === null && !info.builtIn)
  }

  async #givenOf(model: string, signal: AbortSignal): Promise<Map<string, Given>> {
    if (!this.#given.has(model)) {
      // Made for its own sake: it leaves behind what is asked for here.
      const files = this.manifest(model, { signal })
      while ((await files.next()).done !== true);
    }
    return this.#given.get(model) ?? new Map<string, Given>()
  }

  /** From what is kept, else by reading it through, in turn. */
  #hashesOf(part: ModelPart, signal: AbortSignal): Promise<PieceHashes & { look: string }> {
    const work = this.#hashing.then(async () => {
      signal.throwIfAborted()
      const look = await lookOf(part.source)
      if (look === null) throw changed(part.source, 'it is gone')
      const known = knownPieces(look, this.#measurements)
      if (known !== null) return { look, ...known }
      const hashes = await hashPieces(part, { signal })
      if ((await lookOf(part.source)) !== look) throw changed(part.source, 'something wrote to it')
      keepPieces(look, hashes, this.#measurements)
      return { look, ...hashes }
    })
    this.#hashing = work.catch(() => undefined)
    return work
  }
}
