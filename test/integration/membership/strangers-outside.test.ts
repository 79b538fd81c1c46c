/** The same from another host: processes of their own, in network namespaces, and counted on the members' side. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createNetwork, whyNoNamespaces, type Host, type Network } from '../namespaces.ts'
import type { MembersOrders } from './members-process.ts'
import { Remote, type Orders } from './remote.ts'
import type { StrangerOrders } from './stranger-process.ts'

const TRIES = process.env.MESH_SOAK === undefined ? 1000 : 10_000
/** What may stay in the members of all of them. */
const KEPT_BYTES = 16 * 2 ** 20
const STARTED_MS = 30_000

describe('members among strangers on another host', function () {
  this.timeout(120_000 + 40 * TRIES)
  let network: Network
  let members: Remote<MembersOrders>
  let protocols: string[]
  let phases: { name: string; isOpen: boolean }[]

  before(async function () {
    const reason = whyNoNamespaces()
    if (reason !== null) {
      this.test!.title += ` (left out: ${reason})`
      this.skip()
    }
    network = await createNetwork({ hosts: 2 })
    members = await startOn(network.hosts[0]!, './members-process.js', network.hosts[0]!.address)
    phases = await members.ask('phases')
    protocols = await members.ask('protocols')
  })

  after(async () => {
    // A signal to the namespaces' processes does not reach the homes that they made.
    await (members as Remote<MembersOrders> | undefined)?.ask('remove')
    await (network as Network | undefined)?.remove()
  })

  async function nothingHeard(name: string, of: string): Promise<void> {
    assert.deepEqual(await members.ask('heard', { name, of }), { calls: [], bytes: 0 })
  }

  it(`call no handler and read not a byte, whatever it tries, ${TRIES} times`, async () => {
    const stranger = await startOn<StrangerOrders>(network.hosts[1]!, './stranger-process.js')
    await stranger.ask('listen', protocols)
    const [id, list] = [await stranger.ask('id'), await members.ask('list')]
    const address = await members.ask('address', 'watched')
    const before = await members.ask('heapBytes')
    for (const { name, isOpen } of phases) {
      await members.ask('begin', name)
      await stranger.ask('trespass', { address, protocols, tries: TRIES / phases.length, isOpen })
      await members.ask('end')
      await nothingHeard('watched', id)
    }
    assert.deepEqual(await stranger.ask('told'), [])
    assert.deepEqual(await members.ask('list'), list)
    const kept = (await members.ask('heapBytes')) - before
    assert.ok(kept < KEPT_BYTES, `${Math.round(kept / 2 ** 20)} MiB are kept`)
    assert.deepEqual(await members.ask('protocols'), protocols)
  })

  it('call no handler for a device that was removed, nor does one that was away meanwhile', async () => {
    const removed = await startOn<StrangerOrders>(
      network.hosts[1]!,
      './stranger-process.js',
      await members.ask('keyOf', 'gone')
    )
    const id = await removed.ask('id')
    const watched = await members.ask('address', 'watched')
    await removed.ask('trespass', { address: watched, protocols, tries: protocols.length, isOpen: true })
    assert.ok((await members.ask('heard', { name: 'watched', of: id })).calls.length > 0, 'a member is handled')

    await members.ask('removeMember', 'gone')
    await members.ask('forget')
    for (const { name, isOpen } of phases) {
      await members.ask('begin', name)
      await removed.ask('trespass', { address: watched, protocols, tries: TRIES / 10, isOpen })
      await members.ask('end')
      await nothingHeard('watched', id)
    }
    await members.ask('startLate', 'gone')
    await members.ask('forget')
    const late = await members.ask('address', 'late')
    await removed.ask('trespass', { address: late, protocols, tries: TRIES / 10, isOpen: false })
    await nothingHeard('late', id)
  })
})

/** A script beside this one, on a host; it says when it is ready. */
async function startOn<O extends Orders>(host: Host, script: string, ...args: string[]): Promise<Remote<O>> {
  const file = fileURLToPath(new URL(script, import.meta.url))
  const child = host.spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  await once(child, 'message', { signal: AbortSignal.timeout(STARTED_MS) })
  return new Remote<O>(child)
}
