import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { keyOf, openDevice, removeHome, type TestDevice } from './device.ts'
import { link } from './link.ts'
import { randomFrom } from './random.ts'

const SECRETS = 1000
/** How each secret ends: found in any file, also in an index that leaves out what a word shares with the one before. */
const TAIL = /qz[a-v]{12}/g

describe('a thousand memories that are forgotten at once', () => {
  it('are in no file of the home, here and where they came to', async () => {
    const devices = [openDevice({ key: keyOf('a') }), openDevice({ key: keyOf('b') })] as const
    const [laptop, desktop] = devices
    const random = randomFrom(5)
    const tails = new Set<string>()
    const secret = (): string => {
      const letters = (count: number) =>
        Array.from({ length: count }, () => String.fromCharCode(97 + random() * 22)).join('')
      const tail = `qz${letters(12)}`
      tails.add(tail)
      return `${letters(8)}${tail}`
    }
    const [kept] = laptop.memories.rememberAll([{ text: 'Not to be forgotten' }])
    const ids: string[] = []
    for (let count = 0; count < SECRETS; count += 100) {
      const texts = Array.from({ length: 100 }, () => ({
        text: `Here ${secret()} is`,
        tags: [secret()],
        source: secret()
      }))
      ids.push(...laptop.memories.rememberAll(texts).map(({ id }) => id))
    }
    await link(laptop, desktop).quiet()
    for (const id of ids.filter((_, index) => index % 3 === 0)) {
      const one = random() < 0.5 ? laptop : desktop
      one.memories.edit(id, { text: `Now ${secret()} is`, tags: [secret()] })
    }
    // Some rows are compacted by then, and some memories were forgotten without haste before.
    for (const { maintenance, documents } of devices) {
      for (const { id } of documents.heads.all()) maintenance.compact(id, Date.now() + 31 * 24 * 60 * 60 * 1000)
    }
    const talk = desktop.conversations.begin()
    desktop.conversations.rename(talk, secret())
    desktop.conversations.add(talk, { role: 'user', content: secret() })
    await link(laptop, desktop).quiet()
    for (const device of devices) assert.ok(leftIn(device, tails).size > SECRETS, 'the search finds what is there')

    laptop.memories.forget(ids, { now: true, sure: true })
    laptop.conversations.forget(talk, { now: true, sure: true })
    await link(laptop, desktop).quiet()
    assert.deepEqual(laptop.documents.heads.root(), desktop.documents.heads.root())
    for (const device of devices) {
      assert.deepEqual([...leftIn(device, tails)], [])
      assert.equal(device.memories.get(kept!.id).text, 'Not to be forgotten')
      assert.equal(device.memories.count(), 1)
      device.close()
      assert.deepEqual([...leftIn(device, tails)], [])
      removeHome(device.home)
    }
  }).timeout(120_000)
})

/** Those of the tails that any file of a home holds, by its bytes. */
function leftIn({ home }: TestDevice, tails: ReadonlySet<string>): Set<string> {
  const left = new Set<string>()
  for (const name of readdirSync(home)) {
    for (const [found] of readFileSync(join(home, name), 'latin1').matchAll(TAIL)) if (tails.has(found)) left.add(found)
  }
  return left
}
