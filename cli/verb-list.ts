import type { Verb } from './verb.ts'

/** What the built-in model knows about the commands: `models/mini/verbs.json`. */
export interface VerbList {
  /** How it answers, with `{name}` and `{summary}`. */
  answer: string
  verbs: { name: string; summary: string }[]
  /** What it says of what no command does. */
  other: string
}

/** The list with the verbs of this table, one a line; its sentences stay as they are. */
export function verbList(verbs: readonly Verb[], { answer, other }: Pick<VerbList, 'answer' | 'other'>): string {
  const lines = verbs.map(
    ({ name, summary }) => `    { "name": ${JSON.stringify(name)}, "summary": ${JSON.stringify(summary)} }`
  )
  return `{\n  "answer": ${JSON.stringify(answer)},\n  "verbs": [\n${lines.join(',\n')}\n  ],\n  "other": ${JSON.stringify(other)}\n}\n`
}
