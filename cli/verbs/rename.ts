import { EXIT } from '../exit-codes.ts'
import { defineVerb, withMesh } from '../verb.ts'

export const rename = defineVerb({
  name: 'rename',
  summary: 'give a device another name',
  group: 'Devices',
  usage: 'DEVICE NAME',
  words: { min: 2, max: 2 },
  flags: {},
  notes: () => ['DEVICE is a name, the beginning of an id, or here. All devices of the mesh come to know the name.'],
  async run({ doors, home, log, output, interruption: { signal }, words }) {
    const [peer = '', name = ''] = words
    return withMesh(doors.visitMesh({ ...home, log, signal }), async (mesh) => {
      const member = await mesh.membership.rename({ peer, name, signal })
      if (output.json) {
        output.data(member)
      } else {
        output.line(`${peer === 'here' ? 'This device' : peer} is called ${member.name} now.`)
      }
      return EXIT.done
    })
  }
})
