import { resolve } from 'node:path'
import type { SnapshotExported } from '../../src/interface.ts'
import { quoted } from '../command-form.ts'
import { EXIT } from '../exit-codes.ts'
import { bytes, count } from '../human.ts'
import { newPassphrase, PASSPHRASE_FILE } from '../passphrase.ts'
import { followSnapshot, withoutType } from '../snapshot-following.ts'
import { defineVerb, withMesh, type Invocation } from '../verb.ts'
import { readWhen } from '../when.ts'

export const exportFile = defineVerb({
  name: 'export',
  summary: 'write what your devices remember into a file, for a USB stick',
  group: 'Memories',
  usage: 'FILE | FOLDER',
  words: { min: 1, max: 1 },
  flags: {
    since: {
      type: 'text',
      value: 'WHEN',
      summary: 'only what was changed since a day (2026-11-01), or for so long (7d, 2w)'
    },
    conversation: { type: 'text', value: 'ID', summary: 'only this conversation; ID is the beginning of an id' },
    passphrase: {
      type: 'switch',
      summary: 'closed by a passphrase, which is asked for, and not to the keys of your devices'
    },
    'passphrase-file': PASSPHRASE_FILE
  },
  notes: (hint) => [
    `Every device of your mesh takes it in with ${hint('import FILE')}, and nobody else can read it: it is closed to their keys and the recovery phrase’s.`,
    'In a folder it gets a name by the mesh and the day. Nothing is ever overwritten. --since counts in documents: a thousand memories, or one conversation.'
  ],
  async run(invocation) {
    const { doors, home, log, output, interruption, words, values } = invocation
    const { signal } = interruption
    const [path = ''] = words
    const since = values.since === undefined ? undefined : readWhen(values.since, '--since')
    const isClosed = values.passphrase === true || values['passphrase-file'] !== undefined
    return withMesh(doors.visitMesh({ ...home, log, signal }), async (mesh) => {
      const passphrase = isClosed ? await newPassphrase(invocation) : undefined
      const done = await followSnapshot<SnapshotExported>(
        mesh.snapshots.export({
          ...{ path: resolve(path), signal },
          ...(since !== undefined && { since }),
          ...(values.conversation !== undefined && { conversation: values.conversation }),
          ...(passphrase !== undefined && { passphrase })
        }),
        output
      )
      if (output.json) output.data(withoutType(done))
      else tell(done, invocation)
      return EXIT.done
    })
  }
})

function tell(
  { file, bytes: size, entries, mesh, members, recovery }: SnapshotExported,
  { output, hint }: Invocation
): void {
  const what = count(entries, 'memory or message', 'memories and messages')
  output.line(`Wrote ${what} to ${file}: ${bytes(size)}, read back and found whole. You can remove the stick.`)
  if (members === null) {
    output.line(`With its passphrase any device takes it in: ${hint(`import ${quoted(file)}`)}`)
    return
  }
  if (members > 1) {
    output.line(`The ${members} devices of ${mesh ?? 'the mesh'} take it in: ${hint(`import ${quoted(file)}`)}`)
    return
  }
  output.line(
    recovery
      ? `Only this device and the recovery phrase open it: ${hint(`import ${quoted(file)}`)}`
      : `Only this device can open it. As a backup, give it a passphrase: ${hint('export FILE --passphrase')}`
  )
}
