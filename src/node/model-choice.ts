import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { ConfigError } from '../errors.ts'
import type { ModelInfo } from '../interface.ts'
import { makePrivateDirectory, reasonOf, replaceFile } from './files.ts'

/** In `config.json`, beside what its owner wrote there. */
const KEY = 'model'

/** Which model of this device answers where none is named, by its name; kept in the home's `config.json`. */
export class ModelChoice {
  readonly #path: string
  #name: string | null

  /** @param name as the settings say now */
  constructor(path: string, name: string | null) {
    this.#path = path
    this.#name = name
  }

  get name(): string | null {
    return this.#name
  }

  isChosen({ name }: Pick<ModelInfo, 'name'>): boolean {
    return name === this.#name
  }

  /** The models, the chosen one marked. */
  mark(models: readonly ModelInfo[]): ModelInfo[] {
    return models.map((model) => (this.isChosen(model) ? { ...model, chosen: true } : model))
  }

  /** Takes effect with the next question. @throws {HomeUnusableError} {ConfigError} */
  set(name: string | null): void {
    const config = this.#read()
    if (name === null) Reflect.deleteProperty(config, KEY)
    else config[KEY] = name
    makePrivateDirectory(dirname(this.#path))
    replaceFile(this.#path, `${JSON.stringify(config, null, 2)}\n`)
    this.#name = name
  }

  #read(): Record<string, unknown> {
    if (!existsSync(this.#path)) return {}
    try {
      return JSON.parse(readFileSync(this.#path, 'utf8')) as Record<string, unknown>
    } catch (err) {
      throw new ConfigError(`Cannot use ${this.#path}: ${reasonOf(err)}. Mend it or move it away.`, { cause: err })
    }
  }
}
