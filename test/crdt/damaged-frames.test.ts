import assert from 'node:assert/strict'
import { Conversations, Documents, Memories, SyncSession, type SyncMessage } from '../../src/crdt/index.ts'
import { isDocumentId, isKey } from '../../src/crdt/keys.ts'
import { MAX_ENTRY_BYTES, MAX_FRAME_BYTES } from '../../src/crdt/limits.ts'
import { bytesOf } from '../../src/crdt/sync-messages.ts'
import { readValue } from '../../src/crdt/value.ts'
import { decodeMessage, encodeMessage } from '../../src/protocols/sync/words.ts'
import { keyOf } from './device.ts'
import { link } from './link.ts'
import { copyOf, mapStore, newDisk, type Disk } from './memory-map-store.ts'
import { randomFrom } from './random.ts'

/** Noise lets no flipped bit through; what a faulty member may send is told from it by nothing. */
const FLIPS = 10_000
/** Each so-manyth device meets the honest one afterwards, who must be able to mend it. */
const MEETS = 16

const OWN = ['The spare key is under the mat', 'Anna likes tea', 'Bins on Tuesday']

function boot(letter: string, disk: Disk) {
  const store = mapStore(disk)
  const warnings: string[] = []
  const key = keyOf(letter)
  const now = () => 1_700_000_000_000
  const documents = new Documents({ store, now, isMember: () => true, warn: (message) => warnings.push(message) })
  const device = () => key
  return {
    key,
    disk,
    documents,
    warnings,
    memories: new Memories({ documents, store, now, device }),
    conversations: new Conversations({ documents, now, device })
  }
}

type Booted = ReturnType<typeof boot>

const textsOf = ({ disk }: Booted) => new Map([...disk.index.values()].map(({ id, text }) => [id, text]))

describe('a frame with a flipped bit', () => {
  it('ends the conversation, or says what a member may say: nothing is lost, beyond a limit, or changed unseen', async () => {
    const honest = boot('h', newDisk())
    const victim = boot('v', newDisk())
    const own = victim.memories.rememberAll(OWN.map((text) => ({ text })))
    await link(honest, victim).quiet()
    const clean = copyOf(victim.disk)
    // What the honest one then says, frame by frame: new memories, edits, tags, forgotten ones, a conversation.
    const written = honest.memories.rememberAll(
      Array.from({ length: 12 }, (_, index) => ({ text: `Box ${String(index)} holds cups`, tags: ['box'] }))
    )
    honest.memories.edit(written[3]!.id, { text: 'Box 3 holds plates', tags: ['box', 'kitchen'] })
    honest.memories.forget([written[5]!.id])
    const talk = honest.conversations.begin()
    honest.conversations.add(talk, { role: 'user', content: 'How long do eggs take?' })
    honest.conversations.rename(talk, 'Eggs')
    const said = await whatIsSaid(honest, boot('v', copyOf(clean)))
    const frames = said.map(encodeMessage)
    assert.equal(new Set(said.map(({ type }) => type)).size, 5, said.map(({ type }) => type).join(' '))

    const random = randomFrom(Number(process.env.MESH_SEED ?? 1))
    const outcomes = { refused: 0, ignored: 0, taken: 0, mended: 0 }
    for (let flip = 0; flip < FLIPS; flip++) {
      const device = boot('v', copyOf(clean))
      const session = listening(device, honest.key)
      const damaged = Math.floor(random() * frames.length)
      try {
        for (const [index, frame] of frames.entries()) {
          const bytes = index === damaged ? flipped(frame, random) : frame
          const message = decodeMessage(bytes)
          if (message === null || message.type === 'refused') {
            outcomes.ignored++
            break
          }
          assert.ok(bytesOf(message) <= MAX_FRAME_BYTES)
          await session.receive(message)
        }
        outcomes.taken++
      } catch (error) {
        assert.equal((error as Error).name, 'ProtocolError', String(error))
        outcomes.refused++
      }
      session.stop()
      checkWithinLimits(device)
      const there = textsOf(device)
      for (const { id, text } of own) assert.equal(there.get(id), text, `flip ${String(flip)}`)
      if (flip % MEETS !== 0) continue
      await checkMended(boot('h', copyOf(honest.disk)), device, own.length, flip)
      outcomes.mended++
    }
    process.stdout.write(`      ${JSON.stringify(outcomes)}\n`)
    assert.ok(outcomes.refused > FLIPS / 10 && outcomes.taken > FLIPS / 10)
  }).timeout(180_000)
})

/** The messages of one side of a whole conversation. */
async function whatIsSaid(speaker: Booted, listener: Booted): Promise<SyncMessage[]> {
  const said: SyncMessage[] = []
  const joined = link(speaker, listener)
  const receive = joined.sessions[1].receive.bind(joined.sessions[1])
  joined.sessions[1].receive = (message) => {
    said.push(message)
    return receive(message)
  }
  await joined.quiet()
  joined.cut()
  assert.deepEqual(joined.errors, [])
  return said
}

/** A session that hears what is said, and whose answers nobody reads. */
function listening({ documents, warnings }: Booted, peer: string): SyncSession {
  const send = () => Promise.resolve()
  const session = new SyncSession({ documents, peer, leads: false, send, warn: (message) => warnings.push(message) })
  session.start()
  return session
}

function flipped(frame: Uint8Array, random: () => number): Uint8Array {
  const bytes = Uint8Array.from(frame)
  bytes[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8)
  return bytes
}

function checkWithinLimits({ documents }: Booted): void {
  for (const { id } of documents.heads.all()) {
    assert.ok(isDocumentId(id), id)
    assert.ok(documents.isSound(id), `${id} says another thing on the disk`)
    const document = documents.open(id)
    for (const key of document.allKeys()) {
      assert.ok(isKey(key), key)
      const value = document.get(key) ?? ''
      assert.ok(Buffer.byteLength(value) <= MAX_ENTRY_BYTES && readValue(value) !== null, value)
    }
  }
}

/** Afterwards both say the same; each memory of the honest one is there, and where it says another thing somebody was warned. */
async function checkMended(honest: Booted, device: Booted, own: number, flip: number): Promise<void> {
  const before = textsOf(honest)
  for (let meeting = 0; meeting < 2; meeting++) {
    const joined = link(honest, device)
    await joined.quiet()
    joined.cut()
  }
  assert.deepEqual(honest.documents.heads.root(), device.documents.heads.root(), `flip ${String(flip)}`)
  const after = textsOf(device)
  assert.deepEqual([...after].sort(), [...textsOf(honest)].sort())
  for (const [id, text] of before) {
    assert.ok(after.has(id), `flip ${String(flip)}: ${id} was lost`)
    if (after.get(id) !== text) assert.ok(honest.warnings.length + device.warnings.length > 0, `flip ${String(flip)}`)
  }
  assert.ok(after.size >= own)
}
