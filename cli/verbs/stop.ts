import { EXIT } from '../exit-codes.ts'
import { defineVerb, withMesh } from '../verb.ts'

export const stop = defineVerb({
  name: 'stop',
  summary: 'stop the node on this device',
  group: 'Everyday',
  usage: '',
  words: { min: 0, max: 0 },
  flags: {},
  async run({ doors, home, output, interruption: { signal } }) {
    return withMesh(doors.attachMesh({ ...home, signal }), async (mesh) => {
      const { name, id } = await mesh.status({ signal })
      await mesh.shutdown()
      if (output.json) {
        output.data({ stopped: { name, id } })
      } else {
        output.note(`Stopped ${name}.`)
      }
      return EXIT.done
    })
  }
})
