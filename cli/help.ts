import { wrap } from './columns.ts'
import type { Output } from './output.ts'
import { COMMON_FLAGS } from './parse.ts'
import type { Flag, Flags, Group, Verb } from './verb.ts'

const GROUPS: readonly Group[] = ['Everyday', 'Devices', 'Memories', 'Models']
/** Wider lines are hard to read. */
const READABLE_WIDTH = 100

/** All verbs, grouped. */
export function printHelp(verbs: readonly Verb[], output: Output, hint: (line: string) => string): void {
  output.paragraph('Your own devices, one private AI: the strongest device that is awake answers.')
  const width = Math.max(...verbs.map(({ name, usage }) => `${name} ${usage}`.trimEnd().length))
  for (const group of GROUPS) {
    output.line()
    output.heading(group)
    const members = verbs.filter((verb) => verb.group === group)
    printPairs(
      output,
      members.map(({ name, usage, summary }) => [`${name} ${usage}`.trimEnd(), summary]),
      width
    )
  }
  output.line()
  output.line(`Start here: ${hint('join')}`)
  output.line(`More about one: ${hint('help ask')}`)
}

/** One verb, its flags and notes. */
export function printVerbHelp(verb: Verb, output: Output, hint: (line: string) => string): void {
  output.line(`${hint(verb.name)}${verb.usage === '' ? '' : ` ${verb.usage}`}`)
  printPairs(output, [['', `${verb.summary.charAt(0).toUpperCase()}${verb.summary.slice(1)}.`]], 0)
  const own = flagPairs(verb.flags)
  const common = flagPairs(COMMON_FLAGS)
  const width = Math.max(...[...own, ...common].map(([flag]) => flag.length))
  for (const [title, pairs] of [
    ['Flags', own],
    ['As everywhere', common]
  ] as const) {
    if (pairs.length > 0) {
      output.line()
      output.heading(title)
      printPairs(output, pairs, width)
    }
  }
  const notes = verb.notes?.(hint) ?? []
  if (notes.length > 0) {
    output.line()
    for (const line of notes.flatMap((note) => wrap(note, Math.min(output.width, READABLE_WIDTH)))) {
      output.line(line)
    }
  }
}

function flagPairs(flags: Flags): [string, string][] {
  return Object.entries(flags).map(([name, flag]) => [`--${name}${valueName(flag)}`, flag.summary])
}

function valueName(flag: Flag): string {
  if (flag.type === 'switch') {
    return ''
  }
  return ` ${flag.type === 'choice' ? flag.choices.join('|') : flag.value}`
}

function printPairs(output: Output, pairs: readonly (readonly [string, string])[], width: number): void {
  const indent = width === 0 ? '' : ' '.repeat(width + 4)
  for (const [left, right] of pairs) {
    const lines = wrap(right, Math.min(output.width, READABLE_WIDTH) - indent.length)
    lines.forEach((line, index) => {
      output.line(index === 0 && width > 0 ? `  ${left.padEnd(width)}  ${line}` : `${indent}${line}`)
    })
  }
}
