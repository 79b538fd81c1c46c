/** What a place at the door is worth when something else happens meanwhile. */
import '../../../src/polyfill.ts'
import assert from 'node:assert/strict'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Comparison } from '../../../src/index.ts'
import { holds } from '../../integration/membership/happening.ts'
import { OutsideDevice } from '../../integration/membership/outside-device.ts'
import { DevicesHere, type Device } from './devices-here.ts'

describe('the door of a device', function () {
  this.timeout(60_000)
  let devices: DevicesHere

  beforeEach(async () => {
    devices = await DevicesHere.create()
  })

  afterEach(() => devices.remove())

  async function outside(kind: 'Ed25519' | 'secp256k1'): Promise<OutsideDevice> {
    const device = await OutsideDevice.create(await generateKeyPair(kind))
    devices.add({ stop: () => device.node.stop() })
    return device
  }

  /** What a device that has a mesh of its own compares at the door of another, of which it was told. */
  async function comparisonAt(member: Device, newcomer: Device): Promise<Comparison> {
    const { id } = await member.mesh.status()
    let comparison: Comparison | null = null
    await holds(async () => {
      // It may ask there by itself already, or not have heard of the door yet.
      await newcomer.mesh.membership.knock({ door: id }).catch(() => undefined)
      comparison = (await newcomer.mesh.status()).membership.comparing
      return comparison !== null
    })
    return comparison!
  }

  it('has no place for whoever has a key of another kind, and keeps none for it', async () => {
    const desktop = await devices.start('desktop')
    await desktop.mesh.membership.openDoor()
    const { id } = await desktop.mesh.status()
    for (let tried = 0; tried < 3; tried++) {
      const stranger = await outside('secp256k1')
      await assert.rejects(stranger.askToBeLetIn(`${desktop.address}/p2p/${id}`))
    }
    const laptop = await devices.start('laptop', { connect: [desktop.address] })
    assert.equal((await laptop.told('comparing')).comparison.mesh, (await desktop.mesh.status()).mesh)
  })

  it('is closed in the mesh into which the device moves, and what it was opened for is void', async () => {
    const phone = await devices.start('phone')
    const desktop = await devices.start('desktop')
    await phone.mesh.membership.openDoor()
    await phone.mesh.membership.invite()
    const laptop = await devices.start('laptop', { connect: [phone.address] })
    const { comparison } = await laptop.told('comparing')
    const { invite } = await desktop.mesh.membership.invite()
    await phone.mesh.membership.redeem({ invite })
    await laptop.told('not-joined')
    const { membership } = await phone.mesh.status()
    assert.deepEqual(membership.door, { open: false, closesInMs: 0, newcomers: [] })
    await assert.rejects(phone.mesh.membership.approve({ code: comparison.code }), { name: 'NoSuchNewcomerError' })
    const stranger = await outside('Ed25519')
    await assert.rejects(stranger.askToBeLetIn(`${phone.address}/p2p/${(await phone.mesh.status()).id}`))
    assert.deepEqual(
      (await desktop.mesh.membership.list()).map(({ name }) => name),
      ['desktop', 'phone']
    )
  })

  it('lets nobody in once its owner has confirmed that the device goes elsewhere', async () => {
    const desktop = await devices.start('desktop')
    const phone = await devices.start('phone', { connect: [desktop.address], startNew: true })
    const laptop = await devices.start('laptop', { connect: [phone.address] })
    const [elsewhere, here] = await Promise.all([
      comparisonAt(desktop, phone),
      laptop.told('comparing'),
      phone.told('newcomer')
    ])
    const confirmed = phone.mesh.membership.confirm({ code: elsewhere.code })
    const { code } = here.comparison
    await Promise.all([
      assert.rejects(phone.mesh.membership.approve({ code }), { name: 'PairingFailedError' }),
      assert.rejects(laptop.mesh.membership.confirm({ code }), { name: 'PairingFailedError' })
    ])
    await desktop.mesh.membership.approve({ code: elsewhere.code })
    assert.equal((await confirmed).mesh, elsewhere.mesh)
    assert.equal((await phone.mesh.status()).membership.members, 2)
  })

  it('keeps a device that lets another one in where it is', async () => {
    const desktop = await devices.start('desktop')
    const phone = await devices.start('phone', { connect: [desktop.address], startNew: true })
    const laptop = await devices.start('laptop', { connect: [phone.address] })
    const [elsewhere, here] = await Promise.all([
      comparisonAt(desktop, phone),
      laptop.told('comparing'),
      phone.told('newcomer')
    ])
    const { code } = here.comparison
    await Promise.all([phone.mesh.membership.approve({ code }), laptop.mesh.membership.confirm({ code })])
    await phone.told('not-joined')
    await assert.rejects(desktop.mesh.membership.approve({ code: elsewhere.code }))
    assert.equal((await desktop.mesh.status()).membership.members, 1)
    assert.equal((await phone.mesh.status()).mesh, here.comparison.mesh)
  })

  it('is no trap for a member that came as a stranger, before this device knew of it', async () => {
    const desktop = await devices.start('desktop')
    const { invite } = await desktop.mesh.membership.invite()
    const phone = await devices.start('phone', { invite })
    await Promise.all([phone.told('peer-connected'), desktop.told('peer-connected')])
    await phone.mesh.stop()
    const laptop = await devices.start('laptop', { connect: [phone.address] })
    const { request } = await laptop.mesh.membership.request()
    const { admission } = await desktop.mesh.membership.admit({ request })
    const ports = [desktop, phone].map(({ address }) => Number(/\/tcp\/(\d+)/.exec(address)?.[1]))
    await desktop.mesh.stop()
    const again = await devices.start('phone', { port: ports[1]! })
    await again.mesh.membership.openDoor()
    await laptop.mesh.membership.import({ admission })
    await holds(async () => (await laptop.mesh.discover({ timeoutMs: 0 })).length > 0)
    await devices.start('desktop', { port: ports[0]! })
    await laptop.told('peer-connected', ({ peer }) => peer.name === 'phone')
  })
})
