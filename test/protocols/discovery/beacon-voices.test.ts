import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { decodeDatagram, encodeDatagram, tagOf } from '../../../src/protocols/discovery/datagram.ts'
import { COMMON_TAG } from '../../../src/protocols/discovery/index.ts'
import { SILENT } from '../../../src/protocols/discovery/voice.ts'
import {
  createBeacon,
  datagram,
  LOOKING,
  MEMBER,
  NEIGHBOUR,
  next,
  randomPeerId,
  record,
  send,
  startedAndHeard
} from './beacon.fixture.ts'
import { freeUdpPort } from '../../free-udp-port.ts'
import type { Socket } from 'node:dgram'
import type { BeaconDatagram } from '../../../src/protocols/discovery/datagram.ts'
import type { Beacon, Voice } from '../../../src/protocols/discovery/index.ts'
import type { TestBeacon } from './beacon.fixture.ts'

const WORDS = 0xbeef
const OPEN: Voice = { ...MEMBER, door: WORDS }
const MESH = tagOf(MEMBER.mesh!)
const COMMON = tagOf(COMMON_TAG)

describe('the voices of a beacon', () => {
  let port: number
  let running: Beacon[]
  let sockets: Socket[]

  beforeEach(async () => {
    port = await freeUdpPort()
    running = []
    sockets = []
  })

  afterEach(async () => {
    await Promise.all(running.map((beacon) => beacon.stop()))
    for (const socket of sockets) socket.close()
  })

  async function create(voice: Voice, options?: Parameters<typeof createBeacon>[1]): Promise<TestBeacon> {
    const created = await createBeacon({ port, voice }, options)
    running.push(created.beacon)
    return created
  }

  /** What a bystander hears of one device; without the common port, only what is sent to it alone. */
  async function bystander(where: { port: number; address?: string }): Promise<{
    socket: Socket
    heard: BeaconDatagram[]
    until: (fits: (datagram: BeaconDatagram) => boolean) => Promise<BeaconDatagram>
  }> {
    const socket = createSocket({ type: 'udp4', reuseAddr: true })
    socket.bind(where)
    await once(socket, 'listening')
    socket.setBroadcast(true)
    sockets.push(socket)
    const heard: BeaconDatagram[] = []
    socket.on('message', (bytes) => {
      const datagram = decodeDatagram(bytes)
      if (datagram !== undefined) heard.push(datagram)
    })
    return {
      socket,
      heard,
      until: async (fits) => {
        while (!heard.some(fits)) await once(socket, 'message')
        return heard.find(fits)!
      }
    }
  }

  const knock = (): Promise<BeaconDatagram> => datagram({ tag: COMMON, addresses: [] })

  /** A process that knocks from a port of its own, so that it hears nothing but answers. */
  async function answerTo(said: BeaconDatagram): Promise<BeaconDatagram> {
    const { socket, until } = await bystander({ port: 0, address: '127.0.0.1' })
    socket.send(encodeDatagram(said), port, '127.255.255.255')
    return until(({ answer }) => answer)
  }

  /** Everything that was sent to the beacon before has been read when this has. */
  async function caughtUp(beacon: Beacon, from = '127.250.0.1'): Promise<void> {
    const last = await datagram()
    const heard = next(beacon, 'found', ({ id }) => id === last.peerId.toString())
    await send(port, [last], from)
    await heard
  }

  it('lets only members of one mesh find each other: two meshes share nothing', async () => {
    const [one, two] = [await create(MEMBER), await create(MEMBER)]
    const [three, four] = [await create(NEIGHBOUR), await create(NEIGHBOUR)]
    const all = [one, two, three, four]
    const found = all.map(({ beacon }) => record(beacon, 'found'))
    const doors = all.map(({ beacon }) => record(beacon, 'door'))
    const told = Promise.all(
      all.flatMap(({ beacon }) => [next(beacon, 'found'), next(beacon, 'foreign', ({ address }) => address !== '')])
    )
    for (const { beacon } of all) beacon.start()
    await told
    const ids = found.map((events) => [...new Set(events.map(({ id }) => id))])
    assert.deepEqual(
      ids,
      [two, one, four, three].map(({ peerId }) => [peerId.toString()])
    )
    assert.deepEqual(doors.flat(), [])
    for (const [index, { beacon }] of all.entries()) {
      assert.deepEqual(
        beacon.state().heard.map(({ id }) => id),
        ids[index]
      )
      assert.equal(beacon.state().others.length, 1)
    }
  })

  it('says nothing until it is given one, hears all the same, and then announces at once', async () => {
    const air = await bystander({ port })
    const { beacon, peerId } = await create(SILENT)
    beacon.start()
    const isTheirs = (said: BeaconDatagram): boolean => said.peerId.equals(peerId)
    const knocked = next(beacon, 'knock')
    const door = next(beacon, 'door')
    const foreign = next(beacon, 'foreign')
    const newcomer = await knock()
    // Sent again until the beacon has opened its port.
    const said = [newcomer, await datagram({ tag: COMMON, words: WORDS }), await datagram()]
    const again = setInterval(() => void send(port, said), 50)
    assert.deepEqual(await knocked, { id: newcomer.peerId.toString(), address: '127.0.0.1' })
    assert.equal((await door).words, WORDS)
    assert.deepEqual(await foreign, { address: '127.0.0.1' })
    clearInterval(again)
    assert.equal(beacon.state().speaking, false)
    assert.ok(!air.heard.some(isTheirs))

    beacon.speak(LOOKING)
    const first = await air.until(isTheirs)
    const { tag, addresses, words, answer } = first
    assert.deepEqual({ tag, addresses, words, answer }, { tag: COMMON, addresses: [], words: null, answer: false })
    assert.equal(beacon.state().speaking, true)
  })

  it('announces a change of voice at once, and says it several times', async () => {
    const air = await bystander({ port })
    const { beacon } = await create(MEMBER)
    beacon.start()
    // In the longest gap of the burst at the start.
    while (air.heard.length < 4) await once(air.socket, 'message')
    const changedAt = performance.now()
    beacon.speak(OPEN)
    const door = await air.until(({ tag }) => tag === COMMON)
    // The next word was due after 1.5 s.
    assert.ok(performance.now() - changedAt < 1000, 'the door was not told at once')
    assert.deepEqual([door.words, door.answer], [WORDS, false])
    assert.deepEqual(door.addresses, ['/ip4/0.0.0.0/tcp/6373'])
    // The burst: three rounds in less than a second (else in ten), and the mesh is told of as well.
    while (air.heard.filter(({ tag }) => tag === COMMON).length < 3) await once(air.socket, 'message')
    assert.ok(performance.now() - changedAt < 4000)
    assert.ok(air.heard.every(({ tag, words }) => (tag === MESH) === (words === null)))

    beacon.speak({ ...OPEN })
    beacon.speak(MEMBER)
    const said = air.heard.length
    await air.until((each) => air.heard.indexOf(each) > said && each.tag === MESH)
    assert.ok(air.heard.slice(said + 1).every(({ tag }) => tag === MESH))
  })

  it('shows an open door to everybody, with its words and the address to dial, and not as a member', async () => {
    const host = await create(OPEN, { listening: ['/ip4/0.0.0.0/tcp/7001'] })
    const others = [await create(LOOKING), await create(SILENT), await create(NEIGHBOUR)]
    const found = others.map(({ beacon }) => record(beacon, 'found'))
    const doors = Promise.all(others.map(({ beacon }) => next(beacon, 'door')))
    for (const { beacon } of [host, ...others]) beacon.start()
    for (const door of await doors) {
      assert.deepEqual(door, {
        id: host.peerId.toString(),
        addresses: ['/ip4/127.0.0.1/tcp/7001'],
        words: WORDS,
        way: 'beacon',
        instance: host.beacon.instance
      })
    }
    assert.deepEqual(found.flat(), [])
  })

  it('answers a knock by its open door', async () => {
    const { beacon, peerId } = await create(OPEN)
    await startedAndHeard(beacon)
    const said = await answerTo(await knock())
    assert.deepEqual([said.tag, said.words, said.peerId.toString()], [COMMON, WORDS, peerId.toString()])
    assert.deepEqual(said.addresses, ['/ip4/0.0.0.0/tcp/6373'])
  })

  it('answers a knock at a closed door so that the newcomer learns of a mesh, and not which one', async () => {
    const member = await create(MEMBER)
    await startedAndHeard(member.beacon)
    const said = await answerTo(await knock())
    assert.deepEqual([said.tag, said.words], [MESH, null])

    const newcomer = await create(LOOKING)
    const doors = record(newcomer.beacon, 'door')
    const [heard, told] = [next(member.beacon, 'knock'), next(newcomer.beacon, 'foreign')]
    newcomer.beacon.start()
    assert.deepEqual(await heard, { id: newcomer.peerId.toString(), address: '127.0.0.1' })
    assert.deepEqual(await told, { address: '127.0.0.1' })
    assert.deepEqual(doors, [])
  })

  it('has no answer to a knock while it looks itself, nor ever one to an answer', async () => {
    const looking = await create(LOOKING)
    const { beacon } = await create(OPEN)
    await Promise.all([startedAndHeard(looking.beacon), startedAndHeard(beacon)])
    const knocks = record(beacon, 'knock')
    const ear = await bystander({ port: 0, address: '127.0.0.1' })
    const send = (said: BeaconDatagram): void => {
      ear.socket.send(encodeDatagram(said), port, '127.255.255.255')
    }
    const answered = { ...(await knock()), answer: true }
    const last = await knock()
    send(answered)
    send(last)
    const answer = await ear.until(() => true)
    await next(looking.beacon, 'door')
    assert.ok(answer.answer)
    assert.ok(ear.heard.every(({ peerId }) => !peerId.equals(looking.peerId)))
    assert.ok(!knocks.some(({ id }) => id === answered.peerId.toString()))
  })

  it('tells of one newcomer and of one neighbour once a minute, and again when the voice changes', async () => {
    const { beacon } = await create(MEMBER)
    await startedAndHeard(beacon)
    const [knocks, foreign] = [record(beacon, 'knock'), record(beacon, 'foreign')]
    const said = [await knock(), await datagram({ tag: tagOf(NEIGHBOUR.mesh!) })]
    await send(port, [...said, ...said, ...said])
    await caughtUp(beacon)
    assert.deepEqual([knocks.length, foreign.length], [1, 1])
    beacon.speak(OPEN)
    await send(port, said)
    await caughtUp(beacon)
    assert.deepEqual([knocks.length, foreign.length], [2, 2])
  })

  it('is told of few of many knocks and answers few, and members are answered meanwhile', async () => {
    const { beacon } = await create(OPEN)
    await startedAndHeard(beacon)
    const knocks = record(beacon, 'knock')
    let answers = 0
    const ear = await bystander({ port: 0, address: '127.0.0.1' })
    ear.socket.on('message', () => answers++)
    const flood = await Promise.all(Array.from({ length: 200 }, knock))
    const startedAt = performance.now()
    for (const each of flood) {
      await new Promise((resolve) => {
        ear.socket.send(encodeDatagram(each), port, '127.255.255.255', resolve)
      })
      await new Promise((resolve) => setImmediate(resolve))
    }
    await caughtUp(beacon)
    const seconds = (performance.now() - startedAt) / 1000
    assert.ok(knocks.length >= 1 && knocks.length <= 4 + seconds / 15, `${knocks.length} knocks were told of`)
    assert.ok(answers >= 1 && answers <= 16 + 4 * seconds, `${answers} knocks were answered`)
    const said = await answerTo(await datagram())
    assert.equal(said.tag, MESH)
  })

  it('bounds what forged sources cause together: knocks, doors and neighbours', async () => {
    const { beacon } = await create(MEMBER)
    await startedAndHeard(beacon)
    const [knocks, doors, foreign] = [record(beacon, 'knock'), record(beacon, 'door'), record(beacon, 'foreign')]
    const startedAt = performance.now()
    for (let source = 1; source <= 60; source++) {
      const flood = Array.from({ length: 3 }, async () => [
        await knock(),
        await datagram({ tag: COMMON, words: source }),
        await datagram({ tag: tagOf(NEIGHBOUR.mesh!) })
      ])
      await send(port, (await Promise.all(flood)).flat(), `127.1.0.${source}`)
    }
    await caughtUp(beacon)
    const seconds = (performance.now() - startedAt) / 1000
    assert.ok(knocks.length >= 12 && knocks.length <= 12 + seconds / 5, `${knocks.length} knocks`)
    assert.ok(doors.length >= 64 && doors.length <= 64 + 16 * seconds, `${doors.length} doors`)
    assert.ok(foreign.length >= 16 && foreign.length <= 16 + seconds, `${foreign.length} neighbours`)
  })

  it('forgets the members of the mesh that it leaves', async () => {
    const { beacon } = await create(MEMBER)
    await startedAndHeard(beacon)
    await caughtUp(beacon)
    assert.equal(beacon.state().heard.length, 1)
    beacon.speak(OPEN)
    assert.equal(beacon.state().heard.length, 1)
    beacon.speak(NEIGHBOUR)
    assert.equal(beacon.state().heard.length, 0)
  })

  for (const [name, voice] of Object.entries<Voice>({
    'in the same mesh': MEMBER,
    'in another mesh': NEIGHBOUR,
    'with an open door alone': { ...OPEN, mesh: null },
    'that knocks': LOOKING
  })) {
    it(`warns both of a copy of its identity ${name}`, async () => {
      const original = await create(MEMBER)
      original.beacon.start()
      const copy = await create(voice, { peerId: original.peerId })
      const startedAt = performance.now()
      const told = Promise.all([next(original.beacon, 'clone'), next(copy.beacon, 'clone')])
      copy.beacon.start()
      const [byOriginal, byCopy] = await told
      assert.ok(performance.now() - startedAt < 10_000)
      assert.deepEqual(byOriginal, { instance: copy.beacon.instance, address: '127.0.0.1' })
      assert.equal(byCopy.instance, original.beacon.instance)
    })
  }

  it('warns of a copy also while it says nothing itself, once, and not of forged ones without end', async () => {
    const peerId = await randomPeerId()
    const { beacon } = await create(SILENT, { peerId })
    beacon.start()
    const clones = record(beacon, 'clone')
    const copy = await create(LOOKING, { peerId })
    const seen = next(beacon, 'clone')
    copy.beacon.start()
    assert.equal((await seen).instance, copy.beacon.instance)
    const forged = Array.from({ length: 100 }, (_, index) =>
      datagram({ peerId, tag: COMMON, instance: index.toString(16).padStart(16, '0') })
    )
    const startedAt = performance.now()
    beacon.speak(MEMBER)
    await send(port, await Promise.all(forged))
    await caughtUp(beacon)
    const most = 4 + (performance.now() - startedAt) / 5000 + 1
    assert.ok(clones.length >= 2 && clones.length <= most, `${clones.length} copies were told of`)
    assert.equal(clones.filter(({ instance }) => instance === copy.beacon.instance).length, 1)
  })

  it('answers a copy by what it says anyway', async () => {
    const { beacon, peerId } = await create(LOOKING)
    await startedAndHeard(beacon)
    const said = await answerTo(await datagram({ peerId }))
    assert.deepEqual([said.tag, said.addresses], [COMMON, []])
  })
})
