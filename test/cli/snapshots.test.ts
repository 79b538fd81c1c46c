import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import {
  DamagedSnapshotError,
  ForeignSnapshotError,
  NewerSnapshotError,
  NotForThisDeviceError,
  RemovedSignerError,
  TruncatedSnapshotError,
  WrongPassphraseError
} from '../../src/errors.ts'
import { readWhen } from '../../cli/when.ts'
import { commandLine } from './command-line.ts'
import { SmallFake } from './small-fake.ts'
import { Terminal } from './terminal.ts'

const DAY_MS = 86_400_000

describe('mesh export', () => {
  let folder: string
  let mesh: SmallFake

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mesh-cli-'))
    mesh = new SmallFake()
  })

  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  it('says what it wrote and where, who can open it, and that the stick can be removed', async () => {
    const { code, stdout } = await commandLine(['export', 'stick'], { mesh })
    assert.equal(code, 0)
    assert.equal(
      stdout,
      'Wrote 1204 memories and messages to /stick/amber-otter-2026-11-21.snapshot: 312 kB, read back and found whole. You can remove the stick.\n' +
        'The 3 devices of amber-otter take it in: mesh import /stick/amber-otter-2026-11-21.snapshot\n'
    )
    assert.deepEqual(mesh.snapshots.calls, [['export', { path: resolve('stick') }]])
    const json = await commandLine(['export', '/stick', '--json'], { mesh })
    assert.deepEqual(JSON.parse(json.stdout), {
      ...{ file: '/stick/amber-otter-2026-11-21.snapshot', bytes: 312_000, entries: 1204 },
      ...{ time: 1_790_000_000_000, mesh: 'amber-otter', members: 3, recovery: true }
    })
  })

  it('says of a device alone that nobody else opens it, and what to do', async () => {
    const [done] = mesh.snapshots.exported
    assert.ok(done?.type === 'done')
    mesh.snapshots.exported = [{ ...done, members: 1, recovery: false, entries: 1 }]
    const { stdout } = await commandLine(['export', '/stick'], { mesh, command: 'npm start --' })
    assert.match(
      stdout,
      /^Wrote 1 memory or message[^]*Only this device can open it[^]*npm start -- export FILE --passphrase\n$/
    )
  })

  it('takes a moment, a conversation, and a passphrase from a file or standard input', async () => {
    const file = join(folder, 'passphrase')
    await writeFile(file, 'from a file\nand more\n')
    await commandLine(['export', '/x', '--conversation', 'abc', '--passphrase-file', file], { mesh })
    await commandLine(['export', '/x', '--passphrase', '--since', '1795290666461'], { mesh, input: 'from a pipe\n' })
    assert.deepEqual(mesh.snapshots.calls, [
      ['export', { path: '/x', conversation: 'abc', passphrase: 'from a file' }],
      ['export', { path: '/x', since: 1_795_290_666_461, passphrase: 'from a pipe' }]
    ])
    const nothing = await commandLine(['export', '/x', '--passphrase'], { mesh, input: '' })
    assert.equal(nothing.code, 2)
    const argument = await commandLine(['export', '/x', '--passphrase', 'hunter2'], { mesh })
    assert.equal(argument.code, 2)
    const since = await commandLine(['export', '/x', '--since', 'yesterday'], { mesh })
    assert.deepEqual([since.code, /7d, 2w, 12h/.test(since.stderr)], [2, true])
    assert.equal(mesh.snapshots.calls.length, 2)
  })

  it('asks on a terminal for a passphrase twice, without showing it', async () => {
    const terminal = new Terminal(['export', '/x', '--passphrase'], mesh)
    await terminal.until('New passphrase (not shown): ')
    terminal.type('one of them\r')
    await terminal.until('Again: ')
    terminal.type('another one\r')
    await terminal.until('two different ones.')
    await terminal.until('New passphrase (not shown): ')
    terminal.type('one of them\r')
    await terminal.until('Again: ')
    terminal.type('one of them\r')
    assert.equal(await terminal.exit, 0)
    assert.deepEqual(mesh.snapshots.calls, [['export', { path: '/x', passphrase: 'one of them' }]])
    assert.doesNotMatch(terminal.rest(), /one of them/)
    const none = new Terminal(['export', '/x', '--passphrase'], mesh)
    await none.until('New passphrase (not shown): ')
    none.type('\r')
    assert.equal(await none.exit, 2)
    assert.equal(mesh.snapshots.calls.length, 1)
  })

  it('shows on a terminal how far it is', async () => {
    const [done] = mesh.snapshots.exported
    mesh.snapshots.exported = [
      { type: 'progress', phase: 'writing', bytes: 1_000_000, total: 4_000_000 },
      { type: 'progress', phase: 'writing', bytes: 2_000_000, total: null },
      { type: 'progress', phase: 'verifying', bytes: 4_000_000, total: 4_000_000 },
      done!
    ]
    const terminal = new Terminal(['export', '/x'], mesh)
    assert.equal(await terminal.exit, 0)
    assert.match(terminal.rest(), /Writing 25% ▕█{5} {15}▏ 1\.0 MB\/4\.0 MB[^]*Writing 2\.0 MB[^]*Reading back 100%/)
  })
})

