import '../../../src/polyfill.ts'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import type { MeshEvent } from '../../../src/interface.ts'
import { newSeed, signerOf } from '../../../src/node/membership/keys.ts'
import { encodeDatagram, tagOf } from '../../../src/protocols/discovery/datagram.ts'
import { COMMON_TAG } from '../../../src/protocols/discovery/index.ts'
import { hashOf, signRecord } from '../../../src/trust/record-encoding.ts'
import type { RosterBody } from '../../../src/trust/index.ts'
import { identityOf, withRoster } from '../homes.ts'
import { eventOf, holds } from './happening.ts'
import { MembersHere, type Member } from './members-here.ts'

const FLOOD = 200
/** A device that says nothing for so long is no longer waited for. */
const SILENCE_MS = 10_000

describe('a member that is told nonsense', function () {
  this.timeout(90_000)
  let members: MembersHere
  let watched: Member
  let friend: Member
  /** Everything that the people at the watched device were told. */
  let told: MeshEvent[]

  beforeEach(async () => {
    members = await MembersHere.of('watched', 'friend', 'odd')
    watched = await members.start('watched')
    friend = await members.start('friend')
    told = []
    void listen(watched)
  })

  afterEach(async () => {
    await members.remove()
  })

  async function listen({ mesh }: Member): Promise<void> {
    for await (const event of mesh.events()) told.push(event)
  }

  function count(type: MeshEvent['type']): number {
    return told.filter((event) => event.type === type).length
  }

  it('shows no code of a newcomer that changed its nonce after it had seen ours', async () => {
    await watched.mesh.membership.openDoor()
    const newcomer = await members.outside()
    const conversation = await newcomer.beginPairing(watched.address, randomBytes(16).toString('hex'))
    assert.deepEqual(await conversation.receive({ timeoutMs: 3000 }), { type: 'refused', reason: 'mismatch' })
    assert.equal(count('newcomer'), 0)
    assert.deepEqual((await watched.mesh.status()).membership.door.newcomers, [])
  })

  it('waits for nobody that goes silent half-way, and lets another one in meanwhile', async () => {
    await watched.mesh.membership.openDoor()
    const silent = await members.outside()
    const at = await silent.connect(watched.address)
    const silence = await silent.node.services.pair.open(at.remotePeer)
    await silence.send({ type: 'hello', session: '00'.repeat(16), ticket: null })
    const silentAt = performance.now()

    const newcomer = await members.outside()
    const shown = eventOf(watched.mesh, 'newcomer')
    const conversation = await newcomer.beginPairing(watched.address)
    const { code } = (await shown).newcomer
    await conversation.send({ type: 'confirmed', name: 'newcomer', box: randomBytes(32).toString('hex') })
    assert.equal((await watched.mesh.membership.approve({ code })).name, 'newcomer')

    assert.equal((await silence.receive()).type, 'commitment')
    await assertRefusedOrGone(silence.receive({ timeoutMs: 2 * SILENCE_MS }))
    assert.ok(performance.now() - silentAt <= 1.5 * SILENCE_MS)
    await members.answers(friend)
  })

  it(`is bothered by ${FLOOD} knocks once, and by ${FLOOD} newcomers thrice, and goes on serving`, async () => {
    await knocks(Number(members.devices.apart.MESH_BEACON_PORT))
    await members.answers(friend)
    assert.equal(count('knock'), 1)

    await watched.mesh.membership.openDoor()
    const closed = holds(async () => !(await watched.mesh.status()).membership.door.open)
    const newcomers = await Promise.all(Array.from({ length: FLOOD }, () => members.outside()))
    const pairings = newcomers.map(async (newcomer) => {
      const conversation = await newcomer.beginPairing(watched.address)
      conversation.abort(new Error('it had enough'))
    })
    const serving = members.answers(friend)
    const outcomes = await Promise.allSettled(pairings)
    await Promise.all([serving, closed])
    const begun = outcomes.filter(({ status }) => status === 'fulfilled').length
    assert.ok(begun >= 1 && begun <= 3, String(begun))
    assert.ok(count('newcomer') <= 3, String(count('newcomer')))
    assert.deepEqual(
      (await watched.mesh.membership.list()).map(({ name }) => name),
      ['watched', 'friend', 'odd']
    )
    await members.answers(friend)
  })

  it('takes of a member’s records what counts, keeps what it does not understand, and refuses the rest', async () => {
    const home = await members.devices.memberHome('odd')
    const { signer } = identityOf(home)
    const { mesh, heads } = withRoster(home, (own) => ({ mesh: own.mesh, heads: (own.mine()?.hashes ?? []).slice(-1) }))
    const record = (body: RosterBody, parents = heads, by = signer): Uint8Array =>
      signRecord(by, { mesh, parents, body }).bytes
    const friendKey = withRoster(home, (own) => own.members().find(({ name }) => name === 'friend')?.device ?? '')
    const outsRemoval = { type: 'remove', device: friendKey } as const
    const renamed = record({ type: 'rename', device: signer.key, name: 'odd-one' })
    const unknown = record({ type: 'unknown', name: 'of-a-later-release' })
    const forged = Uint8Array.from(record(outsRemoval))
    forged[forged.length - 1]! ^= 1
    const parentless = record(outsRemoval, [randomBytes(32).toString('hex')])
    const ofNobody = record(outsRemoval, heads, signerOf(newSeed('ed25519')))
    const elsewhere = signRecord(signer, { mesh: randomBytes(32).toString('hex'), parents: heads, body: outsRemoval })

    const odd = await members.outside(await members.keyOf('odd'))
    odd.said = [renamed, unknown, forged, parentless, ofNobody, elsewhere.bytes, randomBytes(300)]
    await odd.connect(watched.address)
    const { sent } = await odd.node.services.roster.exchange(peerIdFromString(watched.id))
    assert.equal(sent, odd.said.length)
    for (const member of [watched, friend]) {
      await holds(async () => (await member.mesh.membership.list()).some(({ name }) => name === 'odd-one'))
      const names = (await member.mesh.membership.list({ all: true })).map(({ name }) => name)
      assert.deepEqual(names, ['watched', 'friend', 'odd-one'])
    }
    assert.match(JSON.stringify(told.filter(({ type }) => type === 'warning')), /roster records were refused/)
    await members.answers(friend)

    await members.stop()
    for (const name of ['watched', 'friend']) {
      const kept = withRoster(members.devices.home(name), (own) => own.mine()?.hashes ?? [])
      const has = (bytes: Uint8Array): boolean => kept.includes(hashOf(bytes))
      assert.deepEqual([renamed, unknown].map(has), [true, true])
      assert.deepEqual([forged, parentless, elsewhere.bytes].map(has), [false, false, false])
    }
  })
})

/** Whether it is told why or not, it is over. */
async function assertRefusedOrGone(receiving: Promise<{ type: string; reason?: string }>): Promise<void> {
  try {
    assert.deepEqual(await receiving, { type: 'refused', reason: 'timeout' })
  } catch (error) {
    assert.equal((error as Error).name, 'PeerUnreachableError')
  }
}

/** Of as many devices that nobody knows. */
async function knocks(port: number): Promise<void> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  socket.setBroadcast(true)
  const send = promisify((bytes: Uint8Array, done: (error: Error | null) => void) => {
    socket.send(bytes, port, '127.255.255.255', done)
  })
  for (let knock = 0; knock < FLOOD; knock++) {
    const peerId = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
    const instance = randomBytes(8).toString('hex')
    const datagram = { tag: tagOf(COMMON_TAG), instance, peerId, answer: false, addresses: [], words: null }
    await send(encodeDatagram(datagram))
  }
  socket.close()
}
