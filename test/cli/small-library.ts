import type { CatalogueEntry, ModelCopyEvent, ModelInfo, ModelLibrary, NearbyModel } from '../../src/interface.ts'
import { modelInfo } from './small-fake.ts'

type Method = keyof ModelLibrary

/** Says what a test lays into it, and writes down what it is asked. */
export class SmallLibrary implements ModelLibrary {
  /** Each call: the method and its options but the signal. */
  readonly calls: [Method, object][] = []
  /** What a copy tells: events, or an error to throw among them. */
  events: (ModelCopyEvent | Error)[] = []
  /** What other devices have. */
  elsewhere: NearbyModel[] = []
  /** What `add` and `remove` answer. */
  answer: ModelInfo | Error = modelInfo({ name: 'qwen', builtIn: false })

  /** What `catalogue` answers. */
  known: CatalogueEntry[] = []

  async catalogue(): Promise<CatalogueEntry[]> {
    await Promise.resolve()
    return this.known
  }

  export(options: Parameters<ModelLibrary['export']>[0]): AsyncIterable<ModelCopyEvent> {
    return this.#copy('export', options)
  }

  import(options: Parameters<ModelLibrary['import']>[0]): AsyncIterable<ModelCopyEvent> {
    return this.#copy('import', options)
  }

  pull(options: Parameters<ModelLibrary['pull']>[0]): AsyncIterable<ModelCopyEvent> {
    return this.#copy('pull', options)
  }

  nearby(): Promise<NearbyModel[]> {
    return Promise.resolve(this.elsewhere)
  }

  add(options: Parameters<ModelLibrary['add']>[0]): Promise<ModelInfo> {
    return this.#change('add', options)
  }

  remove(options: Parameters<ModelLibrary['remove']>[0]): Promise<ModelInfo> {
    return this.#change('remove', options)
  }

  async use(options: Parameters<ModelLibrary['use']>[0]): Promise<ModelInfo | null> {
    const chosen = await this.#change('use', options)
    return options.name === null ? null : { ...chosen, chosen: true }
  }

  async *#copy(method: Method, { signal, ...options }: { signal?: AbortSignal }): AsyncGenerator<ModelCopyEvent> {
    this.calls.push([method, options])
    for (const event of this.events) {
      await Promise.resolve()
      signal?.throwIfAborted()
      if (event instanceof Error) {
        throw event
      }
      yield event
    }
  }

  async #change(method: Method, { signal, ...options }: { signal?: AbortSignal }): Promise<ModelInfo> {
    await Promise.resolve()
    signal?.throwIfAborted()
    this.calls.push([method, options])
    if (this.answer instanceof Error) {
      throw this.answer
    }
    return this.answer
  }
}
