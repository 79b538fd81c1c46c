import assert from 'node:assert/strict'
import { SyncSession } from '../../src/crdt/index.ts'
import { decodeMessage, encodeMessage } from '../../src/protocols/sync/words.ts'
import { keyOf, openDevice, removeHome, type TestDevice } from './device.ts'
import { collected, erased, forged, varUints, written } from './forged.ts'
import { link } from './link.ts'

/** What each frame of a member who means harm may make this device do, at most. */
interface Cost {
  frames: Uint8Array[]
  /** Whether the conversation ends with it, so that nothing follows. */
  ends: boolean
  /** Messages and bytes that go back. */
  messages: number
  bytes: number
  /** Rows and bytes that are appended. */
  rows: number
  stored: number
}

const MALLORY = keyOf('m')
const COUNT = 300
/** A shard of so many memories is rewritten once into its next generation: its bytes, and those of the marks around. */
const SHARD_BYTES = COUNT * 300

describe('a member who means harm', () => {
  let device: TestDevice
  let shard: string
  let writer: number

  beforeEach(() => {
    device = openDevice()
    device.memories.rememberAll(Array.from({ length: COUNT }, (_, index) => ({ text: `Memory ${String(index)}` })))
    shard = device.documents.heads.all()[0]!.id
    writer = device.documents.open(shard).writer
  })

  afterEach(() => {
    device.close()
    removeHome(device.home)
  })

  const nothing = { ends: true, messages: 0, bytes: 0, rows: 0, stored: 0 }
  const deep = `{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`
  const bombs: Record<string, () => Cost> = {
    'nine bytes that delete everything': () => ({
      frames: [forged(0, 0, [], [[writer, 0, COUNT]])],
      ends: false,
      messages: 4,
      bytes: 2 * SHARD_BYTES,
      rows: 4,
      stored: SHARD_BYTES
    }),
    'a clock that is moved by 2^50': () => ({ frames: [forged(7, 0, [collected(2 ** 50)])], ...nothing }),
    'a clock that is moved by as much as is allowed, a thousand times': () => ({
      frames: Array.from({ length: 1000 }, (_, index) => forged(7, index * 2 ** 20, [erased('k', 2 ** 20)])),
      ends: false,
      messages: 0,
      bytes: 0,
      rows: 1000,
      stored: 1000 * 40
    }),
    'seven bytes that claim 33 million structs': () => ({
      frames: [varUints(1, 2 ** 25 - 1, 1, 0)],
      ...nothing
    }),
    'this device’s own number': () => ({
      frames: [forged(writer, COUNT, [written('fake', '{"text":"forged","time":1}')])],
      ends: false,
      messages: 0,
      bytes: 0,
      rows: 1,
      stored: 200
    }),
    'a thousand updates out of order': () => ({
      frames: Array.from({ length: 1000 }, (_, index) =>
        forged(7, 2000 - index, [written(`k${String(index)}`, '{"text":"x","time":1}')])
      ),
      ends: false,
      // One question, however many come.
      messages: 1,
      bytes: 1024,
      rows: 0,
      stored: 0
    }),
    'a thousand updates of a generation that is over': () => {
      device.documents.heal(shard)
      return {
        frames: Array.from({ length: 1000 }, (_, index) =>
          forged(7, index, [written(`k${String(index)}`, '{"text":"x","time":1}')])
        ),
        ends: false,
        // The later one is offered once.
        messages: 1,
        bytes: 1024,
        rows: 0,
        stored: 0
      }
    },
    'keys that reach a prototype': () => ({
      frames: [forged(7, 0, [written('k', '{"text":"x","__proto__":{"admin":true}}')])],
      ...nothing
    }),
    'brackets in brackets, 30,000 deep': () => ({ frames: [forged(7, 0, [written('k', deep)])], ...nothing }),
    'a value that is no text': () => ({
      frames: [forged(7, 0, [written('k', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))])],
      ...nothing
    }),
    'a clock of a memory that is no whole number': () => ({
      frames: [forged(7, 0, [written('k', '{"text":"x","time":1.5}'), written('l', '{"text":"y","time":1e300}')])],
      ends: false,
      messages: 0,
      bytes: 0,
      rows: 1,
      stored: 300
    }),
    'a state vector that claims millions of writers': () => ({
      frames: [
        encodeMessage({
          type: 'states',
          documents: [
            { id: shard, vector: varUints(2 ** 40, 1, 1), structure: new Uint8Array(32), content: new Uint8Array(32) }
          ],
          answer: true
        })
      ],
      ...nothing
    })
  }

  for (const [name, bomb] of Object.entries(bombs)) {
    it(`can cause with ${name} no more than is stated, and takes no memory away`, async () => {
      const { frames, ends, ...most } = bomb()
      const spent = { messages: 0, bytes: 0 }
      const session = new SyncSession({
        documents: device.documents,
        peer: MALLORY,
        leads: false,
        send: (message) => {
          spent.messages++
          spent.bytes += encodeMessage(message).length
          return Promise.resolve()
        },
        warn: () => undefined
      })
      const rows = () => {
        const { count, stored } = device.database
          .prepare('SELECT count(*) AS count, sum(length("update")) AS stored FROM memory_update')
          .get() as { count: number; stored: number }
        return { rows: count, stored }
      }
      session.start()
      await session.receive({ type: 'turn' })
      const before = { ...spent, ...rows() }
      let isEnded = false
      for (const frame of frames) {
        const message = name.startsWith('a state vector')
          ? decodeMessage(frame)
          : decodeMessage(encodeMessage({ type: 'update', document: shard, update: frame }))
        try {
          if (message !== null && message.type !== 'refused') await session.receive(message)
        } catch (error) {
          assert.equal((error as Error).name, 'ProtocolError', String(error))
          isEnded = true
        }
      }
      await device.documents.settled()
      const after = { ...spent, ...rows() }
      for (const what of ['messages', 'bytes', 'rows', 'stored'] as const) {
        const cost = after[what] - before[what]
        assert.ok(cost <= most[what], `${what}: ${String(cost)}, above ${String(most[what])}`)
      }
      assert.equal(isEnded, ends)
      const there = new Set(device.memories.list({ limit: 1000 }).map(({ text }) => text))
      for (let index = 0; index < COUNT; index++) assert.ok(there.has(`Memory ${String(index)}`))
      assert.equal(({} as { admin?: boolean }).admin, undefined)
      // Everything goes on afterwards.
      const { id } = device.memories.remember({ text: 'Afterwards' })
      assert.equal(device.memories.get(id).text, 'Afterwards')
      for (const { id: document } of device.documents.heads.all()) assert.ok(device.documents.isSound(document))
    }).timeout(60_000)
  }

  it('cannot make two devices keep two contents under one number: both bring theirs', async () => {
    const other = openDevice({ key: keyOf('b') })
    const document = 'm-aaaaaaaaaaaaaaaa-1'
    device.documents.merge(MALLORY, document, forged(7, 0, [written('k1', '{"text":"said to one","time":1}')]))
    other.documents.merge(MALLORY, document, forged(7, 0, [written('k2', '{"text":"said to two","time":1}')]))
    const [one, two] = [device, other].map(({ documents }) => documents.heads.get(document)!)
    assert.deepEqual(one!.structure, two!.structure)
    assert.notDeepEqual(one!.content, two!.content)
    await link(device, other).quiet()
    assert.deepEqual(device.documents.heads.root(), other.documents.heads.root())
    for (const { memories, documents } of [device, other]) {
      assert.deepEqual([memories.get('k1').text, memories.get('k2').text], ['said to one', 'said to two'])
      assert.equal(documents.heads.get(document)!.id, `${document}~2`)
    }
    assert.match([device, other].flatMap(({ warnings }) => warnings).join(), /by two devices under one number/)
    other.close()
    removeHome(other.home)
  })
})
