import { EXIT } from '../exit-codes.ts'
import { deviceNames, memoryData, showMemories } from '../memory-table.ts'
import { defineVerb, withMesh } from '../verb.ts'

export const recall = defineVerb({
  name: 'recall',
  summary: 'search what your devices remember',
  group: 'Memories',
  usage: 'WORDS…',
  words: { min: 1, max: Number.POSITIVE_INFINITY },
  flags: {
    limit: { type: 'number', value: 'N', summary: 'at most so many (default 10)', min: 1, max: 100, whole: true }
  },
  notes: (hint) => [
    'The best matches come first; not all of the words have to occur, and a word is also found by its beginning.',
    `All of them, the newest first: ${hint('memory ls')}`
  ],
  async run({ doors, home, log, output, interruption: { signal }, words, values }) {
    const { limit } = values
    return withMesh(doors.visitMesh({ ...home, log, signal }), async (mesh) => {
      const query = words.join(' ')
      const found = await mesh.memory.recall({ query, ...(limit !== undefined && { limit }), signal })
      const nameOf = await deviceNames(mesh, signal)
      if (output.json) {
        output.data(found.map((memory) => ({ ...memoryData(memory, nameOf), score: memory.score })))
      } else if (found.length === 0) {
        output.line('Nothing of that is remembered.')
      } else {
        showMemories(found, nameOf, output)
      }
      return EXIT.done
    })
  }
})
