import { NotAllowedError } from '../../src/errors.ts'
import { quoted } from '../command-form.ts'
import { onTerminal, withDialogue } from '../dialogue.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import { count } from '../human.ts'
import { readWholeFile } from '../private-file.ts'
import { defineVerb, withMesh, type Invocation } from '../verb.ts'

/** What a node takes. */
const MOST_BYTES = 4 * 2 ** 20

export const importFile = defineVerb({
  name: 'import',
  summary: 'take in a file that another of your devices wrote for this one',
  group: 'Devices',
  usage: 'FILE',
  words: { min: 1, max: 1 },
  flags: {
    words: { type: 'text', value: '"WORDS"', summary: 'the six words of the mesh, as the other device showed them' }
  },
  notes: () => [
    'The six words prove that the file is from your mesh: anybody could have written one. Exit code 4 where they differ.'
  ],
  async run(invocation) {
    const { doors, home, log, output, interruption, words, values, hint } = invocation
    const { signal } = interruption
    const [file = ''] = words
    const admission = readWholeFile(file, MOST_BYTES)
    return withMesh(doors.visitMesh({ ...home, log, signal }), async (mesh) => {
      const found = await mesh.membership.inspect({ admission, signal })
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
      if (output.json) {
        output.data(imported)
        return EXIT.done
      }
      output.line(`Imported ${count(imported.new, 'record')} of ${imported.mesh}.`)
      const { state, membership } = await mesh.status({ signal })
      if (state === 'visiting' && membership.state === 'member') {
        output.line(`This device belongs to it now. To serve it: ${hint('join')}`)
      }
      return EXIT.done
    })
  }
})

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
