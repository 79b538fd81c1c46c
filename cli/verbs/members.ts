import { EXIT } from '../exit-codes.ts'
import { memberTable } from '../member-table.ts'
import { defineVerb, withMesh } from '../verb.ts'

export const members = defineVerb({
  name: 'members',
  summary: 'list the devices that belong to your mesh, and who admitted each',
  group: 'Devices',
  usage: '',
  words: { min: 0, max: 0 },
  flags: { all: { type: 'switch', summary: 'the removed ones too' } },
  async run({ doors, home, log, output, interruption: { signal }, values: { all = false }, hint }) {
    return withMesh(doors.visitMesh({ ...home, log, signal }), async (mesh) => {
      const found = await mesh.membership.list({ signal, all })
      if (output.json) {
        output.data(found)
      } else if (found.length === 0) {
        output.line(`This device belongs to no mesh. ${hint('join')} finds one, or starts one.`)
      } else {
        memberTable(found, await mesh.peers({ signal }), output)
      }
      return EXIT.done
    })
  }
})
