import assert from 'node:assert/strict'
import type { MemberInfo } from '../../../src/interface.ts'
import { askData } from '../ask-data.ts'
import type { Device } from '../device.ts'
import { Devices } from '../devices.ts'
import { createNetwork, whyNoNamespaces, type Network } from '../namespaces.ts'
import { agree, comparing, dataOf, told } from './codes.ts'

describe('two devices that nobody has set up', function () {
  this.timeout(90_000)
  let devices: Devices
  let network: Network
  let pair: [Device, Device]

  before(function () {
    const reason = whyNoNamespaces()
    if (reason === null) return
    this.test!.title += ` (left out: ${reason})`
    this.skip()
  })

  beforeEach(async () => {
    devices = await Devices.create()
    network = await createNetwork({ hosts: 2 })
    const [one, other] = ['one', 'other'].map((name, index) =>
      devices.device({
        host: network.hosts[index]!,
        name,
        mesh: null,
        ...(index === 1 && { flags: ['--answer', 'no'] })
      })
    )
    pair = [one!, other!]
  })

  afterEach(async () => {
    await devices.remove()
    await network.remove()
  })

  /** Both belong to one mesh of two, and one answers for the other. */
  async function areOne(): Promise<void> {
    const [one, other] = pair
    await Promise.all([other.sees('one'), one.sees('other', { model: false })])
    const lists = await Promise.all(
      pair.map(async (device) => dataOf<MemberInfo[]>(await device.mesh('members', '--json')))
    )
    for (const list of lists) assert.deepEqual(new Set(list.map(({ name }) => name)), new Set(['one', 'other']))
    assert.deepEqual(
      lists[0]!.map(({ id }) => id),
      lists[1]!.map(({ id }) => id)
    )
    assert.equal(askData(await other.mesh('ask', '--json', 'What is 7 times 8?')).peer.name, 'one')
  }

  it('become one mesh when they start at once and the codes are compared', async () => {
    await Promise.all(pair.map((device) => device.start()))
    const shown = await comparing(pair)
    const [started] = await Promise.all([told(shown.member, 'mesh'), told(shown.newcomer, 'comparing')])
    assert.deepEqual([started.how, started.mesh], ['started', shown.onNewcomer.mesh])
    await agree(shown)
    const joined = await told(shown.newcomer, 'mesh')
    assert.deepEqual([joined.how, joined.mesh], ['joined', started.mesh])
    await areOne()
  })

  it('become one mesh though each has started its own, before the link between them was there', async () => {
    await network.hosts[1]!.cut('silent')
    await Promise.all(pair.map((device) => device.start()))
    const words = await Promise.all(pair.map(async (device) => (await told(device, 'mesh')).mesh))
    assert.notEqual(words[0], words[1])
    await network.hosts[1]!.heal()
    const shown = await comparing(pair)
    await agree(shown)
    const joined = await shown.newcomer.until(
      'its move',
      (line) => line.event === 'mesh' && 'how' in line && line.how === 'joined'
    )
    assert.ok('mesh' in joined)
    assert.equal(joined.mesh, words[pair.indexOf(shown.member)])
    await areOne()
  })
})
