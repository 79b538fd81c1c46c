/** Members in a process of their own, on the host where that was started; its argument is the address they listen on. */
import { privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { PAIR_PROTOCOL } from '../../../src/protocols/pair/index.ts'
import { holds } from './happening.ts'
import { heapBytes } from './heap-bytes.ts'
import { MembersHere, type Member } from './members-here.ts'
import { phasesOf } from './phases.ts'
import { obey, type Orders } from './remote.ts'
import { Witness } from './witness.ts'

const witness = await Witness.begin()
const members = await MembersHere.of('watched', 'friend', 'gone', 'late')
members.listen = process.argv[2]!
const watched = await members.start('watched')
const friend = await members.start('friend')
const running = new Map<string, Member>([
  ['watched', watched],
  ['friend', friend]
])
let end: (() => Promise<void>) | undefined
const phases = phasesOf(watched, members)

const orders = {
  /** That members are handled, and what is handled at all. */
  protocols: async () => {
    await members.answers(friend)
    if (!witness.calls(watched.id, friend.id).includes('/mesh/ask/1.0.0')) throw new Error('no member is handled')
    return witness.protocolsOf(watched.id).filter((protocol) => protocol !== PAIR_PROTOCOL)
  },
  phases: () => Promise.resolve(phases.map(({ name, isOpen }) => ({ name, isOpen }))),
  begin: async (name: string) => {
    end = await phases.find((phase) => phase.name === name)!.begin()
  },
  end: () => end!(),
  address: (name: string) => Promise.resolve(running.get(name)!.address),
  /** What `name` heard of another device: the handlers that were called, and the bytes that were read, but of `pair`. */
  heard: ({ name, of }: { name: string; of: string }) => {
    const { id } = running.get(name)!
    return Promise.resolve({
      calls: witness.calls(id, of).filter((protocol) => protocol !== PAIR_PROTOCOL),
      bytes: witness.bytes(id, of, { but: PAIR_PROTOCOL })
    })
  },
  forget: () => {
    witness.forget()
    return Promise.resolve()
  },
  heapBytes: () => Promise.resolve(heapBytes()),
  list: () => watched.mesh.membership.list(),
  keyOf: async (name: string) => Buffer.from(privateKeyToProtobuf(await members.keyOf(name))).toString('hex'),
  removeMember: async (name: string) => {
    await watched.mesh.membership.remove({ peer: name })
  },
  /** Starts one that was off meanwhile, and waits until it knows who was removed. */
  startLate: async (removed: string) => {
    const late = await members.start('late')
    running.set('late', late)
    await holds(async () => {
      const all = await late.mesh.membership.list({ all: true })
      return all.some(({ name, state }) => name === removed && state === 'removed')
    })
  },
  remove: async () => {
    await members.remove()
    witness.end()
  }
} satisfies Orders

export type MembersOrders = typeof orders

obey(orders)
process.send!({ id: 0 })
