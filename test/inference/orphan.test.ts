import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** A child notices at the latest after one run of the graph; the rest is for a slow machine. */
const GONE_WITHIN_MS = 10_000

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe("the engine's process", () => {
  it('ends when its parent is killed in mid-answer, and never writes to standard output', async () => {
    const parent = spawn(process.execPath, [fileURLToPath(new URL('./lone-parent.js', import.meta.url))], {
      stdio: ['ignore', 'pipe', 'inherit']
    })
    let output = ''
    parent.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    await once(parent.stdout, 'data')
    const pid = Number(output)
    assert.ok(isAlive(pid))
    const closed = once(parent, 'close')
    parent.kill('SIGKILL')
    await closed
    const limit = performance.now() + GONE_WITHIN_MS
    while (isAlive(pid) && performance.now() < limit) await delay(20)
    assert.equal(isAlive(pid), false)
    assert.equal(output, `${String(pid)}\n`)
  })
})
