import { onTerminal, withDialogue } from './dialogue.ts'
import { UsageError } from './exit-codes.ts'
import type { Invocation } from './verb.ts'

export interface ConsentInit {
  /** What will happen and what will not. */
  meaning: string
  question: string
  /** `--yes` was given. */
  given: boolean
  /** The command line that needs no question. */
  command: string
}

/**
 * Whether a person wants what cannot be undone.
 *
 * @throws {UsageError} where nobody can be asked and `--yes` was not given
 */
export async function consent(
  invocation: Invocation,
  { meaning, question, given, command }: ConsentInit
): Promise<boolean> {
  const { output } = invocation
  if (given) {
    return true
  }
  if (!onTerminal(invocation)) {
    throw new UsageError(`${meaning} Without a terminal this needs a yes: ${command}`)
  }
  output.paragraph(meaning)
  return await withDialogue(invocation, (dialogue) => dialogue.confirm(question))
}
