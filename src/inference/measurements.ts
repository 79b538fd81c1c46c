import type { ProviderReport } from '../interface.ts'
import type { MeasurementStore } from './index.ts'
import type { Measured, ModelSource } from './messages.ts'
import { providersOf } from './providers.ts'

/**
 * What was measured on this device, kept by model, version of onnxruntime and list of providers: any change of these
 * has it measured again. A provider whose driver took the process down is left out from then on, until the runtime is
 * another version.
 */
export class Measurements {
  readonly #store: MeasurementStore
  readonly #providers = providersOf(process.platform, process.arch)
  #trying: string | null = null

  constructor(store: MeasurementStore) {
    this.#store = store
  }

  of(hash: string, version: string): Pick<ModelSource, 'providers' | 'measured'> {
    const providers = this.#providers.filter((provider) => this.#store.get(crashKey(provider, version)) === undefined)
    const kept = this.#store.get(measuredKey(hash, version, providers))
    return { providers, measured: kept === undefined ? null : (JSON.parse(kept) as Measured) }
  }

  keep(hash: string, version: string, measured: Measured): void {
    const { providers } = this.of(hash, version)
    this.#store.set(measuredKey(hash, version, providers), JSON.stringify(measured))
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
    }
    this.#trying = null
  }

  /** Reports on the providers that are left out. */
  crashed(version: string): ProviderReport[] {
    return this.#providers
      .filter((provider) => this.#store.get(crashKey(provider, version)) !== undefined)
      .map((provider) => ({
        provider,
        state: 'failed',
        reason: "its driver took the engine's process down",
        decodeRate: null
      }))
  }
}

function measuredKey(hash: string, version: string, providers: readonly string[]): string {
  return `engine ${hash} onnxruntime ${version} ${providers.join(',')}`
}

function crashKey(provider: string, version: string): string {
  return `crash ${provider} onnxruntime ${version}`
}
