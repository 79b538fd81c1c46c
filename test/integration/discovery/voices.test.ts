import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { decodeDatagram, encodeDatagram, tagOf } from '../../../src/protocols/discovery/datagram.ts'
import { meshTag } from '../../../src/protocols/discovery/index.ts'
import { createNetwork, whyNoNamespaces } from '../namespaces.ts'
import { ListenerProcess } from './listener-process.ts'
import type { Voice } from '../../../src/protocols/discovery/index.ts'
import type { Host, Network } from '../namespaces.ts'
import type { BystanderInit, Overheard } from './bystander.ts'

const BYSTANDER = fileURLToPath(new URL('./bystander.js', import.meta.url))

const MESH = meshTag('5e'.repeat(32))
const MEMBER: Voice = { mesh: MESH, door: null, looking: false }
const NEIGHBOUR: Voice = { ...MEMBER, mesh: meshTag('7f'.repeat(32)) }
const OPEN: Voice = { ...MEMBER, door: 0xbeef }
const LOOKING: Voice = { mesh: null, door: null, looking: true }

const COMMON_SERVICE = '_ownmesh._udp.local'
const MESH_SERVICE = `_om-${tagOf(MESH).slice(0, 12)}._udp.local`

/** What a bystander overhears of others, and how to wait for it. */
class Overhearing {
  readonly heard: Overheard[] = []
  readonly #news = new EventTarget()

  constructor(host: Host, init: Omit<BystanderInit, 'address'>) {
    const argument = JSON.stringify({ address: host.address, ...init })
    const child = host.spawn(process.execPath, [BYSTANDER, argument], { stdio: ['ignore', 'pipe', 'inherit'] })
    createInterface(child.stdout!).on('line', (line) => {
      this.heard.push(JSON.parse(line) as Overheard)
      this.#news.dispatchEvent(new Event('news'))
    })
  }

