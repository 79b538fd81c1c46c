import assert from 'node:assert/strict'
import { writeFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode } from 'uqr'
import { HomeInUseError, InvalidInviteError, NodeUnreachableError } from '../../src/errors.ts'
import { qrLines } from '../../cli/qr.ts'
import type { NodeOptions } from '../../cli/verb.ts'
import { commandLine } from './command-line.ts'
import { SmallFake, membershipStatus, meshStatus, peer } from './small-fake.ts'
import { member } from './small-membership.ts'
import { Terminal } from './terminal.ts'

const INVITE = `mesh://${'Ab3-_'.repeat(30)}`
const noNode = { attachMesh: () => Promise.reject(new NodeUnreachableError('No node runs for this home.')) }

function inviting(expiresInMs = 600_000): SmallFake {
  const mesh = new SmallFake()
  mesh.membership.answers.invite = { invite: INVITE, expires: new Date(Date.now() + expiresInMs).toISOString() }
  return mesh
}

/** The modules of a printed code: whether each is dark, row by row. */
function modulesOf(lines: readonly string[], block: 'ink' | 'light'): boolean[][] {
  return lines.flatMap((line) => {
    const cells = line.split('')
    const upper = cells.map((cell) => (cell === '█' || cell === '▀') === (block === 'ink'))
    const lower = cells.map((cell) => (cell === '█' || cell === '▄') === (block === 'ink'))
    return [upper, lower]
  })
}

describe('a QR code in half blocks', () => {
  for (const block of ['ink', 'light'] as const) {
    it(`holds the modules of the invite where a block is ${block}, with four light ones around`, () => {
      const { data, size } = encode(INVITE, { ecc: 'L', border: 0 })
      const modules = modulesOf(qrLines(INVITE, { block }), block)
      const light = (row: boolean[] | undefined): boolean => row !== undefined && row.every((dark) => !dark)
      assert.deepEqual(
        modules.slice(4, 4 + size).map((row) => row.slice(4, 4 + size)),
        data
      )
      for (const row of [0, 1, 2, 3, size + 4, size + 5, size + 6, size + 7])
        assert.ok(light(modules[row]), String(row))
      for (const row of modules.slice(0, size + 8)) {
        assert.equal(row.length, size + 8)
        assert.ok(light([...row.slice(0, 4), ...row.slice(-4)]))
      }
    })
  }
})

describe('mesh invite', () => {
  it('prints a code that can be scanned, the line, and what to do with it', async () => {
    const { code, stdout, stderr } = await commandLine(['invite'], { mesh: inviting(), terminal: 80 })
    assert.equal(code, 0)
    const printed = stdout.split('\n').filter((line) => /^[█▀▄ ]+$/.test(line))
    const { data, size } = encode(INVITE, { ecc: 'L', border: 4 })
    assert.deepEqual(modulesOf(printed, 'light').slice(0, size), data)
    assert.ok(stdout.includes(`\n${INVITE}\n`))
    assert.equal(
      stderr.replaceAll('\n', ' '),
      'Good for one device and 10 minutes. On the other device: mesh join, then paste the line at its prompt '
    )
  })

  it('prints no code on a terminal that is too narrow for it', async () => {
    const { stdout } = await commandLine(['invite'], { mesh: inviting(), terminal: 50 })
    assert.equal(stdout, `${INVITE}\n`)
  })

  it('is the line alone where it is piped, and an object with --json', async () => {
    const mesh = inviting()
    assert.equal((await commandLine(['invite'], { mesh })).stdout, `${INVITE}\n`)
    const { stdout, stderr } = await commandLine(['invite', '--json'], { mesh })
    assert.deepEqual(JSON.parse(stdout), mesh.membership.answers.invite)
    assert.equal(stderr, '')
  })

  it('stays without a running node until the invite was used and the device is there', async () => {
    const mesh = inviting()
    mesh.status_ = meshStatus({ mesh: null, membership: membershipStatus({ state: 'looking', members: 0 }) })
    mesh.emit({ type: 'member-admitted', member: member() })
    mesh.emit({ type: 'peer-connected', peer: peer({ name: 'pi', id: '12D3KooWPi' }) })
    const { code, stderr } = await commandLine(['invite'], { mesh, doors: noNode })
    assert.equal(code, 0)
    assert.match(stderr, /this stays until the invite was used[^]*pi is a member now\. .*mesh join\n$/)
    assert.deepEqual(mesh.membership.called, ['start', 'invite'])
    assert.equal(mesh.stopped, 1)
  })

  it('stays no longer than the invite is good', async () => {
    const mesh = inviting(20)
    const { code, stderr } = await commandLine(['invite'], { mesh, doors: noNode })
    assert.equal(code, 1)
    assert.match(stderr, /Nobody used the invite, and it is void now/)
  })

  it('can be left with Ctrl-C', async () => {
    const terminal = new Terminal(['invite'], inviting(), noNode)
    await terminal.until('void.\n')
    terminal.interruption.interrupt()
    assert.equal(await terminal.exit, 130)
  })
})

