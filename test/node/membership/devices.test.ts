/**
 * Whole devices in this process, on loopback and without discovery: they reach each other by invites and given
 * addresses.
 */
import '../../../src/polyfill.ts'
import assert from 'node:assert/strict'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { MeshOptions } from '../../../src/index.ts'
import { holds } from '../../integration/membership/happening.ts'
import { DevicesHere, type Device } from './devices-here.ts'
import { freeUdpPort } from '../../free-udp-port.ts'

describe('devices that belong together', function () {
  this.timeout(60_000)
  let devices: DevicesHere

  beforeEach(async () => {
    devices = await DevicesHere.create()
  })

  afterEach(() => devices.remove())

  function start(name: string, options?: MeshOptions): Promise<Device> {
    return devices.start(name, options)
  }

  /** One device whose mesh has just started. */
  function first(name = 'desktop'): Promise<Device> {
    return start(name)
  }

  async function invited(by: Device, name: string): Promise<Device> {
    const { invite } = await by.mesh.membership.invite()
    return start(name, { invite })
  }

  async function names(device: Device): Promise<string[]> {
    return (await device.mesh.membership.list()).map(({ name }) => name)
  }

  it('starts a mesh where it cannot look for one, and is alone in it', async () => {
    const { mesh } = await first()
    const { membership, mesh: words } = await mesh.status()
    assert.match(words ?? '', /^[a-z]+-[a-z]+$/)
    assert.deepEqual([membership.state, membership.members, membership.recovery], ['provisional', 1, false])
    const [only, ...more] = await mesh.membership.list()
    assert.deepEqual([only?.state, only?.admittedBy, more.length], ['here', null, 0])
  })

  it('lets in a device whose digits are the same, and only after both people-sides have said so', async () => {
    const desktop = await first()
    const laptop = await start('laptop', { connect: [desktop.address] })
    const [{ newcomer }, { comparison }] = await Promise.all([desktop.told('newcomer'), laptop.told('comparing')])
    assert.equal(newcomer.code, comparison.code)
    assert.equal(comparison.mesh, (await desktop.mesh.status()).mesh)
    const approved = desktop.mesh.membership.approve({ code: newcomer.code })
    // The member's word alone is not enough.
    assert.deepEqual(await names(desktop), ['desktop'])
    const joined = await laptop.mesh.membership.confirm({ code: comparison.code })
    assert.equal(joined.mesh, comparison.mesh)
    assert.equal((await approved).name, 'laptop')
    assert.deepEqual(await names(laptop), ['desktop', 'laptop'])
    await laptop.told('peer-connected')
    assert.equal((await laptop.mesh.status()).membership.state, 'member')
  })

  it('lets nobody in when either side says no', async () => {
    const desktop = await first()
    const laptop = await start('laptop', { connect: [desktop.address] })
    const { newcomer } = await desktop.told('newcomer')
    await laptop.told('comparing')
    await desktop.mesh.membership.refuse({ code: newcomer.code })
    assert.match((await laptop.told('not-joined')).reason, /declined/)
    assert.deepEqual(await names(desktop), ['desktop'])
    assert.equal((await laptop.mesh.status()).membership.comparing, null)
  })

  it('refuses a code that nobody shows, and one that is not its own', async () => {
    const desktop = await first()
    await assert.rejects(desktop.mesh.membership.approve({ code: '123456' }), { name: 'NoSuchNewcomerError' })
    const laptop = await start('laptop', { connect: [desktop.address] })
    const { comparison } = await laptop.told('comparing')
    const other = comparison.code === '000000' ? '000001' : '000000'
    await assert.rejects(laptop.mesh.membership.confirm({ code: other }), { name: 'NoSuchNewcomerError' })
  })

  it('takes an invite from one device, again from the same, and from no other', async () => {
    const desktop = await first()
    const { invite } = await desktop.mesh.membership.invite()
    const laptop = await start('laptop', { invite })
    assert.deepEqual(await names(laptop), ['desktop', 'laptop'])
    assert.equal((await laptop.mesh.membership.redeem({ invite })).mesh, (await desktop.mesh.status()).mesh)
    await assert.rejects(start('phone', { invite }), { name: 'InviteUsedError' })
    assert.deepEqual(await names(desktop), ['desktop', 'laptop'])
  })

  it('forgets its invites when it restarts', async () => {
    const desktop = await first()
    const port = Number(/\/tcp\/(\d+)/.exec(desktop.address)?.[1])
    const { invite } = await desktop.mesh.membership.invite()
    await desktop.mesh.stop()
    await start('desktop', { port })
    await assert.rejects(start('laptop', { invite }), { name: /InviteExpiredError|PeerUnreachableError/ })
  })

  it('is let in by files alone, and knows its mesh afterwards', async () => {
    const desktop = await first()
    const laptop = await first('laptop')
    const { request } = await laptop.mesh.membership.request()
    const { member, admission } = await desktop.mesh.membership.admit({ request })
    assert.equal(member.name, 'laptop')
    const { words } = await laptop.mesh.membership.inspect({ admission })
    assert.match(words, /^[a-z]+-[a-z]+( [a-z]+-[a-z]+){2}$/)
    const { mesh } = await laptop.mesh.membership.import({ admission })
    assert.equal(mesh, (await desktop.mesh.status()).mesh)
    assert.deepEqual(await names(laptop), ['desktop', 'laptop'])
    // Nobody carried an address: it is found by the one that the owner gives.
    await laptop.mesh.stop()
    const again = await start('laptop', { connect: [desktop.address] })
    await again.told('peer-connected')
  })

  it('admits nobody by a file that was made for somebody else', async () => {
    const desktop = await first()
    const laptop = await first('laptop')
    const phone = await first('phone')
    const { request } = await laptop.mesh.membership.request()
    const { admission } = await desktop.mesh.membership.admit({ request })
    await assert.rejects(phone.mesh.membership.import({ admission }), { name: 'InvalidRecordError' })
    assert.deepEqual(await names(phone), ['phone'])
  })

  it('removes a device everywhere, and tells it', async () => {
    const desktop = await first()
    const laptop = await invited(desktop, 'laptop')
    const phone = await invited(desktop, 'phone')
    await Promise.all([
      // What it never knew of would be no news to it.
      laptop.told('member-admitted', ({ member }) => member.name === 'phone'),
      phone.told('peer-connected', ({ peer }) => peer.name === 'desktop')
    ])
    const removed = await desktop.mesh.membership.remove({ peer: 'phone' })
    assert.deepEqual([removed.state, removed.removedBy], ['removed', 'desktop'])
    await phone.told('mesh', ({ how }) => how === 'removed')
    await laptop.told('member-removed', ({ member }) => member.name === 'phone')
    assert.deepEqual(await names(laptop), ['desktop', 'laptop'])
    assert.equal((await phone.mesh.status()).membership.state, 'removed')
    await assert.rejects(phone.mesh.membership.invite(), { name: 'NotMemberError' })
    await assert.rejects(desktop.mesh.membership.remove({ peer: 'tablet' }), { name: 'UnknownPeerError' })
  })

  it('lets a removed device back in with a new key only', async () => {
    const desktop = await first()
    const phone = await invited(desktop, 'phone')
    await phone.told('peer-connected')
    await desktop.mesh.membership.remove({ peer: 'phone' })
    await phone.told('mesh', ({ how }) => how === 'removed')
    await phone.mesh.stop()
    const { invite } = await desktop.mesh.membership.invite()
    await assert.rejects(start('phone', { invite }), { name: 'AlreadyMemberError' })
    const again = await start('phone', { invite, newKey: true })
    assert.deepEqual(await names(again), ['desktop', 'phone'])
  })

  it('calls a device by the same name everywhere', async () => {
    const desktop = await first()
    const laptop = await invited(desktop, 'desktop-of-mine')
    await laptop.mesh.membership.rename({ peer: 'desktop-of-mine', name: 'desktop' })
    assert.deepEqual(await names(laptop), ['desktop', 'desktop-2'])
    await holds(async () => (await names(desktop)).includes('desktop-2'))
    assert.equal((await desktop.mesh.status()).name, 'desktop')
    assert.deepEqual(await names(desktop), ['desktop', 'desktop-2'])
    await assert.rejects(desktop.mesh.membership.rename({ peer: 'desktop-2', name: 'two words' }), {
      name: 'InvalidRequestError'
    })
  })

  it('makes one phrase, which the old one alone replaces and nothing outranks', async () => {
    const desktop = await first()
    const laptop = await invited(desktop, 'laptop')
    await laptop.told('peer-connected')
    await assert.rejects(laptop.mesh.membership.makePhrase(), { name: 'RecoveryError' })
    const { phrase } = await desktop.mesh.membership.makePhrase()
    assert.equal(phrase.split(' ').length, 24)
    await assert.rejects(desktop.mesh.membership.makePhrase(), { name: 'RecoveryError' })
    const next = await desktop.mesh.membership.makePhrase({ phrase })
    await assert.rejects(laptop.mesh.membership.recover({ phrase }), { name: 'RecoveryError' })
    // The thief holds the device that started the mesh, and removes the other.
    await desktop.mesh.membership.remove({ peer: 'laptop' })
    await laptop.told('mesh', ({ how }) => how === 'removed')
    const members = await laptop.mesh.membership.recover({ phrase: next.phrase, remove: ['desktop'] })
    assert.deepEqual(
      members.map(({ name }) => name),
      ['laptop']
    )
  })

  it('comes back by itself when the phrase undoes what a thief has done', async () => {
    const nearby: MeshOptions = { discovery: ['beacon'], beaconPort: await freeUdpPort() }
    const desktop = await start('desktop', { ...nearby, startNew: true })
    const bring = async (name: string) =>
      start(name, { ...nearby, invite: (await desktop.mesh.membership.invite()).invite })
    const laptop = await bring('laptop')
    const phone = await bring('phone')
    const { phrase } = await desktop.mesh.membership.makePhrase()
    await phone.told('peer-connected', ({ peer }) => peer.name === 'laptop')
    // The thief has the device that started the mesh.
    await desktop.mesh.membership.remove({ peer: 'laptop' })
    await Promise.all([
      laptop.told('mesh', ({ how }) => how === 'removed'),
      phone.told('member-removed', ({ member }) => member.name === 'laptop')
    ])
    await phone.mesh.membership.recover({ phrase, remove: ['desktop'], restore: ['laptop'] })
    await laptop.told('mesh', ({ how }) => how === 'joined')
    assert.deepEqual(await names(laptop), ['laptop', 'phone'])
    assert.deepEqual(await names(phone), ['laptop', 'phone'])
    await desktop.told('mesh', ({ how }) => how === 'removed')
  })

  it('leaves for good, and lets the others know', async () => {
    const desktop = await first()
    const laptop = await invited(desktop, 'laptop')
    await desktop.told('peer-connected')
    await laptop.mesh.membership.leave()
    await desktop.told('member-removed', ({ member }) => member.name === 'laptop')
    assert.deepEqual(await readdir(join(laptop.home, 'identity')), ['control-token'])
    const again = await start('laptop')
    assert.notEqual((await again.mesh.status()).mesh, (await desktop.mesh.status()).mesh)
  })

  it('keeps its keys to its owner', async () => {
    const { home } = await first()
    for (const file of await readdir(join(home, 'identity'))) {
      assert.equal((await stat(join(home, 'identity', file))).mode & 0o777, 0o600, file)
    }
  })
})
