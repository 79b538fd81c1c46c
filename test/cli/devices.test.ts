import assert from 'node:assert/strict'
import { DESKTOP, LAPTOP, SmallFake, meshStatus, modelInfo, peer } from './small-fake.ts'
import { commandLine } from './command-line.ts'

const PI = { name: 'pi', id: '12D3KooWPi' }
const sleeping = peer({
  ...PI,
  state: 'away',
  model: null,
  tokensPerSecond: null,
  roundTripMs: null,
  foundBy: ['remembered'],
  lastSeenMs: 190_000
})

async function lines(mesh: SmallFake, ...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await commandLine(args, { mesh })
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  assert.equal(mesh.stopped, 1)
  return stdout.trimEnd().split('\n')
}

async function data(mesh: SmallFake, ...args: string[]): Promise<unknown> {
  return JSON.parse((await commandLine([...args, '--json'], { mesh })).stdout)
}

describe('mesh peers', () => {
  it('lists the devices, sleeping ones with the time they were last seen', async () => {
    const mesh = new SmallFake()
    mesh.status_.peers = [peer(), sleeping]
    assert.deepEqual(await lines(mesh, 'peers'), [
      'NAME     STATE                 MODEL     TOKENS/S  QUEUE  ROUND TRIP  FOUND BY',
      'desktop  connected             qwen3-4b        42      0        3 ms  mDNS, beacon',
      'pi       away, seen 3 min ago  –                –      0           –  remembered'
    ])
    assert.deepEqual(await data(mesh, 'peers'), JSON.parse(JSON.stringify([peer(), sleeping])))
  })

  it('says what to do where nobody is', async () => {
    assert.deepEqual(await lines(new SmallFake(), 'peers'), [
      'No other device is known yet. Run mesh join on another one; mesh doctor finds what is in the way.'
    ])
    assert.deepEqual(await data(new SmallFake(), 'peers'), [])
  })

  it('fits 80 columns', async () => {
    const mesh = new SmallFake()
    mesh.status_.peers = [peer({ model: 'a-model-with-quite-a-long-name-indeed' }), sleeping]
    const { stdout } = await commandLine(['peers'], { mesh, terminal: 80 })
    assert.deepEqual(
      stdout.split('\n').filter((line) => line.length > 80),
      []
    )
    assert.match(stdout, /^desktop .*…/m)
  })
})

describe('mesh status', () => {
  it('tells what this device is, answers with and reaches', async () => {
    const mesh = new SmallFake()
    mesh.status_.peers = [peer(), sleeping]
    assert.deepEqual(await lines(mesh, 'status'), [
      'laptop',
      'state     running for 3 min',
      'mesh      amber-otter, alone in it',
      'answers   built-in helper (sums, and help about mesh only), 640 tokens/s',
      'on        cpu, 8 cores',
      'devices   1 connected, 0 silent, 1 away',
      'door      closed',
      'recovery  no phrase yet (mesh recover --new makes one)',
      'given     12 answers (480 tokens read, 1200 written), 2 refused, 0 running',
      'asked     3 questions from here, 1 failed, 1 time another device took over',
      'knows     3 memories, 1 conversation, in sync with desktop',
      'listens   /ip4/127.0.0.1/tcp/6373 (this machine only)',
      'memory    110 MB, engine 240 MB',
      'id        12D3KooWLaptop',
      'home      /home/me/ownmesh',
      'release   0.1.0'
    ])
    assert.deepEqual(await data(mesh, 'status'), JSON.parse(JSON.stringify(mesh.status_)))
  })

  it('says why a device does not answer', async () => {
    const mesh = new SmallFake()
    mesh.status_ = meshStatus({
      state: 'visiting',
      answering: 'no',
      addresses: [],
      tokensPerSecond: null,
      models: [modelInfo({ broken: 'there is no onnxruntime for this platform' })],
      memory: { node: 60, engine: null }
    })
    const shown = await lines(mesh, 'status')
    assert.ok(shown.includes('state     not running (mesh join starts it)'))
    assert.ok(shown.includes('answers   nothing (there is no onnxruntime for this platform)'))
    assert.ok(shown.includes('listens   nowhere'))
    assert.ok(shown.includes('memory    60 MB'))
  })
})

