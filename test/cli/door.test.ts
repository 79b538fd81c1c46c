import assert from 'node:assert/strict'
import { NodeUnreachableError, PairingFailedError } from '../../src/errors.ts'
import type { Comparison, Door, MemberInfo, MeshEvent, Newcomer } from '../../src/interface.ts'
import { commandLine } from './command-line.ts'
import { SmallFake, membershipStatus, peer } from './small-fake.ts'
import { member } from './small-membership.ts'
import { CTRL_C, CTRL_D, Terminal } from './terminal.ts'

const OPEN: Door = { open: true, closesInMs: 300_000, newcomers: [] }
const CLOSED: Door = { open: false, closesInMs: 0, newcomers: [] }
const OPENED = 'The door of amber-otter is open for 5 minutes. On the other device: mesh join\n'
/** Columns that hold every line, so that a test reads it as it is. */
const WIDE = 200
const noNode = { attachMesh: () => Promise.reject(new NodeUnreachableError('No node runs for this home.')) }

function newcomer(changes: Partial<Newcomer> = {}): Newcomer {
  return { id: '12D3KooWPi', code: '123456', address: '/ip4/192.168.1.9/tcp/6373', state: 'comparing', ...changes }
}

const comparison: Comparison = {
  code: '123456',
  mesh: 'brave-heron',
  id: '12D3KooWDesktop',
  address: '/ip4/192.168.1.5/tcp/6373',
  confirmed: false
}

/** Until the prompt has asked something of the membership. */
async function called({ membership }: SmallFake): Promise<void> {
  while (membership.calls.length === 0) await new Promise((resolve) => setImmediate(resolve))
}

/** A mesh whose node takes the time to approve that a test gives it. */
function slowly(): { mesh: SmallFake; admit: () => void; fail: (error: Error) => void } {
  const mesh = new SmallFake()
  let admit = (): void => undefined
  let fail: (error: Error) => void = () => undefined
  mesh.membership.answers.approve = new Promise<MemberInfo>((resolve, reject) => {
    admit = () => {
      resolve(member())
    }
    fail = reject
  })
  return { mesh, admit, fail }
}

