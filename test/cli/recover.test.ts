import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RecoveryError } from '../../src/errors.ts'
import { commandLine } from './command-line.ts'
import { SmallFake, membershipStatus, meshStatus } from './small-fake.ts'
import { member } from './small-membership.ts'
import { Terminal } from './terminal.ts'

const PHRASE = Array.from({ length: 24 }, (_, index) => 'abcdefghijklmnopqrstuvwx'[index]!.repeat(3)).join(' ')

function withPhrase(): SmallFake {
  const mesh = new SmallFake()
  mesh.status_ = meshStatus({ membership: membershipStatus({ recovery: true }) })
  return mesh
}

describe('mesh recover --new', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ownmesh-recover-'))
  })

  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  it('shows the phrase on a terminal, in numbered columns', async () => {
    const terminal = new Terminal(['recover', '--new'], new SmallFake())
    assert.equal(await terminal.exit, 0)
    assert.match(
      terminal.rest(),
      /\n 1 aaa {3} {1}7 ggg {3}13 mmm {3}19 sss\n 2 bbb[^]*\n 6 fff {3}12 lll {3}18 rrr {3}24 xxx\n/
    )
  })

  it('writes it into a new file for its owner alone, and shows it nowhere', async () => {
    const file = join(folder, 'phrase')
    const mesh = new SmallFake()
    for (const [index, args] of [[], ['--json']].entries()) {
      const path = `${file}${index}`
      const outcome = await commandLine(['recover', '--new', '--phrase-file', path, ...args], { mesh })
      assert.equal(outcome.code, 0)
      assert.doesNotMatch(outcome.stdout + outcome.stderr, /aaa/)
      assert.equal(await readFile(path, 'utf8'), `${PHRASE}\n`)
      if (process.platform !== 'win32') {
        assert.equal((await stat(path)).mode & 0o777, 0o600)
      }
    }
    const again = await commandLine(['recover', '--new', '--phrase-file', `${file}0`], { mesh })
    assert.equal(again.code, 2)
    assert.match(again.stderr, /is there already/)
    assert.equal(mesh.membership.called.filter((method) => method === 'makePhrase').length, 2)
  })

  it('leaves no file where the phrase was not made', async () => {
    const mesh = new SmallFake()
    mesh.membership.answers.makePhrase = new RecoveryError('This device cannot make the first one.')
    const file = join(folder, 'phrase')
    assert.equal((await commandLine(['recover', '--new', '--phrase-file', file], { mesh })).code, 1)
    await assert.rejects(stat(file), { code: 'ENOENT' })
  })

  it('never prints it without a terminal', async () => {
    for (const args of [[], ['--json']]) {
      const mesh = new SmallFake()
      const { code, stdout, stderr } = await commandLine(['recover', '--new', ...args], { mesh, inputKind: 'silent' })
      assert.equal(code, 2)
      assert.equal(stdout, '')
      assert.match(stderr, /mesh recover --new --phrase-file FILE/)
      assert.deepEqual(mesh.membership.called, [])
    }
    const json = await commandLine(['recover', '--new', '--json'], { mesh: new SmallFake(), terminal: 80 })
    assert.equal(json.code, 2)
  })

  it('takes the old phrase unseen where there is one', async () => {
    const mesh = withPhrase()
    const terminal = new Terminal(['recover', '--new'], mesh)
    await terminal.until('phrase> ')
    terminal.type(`${PHRASE}\r`)
    assert.equal(await terminal.exit, 0)
    assert.deepEqual(mesh.membership.calls, [['makePhrase', { phrase: PHRASE }]])
    const shown = terminal.rest()
    assert.ok(!shown.includes('ccc ddd'), shown)
    const headless = await commandLine(['recover', '--new', '--phrase-file', join(folder, 'new')], { mesh })
    assert.equal(headless.code, 1)
    assert.match(headless.stderr, /only on a terminal, with the old one/)
  })
})

describe('mesh recover', () => {
  it('takes the phrase on the terminal without showing it, in several lines and with numbers too', async () => {
    const mesh = withPhrase()
    const terminal = new Terminal(['recover', '--remove', 'desktop', '--restore', 'pi', '--restore', 'tv'], mesh)
    await terminal.until('phrase> ')
    const words = PHRASE.split(' ')
    terminal.type(
      `${words
        .slice(0, 12)
        .map((word, index) => `${index + 1} ${word.toUpperCase()}`)
        .join('  ')}\r`
    )
    await terminal.until('phrase> ')
    terminal.type(`${words.slice(12).join(' ')}\r`)
    assert.equal(await terminal.exit, 0)
    assert.deepEqual(mesh.membership.calls, [
      ['recover', { remove: ['desktop'], restore: ['pi', 'tv'], phrase: PHRASE }]
    ])
    assert.match(terminal.rest(), /The mesh is yours\. Its members now:\n[^]*pi/)
    assert.doesNotMatch(terminal.rest(), /mmm/)
  })

  it('lists who is there and asks whom to remove and whom to bring back', async () => {
    const mesh = withPhrase()
    mesh.membership.answers.list = [
      member({ name: 'desktop', id: '12D3KooWDesktop' }),
      member({ state: 'removed', removedBy: 'desktop' })
    ]
    const terminal = new Terminal(['recover'], mesh)
    assert.match(await terminal.until('Enter) '), /desktop[^]*pi .*removed/)
    terminal.type('desktop, tv\r')
    await terminal.until('Enter) ')
    terminal.type('pi\r')
    await terminal.until('phrase> ')
    terminal.type(`${PHRASE}\r`)
    assert.equal(await terminal.exit, 0)
    assert.deepEqual(mesh.membership.calls, [
      ['list', { all: true }],
      ['recover', { remove: ['desktop', 'tv'], restore: ['pi'], phrase: PHRASE }]
    ])
  })

  it('reads the phrase from a file without a terminal', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ownmesh-recover-'))
    try {
      const file = join(folder, 'phrase')
      await writeFile(file, `${PHRASE}\n`)
      const mesh = withPhrase()
      const args = ['recover', '--phrase-file', file, '--remove', 'desktop', '--json']
      const { code, stdout } = await commandLine(args, { mesh, inputKind: 'silent' })
      assert.equal(code, 0)
      assert.deepEqual(JSON.parse(stdout), [member()])
      assert.deepEqual(mesh.membership.calls, [['recover', { remove: ['desktop'], phrase: PHRASE }]])
      assert.equal((await commandLine(['recover'], { mesh, inputKind: 'silent' })).code, 2)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('may be interrupted while it waits for the phrase', async () => {
    const mesh = withPhrase()
    const terminal = new Terminal(['recover', '--remove', 'desktop'], mesh)
    await terminal.until('phrase> ')
    terminal.type('abandon \u0003')
    assert.equal(await terminal.exit, 130)
    assert.deepEqual(mesh.membership.called, [])
    assert.equal(mesh.stopped, 1)
  })
})
