/** A passphrase between a person and the command: typed unseen, read from a file or standard input, never an argument. */
import { onTerminal, withDialogue, type Dialogue } from './dialogue.ts'
import { UsageError } from './exit-codes.ts'
import { readWholeFile } from './private-file.ts'
import { readInput } from './standard-input.ts'
import type { Flag, Invocation } from './verb.ts'

export interface PassphraseFlags {
  passphrase?: true
  'passphrase-file'?: string
}

export const PASSPHRASE_FILE: Flag & { type: 'text' } = {
  type: 'text',
  value: 'FILE',
  summary: 'read the passphrase from the first line of this file'
}

/** Many times the longest passphrase. */
const MOST_BYTES = 8192
/** Then it was not mistyped. */
const TRIES = 3

/** One that was made up, typed twice the same. @throws {UsageError} */
export async function newPassphrase(invocation: Invocation<PassphraseFlags>): Promise<string> {
  const given = await unasked(invocation)
  if (given !== undefined) return given
  const { output } = invocation
  return await withDialogue(invocation, async (dialogue) => {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const first = await dialogue.question('New passphrase (not shown): ', { secret: true })
      if (first === '') break
      const second = await dialogue.question('Again: ', { secret: true })
      if (first === second) return first
      output.line('These were two different ones.')
    }
    throw new UsageError('No passphrase was given, so nothing was written.')
  })
}

/**
 * The one that a snapshot was closed with.
 *
 * @param dialogue with the person on the terminal, or null where nobody sits
 * @throws {UsageError} where nobody can be asked
 */
export async function knownPassphrase(
  invocation: Invocation<PassphraseFlags>,
  dialogue: Dialogue | null
): Promise<string> {
  const given = await unasked(invocation)
  if (given !== undefined) return given
  if (dialogue !== null) return await dialogue.question('Passphrase (not shown): ', { secret: true })
  throw new UsageError(
    `A passphrase opens this snapshot. Without a terminal: ${invocation.hint('import FILE --passphrase-file PASSPHRASE-FILE')}, or ` +
      '--passphrase and the passphrase on standard input.'
  )
}

/** From a file, or from standard input where no person is. */
async function unasked(invocation: Invocation<PassphraseFlags>): Promise<string | undefined> {
  const { input, interruption, output, values } = invocation
  const file = values['passphrase-file']
  if (file !== undefined) return firstLine(Buffer.from(readWholeFile(file, MOST_BYTES)).toString())
  if (onTerminal(invocation) || values.passphrase !== true) return undefined
  const onWait = (): void => {
    output.note('Waiting for the passphrase on standard input.')
  }
  const line = firstLine(await readInput(input, { needed: true, onWait, signal: interruption.signal }))
  if (line === '') throw new UsageError('No passphrase came on standard input.')
  return line
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0] ?? ''
}