describe('mesh approve on a terminal', () => {
  it('opens the door, shows the code of who comes, and ends when it was let in', async () => {
    const mesh = new SmallFake()
    const terminal = new Terminal(['approve'], mesh)
    await terminal.until(OPENED)
    await terminal.until('Waiting for newcomers')
    mesh.emit({ type: 'newcomer', newcomer: newcomer() })
    assert.match(
      await terminal.until('[y/N] '),
      /A device at 192\.168\.1\.9 asks to be let in\.\n[^]*Does the other screen show 123 456\? \[y\/N\] $/
    )
    terminal.type('y\r')
    assert.equal(await terminal.exit, 0)
    assert.match(terminal.rest(), /pi is a member now\.\n$/)
    assert.deepEqual(mesh.membership.calls, [
      ['openDoor', {}],
      ['approve', { code: '123456' }]
    ])
  })

  it('sends away whom nobody knows, and waits on; who came meanwhile is asked about next', async () => {
    const mesh = new SmallFake()
    mesh.status_.membership = membershipStatus({ door: { ...OPEN, newcomers: [newcomer()] } })
    const terminal = new Terminal(['approve'], mesh)
    await terminal.until('123 456? [y/N] ')
    mesh.emit({ type: 'newcomer', newcomer: newcomer({ id: '12D3KooWTv', code: '654321' }) })
    terminal.type('n\r')
    await terminal.until('It was not let in.\n')
    await terminal.until('654 321? [y/N] ')
    terminal.type('\r')
    await terminal.until('It was not let in.\n')
    terminal.type(CTRL_C)
    assert.equal(await terminal.exit, 130)
    assert.deepEqual(mesh.membership.calls.slice(1), [
      ['refuse', { code: '123456' }],
      ['refuse', { code: '654321' }]
    ])
  })

  it('takes no yes that was typed before the code could be seen', async () => {
    const mesh = new SmallFake()
    const terminal = new Terminal(['approve'], mesh)
    await terminal.until('Waiting for newcomers')
    terminal.type('y\ry\r')
    mesh.emit({ type: 'newcomer', newcomer: newcomer() })
    await terminal.until('[y/N] ')
    terminal.type('n\r')
    await terminal.until('It was not let in.\n')
    terminal.type(CTRL_D)
    assert.equal(await terminal.exit, 1)
    assert.ok(!mesh.membership.called.includes('approve'))
  })

  it('takes the question back when the newcomer goes', async () => {
    const mesh = new SmallFake()
    const terminal = new Terminal(['approve'], mesh)
    await terminal.until('Waiting for newcomers')
    mesh.emit({ type: 'newcomer', newcomer: newcomer() })
    await terminal.until('[y/N] ')
    mesh.emit({ type: 'newcomer-gone', id: '12D3KooWPi', reason: 'it hung up' })
    await terminal.until('It is no longer there: it hung up\n')
    mesh.emit({ type: 'door', door: CLOSED })
    assert.equal(await terminal.exit, 1)
    assert.match(terminal.rest(), /the door has closed\. To open it again: mesh approve\n$/)
    assert.deepEqual(mesh.membership.called, ['openDoor'])
  })

  it('says why a pairing failed, and waits for the next', async () => {
    const { mesh, fail } = slowly()
    const terminal = new Terminal(['approve'], mesh)
    await terminal.until('Waiting for newcomers')
    mesh.emit({ type: 'newcomer', newcomer: newcomer() })
    await terminal.until('[y/N] ')
    terminal.type('y\r')
    await terminal.until('waiting for the other device')
    fail(new PairingFailedError('The other side said no.'))
    await terminal.until('The other side said no.\n')
    await terminal.until('Waiting for newcomers')
    terminal.type(CTRL_D)
    assert.equal(await terminal.exit, 1)
  })

  it('refuses nobody when it is left by Ctrl-D', async () => {
    const mesh = new SmallFake()
    const terminal = new Terminal(['approve'], mesh)
    await terminal.until('Waiting for newcomers')
    mesh.emit({ type: 'newcomer', newcomer: newcomer() })
    await terminal.until('[y/N] ')
    terminal.type(CTRL_D)
    assert.equal(await terminal.exit, 1)
    assert.deepEqual(mesh.membership.called, ['openDoor'])
    assert.match(terminal.rest(), /the door stays open a while/)
  })
})

describe('mesh approve without a terminal', () => {
  it('opens the door, lists who is there and how to let them in, and ends', async () => {
    const mesh = new SmallFake()
    const other = newcomer({ id: 'x', code: '654321', state: 'accepted' })
    mesh.membership.answers.openDoor = { ...OPEN, newcomers: [newcomer(), other] }
    const { code, stdout } = await commandLine(['approve'], { mesh, inputKind: 'silent', command: 'npm start --' })
    assert.equal(code, 0)
    assert.equal(
      stdout,
      `${OPENED}123 456  at 192.168.1.9; if its screen shows the same: npm start -- approve 123456\n654 321  at 192.168.1.9, accepted here\n`
    )
    const json = await commandLine(['approve', '--json'], { mesh })
    assert.deepEqual(JSON.parse(json.stdout), mesh.membership.answers.openDoor)
  })

  it('accepts by the code, however it is written', async () => {
    const mesh = new SmallFake()
    for (const words of [['123456'], ['123', '456']]) {
      assert.equal((await commandLine(['approve', ...words], { mesh })).stdout, 'pi is a member now.\n')
      assert.deepEqual(mesh.membership.calls.at(-1), ['approve', { code: '123456' }])
    }
    const neither = await commandLine(['approve', 'nothing-there'], { mesh })
    assert.equal(neither.code, 2)
    assert.match(neither.stderr, /neither the six digits of a newcomer nor a file/)
  })

  it('stays without a running node until one was let in, and names the command', async () => {
    const mesh = new SmallFake()
    mesh.emit({ type: 'newcomer', newcomer: newcomer() })
    mesh.emit({ type: 'newcomer', newcomer: newcomer({ code: '222222' }) })
    const { code, stdout } = await commandLine(['approve'], {
      mesh,
      inputKind: 'silent',
      doors: noNode,
      meanwhile: (_, { stdout: shown }) => {
        shown.on('data', (chunk) => {
          if (String(chunk).includes('approve 222222')) {
            mesh.emit({ type: 'member-admitted', member: member() })
            mesh.emit({ type: 'peer-connected', peer: peer({ name: 'pi', id: '12D3KooWPi' }) })
          }
        })
      }
    })
    assert.equal(code, 0)
    assert.match(stdout, /If its screen shows 123 456: mesh approve 123456\n[^]*pi is a member now\./)
  })
})

