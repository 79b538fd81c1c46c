import { UsageError } from './exit-codes.ts'
import { readWholeFile } from './private-file.ts'
import { readInput } from './standard-input.ts'
import type { Invocation } from './verb.ts'

/** Many times an invite, which holds a few addresses. */
const MOST_BYTES = 16 * 1024

/** The invite of a command line: its word, or what a file or standard input (`-`) holds; nothing where there is none. */
export async function readInvite(
  { words, input, output, interruption }: Invocation,
  file: string | undefined
): Promise<string | undefined> {
  if (file === undefined) {
    return words[0]
  }
  if (file === '-' && input.kind === 'terminal') {
    throw new UsageError('Pipe an invite in, or paste it at the prompt of mesh join.')
  }
  const text =
    file === '-'
      ? await readInput(input, {
          needed: true,
          signal: interruption.signal,
          onWait: () => {
            output.note('Waiting for an invite on standard input.')
          }
        })
      : Buffer.from(readWholeFile(file, MOST_BYTES)).toString()
  interruption.signal.throwIfAborted()
  if (text.trim() === '') {
    throw new UsageError(
      `${file === '-' ? 'Standard input' : file} holds no invite; mesh invite on a member makes one.`
    )
  }
  return text.trim()
}
