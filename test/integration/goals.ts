import { availableParallelism, loadavg } from 'node:os'
import { percentile } from '../../bench/statistics.ts'

/** What the processes of a test compute in what a goal is about: starting, handshakes, an answer. On one core. */
const WORK_MS = 1000

/**
 * The goal, and what it may take longer on this machine now: goals hold where a device has a core to itself, and where
 * more processes want to run than there are cores, the work in it takes as many times longer. Its waits do not.
 */
export function underLoad(goalMs: number): number {
  const [runnable = 0] = loadavg()
  return goalMs + WORK_MS * Math.max(0, runnable / availableParallelism() - 1)
}

/** Numbers in a test's title, for whoever reads its report. */
export function figures(values: readonly number[]): string {
  return `p50 ${Math.round(percentile(values, 50))} ms, p95 ${Math.round(percentile(values, 95))} ms, ${values.length} times`
}
