import assert from 'node:assert/strict'
import { Devices } from '../devices.ts'
import { addressOf, OutsideDevice } from '../membership/outside-device.ts'
import { untilTrue } from '../membership/codes.ts'
import type { Device } from '../device.ts'
import type { Mesh } from '../../../src/interface.ts'
import { frameReader } from '../../../src/protocols/framing.ts'
import { gather, type Outcome } from '../device.ts'
import { openDevice } from '../../crdt/device.ts'
import { everything, rememberAll } from './remembered.ts'

const SILENT = ['--answer', 'no']
/** Documents of a thousand: to take them in is work of a second or two, so that a kill comes in the middle. */
const MANY = 12_000

describe('what a device remembers', function () {
  this.timeout(120_000)
  let devices: Devices

  beforeEach(async () => {
    devices = await Devices.create()
  })

  afterEach(async () => {
    await devices.remove()
  })

  it('comes to one that was killed in the middle of it, whole, and to one that was off, what changed meanwhile', async () => {
    const desktop = devices.device({ name: 'desktop', flags: SILENT })
    const laptop = devices.device({ name: 'laptop', flags: SILENT })
    const filled = openDevice({ home: desktop.home })
    filled.memories.rememberAll(
      Array.from({ length: MANY }, (_, count) => ({ text: `Box ${count} holds ${count % 7} cups` }))
    )
    filled.close()
    await laptop.start()
    const started = desktop.start()
    // The first piece is there, and most are not: the power goes.
    await laptop.until('the first of them', (line) => line.event === 'memory-changed')
    await laptop.kill()
    const half = openDevice({ home: laptop.home })
    const kept = half.memories.count()
    half.close()
    assert.ok(kept > 0 && kept < MANY, `${kept} of ${MANY} had come`)
    await started
    const there = await desktop.attach()
    const [late] = await rememberAll(there, ['The key is under the mat'])
    const [gone] = await there.memory.list({ limit: 2 }).then(([, second]) => [second!.id])
    await there.memory.forget({ ids: [gone!] })

    await laptop.start()
    await same(laptop, there)
    const here = await laptop.attach()
    assert.equal((await here.memory.get({ id: late! })).text, 'The key is under the mat')
    assert.equal((await here.memory.reindex()).memories, MANY)
    await assert.rejects(here.memory.get({ id: gone! }), { name: 'UnknownMemoryError' })

    // Off for a while, as every night.
    await here.stop()
    await laptop.kill()
    const more = await rememberAll(there, ['The bulb is in the drawer', 'The plants need water'])
    await there.memory.forget({ ids: [late!] })
    await laptop.start()
    await Promise.all([same(laptop, there), settles(laptop, more, late!)])
    await there.stop()
  })

  it('is nothing to one that is no member, whatever it says', async () => {
    const desktop = await devices.start({ name: 'desktop', flags: SILENT })
    const there = await desktop.attach()
    await rememberAll(there, ['The safe is behind the picture'])
    const stranger = await OutsideDevice.create()
    try {
      await assert.rejects(async () => {
        const connection = await stranger.connect(addressOf(desktop))
        const stream = await connection.newStream('/mesh/sync/1.0.0', { signal: AbortSignal.timeout(3000) })
        const reader = frameReader(stream, { maxBytes: 1024 })
        const said = await reader.read({ timeoutMs: 3000 })
        assert.equal(said, undefined, 'it was told something')
        throw new Error('the stream was ended')
      })
      // With the door open it is connected, and may say no more than that it wants to come in.
      await there.membership.openDoor()
      const connection = await stranger.connect(addressOf(desktop))
      await assert.rejects(async () => {
        const stream = await connection.newStream('/mesh/sync/1.0.0', { signal: AbortSignal.timeout(3000) })
        const said = await frameReader(stream, { maxBytes: 1024 }).read({ timeoutMs: 3000 })
        assert.equal(said, undefined, 'it was told something')
        throw new Error('the stream was ended')
      })
    } finally {
      await stranger.stop()
      await there.stop()
    }
  })

  it('is a conversation too, which goes on where another device stopped', async () => {
    const desktop = await devices.start({ name: 'desktop', models: ['plain'] })
    const laptop = await devices.start({ name: 'laptop', flags: SILENT })
    await laptop.sees('desktop', { answersWith: 'plain' })
    const first = await says(desktop, ['--model', 'plain', '--max-tokens', '8'], 'aa')
    assert.equal(first.code, 0, first.stderr)
    const { conversation } = JSON.parse(first.stdout) as { conversation: string }
    await laptop.until('the conversation', (line) => {
      return line.event === 'conversation-changed' && line.conversation === conversation && line.added.length > 0
    })
    await untilTrue(laptop, async (mesh) => (await mesh.conversations.messages({ id: conversation })).length === 2)
    const list = JSON.parse((await laptop.mesh('chat', '--list', '--json')).stdout) as { id: string; title: string }[]
    assert.deepEqual(
      list.map(({ id, title }) => [id, title]),
      [[conversation, 'aa']]
    )
    const second = await says(laptop, ['--resume', '--model', 'plain', '--max-tokens', '8'], 'bb')
    assert.equal((JSON.parse(second.stdout) as { conversation: string }).conversation, conversation)
    await untilTrue(desktop, async (mesh) => {
      const messages = await mesh.conversations.messages({ id: conversation })
      return (
        messages.map(({ role, content }) => (role === 'user' ? content : role)).join() === 'aa,assistant,bb,assistant'
      )
    })
  })
})

/** Says one line in a chat. */
function says(device: Device, flags: string[], line: string): Promise<Outcome> {
  const child = device.spawn(['chat', '--json', ...flags], { stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin?.end(`${line}\n`)
  return gather(child)
}

/** Until both have the same, to the last letter. */
async function same(device: Device, mesh: Mesh): Promise<void> {
  const wanted = await everything(mesh)
  await untilTrue(device, async (own) => JSON.stringify(await everything(own)) === JSON.stringify(wanted))
}

async function settles(device: Device, more: readonly string[], gone: string): Promise<void> {
  await untilTrue(device, async (own) => {
    const ids = (await own.memory.list({ limit: 1000 })).map(({ id }) => id)
    return more.every((id) => ids.includes(id)) && !ids.includes(gone)
  })
}
