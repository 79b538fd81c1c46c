import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Imported, MemberInfo, MeshStatus } from '../../../src/interface.ts'
import { failure } from '../ask-data.ts'
import type { Device } from '../device.ts'
import { Devices } from '../devices.ts'
import { dataOf } from './codes.ts'

const SILENT = ['--answer', 'no']

describe('a device that no network leads to', function () {
  this.timeout(60_000)
  let devices: Devices
  let member: Device
  let newcomer: Device
  let request: string

  beforeEach(async () => {
    devices = await Devices.create()
    member = devices.device({ name: 'member', flags: SILENT })
    newcomer = devices.device({ name: 'newcomer', mesh: null, flags: SILENT })
    request = join(devices.home(''), 'request')
    assert.equal((await newcomer.mesh('join', '--request', request, '--name', 'newcomer')).code, 0)
  })

  afterEach(async () => {
    await devices.remove()
  })

  interface Approved {
    member: MemberInfo
    file: string
    words: string
  }

  it('is approved by a member that does not run, and imports what that wrote, once the words are the same', async () => {
    const approved = dataOf<Approved>(await member.mesh('approve', '--json', request))
    assert.deepEqual([approved.member.name, approved.member.admittedBy], ['newcomer', 'member'])
    assert.ok(existsSync(approved.file))
    const words = approved.words.split(/[\s-]+/)
    assert.equal(words.length, 6)

    const wrong = [...words.slice(0, 5), words[0] ?? ''].join(' ')
    const refused = failure(await newcomer.mesh('import', '--json', approved.file, '--words', wrong))
    assert.deepEqual([refused.code, refused.name], [4, 'NotAllowedError'])
    assert.equal((await statusOf(newcomer)).mesh, null)

    const imported = dataOf<Imported>(
      await newcomer.mesh('import', '--json', approved.file, '--words', words.join(' '))
    )
    assert.equal(imported.mesh, words.slice(0, 2).join('-'))
    assert.equal((await statusOf(newcomer)).mesh, imported.mesh)
    await Promise.all([member.start(), newcomer.start()])
    await Promise.all([member.sees('newcomer', { model: false }), newcomer.sees('member', { model: false })])
  })

  it('is approved by a member that runs, which lets it in as soon as there is a network', async () => {
    await member.start()
    const approved = dataOf<Approved>(await member.mesh('approve', '--json', request))
    dataOf<Imported>(await newcomer.mesh('import', '--json', approved.file, '--words', approved.words))
    await newcomer.start()
    await Promise.all([member.sees('newcomer', { model: false }), newcomer.sees('member', { model: false })])
  })

  async function statusOf(device: Device): Promise<MeshStatus> {
    return dataOf<MeshStatus>(await device.mesh('status', '--json'))
  }
})
