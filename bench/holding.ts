import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Device } from '../test/integration/device.ts'

/** Milliseconds for which something held the event loop of a device. */
export interface Holds {
  /** As others see it, with whatever else ran on the core meanwhile. */
  clock: Held
  /** No more than the processor time of the process in that time. */
  processor: Held
}

interface Held {
  longest: number
  p99: number
}

const WATCH = new URL('event-loop.js', import.meta.url).href
const PATIENCE_MS = 10_000

/** What a device's environment needs so that its event loop can be watched. */
export function watchedIn(folder: string): Record<string, string> {
  return { NODE_OPTIONS: `--import=${WATCH}`, BENCH_LOOP: join(folder, 'event-loop.json') }
}

/** Begins to watch. @returns what ends it */
export function watch(device: Device, folder: string): () => Promise<Holds> {
  const path = join(folder, 'event-loop.json')
  rmSync(path, { force: true })
  process.kill(device.pid, 'SIGUSR2')
  return async () => {
    process.kill(device.pid, 'SIGUSR2')
    const end = performance.now() + PATIENCE_MS
    while (!existsSync(path)) {
      if (performance.now() > end) throw new Error(`${fileURLToPath(WATCH)} did not say what it saw`)
      await delay(10)
    }
    return JSON.parse(readFileSync(path, 'utf8')) as Holds
  }
}
