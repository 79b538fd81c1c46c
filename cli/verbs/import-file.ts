import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { InvalidFileError, NotAllowedError } from '../../src/errors.ts'
import type { Mesh } from '../../src/interface.ts'
import { quoted } from '../command-form.ts'
import { onTerminal, withDialogue } from '../dialogue.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import { count } from '../human.ts'
import { PASSPHRASE_FILE } from '../passphrase.ts'
import { readBeginning, readWholeFile } from '../private-file.ts'
import { importSnapshot, tellTaken, type SnapshotImportFlags } from '../snapshot-import.ts'
import { withoutType } from '../snapshot-following.ts'
import { defineVerb, withMesh, type Invocation } from '../verb.ts'

/** What a node takes. */
const MOST_BYTES = 4 * 2 ** 20

/** With what every snapshot begins, which is a file of age. */
const SNAPSHOT = 'age-encryption.org/'

interface ImportFlags extends SnapshotImportFlags {
  words?: string
}

export const importFile = defineVerb({
  name: 'import',
  summary: 'take in a file that another of your devices wrote',
  group: 'Memories',
  usage: 'FILE',
  words: { min: 1, max: 1 },
  flags: {
    words: {
      type: 'text',
      value: '"WORDS"',
      summary: 'of an admission: the six words of the mesh, as the other device showed them'
    },
    passphrase: { type: 'switch', summary: 'of a snapshot: its passphrase comes on standard input' },
    'passphrase-file': PASSPHRASE_FILE,
    recovery: { type: 'switch', summary: 'open a snapshot with the recovery phrase, which is asked for' },
    'phrase-file': { type: 'text', value: 'FILE', summary: 'open a snapshot with the recovery phrase in this file' },
    'accept-removed': { type: 'switch', summary: 'also what was written by a device that was removed since' },
    'accept-foreign': {
      type: 'switch',
      summary: 'also what is from another mesh, where its passphrase or phrase opens it'
    }
  },
  notes: (hint) => [
    `A snapshot (${hint('export')}) is merged: nothing is lost, and a second time changes nothing. All of it is checked first.`,
    `An admission (${hint('approve FILE')}) makes this device a member, with the snapshot that lies beside it. Its six words prove that it is from your mesh: anybody could have written one.`,
    'Exit code 4: the words differ, or the snapshot is not for this device. Exit code 1: it is damaged, not all there, or from a later release.'
  ],
  async run(invocation) {
    const { doors, home, log, interruption, words } = invocation
    const { signal } = interruption
    const [file = ''] = words
    const isSnapshot = readBeginning(file, SNAPSHOT.length) === SNAPSHOT
    return withMesh(doors.visitMesh({ ...home, log, signal }), (mesh) =>
      isSnapshot ? takeSnapshot(mesh, file, invocation) : takeAdmission(mesh, file, invocation)
    )
  }
})

async function takeSnapshot(mesh: Mesh, file: string, invocation: Invocation<ImportFlags>): Promise<number> {
  const { output } = invocation
  const taken = await importSnapshot(mesh, resolve(file), invocation)
  if (output.json) output.data(withoutType(taken))
  else tellTaken(taken, invocation)
  return EXIT.done
}

async function takeAdmission(mesh: Mesh, file: string, invocation: Invocation<ImportFlags>): Promise<number> {
  const { output, interruption, values, hint } = invocation
  const { signal } = interruption
  const admission = readWholeFile(file, MOST_BYTES)
  const found = await inspected(mesh, admission, signal)
  const same =
    values.words === undefined
      ? await sameByEye(found.words, file, invocation)
      : listOf(values.words) === listOf(found.words)
  if (!same) {
    throw new NotAllowedError(
      'The six words differ, so nothing was imported: this file is from another mesh than the device that showed the words.'
    )
  }
  const imported = await mesh.membership.import({ admission, signal })
  if (!output.json) output.line(`Imported ${count(imported.new, 'record')} of ${imported.mesh}.`)
  const snapshot = besides(file)
  const taken = existsSync(snapshot) ? await importSnapshot(mesh, resolve(snapshot), invocation) : null
  if (output.json) {
    const { new: added = 0, changed = 0, known = 0 } = taken ?? {}
    output.data({ mesh: imported.mesh, records: imported.new, new: added, changed, known })
    return EXIT.done
  }
  if (taken !== null) tellTaken(taken, invocation)
  const { state, membership } = await mesh.status({ signal })
  if (state === 'visiting' && membership.state === 'member') {
    output.line(`This device belongs to it now. To serve it: ${hint('join')}`)
  }
  return EXIT.done
}

/** The snapshot that `approve` writes beside an admission. */
function besides(file: string): string {
  return file.endsWith('.admission') ? file.replace(/\.admission$/, '.snapshot') : `${file}.snapshot`
}

async function inspected(mesh: Mesh, admission: Uint8Array, signal: AbortSignal): Promise<{ words: string }> {
  try {
    return await mesh.membership.inspect({ admission, signal })
  } catch (error) {
    if (!(error instanceof InvalidFileError) || error.details.reason !== 'not-one') throw error
    throw new InvalidFileError(
      'This file is neither a snapshot (mesh export makes one) nor an admission (mesh approve FILE makes one).',
      { cause: error }
    )
  }
}

/** @throws {UsageError} where nobody can look */
async function sameByEye(words: string, file: string, invocation: Invocation): Promise<boolean> {
  const { output, hint } = invocation
  if (!onTerminal(invocation)) {
    throw new UsageError(
      `Compare the six words that the other device showed: ${hint(`import ${quoted(file)} --words "…"`)}`
    )
  }
  output.line('The file says that it is from the mesh')
  output.line(`  ${words}`)
  return await withDialogue(invocation, (dialogue) =>
    dialogue.confirm('Did the device that approved this one show the same six words?')
  )
}

/** However they were separated. */
function listOf(words: string): string {
  return words
    .trim()
    .toLowerCase()
    .split(/[\s-]+/)
    .join(' ')
}