describe('newcomers at the prompt of mesh join', () => {
  function joining(mesh: SmallFake): Terminal {
    return new Terminal(['join'], mesh, {}, WIDE)
  }

  it('are shown above the line, and the next line answers', async () => {
    const { mesh, admit } = slowly()
    const terminal = joining(mesh)
    await terminal.until('ask> ')
    terminal.type('half a')
    await terminal.until('half a')
    mesh.emit({ type: 'newcomer', newcomer: newcomer() })
    await terminal.until('A device at 192.168.1.9 asks to be let in. Does its screen show 123 456? Type y or n.\n')
    await terminal.until('ask> half a')
    terminal.type(`${CTRL_C}y\r`)
    await terminal.until('Accepted here.')
    await terminal.until('ask> ')
    mesh.status_.membership = membershipStatus({ state: 'member', members: 2 })
    mesh.emit({ type: 'newcomer-gone', id: '12D3KooWPi', reason: 'it was let in' })
    mesh.emit({ type: 'member-admitted', member: member() })
    admit()
    const shown = await terminal.until('mesh recover --new')
    assert.match(shown, /pi is a member now \(let in by laptop\)\./)
    assert.doesNotMatch(shown, /no longer there/)
    terminal.type('yes\r')
    await terminal.until('84\n')
    terminal.type(CTRL_D)
    assert.equal(await terminal.exit, 0)
    assert.deepEqual(mesh.membership.calls, [['approve', { code: '123456' }]])
    assert.deepEqual(
      mesh.asked.map(({ prompt }) => prompt),
      ['yes']
    )
  })

  it('are asked about one at a time, and other lines are questions', async () => {
    const mesh = new SmallFake()
    const terminal = joining(mesh)
    await terminal.until('ask> ')
    mesh.emit({ type: 'newcomer', newcomer: newcomer() })
    mesh.emit({ type: 'newcomer', newcomer: newcomer({ id: '12D3KooWTv', code: '654321' }) })
    await terminal.until('123 456? Type y or n.\n')
    terminal.type('What is 12 times 7?\r')
    await terminal.until('tokens/s\n')
    await terminal.until('ask> ')
    terminal.type('n\r')
    await terminal.until('654 321? Type y or n.\n')
    terminal.type('yes\r')
    await terminal.until('Accepted here.')
    terminal.type(CTRL_D)
    assert.equal(await terminal.exit, 0)
    assert.deepEqual(mesh.membership.calls, [
      ['refuse', { code: '123456' }],
      ['approve', { code: '654321' }]
    ])
  })

  it('are not let in by a line that was typed before their code was shown', async () => {
    const mesh = new SmallFake()
    mesh.answer = () => [{ type: 'text', text: 'It is' }, 'wait']
    const terminal = joining(mesh)
    await terminal.until('ask> ')
    terminal.type('x\r')
    await terminal.until('It is')
    mesh.emit({ type: 'newcomer', newcomer: newcomer() })
    terminal.type('y\r')
    mesh.answer = () => []
    terminal.type(CTRL_C)
    await terminal.until('Type y or n.\n')
    await terminal.until('ask> y\n')
    await terminal.until('ask> ')
    terminal.type(CTRL_D)
    await terminal.exit
    assert.deepEqual(mesh.membership.called, [])
    assert.equal(mesh.asked.at(-1)?.prompt, 'y')
  })

  it('that go are no longer asked about, and a yes to them is no question to a model', async () => {
    const mesh = new SmallFake()
    const terminal = joining(mesh)
    await terminal.until('ask> ')
    mesh.emit({ type: 'newcomer', newcomer: newcomer() })
    await terminal.until('Type y or n.\n')
    mesh.emit({ type: 'newcomer-gone', id: '12D3KooWPi', reason: 'it hung up' })
    await terminal.until('no longer there: it hung up\n')
    terminal.type('y\r')
    await terminal.until('There is nothing to answer any more.\n')
    terminal.type(CTRL_D)
    await terminal.exit
    assert.deepEqual([mesh.membership.called, mesh.asked], [[], []])
  })

  it('that are let in elsewhere are no longer asked about', async () => {
    const mesh = new SmallFake()
    const terminal = joining(mesh)
    await terminal.until('ask> ')
    mesh.emit({ type: 'newcomer', newcomer: newcomer() })
    await terminal.until('Type y or n.\n')
    mesh.emit({ type: 'member-admitted', member: member({ admittedBy: 'desktop' }) })
    mesh.emit({ type: 'newcomer-gone', id: '12D3KooWPi', reason: 'it is a member now' })
    mesh.emit({ type: 'warning', message: 'And now?' })
    assert.doesNotMatch(await terminal.until('And now?\n'), /no longer there/)
    terminal.type(CTRL_D)
    await terminal.exit
  })

  it('that knock make it say how the door opens, and /door opens it', async () => {
    const mesh = new SmallFake()
    const terminal = joining(mesh)
    await terminal.until('ask> ')
    mesh.emit({ type: 'knock', id: '12D3KooWPi' })
    await terminal.until('To let it in, type /door and then compare the code.\n')
    terminal.type('/door\r')
    await called(mesh)
    mesh.emit({ type: 'door', door: OPEN })
    await terminal.until('The door is open for 5 minutes.\n')
    mesh.emit({ type: 'door', door: CLOSED })
    await terminal.until('The door is closed.\n')
    terminal.type(CTRL_D)
    await terminal.exit
    assert.deepEqual(mesh.membership.called, ['openDoor'])
  })
})

