import assert from 'node:assert/strict'
import type { ModelInfo, PeerInfo } from '../../src/interface.ts'
import { examine } from '../../src/node/doctor.ts'
import type { OwnFacts } from '../../src/node/doctor.ts'
import { peerInfo, Peers } from '../../src/node/peers.ts'
import { engineInfo, engineModel } from '../fixtures/fake-engines.ts'
import { MINI } from './candidates.ts'

const HEALTHY: OwnFacts = {
  models: [modelInfo(null)],
  providers: [{ provider: 'cpu', state: 'used', reason: '640 tokens a second', decodeRate: 640 }],
  graphics: ['AMD'],
  engineError: null,
  engines: [],
  modelsFolder: '/home/me/.mesh/models',
  clones: [],
  version: '0.1.0',
  peers: [peer('pi', '0.1.0')]
}

function modelInfo(broken: string | null): ModelInfo {
  return { ...MINI, bytes: 1, loaded: false, broken }
}

function peer(name: string, version: string | null): PeerInfo {
  const peers = new Peers()
  peers.remember(name, name, [], 0)
  return { ...peerInfo(peers.get(name)!, name, 0), version }
}

/** What is not well when these facts are other than healthy. */
function complaints(changes: Partial<OwnFacts>) {
  return examine({ ...HEALTHY, ...changes }).filter(({ state }) => state !== 'ok')
}

