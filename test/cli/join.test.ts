import assert from 'node:assert/strict'
import { HomeInUseError } from '../../src/errors.ts'
import { greeting } from '../../cli/greeting.ts'
import type { NodeOptions } from '../../cli/verb.ts'
import { DESKTOP, SmallFake, membershipStatus, meshStatus, modelInfo, peer } from './small-fake.ts'
import { commandLine } from './command-line.ts'

const lost = { type: 'peer-lost', peer: peer(), reason: 'its connection was reset' } as const

describe('mesh join without a terminal', () => {
  it('logs what happens until it is stopped, and stops the node', async () => {
    const mesh = new SmallFake()
    mesh.status_.peers = [peer()]
    mesh.emit({ type: 'peer-connected', peer: peer() })
    mesh.emit(lost)
    mesh.emit({ type: 'warning', message: 'The disk is nearly full.' })
    mesh.emit({ type: 'peer-connected', peer: peer({ model: null }) })
    mesh.emit({ type: 'peer-changed', peer: peer() })
    mesh.emit({ type: 'peer-changed', peer: peer({ queue: 1 }) })
    mesh.emit({ type: 'peer-changed', peer: peer({ state: 'silent' }) })
    mesh.emit({ type: 'peer-changed', peer: peer() })
    mesh.emit({ type: 'peer-changed', peer: peer({ model: null }) })
    const outcome = await commandLine(['join'], {
      mesh,
      inputKind: 'silent',
      meanwhile: ({ interrupt }, { stdout }) => {
        stdout.on('data', (chunk) => {
          if (String(chunk).includes('no longer answers')) {
            interrupt()
          }
        })
      }
    })
    assert.deepEqual(outcome, {
      code: 0,
      stderr: 'The disk is nearly full.\n',
      stdout: `laptop is ready, 12D3KooWLaptop
mesh: amber-otter, alone in it
listens on /ip4/127.0.0.1/tcp/6373 (this machine only)
answers with built-in helper (sums, and help about mesh only), 640 tokens/s
desktop is here (by mDNS and beacon): qwen3-4b, 42 tokens/s
desktop is gone: its connection was reset
desktop is here (by mDNS and beacon)
desktop answers with qwen3-4b, 42 tokens/s
desktop is silent
desktop is back
desktop no longer answers
stopping
`
    })
    assert.equal(mesh.stopped, 1)
  })

  it('gives programs one line an event', async () => {
    const mesh = new SmallFake()
    mesh.emit(lost)
    mesh.emit({ type: 'warning', message: 'The disk is nearly full.' })
    mesh.emit({ type: 'stopping' })
    mesh.end()
    const { code, stdout } = await commandLine(['join', '--json'], { mesh })
    assert.equal(code, 0)
    assert.deepEqual(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
      [
        {
          event: 'ready',
          name: 'laptop',
          peerId: '12D3KooWLaptop',
          addresses: ['/ip4/127.0.0.1/tcp/6373'],
          mesh: 'amber-otter',
          model: 'mini'
        },
        { event: 'peer-lost', peer: peer(), reason: 'its connection was reset' },
        { event: 'warning', message: 'The disk is nearly full.' },
        { event: 'stopping' }
      ]
    )
  })

  it('hands its flags to the node', async () => {
    const mesh = new SmallFake()
    mesh.end()
    const given: NodeOptions[] = []
    const flags = ['--name', 'desk', '--connect', 'a', '--connect', 'b', '--port', '0', '--listen', '0.0.0.0']
    await commandLine(['join', ...flags, '--answer', 'no', '--max-rate', '5', '--home', '/h'], {
      inputKind: 'silent',
      doors: {
        createMesh: (options) => {
          given.push(options)
          return Promise.resolve(mesh)
        }
      }
    })
    const { log, ...options } = given[0]!
    assert.ok(log)
    assert.deepEqual(options, {
      home: '/h',
      name: 'desk',
      connect: ['a', 'b'],
      port: 0,
      listen: ['0.0.0.0'],
      answer: 'no',
      maxRate: 5
    })
  })

  it('says who holds the home', async () => {
    const held = new HomeInUseError('Process 4711 already serves /h.')
    const { code, stderr } = await commandLine(['join', '--json'], {
      doors: { createMesh: () => Promise.reject(held) }
    })
    assert.equal(code, 1)
    assert.deepEqual(JSON.parse(stderr), { error: { name: 'HomeInUseError', message: held.message } })
  })
})

