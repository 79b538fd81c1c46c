import type { Mesh } from '../../src/interface.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import {
  editMemory,
  listMemories,
  listNotices,
  reindexMemories,
  showHistory,
  showMemory,
  tagMemory,
  undoMemory
} from '../memory-actions.ts'
import { nearest } from '../nearest.ts'
import { defineVerb, withMesh, type Invocation, type Values } from '../verb.ts'

const FLAGS = {
  kind: {
    type: 'choice',
    choices: ['fact', 'note', 'preference'],
    summary: 'of ls: only this kind; of edit: the new one'
  },
  tag: { type: 'text', value: 'TAG', summary: 'of ls: only those with this tag' },
  limit: {
    type: 'number',
    value: 'N',
    summary: 'of ls: at most so many (default 100)',
    min: 1,
    max: 1000,
    whole: true
  },
  source: { type: 'text', value: 'TEXT', summary: 'of edit: where it comes from' },
  remove: { type: 'switch', summary: 'of tag: take these tags off' }
} as const

export type MemoryFlags = Values<typeof FLAGS>

interface Action {
  /** What follows its name, at least and at most. */
  words: { min: number; max: number; form: string }
  flags: readonly (keyof typeof FLAGS)[]
  run: (mesh: Mesh, invocation: Invocation<MemoryFlags>, words: string[]) => Promise<void>
}

const NONE = { min: 0, max: 0, form: '' }
const ONE = { min: 1, max: 1, form: ' ID' }

const ACTIONS: Readonly<Record<string, Action>> = {
  ls: { words: NONE, flags: ['kind', 'tag', 'limit'], run: listMemories },
  show: { words: ONE, flags: [], run: showMemory },
  edit: { words: { min: 1, max: Infinity, form: ' ID [TEXT…]' }, flags: ['kind', 'source'], run: editMemory },
  tag: { words: { min: 2, max: Infinity, form: ' ID TAG…' }, flags: ['remove'], run: tagMemory },
  history: { words: ONE, flags: [], run: showHistory },
  undo: { words: ONE, flags: [], run: undoMemory },
  notices: { words: NONE, flags: [], run: listNotices },
  reindex: { words: NONE, flags: [], run: reindexMemories }
}

export const memory = defineVerb({
  name: 'memory',
  summary: 'list, change and bring back what your devices remember',
  group: 'Memories',
  usage: '[ACTION …]',
  words: { min: 0, max: Number.POSITIVE_INFINITY },
  flags: FLAGS,
  notes: (hint) => [
    `${hint('memory ls')}: all of them, the newest first; ${hint('memory show ID')}: one of them. ID is the beginning of an id.`,
    `${hint('memory edit ID TEXT')}: another text; ${hint('memory tag ID TAG…')}: more tags, with --remove fewer.`,
    `${hint('memory history ID')}: how it came to be as it is; ${hint('memory undo ID')}: takes the last change back, a forgetting too, for 30 days.`,
    `${hint('memory notices')}: when very many were forgotten at once; each has an id for ${hint('memory undo')}.`,
    `${hint('memory reindex')}: builds the index for searching again.`
  ],
  async run(invocation) {
    const { doors, home, log, interruption, hint } = invocation
    const [name = 'ls', ...words] = invocation.words
    const action = actionCalled(name, hint)
    check(name, action, words, invocation.values, hint)
    return withMesh(doors.visitMesh({ ...home, log, signal: interruption.signal }), async (mesh) => {
      await action.run(mesh, invocation, words)
      return EXIT.done
    })
  }
})

function actionCalled(name: string, hint: Invocation['hint']): Action {
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined
  if (action !== undefined) return action
  const names = Object.keys(ACTIONS)
  const near = nearest(name, names)
  throw new UsageError(
    `${hint('memory')} knows ${names.join(', ')}, not “${name}”${near === undefined ? '.' : `; did you mean ${near}?`}`
  )
}

function check(
  name: string,
  { words, flags }: Action,
  given: string[],
  values: MemoryFlags,
  hint: Invocation['hint']
): void {
  if (given.length < words.min || given.length > words.max) {
    throw new UsageError(`The form is ${hint(`memory ${name}${words.form}`)}.`)
  }
  const stray = (Object.keys(FLAGS) as (keyof typeof FLAGS)[]).find((flag) => flag in values && !flags.includes(flag))
  if (stray !== undefined) {
    throw new UsageError(`${hint(`memory ${name}`)} has no flag --${stray}.`)
  }
}