  async until(fits: (overheard: Overheard) => boolean): Promise<Overheard> {
    const signal = AbortSignal.timeout(15_000)
    while (true) {
      const fitting = this.heard.find(fits)
      if (fitting !== undefined) return fitting
      await once(this.#news, 'news', { signal })
    }
  }
}

function textOf({ bytes }: Overheard): string {
  return Buffer.from(bytes, 'hex').toString('latin1')
}

/** An mDNS response, by the first flag of its header; `_om-…` and the like stand in it as they are. */
function isResponse(overheard: Overheard): boolean {
  return overheard.way === 'mdns' && (Number.parseInt(overheard.bytes.slice(4, 6), 16) & 0x80) !== 0
}

function answersFor(name: string): (overheard: Overheard) => boolean {
  const [label = ''] = name.split('.')
  return (overheard) => isResponse(overheard) && textOf(overheard).includes(label)
}

/** Letters in a row that are none of what mDNS may carry: service names, random names, addresses with the PeerId. */
function otherWords(response: Overheard): string[] {
  const known = [
    /dnsaddr=\/ip[46]\/[0-9a-f.:]+\/tcp\/\d+\/p2p\/12D3KooW[1-9A-HJ-NP-Za-km-z]{44}/g,
    /_om-[0-9a-f]{12}|_ownmesh|_udp|local/g,
    /(?:door-[0-9a-f]{4}-)?[0-9a-f]{32}/g
  ]
  const rest = known.reduce((text, pattern) => text.replaceAll(pattern, '\0'), textOf(response))
  return rest.match(/[A-Za-z]{3,}/g) ?? []
}

/** The random part of what the answers call the device. */
function namesIn(response: Overheard): string[] {
  return textOf(response).match(/[0-9a-f]{32}/g) ?? []
}

describe('the voices of devices on one network', function () {
  this.timeout(60_000)
  let network: Network | undefined

  before(function () {
    const reason = whyNoNamespaces()
    if (reason === null) return
    this.test!.title += ` (left out: ${reason})`
    this.skip()
  })

  afterEach(async () => {
    await network?.remove()
    network = undefined
  })

  it('by mDNS alone: members find members, and a newcomer sees a door from the moment it opens', async () => {
    network = await createNetwork({ hosts: 4 })
    const start = (host: number, voice: Voice): ListenerProcess =>
      new ListenerProcess(network!.hosts[host]!, { ways: ['mdns'], voice })
    const [member, other] = [start(0, MEMBER), start(1, MEMBER)]
    const [neighbour, newcomer] = [start(2, NEIGHBOUR), start(3, LOOKING)]
    const { id } = await member.until('starting')
    await Promise.all([neighbour.until('ready'), newcomer.until('ready')])
    for (const [finder, host] of [
      [member, 1],
      [other, 0]
    ] as const) {
      const { addresses } = await finder.until('found')
      // The loopback that the other one answers too is its own, not ours.
      assert.match(addresses.join(), new RegExp(`^/ip4/${network.hosts[host]!.address}/tcp/\\d+$`))
    }
    const openedAt = Date.now()
    member.speak(OPEN)
    const door = await newcomer.until('door')
    assert.deepEqual([door.id, door.words, door.way], [id, OPEN.door, 'mdns'])
    assert.ok(door.at - openedAt < 3000, `it took ${door.at - openedAt} ms`)
    assert.match(door.addresses.join(), new RegExp(`^/ip4/${network.hosts[0]!.address}/tcp/\\d+$`))
    const events = [neighbour, newcomer, other].map((process) => process.events.map(({ event }) => event))
    assert.ok(!events[0]!.includes('found') && !events[0]!.includes('door'), 'the neighbour shares something')
    assert.ok(!events[1]!.includes('found'), 'the newcomer found a member')
    assert.ok(!events[2]!.includes('door'), 'a member with a closed door asks for doors')
  })

  it('tell nothing of the owner, and of a mesh whose door is closed nothing but that it is there', async () => {
    network = await createNetwork({ hosts: 3 })
    const [here, there, away] = network.hosts
    const member = new ListenerProcess(here!, { ways: ['beacon', 'mdns'], voice: MEMBER })
    const newcomer = new ListenerProcess(there!, { ways: ['beacon', 'mdns'], voice: LOOKING })
    const [{ id: memberId }, { id: newcomerId }] = await Promise.all([
      member.until('starting'),
      newcomer.until('starting')
    ])
    await Promise.all([member.until('knock'), newcomer.until('foreign')])
    const queries = [COMMON_SERVICE, MESH_SERVICE].map((name) => ({ name, times: 50 }))
    const air = new Overhearing(away!, { queries })
    const isOf = (host: Host) => (overheard: Overheard) => overheard.from === host.address
    await air.until(answersFor(MESH_SERVICE))
    await air.until((overheard) => overheard.way === 'beacon' && isOf(here!)(overheard))
    await air.until((overheard) => overheard.way === 'beacon' && isOf(there!)(overheard))
    assert.ok(!air.heard.some(answersFor(COMMON_SERVICE)), 'a closed door was announced')

    const closed = air.heard.length
    member.speak(OPEN)
    const door = await air.until(answersFor(COMMON_SERVICE))
    assert.match(textOf(door), /door-beef-[0-9a-f]{32}/)
    assert.ok(textOf(door).includes(memberId))
    assert.equal((await newcomer.until('door')).words, OPEN.door)

    const responses = air.heard.filter(isResponse)
    // The module would answer each of the hundred queries; the limit is one a second after four at once.
    assert.ok(responses.length <= 12, `${responses.length} responses`)
    assert.deepEqual(responses.flatMap(otherWords), [])
    assert.ok(responses.every(isOf(here!)), 'the newcomer answered')
    const mdnsOfNewcomer = air.heard.filter((overheard) => overheard.way === 'mdns' && isOf(there!)(overheard))
    assert.ok(!mdnsOfNewcomer.some((overheard) => textOf(overheard).includes(newcomerId)))
    assert.ok(air.heard.slice(0, closed).every((overheard) => !overheard.bytes.includes('beef')))
    for (const { way, bytes } of air.heard) {
      const datagram = way === 'beacon' ? decodeDatagram(Buffer.from(bytes, 'hex')) : undefined
      // Written again from the fields that it is specified to have, it is the same: there is nothing else in it.
      if (datagram !== undefined) assert.equal(Buffer.from(encodeDatagram(datagram)).toString('hex'), bytes)
      // The mesh's id would let others compute its tag and its words.
      assert.ok(!bytes.includes('5e5e5e'))
    }

    // A change of the network starts both services anew, under names that have nothing to do with the former ones.
    const former = new Set(responses.flatMap(namesIn))
    await here!.setAddress(77)
    for (const service of [MESH_SERVICE, COMMON_SERVICE]) {
      await air.until((each) => answersFor(service)(each) && namesIn(each).every((name) => !former.has(name)))
    }
  })
})