const OPEN = { open: true, closesInMs: 290_000, newcomers: [] }
const LAN = ['/ip4/127.0.0.1/tcp/6373', '/ip4/192.168.1.7/tcp/6373']

function hintOf(command: string): (line: string) => string {
  return (line) => `${command} ${line}`
}

describe('the greeting', () => {
  const hint = hintOf('mesh')

  it('is true of a device alone, which has just started a mesh', () => {
    const status = meshStatus({ name: 'desktop', addresses: LAN, membership: membershipStatus({ door: OPEN }) })
    assert.deepEqual(greeting({ status, looked: true, hint: hintOf('npm start --') }), [
      'This is desktop. No mesh nearby (looked 3 s by mDNS and beacon), so it started one: amber-otter.',
      'Answers here: built-in helper (sums, and help about mesh only), 640 tokens/s',
      'A real model: npm start -- model pull',
      'Next device: run the same command there; this door is open for 5 minutes (then: npm start -- invite)',
      'For the short command mesh: npm run install-command'
    ])
  })

  it('is true of a device that has company and a model of its own', () => {
    const status = meshStatus({
      membership: membershipStatus({ state: 'member', members: 3 }),
      peers: [peer(), peer({ ...DESKTOP, name: 'pi', state: 'away' })],
      models: [modelInfo(), modelInfo({ name: 'qwen3-4b', builtIn: false, parameters: 4e9 })],
      tokensPerSecond: 42.4,
      addresses: LAN
    })
    assert.deepEqual(greeting({ status, looked: false, hint }), [
      'This is laptop. In amber-otter. Found desktop (by mDNS and beacon).',
      'Answers here: qwen3-4b, 42 tokens/s',
      'Next device: run the same command there and type /door here, or: mesh invite'
    ])
  })

  it('says where a device stands in every state, and no next device where it belongs to no mesh', () => {
    const first = (changes: Parameters<typeof meshStatus>[0], looked = false): string =>
      greeting({ status: meshStatus(changes), looked, hint })[0] ?? ''
    const without = (changes: Parameters<typeof membershipStatus>[0]): Parameters<typeof meshStatus>[0] => ({
      mesh: null,
      membership: membershipStatus({ members: 0, ...changes })
    })
    assert.equal(first({}), 'This is laptop. It is alone in the mesh amber-otter.')
    assert.match(
      first(without({ state: 'waiting' })),
      /none lets this one in yet\. On one .*: mesh approve .*mesh join --new/
    )
    const openDoors = [{ mesh: 'brave-heron', id: 'x', addresses: [] }]
    assert.equal(
      first(without({ state: 'waiting', openDoors })),
      'This is laptop. Found a mesh that lets devices in now.'
    )
    assert.match(first({ membership: membershipStatus({ state: 'removed' }) }), /mesh join --new-key$/)
    assert.equal(
      first({ membership: membershipStatus({ state: 'member', members: 2 }) }),
      'This is laptop. In amber-otter; none of its other devices is nearby (looked 3 s by mDNS and beacon).'
    )
    for (const status of [meshStatus(without({ state: 'waiting' })), meshStatus(without({ state: 'looking' }))]) {
      assert.doesNotMatch(greeting({ status, looked: true, hint }).join('\n'), /Next device/)
    }
  })

  it('says of a device that only this machine reaches that it is so', () => {
    assert.match(
      greeting({ status: meshStatus(), looked: false, hint }).at(-1) ?? '',
      /on this machine: nothing beyond it can reach this node/
    )
  })

  it('says of a device without an engine why it answers nothing', () => {
    const models = [modelInfo({ broken: 'there is no onnxruntime for this platform' })]
    const [, second] = greeting({ status: meshStatus({ models, answering: 'no' }), looked: false, hint })
    assert.equal(second, 'Answers here: nothing (there is no onnxruntime for this platform)')
    const [, asking] = greeting({ status: meshStatus({ answering: 'no' }), looked: false, hint })
    assert.equal(asking, 'Answers here: nothing (this device only asks)')
  })
})
