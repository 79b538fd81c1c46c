/**
 * A command is data plus `run`: its name, what it is for, which words and flags it takes. Help, parsing, hints and the
 * built-in model's knowledge of the commands are all made from this data.
 */
import type { MeshOptions } from '../src/index.ts'
import type { AbortOptions, HubSettings, Mesh } from '../src/interface.ts'
import type { Interruption } from './interruption.ts'
import type { Output } from './output.ts'

export type Group = 'Everyday' | 'Devices' | 'Memories' | 'Models'

export type Flag =
  | { type: 'switch'; summary: string }
  | { type: 'text'; value: string; summary: string }
  /** May be given several times. */
  | { type: 'texts'; value: string; summary: string }
  /** From `min` to `max`, both included. */
  | { type: 'number'; value: string; summary: string; min: number; max: number; whole: boolean }
  | { type: 'choice'; choices: readonly string[]; summary: string }

export type Flags = Readonly<Record<string, Flag>>

type ValueOf<F extends Flag> = F extends { type: 'switch' }
  ? true
  : F extends { type: 'texts' }
    ? string[]
    : F extends { type: 'number' }
      ? number
      : F extends { choices: readonly (infer Choice)[] }
        ? Choice
        : string

/** What was given; what was not is absent. */
export type Values<F extends Flags> = { [Name in keyof F]?: ValueOf<F[Name]> }

/** What `createMesh`, `attachMesh` and `visitMesh` log to. */
export interface Log {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
}

/** Taken from the library, so that no option can be called otherwise here than there. */
export type NodeOptions = Pick<
  MeshOptions,
  | 'home'
  | 'name'
  | 'port'
  | 'listen'
  | 'connect'
  | 'answer'
  | 'maxRate'
  | 'maxUpload'
  | 'memory'
  | 'keepAlive'
  | 'log'
  | 'invite'
  | 'mesh'
  | 'startNew'
  | 'newKey'
>

/** The ways to a `Mesh`. Handed in, so that a verb cannot tell which body it has and tests give it a fake. */
export interface Doors {
  /** A node in this process, which listens. @throws {HomeInUseError} */
  createMesh(options: NodeOptions): Promise<Mesh>
  /** To the running node. @throws {NodeUnreachableError} when none runs */
  attachMesh(options: AbortOptions & { home?: string }): Promise<Mesh>
  /** To the running node, else in this process without listening. */
  visitMesh(options: AbortOptions & { home?: string; log?: Log }): Promise<Mesh>
}

/** Standard input as far as the verbs need it. */
export interface Input {
  stream: NodeJS.ReadableStream & { destroy: () => unknown }
  /** `silent` is neither of the others: a socket or a device from which nothing has to come. */
  kind: 'terminal' | 'piped' | 'silent'
}

export interface Invocation<V = unknown> {
  /** What follows the verb's name. */
  words: string[]
  values: V
  /** From `--home`, ready to be spread into the doors' options. */
  home: { home?: string }
  doors: Doors
  input: Input
  output: Output
  interruption: Interruption
  /** What the environment says of the hub. */
  hub: HubSettings
  /** A command line in the form that works here: `hint('peers')` is `mesh peers` or `npm start -- peers`. */
  hint: (line: string) => string
  log: Log
}

export interface Verb {
  name: string
  /** Completes "Use `mesh NAME` to …". The built-in model is trained on it: after a change run `npm run verbs`. */
  summary: string
  group: Group
  /** What may follow the name, for example `[PROMPT…]`. */
  usage: string
  /** How many words may follow. */
  words: { min: number; max: number }
  flags: Flags
  /** Lines under the flags in its help. */
  notes?: (hint: (line: string) => string) => string[]
  /** Resolves to the exit code. */
  run(invocation: Invocation): Promise<number>
}

/** Gives `run` the types of the flags that stand above it. */
export function defineVerb<const F extends Flags>(
  verb: Omit<Verb, 'run' | 'flags'> & {
    flags: F
    run(invocation: Invocation<Values<F>>): Promise<number>
  }
): Verb {
  // `parse` makes the values from the same flags, so what `run` gets is what it was promised.
  return { ...verb, run: (invocation) => verb.run(invocation as Invocation<Values<F>>) }
}

/** The mesh of `open` for the length of `use`; it is let go whatever happens. */
export async function withMesh<T>(open: Promise<Mesh>, use: (mesh: Mesh) => Promise<T>): Promise<T> {
  const mesh = await open
  try {
    return await use(mesh)
  } finally {
    await mesh.stop()
  }
}