describe('mesh discover', () => {
  it('lists who was heard, by which way, and why one could not be reached', async () => {
    const mesh = new SmallFake()
    mesh.discoveries = [
      { ...DESKTOP, foundBy: ['mdns'], addresses: ['/ip4/1.2.3.4/tcp/1', '/x'], connected: true, dialError: null },
      { ...PI, foundBy: ['beacon'], addresses: [], connected: false, dialError: 'connection refused' }
    ]
    assert.deepEqual(await lines(mesh, 'discover'), [
      'NAME     FOUND BY  REACHED             ADDRESSES                      ID',
      'desktop  mDNS      connected           /ip4/1.2.3.4/tcp/1 and 1 more  12D3KooWDesktop',
      'pi       beacon    connection refused  –                              12D3KooWPi'
    ])
    assert.deepEqual(await data(mesh, 'discover'), JSON.parse(JSON.stringify(mesh.discoveries)))
  })

  it('says how long it listened in vain', async () => {
    assert.deepEqual(await lines(new SmallFake(), 'discover', '--timeout', '1.5'), [
      'Heard of no other device in 1.5 s. mesh doctor finds what is in the way.'
    ])
  })
})

describe('mesh why', () => {
  it('lists who would answer, best first, with the reasons', async () => {
    const mesh = new SmallFake()
    mesh.rows = [
      { peer: DESKTOP, here: false, model: 'qwen3-4b', eligible: true, expectedMs: 12_400, reason: 'the largest' },
      { peer: LAPTOP, here: true, model: null, eligible: false, expectedMs: null, reason: 'does not answer' }
    ]
    assert.deepEqual(await lines(mesh, 'why'), [
      'DEVICE         MODEL     EXPECTED  REASON',
      'desktop        qwen3-4b      12 s  the largest',
      'laptop (here)  –                –  does not answer'
    ])
    assert.deepEqual(await data(mesh, 'why', 'a', 'question'), JSON.parse(JSON.stringify(mesh.rows)))
  })
})

describe('mesh doctor', () => {
  it('marks what it found, names the command that mends it, and fails where there is a problem', async () => {
    const mesh = new SmallFake()
    mesh.findings = [
      { check: 'route', state: 'ok', message: 'There is a default route.' },
      { check: 'firewall', state: 'warning', message: 'Beacons are dropped.', mend: 'sudo ufw allow 6372/udp' }
    ]
    assert.deepEqual(await lines(mesh, 'doctor'), [
      '✓ There is a default route.',
      '! Beacons are dropped.',
      '    sudo ufw allow 6372/udp'
    ])
    mesh.findings = [{ check: 'port', state: 'problem', message: 'No port is free.' }]
    assert.deepEqual(await commandLine(['doctor'], { mesh }), { code: 1, stdout: '✗ No port is free.\n', stderr: '' })
    assert.deepEqual(await data(mesh, 'doctor'), mesh.findings)
  })

  it('spells commands in messages as they work here', async () => {
    const mesh = new SmallFake()
    const message = 'See mesh status, then (mesh join --listen 0.0.0.0); the mesh is “mesh ask”, npx mesh join stays.'
    mesh.findings = [{ check: 'x', state: 'ok', message, mend: 'mesh join' }]
    assert.equal(
      (await commandLine(['doctor'], { mesh, command: 'npm start --' })).stdout,
      '✓ See npm start -- status, then (npm start -- join --listen 0.0.0.0); the mesh is “npm start -- ask”, ' +
        'npx mesh join stays.\n    npm start -- join\n'
    )
    mesh.answer = () => [new Error('Start it with mesh join.')]
    assert.equal(
      (await commandLine(['ask', 'x'], { mesh, command: 'npm start --' })).stderr,
      'Start it with npm start -- join.\n'
    )
  })
})

