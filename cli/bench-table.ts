import type { BenchFigure, BenchProvider } from '../src/interface.ts'
import { bytes } from './human.ts'
import type { Column } from './table.ts'

export const BENCH_COLUMNS: readonly Column[] = [
  { title: 'PROVIDER' },
  { title: 'PREFILL', align: 'right' },
  { title: 'DECODE', align: 'right' },
  { title: 'LOAD', align: 'right' },
  { title: 'MEMORY', align: 'right' },
  { title: 'STATE', wrap: true }
]

export function benchCells(result: BenchProvider, used: string): string[] {
  const { provider, prefill, decode, loadMs, memoryBytes } = result
  return [
    provider,
    range(prefill),
    range(decode),
    loadMs === null ? '' : `${(loadMs / 1000).toFixed(loadMs < 10_000 ? 2 : 0)} s`,
    memoryBytes === null ? '' : bytes(memoryBytes),
    stateOf(result, used)
  ]
}

/** `640 (631–650)`, tokens a second. */
function range(figure: BenchFigure | null): string {
  if (figure === null) return ''
  const { median, lowest, highest, runs } = figure
  return runs === 1 ? rate(median) : `${rate(median)} (${rate(lowest)}–${rate(highest)})`
}

function rate(value: number): string {
  return value < 10 ? value.toFixed(1) : String(Math.round(value))
}

function stateOf({ provider, state, reason, software, sameAnswer }: BenchProvider, used: string): string {
  if (state === 'failed') return reason ?? 'failed'
  const words = [provider === used ? 'answers' : 'slower']
  if (software !== null) words.push(`computed in software by ${software}, not by a GPU`)
  if (provider !== 'cpu' && sameAnswer === true) words.push('same answer as cpu')
  if (sameAnswer === false) words.push('ANOTHER ANSWER THAN CPU')
  return words.join(', ')
}
