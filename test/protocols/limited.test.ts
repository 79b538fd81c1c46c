import assert from 'node:assert/strict'
import { once } from 'node:events'
import { limited } from '../../src/protocols/limited.ts'

const LONG_MS = 600_000

/** Never ends by itself. */
async function stubborn(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort')
  throw signal.reason
}

describe('work within a limit of time', () => {
  it('gives what it brings', async () => {
    assert.equal(await limited(LONG_MS, () => Promise.resolve(7)), 7)
    await assert.rejects(
      limited(LONG_MS, () => Promise.reject(new Error('broken'))),
      /broken/
    )
  })

  it('is told when the time is over', async () => {
    await assert.rejects(limited(1, stubborn), { name: 'TimeoutError' })
  })

  it("is told of the caller's signal, with its reason", async () => {
    const reason = new Error('nobody wants it')
    await assert.rejects(limited(LONG_MS, stubborn, { signal: AbortSignal.abort(reason) }), reason)
    const controller = new AbortController()
    const working = limited(LONG_MS, stubborn, { signal: controller.signal })
    controller.abort(reason)
    await assert.rejects(working, reason)
  })

  it('is told nothing after its end', async () => {
    const controller = new AbortController()
    let told: AbortSignal | undefined
    await limited(
      LONG_MS,
      (signal) => {
        told = signal
        return Promise.resolve()
      },
      { signal: controller.signal }
    )
    controller.abort()
    assert.equal(told?.aborted, false)
  })
})
