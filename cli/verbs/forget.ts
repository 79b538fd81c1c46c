import { MeshError } from '../../src/errors.ts'
import type { Memory, Mesh } from '../../src/interface.ts'
import { quoted } from '../command-form.ts'
import { consent } from '../consent.ts'
import { EXIT } from '../exit-codes.ts'
import { count } from '../human.ts'
import { oneLine, shortId } from '../memory-table.ts'
import { defineVerb, withMesh } from '../verb.ts'

/** As many as a person reads before saying yes. */
const MOST_FOUND = 100
/** Shorter ones are words. */
const SHORTEST_ID = 4

export const forget = defineVerb({
  name: 'forget',
  summary: 'forget something on all your devices',
  group: 'Memories',
  usage: 'ID|WORDS…',
  words: { min: 1, max: Number.POSITIVE_INFINITY },
  flags: {
    now: { type: 'switch', summary: 'erase it from the disks at once; it cannot be undone then' },
    yes: { type: 'switch', summary: 'do not ask' }
  },
  notes: (hint) => [
    'With words: everything that has all of them, after you were shown what that is.',
    `For 30 days ${hint('memory undo ID')} brings back what was forgotten without --now; then it is erased from every disk. Devices that are away forget it when they are back.`
  ],
  async run(invocation) {
    const { doors, home, log, output, interruption, words, values, hint } = invocation
    const { signal } = interruption
    const now = values.now === true
    return withMesh(doors.visitMesh({ ...home, log, signal }), async (mesh) => {
      const found = await meant(mesh, words, signal)
      if (found.length === 0) {
        if (output.json) output.data([])
        else output.line('Nothing is remembered that has all of these words.')
        return EXIT.failed
      }
      const end = now ? 'erased at once, for good' : 'erased for good in 30 days; until then it can be undone'
      const list = found.map((memory) => `  ${shortId(memory.id)}  ${oneLine(memory)}`).join('\n')
      const agreed = await consent(invocation, {
        meaning: `On all your devices this will be forgotten, and ${end}:\n${list}`,
        question: `Forget ${found.length === 1 ? 'it' : `these ${found.length}`}?`,
        given: values.yes === true,
        command: hint(`forget ${words.map(quoted).join(' ')}${now ? ' --now' : ''} --yes`)
      })
      if (!agreed) {
        output.note('Nothing was forgotten.')
        return EXIT.failed
      }
      const forgotten = await mesh.memory.forget({ ids: found.map(({ id }) => id), now, signal })
      if (output.json) {
        output.data(forgotten.map(({ id, text }) => ({ id, text })))
      } else {
        output.line(`Forgot ${count(forgotten.length, 'memory', 'memories')}.`)
        const [first] = forgotten
        if (!now && first !== undefined) output.note(`To bring it back: ${hint(`memory undo ${shortId(first.id)}`)}`)
      }
      return EXIT.done
    })
  }
})

/** The memory of that id; or those that have all of the words. */
async function meant(mesh: Mesh, words: readonly string[], signal: AbortSignal): Promise<Memory[]> {
  const [first = ''] = words
  if (words.length === 1 && first.length >= SHORTEST_ID && /^[0-9a-z]{1,16}$/i.test(first)) {
    try {
      return [await mesh.memory.get({ id: first, signal })]
    } catch (error) {
      if (!(error instanceof MeshError) || error.name !== 'UnknownMemoryError') throw error
    }
  }
  const query = words.join(' ')
  const wanted = query.toLowerCase().split(/\s+/)
  const found = await mesh.memory.recall({ query, limit: MOST_FOUND, signal })
  return found.filter((memory) => {
    const text = oneLine(memory).toLowerCase()
    return wanted.every((word) => text.includes(word))
  })
}
