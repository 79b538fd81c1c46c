import { median, medianInterval, percentile } from './statistics.ts'

/** `1.23`, `12.3`, `123`: three figures say all that a measurement knows. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toFixed(digits)
}

/** The median with its 95 % interval: `3.10 ms [2.90, 3.40]`. */
export function middle(values: readonly number[], unit: string): string {
  const { low, high } = medianInterval(values)
  return `${figure(median(values))}${unit} [${figure(low)}, ${figure(high)}]`
}

/** The median with its interval, and a high percentile: `p50 3.10 ms [2.90, 3.40], p99 12.0 ms`. */
export function middleAndTail(values: readonly number[], unit: string, percent: number): string {
  return `p50 ${middle(values, unit)}, p${percent} ${figure(percentile(values, percent))}${unit}`
}