describe('a newcomer at the prompt of mesh join', () => {
  function outside(): SmallFake {
    const mesh = new SmallFake()
    mesh.status_.mesh = null
    mesh.status_.membership = membershipStatus({ state: 'waiting', members: 0 })
    return mesh
  }

  it('is told what to do where no door is open, and takes an invite', async () => {
    const mesh = outside()
    const terminal = new Terminal(['join'], mesh, {}, WIDE)
    assert.match(await terminal.until('ask> '), /none lets this one in yet\. On one that belongs to you: mesh approve/)
    terminal.type('mesh://abc\r')
    await terminal.until('The invite to amber-otter was taken.\n')
    mesh.emit({ type: 'mesh', mesh: 'amber-otter', how: 'joined' })
    await terminal.until('This device belongs to amber-otter now.\n')
    terminal.type(CTRL_D)
    assert.equal(await terminal.exit, 0)
    assert.deepEqual(mesh.membership.calls, [['redeem', { invite: 'mesh://abc' }]])
    assert.deepEqual(mesh.asked, [])
  })

  for (const [typed, call] of [
    ['y', ['confirm', { code: '123456' }]],
    ['no', ['deny', {}]]
  ] as const) {
    it(`compares the code and ${call[0] === 'deny' ? 'denies' : 'confirms'} with ${typed}`, async () => {
      const mesh = outside()
      mesh.status_.membership = membershipStatus({ state: 'waiting', members: 0, comparing: comparison })
      const terminal = new Terminal(['join'], mesh, {}, WIDE)
      await terminal.until('Found brave-heron, whose door is open.')
      const shown = await terminal.until('n.\n')
      assert.match(
        shown,
        /brave-heron \(at 192\.168\.1\.5\) is ready .* Does the other screen show 123 456\? Type y or n\./
      )
      terminal.type(`${typed}\r`)
      await called(mesh)
      assert.deepEqual(mesh.membership.calls, [call])
      terminal.type(CTRL_D)
      assert.equal(await terminal.exit, 0)
    })
  }

  it('chooses among several meshes by their words', async () => {
    const mesh = outside()
    const terminal = new Terminal(['join'], mesh, {}, WIDE)
    await terminal.until('ask> ')
    const doors = ['amber-otter', 'brave-heron'].map((words) => ({
      mesh: words,
      id: `12D3KooW${words}`,
      addresses: []
    }))
    mesh.emit({ type: 'doors', doors })
    await terminal.until('Several meshes nearby let devices in: amber-otter, brave-heron. Type the words of yours.\n')
    terminal.type('Brave Heron\r')
    await called(mesh)
    assert.deepEqual(mesh.membership.calls, [['knock', { door: 'brave-heron' }]])
    mesh.emit({ type: 'comparing', comparison })
    await terminal.until('123 456?')
    mesh.emit({ type: 'not-joined', reason: 'the other side said no' })
    await terminal.until('This device was not let in: the other side said no\n')
    terminal.type(CTRL_D)
    assert.equal(await terminal.exit, 0)
  })
})

