import { answersHere } from '../describe.ts'
import { EXIT } from '../exit-codes.ts'
import { defineVerb, withMesh } from '../verb.ts'

export const resume = defineVerb({
  name: 'resume',
  summary: 'let this device answer again after a pause',
  group: 'Everyday',
  usage: '',
  words: { min: 0, max: 0 },
  flags: {},
  async run({ doors, home, output, interruption: { signal } }) {
    return withMesh(doors.attachMesh({ ...home, signal }), async (mesh) => {
      const { answering: before } = await mesh.status({ signal })
      await mesh.resume({ signal })
      const status = await mesh.status({ signal })
      if (output.json) {
        output.data({ answering: status.answering })
      } else if (before === 'paused') {
        output.progress(`${status.name} answers again: ${answersHere(status)}.`)
      } else {
        output.progress(`${status.name} was not paused. It answers with: ${answersHere(status)}.`)
      }
      return EXIT.done
    })
  }
})