describe('mesh import of a snapshot', () => {
  let folder: string
  let file: string
  let mesh: SmallFake

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mesh-cli-'))
    file = join(folder, 'a.snapshot')
    await writeFile(file, 'age-encryption.org/v1\n…')
    mesh = new SmallFake()
  })

  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  it('counts what was new, changed and here already, and who wrote it', async () => {
    const { code, stdout, stderr } = await commandLine(['import', file], { mesh })
    assert.deepEqual([code, stdout], [0, '12 new, 3 changed, 30 already here.\n'])
    assert.match(stderr, /^Written by desktop of amber-otter, .*\.\n$/)
    assert.deepEqual(mesh.snapshots.calls, [
      ['inspect', { path: file }],
      ['import', { path: file, accept: [] }]
    ])
    const json = await commandLine(['import', file, '--json', '--accept-removed', '--accept-foreign'], { mesh })
    assert.deepEqual(JSON.parse(json.stdout), {
      ...{ new: 12, changed: 3, known: 30, time: 1_790_000_000_000, mesh: 'amber-otter' },
      from: { name: 'desktop', id: '12D3KooWDesktop' }
    })
    assert.deepEqual(mesh.snapshots.calls.at(-1), ['import', { path: file, accept: ['removed', 'foreign'] }])
  })

  it('ends each refusal with its own code', async () => {
    const refusals: [Error, number][] = [
      [new DamagedSnapshotError('damaged'), 1],
      [new TruncatedSnapshotError('not all there'), 1],
      [new NewerSnapshotError('later'), 1],
      [new ForeignSnapshotError('another mesh'), 4],
      [new NotForThisDeviceError('not for this'), 4],
      [new WrongPassphraseError('another passphrase'), 4],
      [new RemovedSignerError('removed', { details: { name: 'pi' } }), 4]
    ]
    for (const [error, expected] of refusals) {
      mesh.snapshots.imports = [error]
      const { code, stdout, stderr } = await commandLine(['import', file, '--json'], { mesh })
      assert.deepEqual([code, stdout], [expected, ''])
      assert.deepEqual(JSON.parse(stderr), { error: { name: error.name, message: error.message } })
    }
  })

  it('asks for the passphrase on a terminal, again where it was another one', async () => {
    mesh.snapshots.info = { to: 'passphrase', bytes: 9 }
    mesh.snapshots.imports = [new WrongPassphraseError('another'), ...mesh.snapshots.imports]
    const terminal = new Terminal(['import', file], mesh)
    await terminal.until('Passphrase (not shown): ')
    terminal.type('wrong one\r')
    await terminal.until('That is another passphrase.')
    await terminal.until('Passphrase (not shown): ')
    terminal.type('right one\r')
    assert.equal(await terminal.exit, 0)
    assert.doesNotMatch(terminal.rest(), /right one/)
    assert.deepEqual(
      mesh.snapshots.calls.flatMap(([method, options]) =>
        method === 'import' ? (options as { passphrase: string }).passphrase : []
      ),
      ['wrong one', 'right one']
    )
    mesh.snapshots.imports = [new WrongPassphraseError('another')]
    const headless = await commandLine(['import', file], { mesh, inputKind: 'silent' })
    assert.deepEqual([headless.code, /--passphrase-file/.test(headless.stderr)], [2, true])
    const piped = await commandLine(['import', file, '--passphrase'], { mesh, input: 'wrong one\n' })
    assert.equal(piped.code, 4)
  })

  it('asks the owner about a device that was removed since; without a terminal only a flag says yes', async () => {
    const removed = new RemovedSignerError('It was removed.', { details: { name: 'pi' } })
    const [done] = mesh.snapshots.imports
    mesh.snapshots.imports = [removed, done!]
    const yes = new Terminal(['import', file], mesh)
    assert.match(await yes.until('[y/N] '), /pi has written this snapshot, and was removed/)
    yes.type('y\r')
    assert.equal(await yes.exit, 0)
    assert.deepEqual(mesh.snapshots.calls.at(-1), ['import', { path: file, accept: ['removed'] }])
    mesh.snapshots.imports = [removed]
    const no = new Terminal(['import', file], mesh)
    await no.until('[y/N] ')
    no.type('n\r')
    assert.equal(await no.exit, 4)
    assert.deepEqual(mesh.snapshots.calls.at(-1), ['import', { path: file, accept: [] }])
  })

  it('takes the recovery phrase from a file, and never without a terminal from a person', async () => {
    const phrase = join(folder, 'phrase')
    await writeFile(phrase, ' 1 abandon  2 ability\n')
    assert.equal((await commandLine(['import', file, '--phrase-file', phrase], { mesh })).code, 0)
    assert.deepEqual(mesh.snapshots.calls.at(-1), ['import', { path: file, accept: [], phrase: 'abandon ability' }])
    const headless = await commandLine(['import', file, '--recovery'], { mesh })
    assert.deepEqual([headless.code, /--phrase-file/.test(headless.stderr)], [2, true])
  })

  it('takes the snapshot that lies beside an admission', async () => {
    const admission = join(folder, 'pi.admission')
    await writeFile(admission, 'roster')
    await writeFile(join(folder, 'pi.snapshot'), 'age-encryption.org/v1\n')
    const words = 'amber otter brave heron calm lynx'
    const { stdout } = await commandLine(['import', admission, '--words', words], { mesh })
    assert.equal(stdout, 'Imported 3 records of amber-otter.\n12 new, 3 changed, 30 already here.\n')
    assert.equal(mesh.membership.called.at(-1), 'import')
    const json = await commandLine(['import', admission, '--words', words, '--json'], { mesh })
    assert.deepEqual(JSON.parse(json.stdout), { mesh: 'amber-otter', records: 3, new: 12, changed: 3, known: 30 })
  })
})

describe('a moment as people write it', () => {
  const now = new Date(2026, 10, 21, 12).getTime()

  it('is a day, a date with a time, or how long ago', () => {
    const moments: [string, number][] = [
      ['7d', now - 7 * DAY_MS],
      ['2w', now - 14 * DAY_MS],
      ['12h', now - DAY_MS / 2],
      ['1d 12h', now - 1.5 * DAY_MS],
      ['2026-11-01', new Date(2026, 10, 1).getTime()],
      ['2026-11-01T10:00:00Z', Date.UTC(2026, 10, 1, 10)],
      ['1790000000000', 1_790_000_000_000]
    ]
    for (const [text, moment] of moments) assert.equal(readWhen(text, '--since', now), moment, text)
    for (const text of ['', 'yesterday', '2026-13-01', '2026-11-01Tx', '7', '2027-01-01', '5 years', '-3d']) {
      assert.throws(() => readWhen(text, '--since', now), { name: 'UsageError', message: /^--since/ }, text)
    }
  })
})
