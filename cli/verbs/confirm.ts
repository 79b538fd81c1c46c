import { readCode } from '../code.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import { defineVerb, withMesh } from '../verb.ts'

export const confirm = defineVerb({
  name: 'confirm',
  summary: 'say that the other screen shows the same code, on the device that joins',
  group: 'Devices',
  usage: 'CODE',
  words: { min: 1, max: 2 },
  flags: {},
  notes: () => ['For a device whose mesh join has no terminal; on a terminal it asks there.'],
  async run({ doors, home, output, interruption: { signal }, words, hint }) {
    const code = readCode(words)
    if (code === undefined) {
      throw new UsageError(`The code is six digits, as both screens show them: ${hint('confirm 123456')}`)
    }
    return withMesh(doors.attachMesh({ ...home, signal }), async (mesh) => {
      output.status('Confirmed here; waiting for the other side')
      const joined = await mesh.membership.confirm({ code, signal })
      if (output.json) {
        output.data(joined)
      } else {
        output.line(`This device belongs to ${joined.mesh} now.`)
      }
      return EXIT.done
    })
  }
})
