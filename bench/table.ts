import { readFileSync, writeFileSync } from 'node:fs'

/** One goal and what came of it. */
export interface Row {
  what: string
  goal: string
  measured: string
  /** `not yet` is for what needs a feature that this release lacks; `left out` for what this machine cannot measure. */
  verdict: 'met' | 'missed' | 'not yet' | 'left out' | 'no goal'
}

/** A row as it stands in the table. */
export interface Entry extends Row {
  /** When it was measured. */
  date: string
  /** Processes that wanted to run then, over the last minute: above the number of cores, times mean little. */
  load: string
  command: string
}

const COLUMNS = ['what', 'goal', 'measured', 'verdict', 'date', 'load', 'command'] as const
const BEGIN = '<!-- measured: begin -->'
const END = '<!-- measured: end -->'

export function verdict(met: boolean): Row['verdict'] {
  return met ? 'met' : 'missed'
}

/** As Markdown. */
export function table(entries: readonly Entry[]): string {
  const rows = [COLUMNS, COLUMNS.map(() => '---'), ...entries.map((entry) => COLUMNS.map((column) => entry[column]))]
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/**
 * Puts rows into the table of a document, in place of those of the same name. Rows of other names stay when they were
 * measured on the same machine; the order is that of `names`.
 */
export function putInto(path: string, machine: string, entries: readonly Entry[], names: readonly string[]): void {
  const document = readFileSync(path, 'utf8')
  writeFileSync(path, withTable(document, machine, entries, names))
}

/** As `putInto`, from text to text. @throws when the document has no place for the table */
export function withTable(
  document: string,
  machine: string,
  entries: readonly Entry[],
  names: readonly string[]
): string {
  const [before, rest] = split(document, BEGIN)
  const [old, after] = split(rest, END)
  const kept = old.includes(machine) ? parse(old) : []
  const all = new Map([...kept, ...entries].map((entry) => [entry.what, entry]))
  const rank = ({ what }: Entry): number => (names.includes(what) ? names.indexOf(what) : names.length)
  const sorted = [...all.values()].toSorted((one, other) => rank(one) - rank(other))
  return `${before}${BEGIN}\n\n${machine}\n\n${table(sorted)}\n\n${END}${after}`
}

function split(text: string, at: string): [string, string] {
  const index = text.indexOf(at)
  if (index === -1) throw new Error(`there is no ${at} in the document`)
  return [text.slice(0, index), text.slice(index + at.length)]
}

function parse(text: string): Entry[] {
  const lines = text.split('\n').filter((line) => line.startsWith('| '))
  // The first two are the head.
  return lines.slice(2).map((line) => {
    const cells = line.slice(2, -2).split(' | ')
    return Object.fromEntries(COLUMNS.map((column, index) => [column, cells[index] ?? ''])) as unknown as Entry
  })
}
