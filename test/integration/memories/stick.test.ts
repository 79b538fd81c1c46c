import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SnapshotExported, SnapshotImported } from '../../../src/interface.ts'
import { failure } from '../ask-data.ts'
import { gather, type Device } from '../device.ts'
import { Devices } from '../devices.ts'
import { dataOf } from '../membership/codes.ts'
import { learns, recalled } from './remembered.ts'

const SILENT = ['--answer', 'no']
const PASSPHRASE = 'four words or more'

describe('memories on a stick', function () {
  this.timeout(120_000)
  let devices: Devices
  let stick: string

  beforeEach(async () => {
    devices = await Devices.create()
    stick = join(devices.home(''), 'stick')
    mkdirSync(stick)
  })

  afterEach(async () => {
    await devices.remove()
  })

  async function remember(device: Device, text: string): Promise<void> {
    assert.equal((await device.mesh('remember', '--quiet', text)).code, 0)
  }

  const exported = async (device: Device, ...flags: string[]): Promise<SnapshotExported> =>
    dataOf<SnapshotExported>(await device.mesh('export', stick, '--json', ...flags))

  it('go from a device that does not run to one that does, which tells the others at once', async () => {
    const desktop = await devices.start({ name: 'desktop', flags: SILENT })
    const other = await devices.start({ name: 'other', flags: SILENT })
    await other.sees('desktop', { model: false })
    // Neither of them has heard of it: what tells them is the roster in the snapshot.
    const laptop = devices.device({ name: 'laptop', flags: SILENT })
    await remember(laptop, 'The bike key is blue')
    const said = await laptop.mesh('export', stick)
    assert.match(
      said.stdout,
      /^Wrote 1 memory or message to .*: \d.*, read back and found whole\. You can remove the stick\.\n/
    )
    const [name = ''] = readdirSync(stick)
    const file = join(stick, name)
    assert.ok(!readFileSync(file).includes('bike'))
    const taken = dataOf<SnapshotImported>(await desktop.mesh('import', file, '--json'))
    assert.deepEqual([taken.new, taken.changed, taken.known, taken.from?.name], [1, 0, 0, 'laptop'])
    const { added } = (await desktop.until('the memory', ({ event }) => event === 'memory-changed')) as unknown as {
      added: string[]
    }
    await learns(other, added)
    assert.deepEqual(await recalled(other, 'bike'), ['The bike key is blue'])
    const again = await desktop.mesh('import', file)
    assert.equal(again.stdout, '0 new, 0 changed, 1 already here.\n')
    // And back, from the node that runs.
    await remember(desktop, 'The ladder is in the shed')
    const { file: back } = await exported(desktop)
    assert.equal((await laptop.mesh('import', back)).stdout, '1 new, 0 changed, 1 already here.\n')
    assert.deepEqual(readdirSync(stick).length, 2)
  })

  it('that are damaged, cut, foreign or closed are refused by the command, each in its own words', async () => {
    const laptop = devices.device({ name: 'laptop', flags: SILENT })
    const stranger = devices.device({ name: 'stranger', mesh: 'theirs', flags: SILENT })
    const nobody = devices.device({ name: 'nobody', mesh: null, flags: SILENT })
    for (let count = 0; count < 3; count++) await remember(laptop, `${String(count)} ${'x'.repeat(60_000)}`)
    const { file, bytes } = await exported(laptop)
    const damaged = join(stick, 'damaged')
    const content = readFileSync(file)
    content[bytes - 1000]! ^= 1
    writeFileSync(damaged, content)
    const cut = join(stick, 'cut')
    writeFileSync(cut, readFileSync(file))
    truncateSync(cut, bytes - 50_000)
    const refusals: [Device, string, number, string, RegExp][] = [
      [laptop, damaged, 1, 'DamagedSnapshotError', /MiB number 1/],
      [laptop, cut, 1, 'TruncatedSnapshotError', /not all there/],
      [laptop, join(stick, 'none'), 2, 'UsageError', /no such file/],
      [stranger, file, 4, 'ForeignSnapshotError', /another mesh/],
      [nobody, file, 4, 'NotForThisDeviceError', /is in none/]
    ]
    for (const [device, path, code, name, words] of refusals) {
      const refused = failure(await device.mesh('import', path, '--json'))
      assert.deepEqual([refused.code, refused.name], [code, name])
      assert.match(refused.message, words)
    }
    const before = readFileSync(file)
    const over = failure(await laptop.mesh('export', file, '--json'))
    assert.deepEqual([over.code, over.name], [1, 'FileUnusableError'])
    assert.ok(readFileSync(file).equals(before))
  })

  it('of a device in no mesh go by a passphrase, which no process list and no log shows', async () => {
    const alone = devices.device({ name: 'alone', mesh: null, flags: SILENT })
    const laptop = await devices.start({ name: 'laptop', flags: SILENT })
    await remember(alone, 'From before any mesh')
    const file = join(stick, 'a')
    const child = alone.spawn(['export', file, '--passphrase', '--json'], { stdio: ['pipe', 'pipe', 'pipe'] })
    child.stdin?.end(`${PASSPHRASE}\n`)
    assert.equal(dataOf<SnapshotExported>(await gather(child)).members, null)
    const secret = join(devices.home(''), 'passphrase')
    writeFileSync(secret, `${PASSPHRASE}\n`)
    const wrong = join(devices.home(''), 'wrong')
    writeFileSync(wrong, 'other words than that\n')
    const refused = failure(await laptop.mesh('import', file, '--passphrase-file', wrong, '--json'))
    assert.deepEqual([refused.code, refused.name], [4, 'WrongPassphraseError'])
    const taken = await laptop.mesh('import', file, '--passphrase-file', secret)
    assert.equal(taken.stdout, '1 new, 0 changed, 0 already here.\n')
    assert.ok(!laptop.words.includes(PASSPHRASE))
    assert.deepEqual(await recalled(laptop, 'mesh'), ['From before any mesh'])
  })
})