describe('the doctor, on this device', () => {
  it('names a model that is too large, with the arithmetic', () => {
    const tooLarge = 'qwen3-4b needs 2.9 GB; this device gives models 2.0 GB.'
    assert.deepEqual(complaints({ models: [{ ...modelInfo(null), tooLarge }] }), [
      { check: 'model-memory', state: 'warning', message: tooLarge }
    ])
  })

  it('finds a healthy device healthy, and says of what', () => {
    assert.deepEqual(
      examine(HEALTHY).map(({ check, state }) => `${check} ${state}`),
      ['engine ok', 'provider-cpu ok', 'version ok']
    )
  })

  it('gives the words of an engine that does not run', () => {
    assert.deepEqual(complaints({ engineError: 'onnxruntime is not installed' }), [
      { check: 'engine', state: 'problem', message: 'onnxruntime is not installed' }
    ])
  })

  const lacking = (provider: string, mend: string): OwnFacts['providers'][number] => ({
    ...{ provider, state: 'failed', reason: `a piece is missing (the words of ${provider})`, decodeRate: null, mend }
  })
  const CPU: OwnFacts['providers'][number] = { provider: 'cpu', state: 'used', reason: '12 tokens/s', decodeRate: 12 }
  const LOADER = lacking('webgpu', 'sudo apt-get install libvulkan1')
  const CUDA = lacking('cuda', 'node /x/script/install.js --onnxruntime-node-install=cuda12')

  it('gives the command for the piece that a provider lacks, where a graphics card waits for it', () => {
    const found = (graphics: string[] | null): unknown[] =>
      complaints({ providers: [CPU, LOADER, CUDA], graphics }).map(({ check, state, mend }) => ({ check, state, mend }))
    const loader = { check: 'provider-webgpu', state: 'warning', mend: LOADER.mend }
    const cuda = { check: 'provider-cuda', state: 'warning', mend: CUDA.mend }
    assert.deepEqual(found(['AMD']), [loader])
    assert.deepEqual(found(['Intel', 'NVIDIA']), [loader, cuda])
    // Who cannot tell which cards there are had better say too much.
    assert.deepEqual(found(null), [loader, cuda])
    assert.deepEqual(found([]), [])
  })

  it('tells the command without a warning where no card was seen, and where another provider uses it already', () => {
    const findings = (providers: OwnFacts['providers'], graphics: string[]): string[] =>
      examine({ ...HEALTHY, providers, graphics }).flatMap(({ message, mend }) =>
        mend === undefined ? [] : [message, mend]
      )
    assert.deepEqual(findings([CPU, LOADER], []), [
      'webgpu: a piece is missing (the words of webgpu). No graphics card was seen here; with one:',
      'sudo apt-get install libvulkan1'
    ])
    const [message] = findings([{ ...CPU, provider: 'webgpu' }, CUDA], ['NVIDIA'])
    assert.match(message ?? '', /downloads Microsoft\.ML\.OnnxRuntime\.Gpu\.Linux from NuGet.* CUDA 12 and cuDNN 9/)
    assert.deepEqual(complaints({ providers: [{ ...CPU, provider: 'webgpu' }, CUDA], graphics: ['NVIDIA'] }), [])
  })

  it('gives the driver for the card where only a software adapter was found', () => {
    const software = { provider: 'webgpu', state: 'software', reason: 'lavapipe', decodeRate: 5 } as const
    const mends = (graphics: string[]): unknown[] =>
      complaints({ providers: [CPU, software], graphics }).map(({ mend }) => mend)
    assert.deepEqual(mends(['NVIDIA']), ['sudo apt-get install nvidia-driver'])
    assert.deepEqual(mends(['AMD']), ['sudo apt-get install mesa-vulkan-drivers'])
    assert.deepEqual(mends([]), [])
  })

  it('does not complain of a provider that this device cannot have', () => {
    const providers: OwnFacts['providers'] = [
      { provider: 'coreml', state: 'failed', reason: 'not built for this platform', decodeRate: null },
      { provider: 'cpu', state: 'slower', reason: '12 instead of 40 tokens a second', decodeRate: 12 },
      { provider: 'webgpu', state: 'software', reason: 'llvmpipe', decodeRate: null }
    ]
    assert.deepEqual(complaints({ providers, graphics: [] }), [])
    const messages = examine({ ...HEALTHY, providers, graphics: [] }).map(({ message }) => message)
    assert.match(messages.join('\n'), /coreml: not usable here \(not built/)
    assert.match(messages.join('\n'), /cpu: works, but another is faster \(12 instead/)
    assert.match(messages.join('\n'), /webgpu: is a software adapter, not a GPU \(llvmpipe\)/)
  })

  it('names a broken model, what it lacks and where it lies', () => {
    const [finding, ...more] = complaints({ models: [modelInfo('tokenizer.json is missing.'), modelInfo(null)] })
    assert.deepEqual(more, [])
    assert.deepEqual([finding?.check, finding?.state], ['model', 'problem'])
    assert.match(finding!.message, /mini cannot be used: tokenizer\.json is missing\. .*\/home\/me\/\.mesh\/models/)
  })

  it('names each address at which a copy of this home runs', () => {
    const found = complaints({ clones: ['10.0.0.5', '10.0.0.6'] })
    assert.deepEqual(
      found.map(({ check, state }) => `${check} ${state}`),
      ['identity problem', 'identity problem']
    )
    assert.match(found[1]!.message, /10\.0\.0\.6.*a key of its own/)
  })

  it('names each device of another release, whichever is older', () => {
    const peers = [peer('pi', '0.2.0'), peer('desktop', '0.1.0'), peer('unheard', null), peer('old', '0.0.9')]
    assert.deepEqual(
      complaints({ peers }).map(({ check, state, message }) => `${check} ${state}: ${message}`),
      [
        'version warning: pi runs ownmesh 0.2.0, this device 0.1.0. Update the older one.',
        'version warning: old runs ownmesh 0.0.9, this device 0.1.0. Update the older one.'
      ]
    )
  })

  it('names another engine that is down or fails, and not where models of files lie', () => {
    const down = engineInfo({ state: 'down', reason: 'ollama does not answer at http://x: nothing listens there.' })
    const failing = engineInfo({ models: [engineModel({ reason: 'out of memory' })] })
    const [first, second, ...more] = complaints({
      engines: [down, failing, engineInfo()],
      models: [modelInfo(null), { ...modelInfo('it failed'), engine: 'ollama' }]
    })
    assert.deepEqual(more, [])
    assert.deepEqual([first!.message, first!.mend], [down.reason, 'mesh engine ls'])
    assert.match(second!.message, /qwen3:4b is not offered: out of memory/)
  })
})
