import { RemovedSignerError, WrongPassphraseError } from '../src/errors.ts'
import type { Mesh, MeshSnapshots, SnapshotConsent, SnapshotImported } from '../src/interface.ts'
import { onTerminal, withDialogue, type Dialogue } from './dialogue.ts'
import { UsageError } from './exit-codes.ts'
import { clockTime } from './human.ts'
import { knownPassphrase, type PassphraseFlags } from './passphrase.ts'
import { askPhrase, phraseOf } from './phrase.ts'
import { readWholeFile } from './private-file.ts'
import { followSnapshot } from './snapshot-following.ts'
import type { Invocation } from './verb.ts'

export interface SnapshotImportFlags extends PassphraseFlags {
  recovery?: true
  'phrase-file'?: string
  'accept-removed'?: true
  'accept-foreign'?: true
}

type Options = Parameters<MeshSnapshots['import']>[0]

/** Many times the longest phrase. */
const MOST_BYTES = 4096
/** Then it was not mistyped. */
const TRIES = 3

/** `import` of a snapshot: asks for what opens it, and for what its owner has to decide. @param path absolute */
export async function importSnapshot(
  mesh: Mesh,
  path: string,
  invocation: Invocation<SnapshotImportFlags>
): Promise<SnapshotImported> {
  if (!onTerminal(invocation)) return await opened(mesh, path, invocation, null)
  // One for all of it: what is typed before it is asked for shall not be shown either.
  return await withDialogue(invocation, (dialogue) => opened(mesh, path, invocation, dialogue))
}

async function opened(
  mesh: Mesh,
  path: string,
  invocation: Invocation<SnapshotImportFlags>,
  dialogue: Dialogue | null
): Promise<SnapshotImported> {
  const { interruption, values, output } = invocation
  const { signal } = interruption
  const accept: SnapshotConsent[] = [
    ...(values['accept-removed'] === true ? (['removed'] as const) : []),
    ...(values['accept-foreign'] === true ? (['foreign'] as const) : [])
  ]
  const { to } = await mesh.snapshots.inspect({ path, signal })
  const phrase = to === 'members' ? await phraseGiven(invocation, dialogue) : undefined
  const options = { path, signal, accept, ...(phrase !== undefined && { phrase }) }
  for (let attempt = 1; ; attempt++) {
    try {
      const key = to === 'passphrase' ? { passphrase: await knownPassphrase(invocation, dialogue) } : {}
      return await take(mesh, { ...options, ...key }, invocation, dialogue)
    } catch (error) {
      const wasTyped = to === 'passphrase' && dialogue !== null && values['passphrase-file'] === undefined
      if (!(error instanceof WrongPassphraseError) || !wasTyped || attempt === TRIES) throw error
      output.line('That is another passphrase.')
    }
  }
}

export function tellTaken(taken: SnapshotImported, { output }: Invocation): void {
  output.line(inWords(taken))
  const { from, mesh, time } = taken
  const whose = from === null ? 'a device outside any mesh' : `${from.name} of ${mesh ?? ''}`
  output.note(`Written by ${whose}, ${clockTime(new Date(time))}.`)
}

/** `12 new, 3 changed, 30 already here` */
function inWords({ new: added, changed, known }: SnapshotImported): string {
  return `${added} new, ${changed} changed, ${known} already here.`
}

async function take(
  mesh: Mesh,
  options: Options,
  { output }: Invocation,
  dialogue: Dialogue | null
): Promise<SnapshotImported> {
  try {
    return await followSnapshot<SnapshotImported>(mesh.snapshots.import(options), output)
  } catch (error) {
    if (!(error instanceof RemovedSignerError) || dialogue === null) throw error
    output.paragraph(`${String(error.details.name)} has written this snapshot, and was removed from your mesh since.`)
    const isSure = await dialogue.confirm('Was it in your own hands when it was written, and shall it be taken in?')
    if (!isSure) throw error
    return await followSnapshot<SnapshotImported>(
      mesh.snapshots.import({ ...options, accept: [...(options.accept ?? []), 'removed'] }),
      output
    )
  }
}

/** @throws {UsageError} where nobody can be asked */
async function phraseGiven(
  { values, output, hint }: Invocation<SnapshotImportFlags>,
  dialogue: Dialogue | null
): Promise<string | undefined> {
  const file = values['phrase-file']
  if (file !== undefined) return phraseOf(Buffer.from(readWholeFile(file, MOST_BYTES)).toString())
  if (values.recovery !== true) return undefined
  if (dialogue === null) {
    throw new UsageError(`Without a terminal the phrase goes through a file: ${hint('import FILE --phrase-file FILE')}`)
  }
  return await askPhrase(dialogue, output, 'The recovery phrase')
}
