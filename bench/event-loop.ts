/**
 * Measures how long anything holds the event loop of a process that is started with `--import` of this file. SIGUSR2 begins;
 * a second one writes what was seen to the file that BENCH_LOOP names, as JSON of `Holds` (holding.ts).
 */
import { renameSync, writeFileSync } from 'node:fs'

/** How often it is looked; what is above is a hold. */
const EVERY_MS = 2

const path = process.env.BENCH_LOOP
// The engine's child inherits the environment.
if (path !== undefined && process.argv[1]?.endsWith('mesh.js') === true) {
  const holds: { clock: number; processor: number }[] = []
  let timer: NodeJS.Timeout | null = null
  process.on('SIGUSR2', () => {
    if (timer === null) {
      let [last, used] = [performance.now(), process.cpuUsage()]
      timer = setInterval(() => {
        const [now, { user, system }] = [performance.now(), process.cpuUsage(used)]
        const clock = Math.max(0, now - last - EVERY_MS)
        // Time in which other programs had the core is no work; other threads of this process are counted with it.
        holds.push({ clock, processor: Math.min(clock, (user + system) / 1000) })
        ;[last, used] = [now, process.cpuUsage()]
      }, EVERY_MS)
      return
    }
    clearInterval(timer)
    writeFileSync(`${path}.new`, JSON.stringify({ clock: summary('clock'), processor: summary('processor') }))
    renameSync(`${path}.new`, path)
  })
  const summary = (by: 'clock' | 'processor'): { longest: number; p99: number } => {
    const sorted = holds.map((hold) => hold[by]).sort((one, other) => one - other)
    return { longest: sorted.at(-1) ?? 0, p99: sorted[Math.floor(0.99 * sorted.length)] ?? 0 }
  }
}
