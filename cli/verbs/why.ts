import { PLACEMENT_FLAGS, askOptions } from '../ask-flags.ts'
import { PLACEMENT_COLUMNS, placementCells } from '../placement.ts'
import { EXIT } from '../exit-codes.ts'
import { defineVerb, withMesh } from '../verb.ts'

export const why = defineVerb({
  name: 'why',
  summary: 'see which device would answer, and why',
  group: 'Devices',
  usage: '[PROMPT…]',
  words: { min: 0, max: Number.POSITIVE_INFINITY },
  flags: PLACEMENT_FLAGS,
  async run({ doors, home, log, output, interruption: { signal }, words, values }) {
    return withMesh(doors.visitMesh({ ...home, log, signal }), async (mesh) => {
      const prompt = words.length === 0 ? undefined : words.join(' ')
      const rows = await mesh.why(prompt, { ...askOptions(values), signal })
      if (output.json) {
        output.data(rows)
      } else {
        output.table(
          PLACEMENT_COLUMNS,
          placementCells(rows).map((cells) => cells.map((cell) => output.spell(cell)))
        )
      }
      return EXIT.done
    })
  }
})
