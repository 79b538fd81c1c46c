import { isAbsolute } from 'node:path'
import { InvalidRequestError, UnknownEngineError } from '../errors.ts'
import { engineUrl, findEngines, type Served } from '../inference/served/index.ts'
import type { AbortOptions, AddEngineOptions, EngineInfo, Engines, FoundEngine } from '../interface.ts'
import type { EngineStore } from './stores.ts'

/** As for a device's name: it is typed, and shown in tables. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,62}$/u
/** A thousand times the largest model there is, as on the wire. */
const MAX_PARAMETERS = 1e15

/** The other engines of this home: what is added or removed counts at once, and is kept. */
export class OtherEngines implements Engines {
  readonly #served: Served
  readonly #store: EngineStore

  constructor({ served, store }: { served: Served; store: EngineStore }) {
    this.#served = served
    this.#store = store
  }

  async list({ signal }: AbortOptions = {}): Promise<EngineInfo[]> {
    signal?.throwIfAborted()
    // Just after the start nothing is known yet; this waits for the first look at each.
    await this.#served.models()
    return this.#served.list()
  }

  async add({ name, url, keyFile, parameters, signal }: AddEngineOptions): Promise<EngineInfo> {
    signal?.throwIfAborted()
    if (typeof name !== 'string' || !NAME.test(name)) {
      throw new InvalidRequestError("An engine's name is letters, digits, '.', '_' and '-', at most 63.")
    }
    if (typeof url !== 'string') throw new InvalidRequestError('An engine has an address: http://127.0.0.1:11434.')
    if (keyFile !== undefined && (typeof keyFile !== 'string' || !isAbsolute(keyFile))) {
      throw new InvalidRequestError('The file of a key is given with its whole path.')
    }
    if (parameters !== undefined && !(Number.isInteger(parameters) && parameters > 0 && parameters <= MAX_PARAMETERS)) {
      throw new InvalidRequestError('The size of a model is its number of weights, a whole number.')
    }
    const entry = { name, url: engineUrl(url), keyFile: keyFile ?? null, parameters: parameters ?? null }
    const added = await this.#served.add(entry, signal === undefined ? {} : { signal })
    this.#store.save(entry)
    return added
  }

  async remove({ name, signal }: AbortOptions & { name: string }): Promise<void> {
    signal?.throwIfAborted()
    if (!this.#served.remove(name)) {
      const known = (await this.list()).map((engine) => engine.name)
      const there = known.length === 0 ? 'There is none.' : `There is ${known.join(', ')}.`
      throw new UnknownEngineError(`No engine here is called ${JSON.stringify(name)}. ${there}`, { details: { known } })
    }
    this.#store.remove(name)
  }

  look(options?: AbortOptions): Promise<FoundEngine[]> {
    return findEngines(
      this.#served.list().map(({ url }) => url),
      options
    )
  }
}
