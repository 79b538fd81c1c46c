import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NoSuchNewcomerError, PairingFailedError } from '../../src/errors.ts'
import { commandLine, type Outcome } from './command-line.ts'
import { SmallFake, membershipStatus, meshStatus, peer } from './small-fake.ts'
import { member } from './small-membership.ts'
import { Terminal } from './terminal.ts'

async function command(mesh: SmallFake, ...args: string[]): Promise<Outcome> {
  return await commandLine(args, { mesh, inputKind: 'silent' })
}

async function data(mesh: SmallFake, ...args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await command(mesh, ...args, '--json')
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  return JSON.parse(stdout)
}

describe('mesh members', () => {
  it('lists who belongs to the mesh, in the order of admission', async () => {
    const mesh = new SmallFake()
    mesh.membership.answers.list = [
      member({ name: 'laptop', id: '12D3KooWLaptop', state: 'here', admittedBy: null }),
      member({ state: 'away' })
    ]
    mesh.status_.peers = [peer({ name: 'pi', id: '12D3KooWPi', state: 'away', lastSeenMs: 190_000 })]
    assert.equal(
      (await command(mesh, 'members')).stdout,
      `NAME    STATE                 ID              ADMITTED BY
laptop  here                  12D3KooWLaptop  – (started it)
pi      away, seen 3 min ago  12D3KooWPi      laptop
`
    )
    assert.deepEqual(await data(mesh, 'members'), mesh.membership.answers.list)
  })

  it('lists removed ones with who removed them when asked to', async () => {
    const mesh = new SmallFake()
    mesh.membership.answers.list = [member({ state: 'removed', removedBy: 'desktop' })]
    assert.match((await command(mesh, 'members', '--all')).stdout, /REMOVED BY\npi .*removed .*laptop +desktop\n$/)
    assert.deepEqual(mesh.membership.calls, [['list', { all: true }]])
  })

  it('says what to do outside any mesh', async () => {
    const mesh = new SmallFake()
    mesh.membership.answers.list = []
    assert.equal(
      (await command(mesh, 'members')).stdout,
      'This device belongs to no mesh. mesh join finds one, or starts one.\n'
    )
    assert.deepEqual(await data(mesh, 'members'), [])
  })
})

describe('mesh rename', () => {
  it('renames and says so', async () => {
    const mesh = new SmallFake()
    assert.equal((await command(mesh, 'rename', 'pi', 'attic')).stdout, 'pi is called attic now.\n')
    assert.deepEqual(mesh.membership.calls, [['rename', { peer: 'pi', name: 'attic' }]])
    assert.equal((await command(mesh, 'rename', 'pi')).code, 2)
  })
})

describe('mesh remove', () => {
  it('removes by the whole id of the device that was meant, with --yes', async () => {
    const mesh = new SmallFake()
    const { code, stdout } = await command(mesh, 'remove', 'pi', '--yes')
    assert.equal(code, 0)
    assert.equal(stdout, 'Removed pi. Devices that are away learn of it when they are back.\n')
    assert.deepEqual(mesh.membership.calls.at(-1), ['remove', { peer: '12D3KooWPi' }])
    assert.equal(((await data(mesh, 'remove', '12D3KooWP', '--yes')) as { name: string }).name, 'pi')
  })

  it('does nothing without a yes, and says what it means and what to type', async () => {
    const mesh = new SmallFake()
    const { code, stderr } = await command(mesh, 'remove', 'pi')
    assert.equal(code, 2)
    assert.match(stderr, /What it holds stays on it, .*only as a new device\. .*: mesh remove pi --yes\n$/)
    assert.deepEqual(mesh.membership.called, ['list'])
  })

  it('asks on a terminal', async () => {
    const mesh = new SmallFake()
    const refused = new Terminal(['remove', 'pi'], mesh)
    await refused.until('Remove pi? [y/N] ')
    refused.type('\r')
    assert.equal(await refused.exit, 1)
    assert.match(refused.rest(), /Nothing was removed\./)
    assert.deepEqual(mesh.membership.called, ['list'])
    const agreed = new Terminal(['remove', 'pi'], mesh)
    await agreed.until('Remove pi? [y/N] ')
    agreed.type('y\r')
    assert.equal(await agreed.exit, 0)
    assert.deepEqual(mesh.membership.called, ['list', 'list', 'remove'])
  })

  it('takes no yes that was typed before it asked', async () => {
    const mesh = new SmallFake()
    const terminal = new Terminal(['remove', 'pi'], mesh)
    terminal.type('y\r')
    await terminal.until('Remove pi? [y/N] ')
    terminal.type('n\r')
    assert.equal(await terminal.exit, 1)
  })

  it('names who is there where nobody or several are meant, and never removes itself', async () => {
    const mesh = new SmallFake()
    const unknown = await command(mesh, 'remove', 'nix', '--yes')
    assert.deepEqual(
      [unknown.code, unknown.stderr],
      [1, 'No member is called nix. There are: laptop (12D3KooWLaptop), pi (12D3KooWPi).\n']
    )
    assert.match((await command(mesh, 'remove', '12D3', '--yes')).stderr, /fits several devices/)
    const itself = await command(mesh, 'remove', 'laptop', '--yes')
    assert.deepEqual([itself.code, itself.stderr], [2, 'laptop is this device; it leaves by mesh leave.\n'])
    assert.ok(!mesh.membership.called.includes('remove'))
  })
})

