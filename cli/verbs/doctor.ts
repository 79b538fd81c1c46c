import type { Finding } from '../../src/interface.ts'
import { EXIT } from '../exit-codes.ts'
import { defineVerb, withMesh } from '../verb.ts'

const MARKS: Readonly<Record<Finding['state'], string>> = { ok: '✓', warning: '!', problem: '✗' }

export const doctor = defineVerb({
  name: 'doctor',
  summary: 'find what is wrong here and the command that mends it',
  group: 'Devices',
  usage: '',
  words: { min: 0, max: 0 },
  flags: {},
  notes: () => ['Exit code 1 where a problem (✗) was found.'],
  async run({ doors, home, log, output, interruption: { signal } }) {
    return withMesh(doors.visitMesh({ ...home, log, signal }), async (mesh) => {
      output.status('Looking')
      const findings = await mesh.doctor({ signal })
      if (output.json) {
        output.data(findings)
      } else {
        for (const { state, message, mend } of findings) {
          output.paragraph(output.spell(message), `${MARKS[state]} `)
          if (mend !== undefined) {
            output.line(`    ${output.spell(mend)}`)
          }
        }
      }
      return findings.some(({ state }) => state === 'problem') ? EXIT.failed : EXIT.done
    })
  }
})
