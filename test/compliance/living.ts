/** What every body of `Mesh` promises of pauses, counters and its end. */
import assert from 'node:assert/strict'
import type { Mesh, MeshEvent, MeshStatus } from '../../src/interface.ts'

export function livingCompliance(present: () => Mesh): void {
  describe('a pause', () => {
    const paused = async (): Promise<Pick<MeshStatus, 'answering' | 'resumesInMs'>> => {
      const { answering, resumesInMs } = await present().status()
      return { answering, resumesInMs }
    }

    it('lasts until it is resumed, and resuming without one changes nothing', async () => {
      const mesh = present()
      await mesh.resume()
      assert.deepEqual(await paused(), { answering: 'yes', resumesInMs: null })
      const pause = await mesh.pause()
      assert.equal(pause.resumesInMs, null)
      assert.equal(pause.running, 0)
      assert.deepEqual(await paused(), { answering: 'paused', resumesInMs: null })
      await mesh.resume()
      assert.deepEqual(await paused(), { answering: 'yes', resumesInMs: null })
    })

    it('tells what is left of it, and can be set anew', async () => {
      const mesh = present()
      for (const forMs of [60_000, 3_600_000]) {
        const { resumesInMs } = await mesh.pause({ forMs })
        const status = await paused()
        assert.equal(status.answering, 'paused')
        for (const left of [resumesInMs, status.resumesInMs]) {
          assert.ok(left !== null && left > forMs - 20_000 && left <= forMs, String(left))
        }
      }
      await mesh.resume()
    })

    it('refuses a time that is none', async () => {
      for (const forMs of [0, -1, 31 * 24 * 3_600_000]) {
        await assert.rejects(present().pause({ forMs }), { name: 'InvalidRequestError' })
      }
      assert.equal((await paused()).answering, 'yes')
    })

    it('is told to whoever listens', async () => {
      const mesh = present()
      const events = mesh.events()[Symbol.asyncIterator]()
      const told: MeshEvent[] = []
      const following = (async () => {
        for (let next = await events.next(); next.done !== true; next = await events.next()) {
          if (next.value.type === 'pause') told.push(next.value)
          if (told.length === 2) return
        }
      })()
      await mesh.status()
      await mesh.pause()
      await mesh.resume()
      await following
      await events.return?.()
      assert.deepEqual(
        told.map((event) => event.type === 'pause' && event.pause === null),
        [false, true]
      )
    })

    it('is counted, and no counter ever shrinks', async () => {
      const mesh = present()
      const before = (await mesh.status()).counters
      await mesh.pause()
      await mesh.status()
      await mesh.resume()
      const after = (await mesh.status()).counters
      assert.ok(after.pausedMs > before.pausedMs)
      for (const [name, value] of Object.entries(before)) {
        assert.ok(after[name as keyof typeof after] >= value, name)
      }
    })
  })

  it('ends by shutdown, at once where it is given no time', async () => {
    const mesh = present()
    await mesh.shutdown({ finishMs: 0 })
    await assert.rejects(mesh.status())
  })
}
