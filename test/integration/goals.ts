import { availableParallelism, loadavg } from 'node:os'

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

/** The nearest-rank percentile; NaN of nothing. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? NaN
}

/** Numbers in a test's title, for whoever reads its report. */
export function figures(values: readonly number[]): string {
  return `p50 ${Math.round(percentile(values, 50))} ms, p95 ${Math.round(percentile(values, 95))} ms, ${values.length} times`
}