describe('mesh join with an invite', () => {
  async function joined(args: string[], input?: string): Promise<NodeOptions> {
    const mesh = new SmallFake()
    mesh.end()
    const given: NodeOptions[] = []
    await commandLine(['join', ...args], {
      inputKind: 'silent',
      ...(input !== undefined && { input, inputKind: 'piped' }),
      doors: {
        createMesh: (options) => {
          given.push(options)
          return Promise.resolve(mesh)
        }
      }
    })
    const { log, ...options } = given[0]!
    assert.ok(log)
    return options
  }

  it('takes it as an argument, from a file and from standard input', async () => {
    assert.deepEqual(await joined([INVITE]), { invite: INVITE })
    assert.deepEqual(await joined(['--invite-file', '-'], `${INVITE}\n`), { invite: INVITE })
    const folder = await mkdtemp(join(tmpdir(), 'ownmesh-invite-'))
    try {
      await writeFile(join(folder, 'invite'), `  ${INVITE}\n\n`)
      assert.deepEqual(await joined(['--invite-file', join(folder, 'invite')]), { invite: INVITE })
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('takes the words of a mesh, and the wish to start one', async () => {
    assert.deepEqual(await joined(['--mesh', 'Amber Otter']), { mesh: 'amber-otter' })
    assert.deepEqual(await joined(['--new']), { startNew: true })
  })

  it('refuses several ways to join at once, and an empty file', async () => {
    const both = await commandLine(['join', INVITE, '--new'], { mesh: new SmallFake() })
    assert.equal(both.code, 2)
    assert.match(both.stderr, /^INVITE and --new are different ways to join/)
    const empty = await commandLine(['join', '--invite-file', '-'], { mesh: new SmallFake(), input: '\n' })
    assert.equal(empty.code, 2)
    assert.match(empty.stderr, /holds no invite/)
  })

  it('serves nothing where the invite is wrong', async () => {
    const doors = { createMesh: () => Promise.reject(new InvalidInviteError('This is no invite.')) }
    assert.deepEqual(await commandLine(['join', 'hello'], { inputKind: 'silent', doors }), {
      code: 1,
      stdout: '',
      stderr: 'This is no invite.\n'
    })
  })

  it('hands it to the node that already runs', async () => {
    const mesh = new SmallFake()
    const doors = { createMesh: () => Promise.reject(new HomeInUseError('Process 4711 serves this home.')) }
    const { code, stdout } = await commandLine(['join', INVITE], { mesh, inputKind: 'silent', doors })
    assert.deepEqual([code, stdout], [0, 'The node that runs here belongs to amber-otter now.\n'])
    assert.deepEqual(mesh.membership.calls, [['redeem', { invite: INVITE }]])
  })
})
