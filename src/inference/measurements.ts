import type { ProviderReport } from '../interface.ts'
import type { MeasurementStore } from './index.ts'
import type { Measured, ModelSource } from './messages.ts'
import { readPieces } from './missing-pieces.ts'
import { providersOf } from './providers.ts'
import { runtimeFolder } from './runtime.ts'

/**
 * What was measured on this device, kept by model, version of onnxruntime, list of providers and the pieces that they
 * need: any change of these has it measured again. A provider whose driver took the process down is left out from then on, until the runtime is
 * another version.
 */
export class Measurements {
  readonly #store: MeasurementStore
  /** All that this platform knows. */
  readonly providers = providersOf(process.platform, process.arch)
  readonly #pieces: string
  #trying: string | null = null
  /** By model and version of onnxruntime, what `of` gave: it is asked several times for each question. */
  readonly #known = new Map<string, Pick<ModelSource, 'providers' | 'measured'>>()

  /** @param runtime the package that holds onnxruntime */
  constructor(store: MeasurementStore, runtime: string) {
    this.#store = store
    this.#pieces = piecesOf(runtime)
  }

  of(hash: string, version: string): Pick<ModelSource, 'providers' | 'measured'> {
    const key = `${hash} ${version}`
    const known = this.#known.get(key) ?? this.#read(hash, version)
    this.#known.set(key, known)
    return known
  }

  #read(hash: string, version: string): Pick<ModelSource, 'providers' | 'measured'> {
    const providers = this.providers.filter((provider) => this.#store.get(crashKey(provider, version)) === undefined)
    const kept = this.#store.get(this.#key(hash, version, providers))
    return { providers, measured: kept === undefined ? null : (JSON.parse(kept) as Measured) }
  }

  keep(hash: string, version: string, measured: Measured): void {
    const { providers } = this.of(hash, version)
    this.#store.set(this.#key(hash, version, providers), JSON.stringify(measured))
    this.#known.clear()
  }

  #key(hash: string, version: string, providers: readonly string[]): string {
    return `engine ${hash} onnxruntime ${version} ${providers.join(',')} ${this.#pieces}`
  }

  /** A provider is being tried, or (null) none any more. */
  trying(provider: string | null): void {
    this.#trying = provider
  }

  /** The child died. `crashed`: by itself, not because it was killed. */
  died(crashed: boolean, version: string): void {
    // Without the processor there would be no engine at all, and its code crashes for reasons of the model.
    if (crashed && this.#trying !== null && this.#trying !== 'cpu') {
      this.#store.set(crashKey(this.#trying, version), 'crashed')
      this.#known.clear()
    }
    this.#trying = null
  }

  /** Reports on the providers that are left out. */
  crashed(version: string): ProviderReport[] {
    return this.providers
      .filter((provider) => this.#store.get(crashKey(provider, version)) !== undefined)
      .map((provider) => ({
        provider,
        state: 'failed',
        reason: "its driver took the engine's process down",
        decodeRate: null
      }))
  }
}

/** What providers need and is there: a driver that was installed since has its provider tried again. */
function piecesOf(runtime: string): string {
  try {
    const { vulkanLoader, vulkanDrivers, cudaProvider } = readPieces(runtimeFolder(runtime))
    return [...(vulkanLoader ? ['loader', ...vulkanDrivers] : []), ...(cudaProvider ? ['cuda'] : [])].join(',')
  } catch {
    // Without a runtime nothing is measured.
    return ''
  }
}

function crashKey(provider: string, version: string): string {
  return `crash ${provider} onnxruntime ${version}`
}
