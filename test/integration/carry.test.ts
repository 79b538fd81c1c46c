import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { ChildProcess } from 'node:child_process'
import type { ModelCopyDone } from '../../src/interface.ts'
import { makePaddedModel, PADDING } from '../fixtures/padded-model.ts'
import type { Device } from './device.ts'
import { Devices } from './devices.ts'
import { createNetwork, whyNoNamespaces, type Host, type Network } from './namespaces.ts'

const MEGABYTES = 40
const BYTES = MEGABYTES * 2 ** 20
const ROUNDS = process.env.MESH_SOAK === undefined ? 1 : 10
/** Slow enough that there is a middle. */
const UPLOAD = '8M'
/** What one kill may cost: see DESIGN, and PROTOCOL.md for what is under way. */
const AGAIN_BYTES = 16 * 2 ** 20
/** Ethernet, IP, TCP, Noise and yamux headers, heartbeats and retransmissions. */
const OVERHEAD = 1.15
const SEED = Date.now() % 1000

type Said = { event: string; bytes?: number; message?: string } & Partial<ModelCopyDone>

/** Where a kill comes, as a part of the model: another one each time, and early, for progress is told once a second. */
function partOf(kill: number): number {
  const random = ((SEED + 37 * (kill + 1)) * 61) % 100
  return (kill % 2 === 0 ? 0.02 : 0.35) + 0.25 * random * 0.01
}

describe(`a model from the device next door (seed ${String(SEED)})`, function () {
  this.timeout(120_000)
  let network: Network
  let devices: Devices

  before(function () {
    const reason = whyNoNamespaces()
    if (reason === null) return
    this.test!.parent!.title += ` (${reason})`
    this.skip()
  })
  beforeEach(async () => {
    network = await createNetwork({ hosts: 2, subnet: 61 })
    devices = await Devices.create()
  })
  afterEach(async () => {
    await devices.remove()
    await network.remove()
  })

  async function two(flags: string[] = ['--max-upload', UPLOAD]): Promise<[Device, Device]> {
    const [there, here] = network.hosts as [Host, Host]
    const desktop = devices.device({ host: there, name: 'desktop', flags })
    makePaddedModel({ path: join(desktop.home, 'models', 'qwen'), bytes: BYTES })
    await desktop.start()
    const laptop = await devices.start({ host: here, name: 'laptop' })
    await laptop.sees('desktop')
    return [desktop, laptop]
  }

  function pull(device: Device): ChildProcess {
    return device.spawn(['model', 'pull', 'qwen', '--from', 'desktop', '--json'])
  }

  /** The events of a pull, read one after the other. */
  function reader(child: ChildProcess): { heard: Said[]; until: (fits: (said: Said) => boolean) => Promise<Said> } {
    const lines = createInterface(child.stdout!)[Symbol.asyncIterator]()
    const heard: Said[] = []
    let errors = ''
    child.stderr!.on('data', (chunk) => (errors += String(chunk)))
    const until = async (fits: (said: Said) => boolean): Promise<Said> => {
      while (true) {
        const line = await lines.next()
        if (line.done === true) throw new Error(`the pull ended: ${errors}`)
        const said = JSON.parse(line.value) as Said
        heard.push(said)
        if (fits(said) || said.event === 'done') return said
      }
    }
    return { heard, until }
  }

  const passed = (part: number) => (said: Said) => said.event === 'progress' && said.bytes! >= part * BYTES
  const sent = async (host: Host): Promise<number> =>
    Number(await host.run('cat', '/sys/class/net/eth0/statistics/tx_bytes'))

  function assertSame(from: Device, to: Device): void {
    assert.deepEqual(readdirSync(join(to.home, 'models')), ['qwen'])
    const [there, here] = [from, to].map(({ home }) => readFileSync(join(home, 'models', 'qwen', PADDING)))
    assert.ok(here!.equals(there!))
  }

  const names = async (device: Device): Promise<string[]> =>
    (JSON.parse((await device.mesh('model', 'ls', '--json')).stdout) as { name: string }[]).map(({ name }) => name)

  it('comes whole while asks go on, is offered at once, and costs no more than its bytes', async () => {
    const [desktop, laptop] = await two()
    const before = await sent(network.hosts[0]!)
    const { until } = reader(pull(laptop))
    await until(passed(0.1))
    assert.deepEqual(await names(laptop), ['mini'])
    const asked = await Promise.all(
      [laptop, desktop].flatMap((device) =>
        ['laptop', 'desktop'].map((peer) => device.mesh('ask', '--peer', peer, '--model', 'mini', 'What is 2 plus 3?'))
      )
    )
    for (const { code, stdout, stderr } of asked) assert.ok(code === 0 && stdout.includes('5'), stderr)
    const done = await until(({ event }) => event === 'done')
    assert.deepEqual([done.outcome, done.from?.name, done.kept], ['pulled', 'desktop', 0])
    assertSame(desktop, laptop)
    assert.ok((await sent(network.hosts[0]!)) - before < BYTES * OVERHEAD + AGAIN_BYTES)
    const answer = await laptop.mesh('ask', '--peer', 'laptop', '--model', 'qwen', '--max-tokens', '2', 'x')
    assert.equal(answer.code, 0, answer.stderr)
  })

  it('goes on, however often either side is killed, and sends little twice', async () => {
    const [desktop, laptop] = await two()
    const before = await sent(network.hosts[0]!)
    let kills = 0
    for (let round = 0; round < ROUNDS; round++) {
      const { heard, until } = reader(pull(laptop))
      // The one that gives, which then comes back.
      if ((await until(passed(partOf(2 * round)))).event === 'done') break
      await desktop.kill()
      await desktop.start()
      kills++
      // The one that pulls: its node and the command.
      const said = await until(passed(partOf(2 * round + 1)))
      assert.ok(heard.some(({ event, message }) => event === 'notice' && message!.includes('desktop does not give')))
      if (said.event === 'done') break
      await laptop.kill()
      kills++
      await laptop.start()
      await laptop.sees('desktop')
      assert.deepEqual(await names(laptop), ['mini'])
    }
    const done = await reader(pull(laptop)).until(({ event }) => event === 'done')
    assert.ok(['pulled', 'known'].includes(done.outcome!))
    assertSame(desktop, laptop)
    const all = (await sent(network.hosts[0]!)) - before
    assert.ok(all < BYTES * OVERHEAD + kills * AGAIN_BYTES, `${String(all)} bytes for ${String(BYTES)}`)
    this.title += ` (${String(kills)} kills, ${(all / BYTES).toFixed(2)} × the bytes)`
  })

  it('waits while the cable is out, and goes on when it is back', async () => {
    const [desktop, laptop] = await two()
    const { until } = reader(pull(laptop))
    await until(passed(0.1))
    await network.hosts[1]!.cut('carrier')
    await laptop.until('silence', (line) => line.event === 'peer-changed' && line.peer.state === 'silent')
    await network.hosts[1]!.heal()
    assert.equal((await until(({ event }) => event === 'done')).outcome, 'pulled')
    assertSame(desktop, laptop)
  })
})