describe('membership in the log of mesh join', () => {
  it('names the commands that answer', async () => {
    const mesh = new SmallFake()
    mesh.status_.membership = membershipStatus({ state: 'waiting', members: 0 })
    mesh.status_.mesh = null
    const doors = [{ mesh: 'amber-otter', id: 'a', addresses: [] }]
    const events: MeshEvent[] = [
      { type: 'comparing', comparison },
      { type: 'not-joined', reason: 'the codes differ' },
      { type: 'doors', doors: [...doors, { mesh: null, id: '12D3KooWTv', addresses: [] }] },
      { type: 'mesh', mesh: 'brave-heron', how: 'joined' },
      { type: 'knock', id: 'x' },
      { type: 'newcomer', newcomer: newcomer() },
      { type: 'newcomer-gone', id: '12D3KooWPi', reason: 'it hung up' },
      { type: 'member-admitted', member: member({ id: '12D3KooWTv' }) },
      { type: 'newcomer-gone', id: '12D3KooWTv', reason: 'it is a member now' },
      { type: 'member-removed', member: member({ removedBy: 'desktop' }) },
      { type: 'mesh', mesh: null, how: 'removed' }
    ]
    for (const event of events) {
      mesh.emit(event)
    }
    mesh.end()
    const { stdout } = await commandLine(['join'], { mesh, inputKind: 'silent' })
    assert.deepEqual(stdout.split('\n').slice(4, -2), [
      'Devices with ownmesh are near, and none lets this one in yet. On one that belongs to you: mesh approve (if none does: mesh join --new here)',
      'brave-heron (at 192.168.1.5) is ready to let this device in. If the screen there shows 123 456: mesh confirm 123456',
      'This device was not let in: the codes differ',
      'Several meshes nearby let devices in: amber-otter, 12D3KooWTv. Stop this and choose one: mesh join --mesh amber-otter',
      'This device belongs to brave-heron now.',
      'A device nearby looks for a mesh. To let it in: mesh approve',
      'A device at 192.168.1.9 asks to be let in. If its screen shows 123 456: mesh approve 123456',
      'A device that asked to be let in is no longer there: it hung up',
      'pi is a member now (let in by laptop).',
      'pi is no longer a member (removed by desktop).',
      'This device was removed from its mesh. To join one again, as a new device: mesh join --new-key'
    ])
  })

  it('is an object a line with --json', async () => {
    const mesh = new SmallFake()
    mesh.emit({ type: 'mesh', mesh: 'amber-otter', how: 'joined' })
    mesh.emit({ type: 'newcomer', newcomer: newcomer() })
    mesh.emit({ type: 'comparing', comparison })
    mesh.end()
    const { stdout } = await commandLine(['join', '--json'], { mesh })
    const lines = stdout.trimEnd().split('\n')
    assert.deepEqual(
      lines.slice(1, -1).map((line) => JSON.parse(line) as unknown),
      [
        { event: 'mesh', mesh: 'amber-otter', how: 'joined' },
        { event: 'newcomer', newcomer: newcomer() },
        { event: 'comparing', comparison }
      ]
    )
  })
})
