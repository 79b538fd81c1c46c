import type { ProviderReport } from '../interface.ts'
import { BrokenModelError } from '../errors.ts'
import { agrees } from './agreement.ts'
import { DecoderSession } from './decoder-session.ts'
import { measureRates } from './measure.ts'
import type { Measured, ModelSource } from './messages.ts'
import { PREFILL_CHUNK } from './batch-plan.ts'
import { loadedSoftwareDriver, missingPiece, readPieces } from './missing-pieces.ts'
import { reasonOf } from './model-folder.ts'
import type { Runtime } from './runtime.ts'

/** Providers that onnxruntime-node 1.30 knows on each platform, the likely fastest first. `cpu` is everywhere. */
const ACCELERATORS: Readonly<Record<string, readonly string[]>> = {
  'linux x64': ['cuda', 'webgpu'],
  'darwin arm64': ['webgpu', 'coreml'],
  'win32 x64': ['webgpu', 'dml'],
  'win32 arm64': ['webgpu', 'dml']
}

export function providersOf(platform: string, arch: string): string[] {
  return [...(ACCELERATORS[`${platform} ${arch}`] ?? []), 'cpu']
}

/**
 * A graphics adapter in software (llvmpipe, SwiftShader) creates a session like a real one. The runtime does not give
 * the adapter's name, but one that has a quarter of the processor's speed is no accelerator, whatever it is called.
 */
const SOFTWARE_RATIO = 1 / 4

export interface ChosenSession {
  session: DecoderSession
  measured: Measured
}

export interface ChooseOptions {
  /** Where onnxruntime's package lies: what is missing depends on what is there. */
  runtimeFolder: string
  /** Called before each try: a driver may take the whole process down. */
  trying: (provider: string) => void
  /** See `SessionOptions`. */
  remark: (text: string) => void
  signal?: AbortSignal
}

/**
 * Tries the model's providers one after another (there is no fallback within onnxruntime), measures each, keeps the
 * fastest and says what became of the others.
 */
export async function chooseSession(
  runtime: Runtime,
  path: string,
  { providers, threads }: Pick<ModelSource, 'providers' | 'threads'>,
  { runtimeFolder, trying, remark, signal }: ChooseOptions
): Promise<ChosenSession> {
  const failed: ProviderReport[] = []
  const tried: Tried[] = []
  let best: (ChosenSession & { sample: Float32Array }) | undefined
  let error: unknown
  for (const provider of providers) {
    let session: DecoderSession | undefined
    try {
      signal?.throwIfAborted()
      trying(provider)
      session = await DecoderSession.create(runtime, path, { provider, threads, remark })
      const sample = await sampleOf(session)
      const rates = await measureRates(session, signal)
      if (provider === 'cpu' && best !== undefined && !agrees(best.sample, sample)) {
        const wrong = best.measured.provider
        failed.push({ provider: wrong, state: 'failed', reason: WRONG, decodeRate: null })
        tried.splice(0, tried.length, ...tried.filter((each) => each.provider !== wrong))
        await best.session.release()
        best = undefined
      }
      tried.push({ provider, decodeRate: rates.decodeRate, software: softwareOf(provider) })
      if (best === undefined || rates.decodeRate > best.measured.rates.decodeRate) {
        await best?.session.release()
        best = { session, sample, measured: { provider, rates, reports: [] } }
      } else {
        await session.release()
      }
    } catch (err) {
      await session?.release()
      if (signal?.aborted === true || err instanceof BrokenModelError) {
        await best?.session.release()
        throw err
      }
      error = err
      failed.push({ ...failureOf(provider, err, runtimeFolder), decodeRate: null })
    }
  }
  if (best === undefined) {
    throw new BrokenModelError(`${path} cannot be loaded: ${firstLine(error)}`, { cause: error })
  }
  const reports = [...judge(tried, best.measured.provider), ...failed]
  return { session: best.session, measured: { ...best.measured, reports } }
}

/** Said of a provider that is fast and wrong. */
export const WRONG = 'it computes something else than the processor, so its answers cannot be trusted'

/** The logits after a prompt that is read in one piece. */
async function sampleOf(session: DecoderSession): Promise<Float32Array> {
  const ids = Array.from({ length: PREFILL_CHUNK }, (_, index) => index % session.vocabulary)
  const { cache, logits } = await session.forward(session.empty(), ids)
  session.free(cache)
  return logits
}

/** A provider that ran. */
interface Tried {
  provider: string
  /** Tokens a second. */
  decodeRate: number
  /** What computes in software in the place of a GPU. */
  software?: string | null
}

/** What computes for a provider in software, where that can be told. */
export function softwareOf(provider: string): string | null {
  return provider === 'webgpu' ? loadedSoftwareDriver() : null
}

/** Why a provider failed, with the piece that it lacks where that is known. */
export function failureOf(
  provider: string,
  err: unknown,
  runtimeFolder: string
): Pick<ProviderReport, 'provider' | 'reason' | 'mend'> & { state: 'failed' } {
  const missing = missingPiece(provider, process.platform, readPieces(runtimeFolder), runtimeFolder)
  const said = firstLine(err)
  if (missing === null) return { provider, state: 'failed', reason: said }
  return { provider, state: 'failed', reason: `${missing.what} (${said})`, mend: missing.mend }
}

/** Says in words how the providers that ran compare. */
export function judge(tried: readonly Tried[], used: string): ProviderReport[] {
  const rateOf = (name: string): number => tried.find(({ provider }) => provider === name)?.decodeRate ?? 0
  const cpu = rateOf('cpu')
  return tried.map(({ provider, decodeRate, software: driver = null }) => {
    const figure = `${Math.round(decodeRate)} tokens/s`
    if (provider === used) return { provider, decodeRate, state: 'used', reason: figure }
    if (driver !== null) {
      const reason = `${figure}, ${used} ${Math.round(rateOf(used))}: computed in software by ${driver}; no driver of a graphics card is there`
      return { provider, decodeRate, state: 'software', reason }
    }
    const software = provider !== 'cpu' && cpu > 0 && decodeRate < cpu * SOFTWARE_RATIO
    const reason = software
      ? `${figure}, the processor ${Math.round(cpu)}: it seems to be computed in software; is the driver installed?`
      : `${figure}, ${used} ${Math.round(rateOf(used))}`
    return { provider, decodeRate, state: software ? 'software' : 'slower', reason }
  })
}

/** Native errors can be pages long and begin with a place in onnxruntime's source; what happened is said after it. */
function firstLine(err: unknown): string {
  const line = reasonOf(err).split('\n')[0] ?? ''
  return line.replace(/^\/\S+:\d+ .*? was false\. /, '').slice(0, 300)
}