describe('mesh leave', () => {
  it('leaves with --yes, and asks else', async () => {
    const mesh = new SmallFake()
    assert.equal((await command(mesh, 'leave')).code, 2)
    assert.match((await command(mesh, 'leave', '--erase')).stderr, /Everything in \/home\/me\/ownmesh but the models/)
    assert.deepEqual(mesh.membership.called, [])
    assert.equal(
      (await command(mesh, 'leave', '--yes')).stdout,
      'Left amber-otter. The node that ran here has stopped.\n'
    )
    assert.deepEqual(await data(mesh, 'leave', '--yes', '--erase'), { left: 'amber-otter' })
    assert.deepEqual(mesh.membership.calls, [
      ['leave', { erase: false }],
      ['leave', { erase: true }]
    ])
  })

  it('can erase where there is no mesh, and else has nothing to leave', async () => {
    const mesh = new SmallFake()
    mesh.status_ = meshStatus({
      state: 'visiting',
      mesh: null,
      membership: membershipStatus({ state: 'none', members: 0 })
    })
    const { code, stderr } = await command(mesh, 'leave', '--yes')
    assert.deepEqual([code, stderr], [1, 'This device belongs to no mesh. mesh join finds one, or starts one.\n'])
    assert.equal((await command(mesh, 'leave', '--erase', '--yes')).stdout, 'Erased.\n')
  })
})

describe('mesh confirm', () => {
  it('takes the six digits as they are shown', async () => {
    const mesh = new SmallFake()
    for (const words of [['123456'], ['123 456'], ['123', '456'], ['123-456']]) {
      const { code, stdout } = await command(mesh, 'confirm', ...words)
      assert.deepEqual([code, stdout], [0, 'This device belongs to amber-otter now.\n'])
      assert.deepEqual(mesh.membership.calls.at(-1), ['confirm', { code: '123456' }])
    }
    assert.deepEqual(await data(mesh, 'confirm', '123456'), { mesh: 'amber-otter' })
    for (const wrong of ['12345', 'abcdef', '1234567']) {
      assert.equal((await command(mesh, 'confirm', wrong)).code, 2)
    }
  })

  it('says what the node says where nothing is compared', async () => {
    const mesh = new SmallFake()
    mesh.membership.answers.confirm = new NoSuchNewcomerError('Nothing is being compared.')
    assert.deepEqual(await command(mesh, 'confirm', '123456'), {
      code: 1,
      stdout: '',
      stderr: 'Nothing is being compared.\n'
    })
  })
})

