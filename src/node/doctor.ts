import type { EngineInfo, Finding, ModelInfo, PeerInfo, ProviderReport } from '../interface.ts'

/** What is known of this device itself; the network's part is `diagnose` of discovery. */
export interface OwnFacts {
  models: ModelInfo[]
  providers: ProviderReport[]
  /** Vendors of the graphics cards, or null where that is not known. */
  graphics: readonly string[] | null
  /** Why there is no engine, or null. */
  engineError: string | null
  modelsFolder: string
  /** The other engines of this device. */
  engines: EngineInfo[]
  /** Addresses at which another process with this identity was heard. */
  clones: readonly string[]
  version: string
  peers: PeerInfo[]
}

/** What is wrong on this device, with the command that mends it. Pure. */
export function examine(facts: OwnFacts): Finding[] {
  return [
    ...engine(facts),
    ...providers(facts),
    ...models(facts),
    ...tooLarge(facts),
    ...engines(facts),
    ...clones(facts),
    ...versions(facts)
  ]
}

function engine({ engineError }: OwnFacts): Finding[] {
  return engineError === null
    ? [{ check: 'engine', state: 'ok', message: 'the engine runs' }]
    : [{ check: 'engine', state: 'problem', message: engineError }]
}

/**
 * What is missing is worth a warning where a graphics card waits for it. CUDA is a choice: where another provider uses
 * the card already, it is told and no more.
 */
function providers({ providers, graphics }: OwnFacts): Finding[] {
  const used = providers.find(({ state }) => state === 'used')?.provider ?? 'cpu'
  return providers.map(({ provider, state, reason, mend }): Finding => {
    const check = `provider-${provider}`
    if (state === 'software' && graphics !== null && graphics.length > 0) {
      return { check, state: 'warning', message: `${provider}: ${STATES[state]} (${reason})`, mend: driverOf(graphics) }
    }
    if (state !== 'failed') return { check, state: 'ok', message: `${provider}: ${STATES[state]} (${reason})` }
    if (mend === undefined) return { check, state: 'ok', message: `${provider}: not usable here (${reason})` }
    const suits = graphics === null || (provider === 'cuda' ? graphics.includes('NVIDIA') : graphics.length > 0)
    if (!suits) {
      const card = provider === 'cuda' ? 'NVIDIA graphics card' : 'graphics card'
      return { check, state: 'ok', message: `${provider}: ${reason}. No ${card} was seen here; with one:`, mend }
    }
    const download = provider === 'cuda' && mend.includes('install.js') ? CUDA_DOWNLOAD : ''
    const needless = provider === 'cuda' && used !== 'cpu'
    return {
      check,
      state: needless ? 'ok' : 'warning',
      message: `${provider}: ${reason}.${download} To mend it:`,
      mend
    }
  })
}

/** What the script of onnxruntime-node 1.30 does (`script/install.js`, `script/install-metadata.js`). */
const CUDA_DOWNLOAD =
  ' The command downloads Microsoft.ML.OnnxRuntime.Gpu.Linux from NuGet, some hundred megabytes, and lays its three' +
  ' libraries beside the others; CUDA 12 and cuDNN 9 are needed too.'

/** The Debian package with the driver for the cards that are there. */
function driverOf(graphics: readonly string[]): string {
  return graphics.every((vendor) => vendor === 'NVIDIA')
    ? 'sudo apt-get install nvidia-driver'
    : 'sudo apt-get install mesa-vulkan-drivers'
}

const STATES = { used: 'answers', slower: 'works, but another is faster', software: 'is a software adapter, not a GPU' }

function models({ models, modelsFolder }: OwnFacts): Finding[] {
  return models
    .filter(({ broken, engine }) => broken !== null && engine === undefined)
    .map(({ name, broken }) => ({
      check: 'model',
      state: 'problem' as const,
      message: `The model ${name} cannot be used: ${broken ?? ''} It lies in ${modelsFolder}.`
    }))
}

function tooLarge({ models }: OwnFacts): Finding[] {
  return models.flatMap((model) =>
    model.tooLarge === undefined ? [] : [{ check: 'model-memory', state: 'warning' as const, message: model.tooLarge }]
  )
}

function engines({ engines }: OwnFacts): Finding[] {
  return engines.map(({ name, url, reason, models }): Finding => {
    const check = 'other-engine'
    const failing = models.find((model) => model.reason !== null)
    if (reason !== null) return { check, state: 'warning', message: reason, mend: 'mesh engine ls' }
    return failing === undefined
      ? {
          check,
          state: 'ok',
          message: `${name} answers at ${url} with ${models.map((model) => model.name).join(', ') || 'no model yet'}`
        }
      : { check, state: 'warning', message: `${name}: ${failing.name} is not offered: ${failing.reason ?? ''}` }
  })
}

function clones({ clones }: OwnFacts): Finding[] {
  return clones.map((address) => ({
    check: 'identity',
    state: 'problem' as const,
    message: `Another process uses this device's identity, at ${address}. The copy needs a key of its own; there:`,
    mend: 'mesh join --new-key'
  }))
}

function versions({ version, peers }: OwnFacts): Finding[] {
  const others = peers.filter((peer) => peer.version !== null && peer.version !== version)
  if (others.length === 0)
    return [{ check: 'version', state: 'ok', message: `ownmesh ${version} on every device seen` }]
  return others.map((peer) => ({
    check: 'version',
    state: 'warning' as const,
    message: `${peer.name} runs ownmesh ${peer.version ?? ''}, this device ${version}. Update the older one.`
  }))
}
