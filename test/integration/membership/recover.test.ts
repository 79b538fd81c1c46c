import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MemberInfo, MeshStatus } from '../../../src/interface.ts'
import { failure } from '../ask-data.ts'
import type { Device } from '../device.ts'
import { Devices } from '../devices.ts'
import { dataOf, lists, told, untilTrue } from './codes.ts'

const SILENT = ['--answer', 'no']

describe('a mesh that a thief turns against its owner', function () {
  this.timeout(60_000)
  let devices: Devices
  let stolen: Device
  let mine: Device
  let other: Device
  let phraseFile: string

  beforeEach(async () => {
    devices = await Devices.create()
    // Who admitted the others stands above them.
    ;[stolen, mine, other] = ['stolen', 'mine', 'other'].map((name) => devices.device({ name, flags: SILENT })) as [
      Device,
      Device,
      Device
    ]
    await Promise.all([stolen, mine, other].map((device) => device.start()))
    await Promise.all([stolen.sees('mine', { model: false }), mine.sees('other', { model: false })])
    phraseFile = join(devices.home(''), 'phrase')
    assert.equal((await stolen.mesh('recover', '--new', '--phrase-file', phraseFile)).code, 0)
    await untilTrue(mine, async (mesh) => (await mesh.status()).membership.recovery)
  })

  afterEach(async () => {
    await devices.remove()
  })

  it('is taken back with the phrase', async () => {
    assert.equal(statSync(phraseFile).mode & 0o777, 0o600)
    dataOf<MemberInfo>(await stolen.mesh('remove', '--json', 'mine', '--yes'))
    await told(mine, 'mesh')
    assert.equal(dataOf<MeshStatus>(await mine.mesh('status', '--json')).membership.state, 'removed')

    const words = (await readFile(phraseFile, 'utf8')).trim().split(/\s+/)
    const wrong = join(devices.home(''), 'wrong')
    await writeFile(wrong, [...words.slice(0, 23), words[0] === 'abandon' ? 'zoo' : 'abandon'].join(' '))
    const refused = failure(await mine.mesh('recover', '--json', '--phrase-file', wrong, '--remove', 'stolen'))
    assert.deepEqual([refused.code, refused.name], [1, 'RecoveryError'])

    // On the device that is still in, and on the one that is out: neither believes the other before it has seen the phrase.
    const recover = ['recover', '--json', '--phrase-file', phraseFile]
    const members = dataOf<MemberInfo[]>(await other.mesh(...recover, '--remove', 'stolen', '--restore', 'mine'))
    assert.deepEqual(members.map(({ name }) => name).sort(), ['mine', 'other'])
    await untilTrue(stolen, async (mesh) => (await mesh.status()).membership.state === 'removed')
    dataOf<MemberInfo[]>(await mine.mesh(...recover, '--remove', 'stolen'))
    await Promise.all([other.sees('mine', { model: false }), mine.sees('other', { model: false })])
    for (const device of [mine, other]) await untilTrue(device, (mesh) => lists(mesh, 'stolen', 'removed'))
    // Whether it has come from the other device meanwhile or not.
    dataOf<MemberInfo[]>(await mine.mesh(...recover, '--remove', 'stolen', '--restore', 'other'))
    const again = await stolen.mesh('remove', '--json', 'mine', '--yes')
    assert.equal(failure(again).code, 1)
    assert.equal(dataOf<MeshStatus>(await mine.mesh('status', '--json')).membership.state, 'member')
  })
})
