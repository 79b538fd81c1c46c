import { parseArgs } from 'node:util'
import { UsageError } from './exit-codes.ts'
import { nearest } from './nearest.ts'
import type { Flag, Flags, Verb } from './verb.ts'

/** What every verb takes. */
export const COMMON_FLAGS = {
  home: { type: 'text', value: 'DIR', summary: 'where this device keeps its things (else $MESH_HOME)' },
  json: { type: 'switch', summary: 'print JSON for programs' },
  quiet: { type: 'switch', summary: 'print results and errors only' },
  verbose: { type: 'switch', summary: 'print what goes on, and traces of errors' },
  help: { type: 'switch', summary: 'explain the command' }
} as const satisfies Flags

export interface Parsed {
  words: string[]
  values: Record<string, unknown>
}

/** The words before and after a verb's name, for the flags that every verb takes may stand before it too. */
export function findVerb(args: readonly string[]): { name: string | undefined; rest: string[] } {
  let index = 0
  for (; index < args.length; index++) {
    const argument = args[index] ?? ''
    if (argument === '--home') {
      index++
    } else if (!isCommonFlag(argument)) {
      break
    }
  }
  const name = args[index]
  if (name === undefined || name.startsWith('-')) {
    return { name: undefined, rest: [...args] }
  }
  return { name, rest: [...args.slice(0, index), ...args.slice(index + 1)] }
}

function isCommonFlag(argument: string): boolean {
  return argument.startsWith('--home=') || (argument.startsWith('--') && Object.hasOwn(COMMON_FLAGS, argument.slice(2)))
}

/** The words and flags of one verb. @throws {UsageError} naming the word that cannot be, and the nearest that can */
export function parse(verb: Pick<Verb, 'name' | 'usage' | 'words' | 'flags'>, args: string[]): Parsed {
  const flags: Flags = { ...verb.flags, ...COMMON_FLAGS }
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { type }]) => [
      name,
      { type: type === 'switch' ? ('boolean' as const) : ('string' as const) }
    ])
  )
  const { tokens } = parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true })
  const words: string[] = []
  const values: Record<string, unknown> = {}
  let numberAt = -1
  for (const token of tokens) {
    if (token.kind === 'positional') {
      words.push(token.value)
    } else if (token.kind === 'option') {
      const argument = args[token.index] ?? ''
      const { name, value, inlineValue } = token
      const flag = Object.hasOwn(flags, name) ? flags[name] : name === 'h' ? COMMON_FLAGS.help : undefined
      if (flag === undefined && /^-\.?\d/.test(argument)) {
        // `mesh ask 7 minus -3`: a number, which parseArgs takes for a group of one-letter flags.
        if (numberAt !== token.index) {
          words.push(argument)
        }
        numberAt = token.index
      } else if (flag === undefined) {
        throw unknownFlag(verb.name, token.rawName, flags)
      } else {
        const read = readValue(flag, token.rawName, value, inlineValue === true)
        values[name === 'h' ? 'help' : name] =
          flag.type === 'texts' ? [...((values[name] as string[] | undefined) ?? []), read] : read
      }
    }
  }
  if (values.help !== true) {
    checkWords(verb, words)
  }
  return { words, values }
}

function readValue(flag: Flag, rawName: string, value: string | undefined, inline: boolean): string | number | true {
  if (flag.type === 'switch') {
    if (value !== undefined) {
      throw new UsageError(`${rawName} takes no value.`)
    }
    return true
  }
  const wanted = flag.type === 'choice' ? flag.choices.join(' or ') : flag.value
  if (value === undefined || value === '' || (!inline && value.startsWith('--'))) {
    throw new UsageError(`${rawName} needs a value: ${rawName} ${wanted}.`)
  }
  if (flag.type === 'choice' && !flag.choices.includes(value)) {
    throw new UsageError(`${rawName} is ${wanted}, not “${value}”.`)
  }
  return flag.type === 'number' ? readNumber(flag, rawName, value) : value
}

function readNumber(flag: Flag & { type: 'number' }, rawName: string, text: string): number {
  const number = Number(text)
  const { min, max, whole } = flag
  if (text.trim() === '' || !(number >= min && number <= max) || (whole && !Number.isInteger(number))) {
    throw new UsageError(`${rawName} is a ${whole ? 'whole ' : ''}number from ${min} to ${max}, not “${text}”.`)
  }
  return number
}

function unknownFlag(verb: string, rawName: string, flags: Flags): UsageError {
  const near = nearest(rawName.replace(/^-+/, ''), Object.keys(flags))
  return new UsageError(`mesh ${verb} has no flag ${rawName}${near === undefined ? '.' : `; did you mean --${near}?`}`)
}

function checkWords(
  { name, usage, words: { min, max } }: Pick<Verb, 'name' | 'usage' | 'words'>,
  words: string[]
): void {
  if (words.length < min) {
    throw new UsageError(`Something is missing: mesh ${name} ${usage}.`)
  }
  const extra = words[max]
  if (extra !== undefined) {
    throw new UsageError(`mesh ${name} does not know what to do with “${extra}”: ${`mesh ${name} ${usage}`.trim()}.`)
  }
}
