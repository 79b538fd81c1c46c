/**
 * Members in this process, because what has to be shown is what does not happen inside them: no handler is called for a
 * stranger, whoever else may speak just then.
 */
import '../../../src/polyfill.ts'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { PAIR_PROTOCOL } from '../../../src/protocols/pair/index.ts'
import { holds } from './happening.ts'
import { heapBytes } from './heap-bytes.ts'
import { MembersHere, type Member } from './members-here.ts'
import type { OutsideDevice } from './outside-device.ts'
import { phasesOf, type Phase } from './phases.ts'
import { connected, speak, trespass, type Tries } from './trespass.ts'
import { Witness } from './witness.ts'

const TRIES = process.env.MESH_SOAK === undefined ? 1000 : 10_000
/** What may stay of all of them, in the member and in the stranger, which live in one heap here. */
const KEPT_BYTES = 32 * 2 ** 20
const OURS = ['/ipfs/id/1.0.0', '/mesh/ask/1.0.0', '/mesh/capability/1.0.0', '/mesh/roster/1.0.0', '/meshsub/1.1.0']

describe('members among strangers', function () {
  this.timeout(120_000 + 20 * TRIES)
  let members: MembersHere
  let witness: Witness
  let watched: Member
  let friend: Member

  beforeEach(async () => {
    witness = await Witness.begin()
    members = await MembersHere.of('watched', 'friend', 'gone', 'late')
    watched = await members.start('watched')
    friend = await members.start('friend')
  })

  afterEach(async () => {
    await members.remove()
    witness.end()
  })

  async function inEachPhase(work: (phase: Phase) => Promise<void>): Promise<void> {
    for (const phase of phasesOf(watched, members)) {
      const end = await phase.begin()
      try {
        await work(phase)
      } catch (cause) {
        throw new Error(`while ${phase.name}`, { cause })
      } finally {
        await end()
      }
    }
  }

  /** What became inside of everything that somebody who shall not speak may try. */
  async function tryAll(
    device: OutsideDevice,
    at: Member,
    { tries, isOpen }: Pick<Tries, 'tries' | 'isOpen'>
  ): Promise<void> {
    const protocols = witness.protocolsOf(at.id).filter((protocol) => protocol !== PAIR_PROTOCOL)
    for (const own of OURS) assert.ok(protocols.includes(own), `${own} is not among ${protocols.join(', ')}`)
    await trespass(device, { address: at.address, protocols, tries, isOpen })
    const others = witness.calls(at.id, device.id).filter((protocol) => protocol !== PAIR_PROTOCOL)
    assert.deepEqual([...new Set(others)], [])
    assert.equal(witness.bytes(at.id, device.id, { but: PAIR_PROTOCOL }), 0)
  }

  /** By the one protocol that is for strangers. @returns why it may not pair, or null when it may begin */
  async function knock(device: OutsideDevice, { isOpen }: Phase): Promise<string | null> {
    const before = witness.calls(watched.id, device.id).length
    if (isOpen) await connected(device, watched.address)
    const answer = await device.askToBeLetIn(watched.address).catch(() => 'not heard')
    assert.equal(witness.calls(watched.id, device.id).length - before, isOpen ? 1 : 0)
    return answer
  }

  it(`call no handler and tell nothing to a stranger, whatever it tries, ${TRIES} times`, async () => {
    await members.answers(friend)
    assert.ok(witness.calls(watched.id, friend.id).includes('/mesh/ask/1.0.0'), 'a member is handled')
    assert.ok(witness.bytes(watched.id, friend.id, { but: PAIR_PROTOCOL }) > 0, 'a member is read')
    const { mesh } = watched
    const list = await mesh.membership.list()
    const before = heapBytes()
    const stranger = await members.outside()
    const told = await stranger.listenToEverything(witness.protocolsOf(watched.id))
    await inEachPhase(async (phase) => {
      await tryAll(stranger, watched, { tries: TRIES / phasesOf(watched, members).length, isOpen: phase.isOpen })
      await garbage(watched.address)
      await knock(stranger, phase)
    })
    assert.deepEqual(told, [])
    assert.deepEqual(await mesh.membership.list(), list)
    const found = await mesh.discover({ timeoutMs: 100 })
    assert.deepEqual(
      found.map(({ name }) => name),
      ['friend']
    )
    await members.answers(friend)
    const kept = heapBytes() - before
    assert.ok(kept < KEPT_BYTES, `${Math.round(kept / 2 ** 20)} MiB are kept`)
  })

  it('call no handler for a device that was removed, nor does one that was away meanwhile', async () => {
    const removed = await members.outside(await members.keyOf('gone'))
    const protocol = '/mesh/capability/1.0.0'
    await speak(await removed.connect(watched.address), protocol)
    assert.ok(witness.calls(watched.id, removed.id).includes(protocol), 'a member is handled')

    await watched.mesh.membership.remove({ peer: 'gone' })
    witness.forget()
    await inEachPhase(async (phase) => {
      await tryAll(removed, watched, { tries: TRIES / 10, isOpen: phase.isOpen })
      assert.equal(await knock(removed, phase), phase.isOpen ? 'removed' : 'not heard')
    })

    const late = await members.start('late')
    await holds(async () => {
      const all = await late.mesh.membership.list({ all: true })
      return all.some(({ name, state }) => name === 'gone' && state === 'removed')
    })
    witness.forget()
    await tryAll(removed, late, { tries: TRIES / 10, isOpen: false })
    await members.answers(friend)
  })
})

/** Bytes that are no libp2p at all. */
async function garbage(address: string): Promise<void> {
  const port = Number(/\/tcp\/(\d+)/.exec(address)?.[1])
  for (let attempt = 0; attempt < 5; attempt++) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.end(randomBytes(1 + attempt * 500))
    // What it answers (its own protocol's greeting) is not our concern, that it hangs up is.
    socket.resume()
    await new Promise((resolve) => socket.once('close', resolve))
  }
}
