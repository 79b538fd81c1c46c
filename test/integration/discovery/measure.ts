/**
 * How long two devices on one network take to find and to authenticate each other: `node measure.js [RUNS]`. Needs what
 * `namespaces.ts` needs. Times run from the moment at which the later of the two processes listens.
 */
import { createNetwork } from '../namespaces.ts'
import { ListenerProcess } from './listener-process.ts'
import type { ListenerInit } from './listener.ts'

interface Case {
  name: string
  ways: ListenerInit['ways']
  defaultRoute: boolean
}

const CASES: Case[] = [
  { name: 'beacon, no default route', ways: ['beacon'], defaultRoute: false },
  { name: 'mDNS, default route', ways: ['mdns'], defaultRoute: true },
  { name: 'both, default route', ways: ['beacon', 'mdns'], defaultRoute: true }
]
const RUNS = Number(process.argv[2] ?? 20)

interface Times {
  found: number
  connected: number
}

async function measure({ ways, defaultRoute }: Case): Promise<Times> {
  const network = await createNetwork({ hosts: 2, defaultRoute })
  try {
    const nodes = network.hosts.map((host) => new ListenerProcess(host, { ways }))
    const ready = Math.max(...(await Promise.all(nodes.map((node) => node.until('ready')))).map(({ at }) => at))
    const found = await Promise.all(nodes.map((node) => node.until('found')))
    const connected = await Promise.all(nodes.map((node) => node.until('connected')))
    const last = (events: { at: number }[]): number => Math.max(...events.map(({ at }) => at)) - ready
    return { found: last(found), connected: last(connected) }
  } finally {
    await network.remove()
  }
}

/** The nearest-rank percentile. */
function percentile(values: number[], percent: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? NaN
}

for (const each of CASES) {
  const times: Times[] = []
  for (let run = 0; run < RUNS; run++) times.push(await measure(each))
  const show = (values: number[]): string => `p50 ${percentile(values, 50)} ms, p95 ${percentile(values, 95)} ms`
  const found = show(times.map((time) => time.found))
  const connected = show(times.map((time) => time.connected))
  process.stdout.write(`${each.name}: found both ways ${found}; authenticated ${connected} (${times.length} runs)\n`)
}