describe('files between devices without a network', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ownmesh-files-'))
  })

  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  it('begin with a request, which is written once', async () => {
    const mesh = new SmallFake()
    const file = join(folder, 'pi.request')
    const { code, stdout } = await command(mesh, 'join', '--request', file, '--name', 'pi')
    assert.equal(code, 0)
    assert.match(
      stdout,
      /type there: mesh approve .*pi\.request\n[^]*Type here: mesh import .*pi\.request\.admission\n$/
    )
    assert.deepEqual([...(await readFile(file))], [1, 2, 3])
    assert.deepEqual(mesh.membership.calls, [['request', { name: 'pi' }]])
    const again = await command(mesh, 'join', '--request', file)
    assert.equal(again.code, 2)
    assert.match(again.stderr, /is there already/)
    assert.equal(mesh.membership.calls.length, 1)
  })

  it('leave nothing behind when the node refuses', async () => {
    const mesh = new SmallFake()
    mesh.membership.answers.request = new PairingFailedError('No.')
    const file = join(folder, 'pi.request')
    assert.equal((await command(mesh, 'join', '--request', file)).code, 1)
    await assert.rejects(stat(file), { code: 'ENOENT' })
  })

  it('are approved on a member, which writes an admission for its owner alone and shows six words', async () => {
    const mesh = new SmallFake()
    const file = join(folder, 'pi.request')
    await writeFile(file, 'keys')
    const { code, stdout } = await command(mesh, 'approve', file)
    assert.equal(code, 0)
    assert.match(
      stdout,
      /^pi is a member of amber-otter now\.[^]*mesh import .*\.admission[^]*amber-otter brave-heron calm-lynx\n$/
    )
    assert.deepEqual([...(await readFile(`${file}.admission`))], [4, 5, 6])
    if (process.platform !== 'win32') {
      assert.equal((await stat(`${file}.admission`)).mode & 0o777, 0o600)
    }
    assert.deepEqual(mesh.membership.calls[0], ['admit', { request: new Uint8Array(Buffer.from('keys')) }])
    const again = await command(mesh, 'approve', file)
    assert.equal(again.code, 2)
    assert.deepEqual(mesh.membership.called, ['admit', 'inspect'])
    await rm(`${file}.admission`)
    assert.deepEqual(await data(mesh, 'approve', file), {
      member: member(),
      file: `${file}.admission`,
      snapshot: `${file}.snapshot`,
      entries: 1204,
      words: 'amber-otter brave-heron calm-lynx'
    })
    assert.deepEqual(mesh.snapshots.calls.at(-1), ['export', { path: `${file}.snapshot` }])
    await writeFile(`${file}.snapshot`, 'of another time')
    const there = await command(mesh, 'approve', file)
    assert.deepEqual([there.code, /\.snapshot cannot be written: it is there already/.test(there.stderr)], [2, true])
  })

  it('are imported where the six words are the same', async () => {
    const mesh = new SmallFake()
    const file = join(folder, 'a.admission')
    await writeFile(file, 'roster')
    const asked = await command(mesh, 'import', file)
    assert.equal(asked.code, 2)
    assert.match(asked.stderr, /mesh import .*a\.admission --words "…"\n$/)
    const words = 'Amber Otter brave heron calm-lynx'
    assert.equal((await command(mesh, 'import', file, '--words', words)).stdout, 'Imported 3 records of amber-otter.\n')
    assert.deepEqual(await data(mesh, 'import', file, '--words', words), {
      ...{ mesh: 'amber-otter', records: 3, new: 0, changed: 0, known: 0 }
    })
    const calls = mesh.membership.calls.length
    for (const other of ['amber-otter brave-heron', 'amber-otter brave-heron calm-otter']) {
      assert.equal((await command(mesh, 'import', file, '--words', other)).code, 4)
    }
    assert.deepEqual(mesh.membership.called.slice(calls), ['inspect', 'inspect'])
  })

  it('are imported on a terminal after a person has compared the words', async () => {
    const mesh = new SmallFake()
    mesh.status_ = meshStatus({ state: 'visiting', membership: membershipStatus({ state: 'member', members: 2 }) })
    const file = join(folder, 'a.admission')
    await writeFile(file, 'roster')
    const same = new Terminal(['import', file], mesh)
    assert.match(await same.until('[y/N] '), /\n {2}amber-otter brave-heron calm-lynx\n/)
    same.type('yes\r')
    assert.equal(await same.exit, 0)
    assert.match(
      same.rest(),
      /Imported 3 records of amber-otter\.\nThis device belongs to it now\. To serve it: mesh join\n$/
    )
    const other = new Terminal(['import', file], mesh)
    await other.until('[y/N] ')
    other.type('n\r')
    assert.equal(await other.exit, 4)
    assert.deepEqual(mesh.membership.called, ['inspect', 'import', 'inspect'])
  })

  it('are refused where they are missing or too large', async () => {
    const mesh = new SmallFake()
    const missing = await command(mesh, 'import', join(folder, 'nothing'))
    assert.equal(missing.code, 2)
    assert.match(missing.stderr, /nothing cannot be read: there is no such file or folder\.\n/)
    const large = join(folder, 'large')
    await writeFile(large, Buffer.alloc(4 * 2 ** 20 + 1))
    assert.match((await command(mesh, 'import', large)).stderr, /larger than any/)
    assert.match((await command(mesh, 'import', folder)).stderr, /cannot be read/)
    assert.deepEqual(mesh.membership.called, [])
  })
})