describe('mesh model', () => {
  const qwen = modelInfo({
    name: 'qwen3-4b',
    bytes: 2_710_000_000,
    parameters: 4_020_000_000,
    quantization: 'q4f16',
    loaded: false,
    builtIn: false
  })
  const half = modelInfo({ ...qwen, name: 'half', broken: 'onnx/model.onnx is missing' })

  it('lists the models and, alone, says how to add one', async () => {
    const mesh = new SmallFake()
    mesh.status_.models = [modelInfo(), qwen, half]
    const list = [
      'NAME        SIZE  PARAMETERS  QUANTIZATION  STATE',
      'mini      3.4 MB       850 k  fp32          loaded, built in',
      'qwen3-4b  2.7 GB       4.0 B  q4f16         ready',
      'half      2.7 GB       4.0 B  q4f16         broken: onnx/model.onnx is missing'
    ]
    assert.deepEqual(await lines(mesh, 'model', 'ls'), list)
    mesh.stopped = 0
    assert.deepEqual(await lines(mesh, 'model'), [
      ...list,
      '',
      'A real model, from the Hugging Face hub: mesh model pull',
      'A folder of one that is on this device (config.json, tokenizer.json, onnx/…): mesh model add FOLDER',
      'or put it here: /home/me/ownmesh/models/NAME',
      'Or let Ollama, llama.cpp, LM Studio, vLLM or exo answer: mesh engine --help'
    ])
    assert.deepEqual(await data(mesh, 'model'), [modelInfo(), qwen, half])
  })

  it('says which engine serves a model, which may not tell its size', async () => {
    const mesh = new SmallFake()
    mesh.status_.models = [modelInfo({ ...qwen, bytes: 0, engine: 'ollama', loaded: false })]
    assert.match((await lines(mesh, 'model', 'ls'))[1] ?? '', /^qwen3-4b +\? .*ready, by ollama$/)
    mesh.stopped = 0
    assert.ok((await lines(mesh, 'model', 'show', 'qwen3-4b')).includes('engine        ollama'))
  })

  it('shows one model', async () => {
    const mesh = new SmallFake()
    mesh.status_.models = [qwen]
    assert.deepEqual(await lines(mesh, 'model', 'show', 'qwen3-4b'), [
      'qwen3-4b',
      'size          2.7 GB',
      'parameters    4.0 B',
      'quantization  q4f16',
      'context       256 tokens',
      'state         ready',
      `hash          ${'ab'.repeat(32)}`
    ])
    assert.deepEqual(await data(mesh, 'model', 'show', 'qwen3-4b'), qwen)
  })

  it('says what it does not know', async () => {
    const mesh = new SmallFake()
    const unknown = await commandLine(['model', 'show', 'nix'], { mesh })
    assert.deepEqual(unknown, { code: 1, stdout: '', stderr: 'There is no model “nix” here; there is mini.\n' })
    const push = await commandLine(['model', 'push'], { mesh })
    assert.deepEqual(push, {
      code: 2,
      stdout: '',
      stderr: 'mesh model knows ls, show, pull, export, import, add, use, rm, not “push”.\n'
    })
    const nameless = await commandLine(['model', 'show'], { mesh })
    assert.equal(nameless.stderr, 'The form is mesh model show NAME.\n')
  })
})

describe('mesh stop', () => {
  it('ends the node', async () => {
    const mesh = new SmallFake()
    assert.deepEqual(await commandLine(['stop'], { mesh }), { code: 0, stdout: '', stderr: 'Stopped laptop.\n' })
    assert.deepEqual(mesh.shutdowns, [{}])
    await commandLine(['stop', '--now'], { mesh })
    assert.deepEqual(mesh.shutdowns.at(-1), { finishMs: 0 })
    assert.deepEqual(await data(mesh, 'stop'), { stopped: LAPTOP })
  })

  it('says what it waits for, and Ctrl-C makes it stop at once', async () => {
    const mesh = new SmallFake()
    let end = (): void => undefined
    mesh.shutdown = (options) => {
      mesh.shutdowns.push(options)
      if (options?.finishMs === 0) end()
      else mesh.emit({ type: 'draining', running: 2, finishMs: 60_000 })
      return new Promise((resolve) => (end = resolve))
    }
    const { code, stderr } = await commandLine(['stop'], {
      mesh,
      meanwhile: (interruption, { stderr: shown }) => {
        shown.on('data', (chunk) => {
          if (String(chunk).includes('Waiting for 2 answers, at most 60 s; Ctrl-C')) interruption.interrupt()
        })
      }
    })
    assert.equal(code, 0)
    assert.match(stderr, /^Waiting for 2 answers, at most 60 s; Ctrl-C stops it now\.\nStopped laptop\.\n$/)
    assert.deepEqual(mesh.shutdowns, [{}, { finishMs: 0 }])
  })

  it('fails where none runs', async () => {
    const { code, stderr } = await commandLine(['stop'])
    assert.equal(code, 1)
    assert.equal(stderr, 'No node runs for this home.\n')
  })
})
