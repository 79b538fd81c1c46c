import assert from 'node:assert/strict'
import { chmod } from 'node:fs/promises'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import type { Discovery, MemberInfo, PeerInfo } from '../../../src/interface.ts'
import { failure } from '../ask-data.ts'
import type { Device } from '../device.ts'
import { Devices } from '../devices.ts'
import { underLoad } from '../goals.ts'
import { createNetwork, whyNoNamespaces, type Network } from '../namespaces.ts'
import { agree, comparing, dataOf, told, untilTrue } from './codes.ts'

const SILENT = ['--answer', 'no']
const CLONE_TOLD_MS = 10_000

describe('devices that share a network', function () {
  this.timeout(90_000)
  let devices: Devices
  let network: Network

  before(function () {
    const reason = whyNoNamespaces()
    if (reason === null) return
    this.test!.title += ` (left out: ${reason})`
    this.skip()
  })

  beforeEach(async () => {
    devices = await Devices.create()
    network = await createNetwork({ hosts: 3 })
  })

  afterEach(async () => {
    await devices.remove()
    await network.remove()
  })

  function onHost(index: number, name: string, mesh: string | null): Device {
    return devices.device({ host: network.hosts[index]!, name, mesh, flags: SILENT })
  }

  it('and no mesh have nothing to do with each other; a newcomer hears of both by their words, and chooses', async () => {
    const [mine, theirs] = [onHost(0, 'mine', 'mine'), onHost(1, 'theirs', 'theirs')]
    // A device that is alone in its mesh would move into one whose door is open.
    for (const mesh of ['mine', 'theirs']) await devices.memberHome(`absent-${mesh}`, mesh)
    const words = await Promise.all([mine, theirs].map(async (device) => (await device.start()).mesh))
    await Promise.all([mine, theirs].map((device) => device.mesh('approve')))
    const newcomer = onHost(2, 'newcomer', null)
    await newcomer.start()
    await untilTrue(newcomer, async (mesh) => (await mesh.status()).membership.state === 'waiting')
    const { doors } = await told(newcomer, 'doors')
    assert.deepEqual(doors.map(({ mesh }) => mesh).sort(), [...words].sort())
    for (const { lines } of [mine, theirs, newcomer]) {
      assert.deepEqual(
        lines.filter(({ event }) => event === 'comparing' || event === 'newcomer'),
        []
      )
    }

    await newcomer.kill()
    const after = performance.now()
    await newcomer.start('--mesh', words[1] ?? '')
    const shown = await comparing([theirs, newcomer], after)
    assert.equal(shown.newcomer, newcomer)
    await agree(shown)
    await Promise.all([theirs.sees('newcomer', { model: false }), newcomer.sees('theirs', { model: false })])
    const known: [Device, string[]][] = [
      [mine, []],
      [theirs, ['newcomer']],
      [newcomer, ['theirs']]
    ]
    await Promise.all(
      known.map(async ([device, others]) => {
        const members = dataOf<MemberInfo[]>(await device.mesh('members', '--json'))
        assert.deepEqual(
          members
            .map(({ name }) => name)
            .filter((name) => !name.startsWith('absent'))
            .sort(),
          [device.name, ...others].sort()
        )
        const peers = dataOf<PeerInfo[]>(await device.mesh('peers', '--json'))
        const found = dataOf<Discovery[]>(await device.mesh('discover', '--json'))
        for (const list of [peers, found])
          assert.deepEqual(
            list.map(({ name }) => name),
            others
          )
      })
    )
    assert.deepEqual(
      mine.lines.filter(({ event }) => event === 'newcomer' || event === 'peer-connected'),
      []
    )
  })

  it('and one identity, because a home was copied, say so within 10 s, and the roster stays as it was', async () => {
    const [original, other] = [onHost(0, 'original', 'own'), onHost(1, 'other', 'own')]
    await Promise.all([original, other].map((device) => device.start()))
    await Promise.all([original.sees('other', { model: false }), other.sees('original', { model: false })])
    const before = dataOf<MemberInfo[]>(await other.mesh('members', '--json', '--all'))
    const home = devices.home('copy')
    cpSync(original.home, home, { recursive: true, filter: (path) => !/\/(?:lock|control\.sock)/.test(path) })
    const copy = devices.device({ host: network.hosts[2]!, name: 'original', home, mesh: null, flags: SILENT })
    const { at } = await copy.start()
    const isTold = (line: { event: string }): boolean =>
      line.event === 'warning' && 'message' in line && String(line.message).includes("uses this device's identity")
    const warned = await Promise.all([original, copy].map((device) => device.until('the warning', isTold)))
    for (const warning of warned)
      assert.ok(warning.at - at <= underLoad(CLONE_TOLD_MS), `it took ${warning.at - at} ms`)
    await copy.kill()
    const after = dataOf<MemberInfo[]>(await other.mesh('members', '--json', '--all'))
    assert.deepEqual(after.map(identified), before.map(identified))
    // The copy becomes a device of its own, for people to let in.
    await original.mesh('approve')
    const again = performance.now()
    await copy.start('--new-key')
    await agree(await comparing([original, copy], again))
    const { member } = await told(original, 'member-admitted', { after: again })
    assert.equal(member.name, 'original-2')
  })
})

function identified({ id, name, role, admittedBy, removedBy }: MemberInfo): object {
  return { id, name, role, admittedBy, removedBy }
}

describe('keys that others can read', () => {
  let devices: Devices

  beforeEach(async () => {
    devices = await Devices.create()
  })

  afterEach(async () => {
    await devices.remove()
  })

  it('are refused, each with the command that mends it', async function () {
    this.timeout(60_000)
    if (process.platform === 'win32') this.skip()
    const device = devices.device({ name: 'device' })
    for (const name of ['private-key', 'box-key']) {
      const file = join(device.home, 'identity', name)
      await chmod(file, 0o640)
      const { code, name: error, message } = failure(await device.mesh('join', '--json', '--listen', '127.0.0.1'))
      assert.deepEqual([code, error], [1, 'IdentityError'])
      const mend = /chmod 600 '(.+)'/.exec(message)
      assert.equal(mend?.[1], file, message)
      await chmod(file, 0o600)
    }
    assert.equal((await device.mesh('members', '--json')).code, 0)
  })
})
