import type { BenchDone, BenchFigure, BenchProvider, ProviderReport, Rates } from '../interface.ts'
import { WRONG, judge } from './providers.ts'

/** Runs of an idle device lie within a fifth of each other; what is wider was measured beside something else. */
const CALM_SPREAD = 0.3
/** As many waiting as half of the cores: they were not idle before the first run either. */
const CALM_LOAD = 0.5

/** Median and range of single rates. @param rates tokens a second, at least one */
export function figureOf(rates: readonly number[]): BenchFigure {
  const sorted = [...rates].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2
  return { median, lowest: sorted[0] ?? 0, highest: sorted.at(-1) ?? 0, runs: sorted.length }
}

/**
 * What all providers together show: which is used, why, and whether the figures can be trusted.
 *
 * @param options.wrong providers whose answer is another from its first token on; none of them is used
 */
export function judgeBench(
  results: readonly BenchProvider[],
  { load, cores, wrong = new Set() }: { load: number; cores: number; wrong?: ReadonlySet<string> }
): { done: BenchDone; rates: Rates; reports: ProviderReport[] } | null {
  const measured = results.flatMap(({ provider, software, prefill, decode }) =>
    prefill === null || decode === null || wrong.has(provider) ? [] : [{ provider, software, prefill, decode }]
  )
  // By the median: one lucky run is no reason to change.
  const best = measured.reduce<(typeof measured)[number] | null>(
    (before, each) => (before === null || each.decode.median > before.decode.median ? each : before),
    null
  )
  if (best === null) return null
  const tried = measured.map(({ provider, software, decode }) => ({ provider, software, decodeRate: decode.median }))
  const failed = results
    .filter(({ state, provider }) => state === 'failed' || wrong.has(provider))
    .map(({ provider, reason, mend }) => ({
      ...{ provider, state: 'failed' as const, reason: reason ?? WRONG, decodeRate: null },
      ...(mend !== undefined && { mend })
    }))
  return {
    done: {
      type: 'done',
      used: best.provider,
      reason: reasonOf(tried, best.provider),
      busy: busyOf(measured, { load, cores })
    },
    // As everywhere the best of the runs: that is what the device can do when it is asked alone.
    rates: { prefillRate: best.prefill.highest, decodeRate: best.decode.highest },
    reports: [...judge(tried, best.provider), ...failed]
  }
}

function reasonOf(tried: readonly { provider: string; decodeRate: number }[], used: string): string {
  const rate = (each: number): string => `${figure(each)} tokens/s`
  const own = tried.find(({ provider }) => provider === used)?.decodeRate ?? 0
  const others = tried.filter(({ provider }) => provider !== used).sort((a, b) => b.decodeRate - a.decodeRate)
  if (others.length === 0) return `the only one that works here, ${rate(own)}`
  return `the fastest: ${rate(own)}, ${others.map(({ provider, decodeRate }) => `${provider} ${figure(decodeRate)}`).join(', ')}`
}

function figure(rate: number): string {
  return rate < 10 ? rate.toFixed(1) : String(Math.round(rate))
}

function busyOf(
  measured: readonly { provider: string; decode: BenchFigure }[],
  { load, cores }: { load: number; cores: number }
): string | null {
  const signs = measured
    .filter(({ decode }) => decode.highest - decode.lowest > CALM_SPREAD * decode.median)
    .map(
      ({ provider, decode }) =>
        `the runs of ${provider} lie between ${figure(decode.lowest)} and ${figure(decode.highest)} tokens/s`
    )
  if (load > CALM_LOAD * cores) signs.unshift(`the load was ${load.toFixed(1)} on ${cores} cores before it began`)
  return signs.length === 0 ? null : signs.join('; ')
}
