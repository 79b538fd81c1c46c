import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Invite, MemberInfo } from '../../../src/interface.ts'
import { newcomerProof, ticketId, decodeInvite } from '../../../src/trust/index.ts'
import { deviceKeyOf } from '../../../src/node/membership/keys.ts'
import { failure } from '../ask-data.ts'
import type { Device } from '../device.ts'
import { Devices } from '../devices.ts'
import { identityOf } from '../homes.ts'
import { createNetwork, route, whyNoNamespaces, type Host, type Network } from '../namespaces.ts'
import { dataOf, told } from './codes.ts'
import { OutsideDevice } from './outside-device.ts'

const SILENT = ['--answer', 'no']

describe('an invite', function () {
  this.timeout(60_000)
  let devices: Devices
  let networks: Network[]

  beforeEach(async () => {
    devices = await Devices.create()
    networks = []
  })

  afterEach(async () => {
    await devices.remove()
    await Promise.all(networks.map((network) => network.remove()))
  })

  async function inviteOf(member: Device): Promise<string> {
    const { invite, expires } = dataOf<Invite>(await member.mesh('invite', '--json'))
    assert.ok(Date.parse(expires) > Date.now())
    return invite
  }

  async function fileWith(invite: string): Promise<string> {
    const file = join(devices.home(''), 'invite')
    await writeFile(file, `${invite}\n`)
    return file
  }

  async function names(device: Device): Promise<string[]> {
    return dataOf<MemberInfo[]>(await device.mesh('members', '--json')).map(({ name }) => name)
  }

  /** Two hosts of one network, or of two that are routed and share no multicast. */
  async function hosts(subnets: number): Promise<[Host, Host]> {
    for (let subnet = 0; subnet < subnets; subnet++) {
      networks.push(await createNetwork({ hosts: subnets === 1 ? 2 : 1, subnet }))
    }
    const [one, other] = networks
    if (one !== undefined && other !== undefined) await route(one, other)
    return networks.flatMap((network) => network.hosts) as [Host, Host]
  }

  for (const [where, subnets] of [
    ['on one network', 1],
    ['across two networks that are routed', 2]
  ] as const) {
    it(`brings two devices together ${where}`, async function () {
      const reason = whyNoNamespaces()
      if (reason !== null) {
        this.test!.title += ` (left out: ${reason})`
        this.skip()
      }
      const [here, there] = await hosts(subnets)
      const inviter = await devices.start({ host: here, name: 'inviter', flags: SILENT })
      const invited = devices.device({ host: there, name: 'invited', mesh: null, flags: SILENT })
      const { mesh } = await invited.start('--invite-file', await fileWith(await inviteOf(inviter)))
      assert.equal(mesh, inviter.lines[0]?.event === 'ready' ? inviter.lines[0].mesh : undefined)
      const { member } = await told(inviter, 'member-admitted')
      assert.deepEqual([member.name, member.admittedBy], ['invited', 'inviter'])
      await Promise.all([invited.sees('inviter', { model: false }), inviter.sees('invited', { model: false })])
      assert.deepEqual(await names(invited), ['inviter', 'invited'])
    })
  }

  it('lets one device in, and says of every other use why not', async () => {
    const inviter = await devices.start({ name: 'inviter', flags: SILENT })
    const stranger = devices.device({ name: 'stranger', mesh: null, flags: SILENT })
    const refused = async (invite: string): Promise<string> => {
      const flags = ['--port', '0', '--listen', '127.0.0.1', '--invite-file', await fileWith(invite)]
      const { code, name } = failure(await stranger.mesh('join', '--json', ...flags))
      assert.equal(code, 1)
      return name
    }
    const invite = await inviteOf(inviter)
    const mistyped = invite.slice(0, 40) + (invite[40] === 'A' ? 'B' : 'A') + invite.slice(41)
    assert.equal(await refused(mistyped), 'InvalidInviteError')
    assert.equal(await refused(invite.slice(0, -9)), 'InvalidInviteError')
    const invited = devices.device({ name: 'invited', mesh: null, flags: SILENT })
    await invited.start('--invite-file', await fileWith(invite))
    assert.equal(await refused(invite), 'InviteUsedError')
    const next = await inviteOf(inviter)
    await inviter.kill()
    await inviter.start('--port', portOf(inviter))
    // A ticket lives in memory only: after a restart the door that it opened is closed for it, so another one is made.
    await inviteOf(inviter)
    assert.equal(await refused(next), 'InviteExpiredError')
    assert.deepEqual(await names(inviter), ['inviter', 'invited'])
    assert.deepEqual(await names(stranger), [])
  })

  it('is good again for the device that used it, when the answer was lost', async () => {
    const inviter = await devices.start({ name: 'inviter', flags: SILENT })
    const invited = devices.device({ name: 'invited', mesh: null, flags: SILENT })
    const invite = await inviteOf(inviter)
    const identity = identityOf(invited.home)
    const outside = await OutsideDevice.create(identity.privateKey)
    try {
      const { seed, mesh, inviter: key, addresses } = decodeInvite(invite)
      const session = '00'.repeat(16)
      const proof = newcomerProof(seed, { newcomer: deviceKeyOf(identity.id), member: key, mesh, session })
      const { conversation } = await outside.visit(inviter, addresses[0])
      await conversation.send({ type: 'hello', session, ticket: { id: ticketId(seed), proof } })
      await conversation.send({ type: 'confirmed', name: 'invited', box: identity.box })
      await told(inviter, 'member-admitted')
    } finally {
      await outside.stop()
    }
    // To the device itself nothing has happened yet.
    await invited.start('--invite-file', await fileWith(invite))
    await inviter.sees('invited', { model: false })
    assert.deepEqual(await names(invited), ['inviter', 'invited'])
  })
})

/** Where it listens now, to be found there again by those who were told. */
function portOf(device: Device): string {
  const [ready] = device.lines
  if (ready?.event !== 'ready') throw new Error(`${device.name} is not ready`)
  return ready.addresses[0]?.split('/').at(-1) ?? ''
}
