import { MeshError } from '../src/errors.ts'
import { EXIT, UsageError, exitCodeOf } from './exit-codes.ts'
import { printHelp, printVerbHelp } from './help.ts'
import type { HubSettings } from '../src/interface.ts'
import type { Interruption } from './interruption.ts'
import { nearest } from './nearest.ts'
import type { Output } from './output.ts'
import { findVerb, parse } from './parse.ts'
import type { Doors, Input, Log, Verb } from './verb.ts'
import { ServiceError } from './service/manager.ts'
import { verbs } from './verbs/index.ts'

/** Everything outside that a command touches. */
export interface World {
  doors: Doors
  input: Input
  output: Output
  interruption: Interruption
  /** What the environment says of the hub. */
  hub: HubSettings
  /** How `mesh` is called here: `mesh`, `npm start --`, … */
  command: string
  version: string
}

/** `mesh` before the name of a verb, as messages have it; not where it is a form that works here already. */
const NAMED = new RegExp(`(?<!npx |[-\\w./])mesh (?=(?:${verbs.map(({ name }) => name).join('|')})\\b)`, 'g')

/** Runs one command line and resolves to its exit code; throws nothing. */
export async function run(args: readonly string[], world: World): Promise<number> {
  const { output, interruption } = world
  // Even a command line that cannot be understood is answered as its writer wants it.
  output.json = args.includes('--json')
  output.verbose = args.includes('--verbose')
  output.spell = (text) => text.replace(NAMED, () => `${world.command} `)
  try {
    return await runVerb(args, world)
  } catch (error) {
    if (output.closed.aborted) {
      return EXIT.done
    }
    if (interruption.signal.aborted) {
      output.endAnswer()
      return EXIT.interrupted
    }
    const known = error instanceof MeshError || error instanceof UsageError || error instanceof ServiceError
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
    output.error({ name, message }, output.verbose && !known ? stack : undefined)
    return exitCodeOf(error)
  } finally {
    await output.flush()
  }
}

async function runVerb(args: readonly string[], world: World): Promise<number> {
  const { output } = world
  const hint = (line: string): string => `${world.command} ${line}`
  const { name, rest } = findVerb(args)
  if (name === undefined) {
    topLevel(rest, world, hint)
    return EXIT.done
  }
  if (name === 'help') {
    help(rest, world, hint)
    return EXIT.done
  }
  const verb = verbNamed(name, hint)
  const { words, values } = parse(verb, rest)
  if (values.help === true) {
    printVerbHelp(verb, output, hint)
    return EXIT.done
  }
  output.json = values.json === true
  output.quiet = values.quiet === true
  output.verbose = values.verbose === true
  return await verb.run({
    ...world,
    words,
    values,
    home: typeof values.home === 'string' ? { home: values.home } : {},
    hint,
    log: logTo(output)
  })
}

function topLevel(flags: readonly string[], { output, version }: World, hint: (line: string) => string): void {
  if (flags.includes('--version')) {
    output.line(version)
    return
  }
  const { values } = parse({ name: '', usage: '', words: { min: 0, max: 0 }, flags: {} }, [...flags])
  help(values.json === true ? ['--json'] : [], { output }, hint)
}

function help(rest: readonly string[], { output }: Pick<World, 'output'>, hint: (line: string) => string): void {
  const usage = { name: 'help', usage: '[COMMAND]', words: { min: 0, max: 1 }, flags: {} }
  const { words, values } = parse(usage, [...rest])
  const chosen = words.map((word) => verbNamed(word, hint))
  if (values.json === true) {
    output.data((chosen.length > 0 ? chosen : verbs).map(({ name, summary, usage }) => ({ name, summary, usage })))
    return
  }
  const [verb] = chosen
  if (verb === undefined) {
    printHelp(verbs, output, hint)
  } else {
    printVerbHelp(verb, output, hint)
  }
}

function verbNamed(name: string, hint: (line: string) => string): Verb {
  const verb = verbs.find((each) => each.name === name)
  if (verb === undefined) {
    const near = nearest(name, [...verbs.map((each) => each.name), 'help'])
    throw new UsageError(
      near === undefined
        ? `There is no command “${name}”; ${hint('help')} lists them all.`
        : `There is no command “${name}”; did you mean ${hint(near)}?`
    )
  }
  return verb
}

function logTo(output: Output): Log {
  const verboseNote = (message: string): void => {
    if (output.verbose) {
      output.note(message)
    }
  }
  return {
    debug: verboseNote,
    info: verboseNote,
    warn: (message) => {
      output.warning(message)
    }
  }
}
