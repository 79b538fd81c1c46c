import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ModelInfo } from '../../src/interface.ts'
import { HubDouble, modelFiles, type Files } from '../hub/hub-double.ts'
import { bytesOf } from '../packages/files.ts'
import { gather, type Device } from './device.ts'
import { Devices } from './devices.ts'

const NAME = 'onnx-community/Mini-ONNX'
const MINI = fileURLToPath(new URL('../../../models/mini/', import.meta.url))
const WATCH = fileURLToPath(new URL('watched-connections.js', import.meta.url))
const KILLS = process.env.MESH_SOAK === undefined ? 5 : 50
const SEED = Date.now() % 1_000_000

/** The built-in model as if somebody had put it on the hub: the largest that is at hand. */
function files(): Files {
  const small = modelFiles('plain')
  const own = ['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json']
  return {
    ...Object.fromEntries(Object.entries(small).filter(([path]) => !path.startsWith('onnx/'))),
    ...Object.fromEntries(own.map((path) => [path, readFileSync(join(MINI, path))])),
    'onnx/model_q4.onnx': readFileSync(join(MINI, 'onnx', 'model.onnx'))
  }
}

describe(`mesh model pull against a hub (seed ${String(SEED)})`, function () {
  this.timeout(120_000)
  let devices: Devices
  let double: HubDouble
  beforeEach(async () => {
    devices = await Devices.create()
    double = await new HubDouble().start()
    double.put(NAME, files())
  })
  afterEach(async () => {
    await devices.remove()
    await double.close()
  })

  const environment = (endpoint = double.endpoint): NodeJS.ProcessEnv => ({
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(MESH|HF)_/.test(name))),
    HF_ENDPOINT: endpoint,
    HF_HOME: '/nowhere'
  })
  const modelsOf = async (device: Device): Promise<ModelInfo[]> =>
    JSON.parse((await device.mesh('model', 'ls', '--json')).stdout) as ModelInfo[]

  it('says what it does, speaks to the hub alone, and lists the model with its origin', async () => {
    const device = devices.device({ name: 'laptop' })
    const connections = join(device.home, '..', 'connections-of-laptop')
    const env = { ...environment(), NODE_OPTIONS: `--import ${WATCH}`, CONNECTIONS: connections, HF_TOKEN: 'hf_mine' }
    const { code, stdout, stderr } = await gather(device.spawn(['model', 'pull', NAME], { env }))
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^Pulled Mini-ONNX: 2\.4 MB\.\nAsk it: .*ask --model Mini-ONNX "…"\n$/)
    assert.match(stderr, /Mini-ONNX of 127\.0\.0\.1:\d+, as q4\. License: apache-2\.0\./)
    const hosts = new Set(readFileSync(connections, 'utf8').trim().split('\n'))
    assert.deepEqual([...hosts].sort(), double.addresses().sort())
    assert.ok(double.asked.filter(({ server }) => server === 'storage').every((each) => each.authorization === null))
    assert.ok(double.asked.filter(({ server }) => server === 'hub').every((each) => each.authorization !== null))
    const shown = await device.mesh('model', 'show', 'Mini-ONNX')
    assert.match(shown.stdout, /origin +onnx-community\/Mini-ONNX on the Hugging Face hub, q4, commit [0-9a-f]{7}\n/)
  })

  it('is killed at any moment and goes on with what it has, asking for nothing twice that is on the disk', async function () {
    const device = devices.device({ name: 'laptop' })
    const models = join(device.home, 'models')
    const total = Object.values(files()).reduce((sum, { length }) => sum + length, 0)
    const graph = bytesOf(`kills ${String(SEED)}`, KILLS * 4)
    // A pace at which a start of Node is no large part of it.
    double.pace = 4e6
    let wasThere: string | null = null
    for (let kill = 0; kill < KILLS; kill++) {
      const at = graph.readUInt32LE(kill * 4) % Math.ceil((total * 1.2) / KILLS)
      const before = double.asked.reduce((sum, { sent }) => sum + sent, 0)
      const child = device.spawn(['model', 'pull', NAME], { env: environment() })
      const closed = once(child, 'close')
      double.onSent = (bytes) => {
        if (bytes - before >= at) child.kill('SIGKILL')
      }
      const asked = double.asked.length
      await closed
      const [partial] = incomplete(models)
      // What the process before had on the disk was not asked for again.
      const graphs = double.asked.slice(asked).filter(({ server }) => server === 'storage')
      if (wasThere !== null && graphs[0] !== undefined) assert.equal(String(graphs[0].from), wasThere)
      wasThere = partial === undefined ? null : String(statSync(partial).size)
      const listed = existsSync(models) ? readdirSync(models).filter((name) => !name.startsWith('.')) : []
      assert.deepEqual(listed, child.exitCode === 0 ? ['Mini-ONNX'] : [], `kill ${String(kill)}`)
      if (child.exitCode === 0) break
    }
    double.onSent = () => undefined
    double.pace = Infinity
    const { code, stderr } = await gather(device.spawn(['model', 'pull', NAME], { env: environment() }))
    assert.equal(code, 0, stderr)
    assert.deepEqual(readdirSync(models), ['Mini-ONNX'])
    assert.deepEqual(readFileSync(join(models, 'Mini-ONNX', 'onnx', 'model_q4.onnx')), files()['onnx/model_q4.onnx'])
    const [model] = (await modelsOf(device)).filter(({ builtIn }) => !builtIn)
    assert.equal(model?.broken, null)
    const twice = double.sentTwice()
    this.test!.title += ` (${String(KILLS)} kills, ${String(twice)} of ${String(total)} bytes sent twice)`
    // On their way to a process that was killed, and never on its disk: what sockets hold.
    assert.ok(twice <= KILLS * 2 ** 22, String(twice))
  })

  it('keeps what came at Ctrl-C and says so', async () => {
    const device = devices.device({ name: 'laptop' })
    double.pace = 2e6
    const child = device.spawn(['model', 'pull', NAME], { env: environment() })
    const ended = gather(child)
    double.onSent = (bytes) => {
      if (bytes > 500_000) child.kill('SIGINT')
    }
    const { code, stderr } = await ended
    assert.equal(code, 130)
    assert.match(stderr, /Stopped\. What was copied is kept: the same command goes on from there\./)
    double.onSent = () => undefined
    const again = await gather(device.spawn(['model', 'pull', NAME], { env: environment() }))
    assert.match(again.stdout, /Pulled Mini-ONNX: 2\.4 MB, .* of it there from before\./)
  })

  it('is done by the node that runs, with the environment of whoever types, whose token no log shows', async () => {
    const device = await devices.start({ name: 'laptop', flags: ['--verbose'] })
    double.token = 'hf_mine'
    const env = { ...environment(), HF_TOKEN: 'hf_mine' }
    const { code, stdout, stderr } = await gather(device.spawn(['model', 'pull', NAME, '--verbose'], { env }))
    assert.equal(code, 0, stderr)
    assert.ok(!`${stdout}${stderr}${device.words}`.includes('hf_mine'))
    const answer = await device.mesh('ask', '--model', 'Mini-ONNX', 'What is 7 times 8?')
    assert.match(answer.stdout, /56/)
  })

  it('takes it from a device of the mesh that has pulled it, where one is connected', async () => {
    const desktop = await devices.start({ name: 'desktop' })
    const pulled = await gather(desktop.spawn(['model', 'pull', NAME], { env: environment() }))
    assert.equal(pulled.code, 0, pulled.stderr)
    const laptop = await devices.start({ name: 'laptop' })
    await laptop.sees('desktop')
    double.asked.length = 0
    const { code, stdout, stderr } = await gather(laptop.spawn(['model', 'pull', NAME], { env: environment() }))
    assert.equal(code, 0, stderr)
    assert.match(stderr, /desktop has it, so it comes from there; --from hub takes it from the hub\./)
    assert.match(stdout, /^Pulled Mini-ONNX from desktop: 2\.4 MB\./)
    assert.deepEqual(double.asked, [])
    const [one, other] = await Promise.all(
      [desktop, laptop].map(async (device) => (await modelsOf(device)).find(({ name }) => name === 'Mini-ONNX'))
    )
    assert.deepEqual([one?.hash, one?.origin?.quantization], [other?.hash, 'q4'])
    assert.deepEqual(other?.origin, one?.origin)
    const hub = await gather(
      laptop.spawn(['model', 'pull', NAME, '--from', 'hub', '--name', 'again'], { env: environment() })
    )
    assert.equal(hub.code, 0, hub.stderr)
    assert.ok(double.asked.length > 0)
  })

  it('says without a network what else can be done', async () => {
    const device = devices.device({ name: 'laptop' })
    const { code, stderr } = await gather(
      device.spawn(['model', 'pull', NAME], { env: environment('http://hub.invalid') })
    )
    assert.equal(code, 1)
    assert.match(stderr, /hub\.invalid cannot be reached: .*model pull NAME --from PEER.*model import/s)
    assert.deepEqual(readdirSync(device.home).includes('models') && readdirSync(join(device.home, 'models')), false)
  })
})

/** The graph that is not complete, if there is one. */
function incomplete(models: string): string[] {
  if (!existsSync(models)) return []
  return readdirSync(models)
    .filter((name) => name.startsWith('.incoming-'))
    .map((name) => join(models, name, 'onnx', 'model_q4.onnx'))
    .filter((path) => existsSync(path) && statSync(path).size > 0)
}
