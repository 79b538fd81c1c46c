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
    snapshot: string
    entries: number
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

  it('brings all memories with it, which are there after one import on either side of a start', async () => {
    assert.equal((await member.mesh('remember', '--quiet', 'The bike key is blue')).code, 0)
    assert.equal((await newcomer.mesh('remember', '--quiet', 'The ladder is in the shed')).code, 0)
    const { file, snapshot, entries, words } = dataOf<Approved>(await member.mesh('approve', '--json', request))
    assert.deepEqual([snapshot, entries], [`${request}.snapshot`, 1])
    const imported = dataOf<Taken>(await newcomer.mesh('import', '--json', file, '--words', words))
    assert.deepEqual([imported.new, imported.changed, imported.known], [1, 0, 0])
    assert.deepEqual(await textsOf(newcomer), ['The bike key is blue', 'The ladder is in the shed'])
    // What it remembered before it was in any mesh goes the other way.
    const back = dataOf<{ file: string }>(await newcomer.mesh('export', '--json', devices.home('')))
    const again = dataOf<Taken>(await member.mesh('import', '--json', back.file))
    assert.deepEqual([again.new, again.changed, again.known], [1, 0, 1])
    assert.deepEqual(await textsOf(member), await textsOf(newcomer))
  })

  interface Taken {
    new: number
    changed: number
    known: number
  }

  async function textsOf(device: Device): Promise<string[]> {
    const listed = dataOf<{ text: string }[]>(await device.mesh('memory', 'ls', '--json'))
    return listed.map(({ text }) => text).sort()
  }

  async function statusOf(device: Device): Promise<MeshStatus> {
    return dataOf<MeshStatus>(await device.mesh('status', '--json'))
  }
})
