import { EXIT, UsageError } from '../exit-codes.ts'
import { shortId } from '../memory-table.ts'
import { readInput } from '../standard-input.ts'
import { defineVerb, withMesh, type Invocation } from '../verb.ts'

export const remember = defineVerb({
  name: 'remember',
  summary: 'write something down for all your devices to know',
  group: 'Memories',
  usage: 'TEXT…|-',
  words: { min: 0, max: Number.POSITIVE_INFINITY },
  flags: {
    kind: {
      type: 'choice',
      choices: ['fact', 'note', 'preference'],
      summary: 'what it is: something that is so (the default), something to look up, how you want things'
    },
    tag: { type: 'texts', value: 'TAG', summary: 'a word to find it by; may be given several times' },
    source: { type: 'text', value: 'TEXT', summary: 'where it comes from: an address, a file, a name' }
  },
  notes: (hint) => [
    `With - the text is read from standard input: ${hint('remember --kind note -')} < notes.txt`,
    'It is on this disk when the command ends, and on every other device as soon as that is connected. It may have 64 KiB.'
  ],
  async run(invocation) {
    const { doors, home, log, output, interruption, values } = invocation
    const { signal } = interruption
    const text = await readText(invocation)
    const { kind, tag: tags, source } = values
    const more = {
      ...(kind !== undefined && { kind }),
      ...(tags !== undefined && { tags }),
      ...(source !== undefined && { source })
    }
    return withMesh(doors.visitMesh({ ...home, log, signal }), async (mesh) => {
      const { id } = await mesh.memory.remember({ text, ...more, signal })
      if (output.json) output.data({ id })
      else output.line(`Remembered (${shortId(id)}).`)
      return EXIT.done
    })
  }
})

async function readText({ words, input, output, interruption, hint }: Invocation): Promise<string> {
  const fromInput = words.length === 0 || (words.length === 1 && words[0] === '-')
  const text = fromInput
    ? await readInput(input, {
        needed: true,
        signal: interruption.signal,
        onWait: () => {
          output.note('Waiting for the end of standard input.')
        }
      })
    : words.join(' ')
  if (text.trim() === '')
    throw new UsageError(`Say what to remember: ${hint('remember "The bike key is in the blue box"')}`)
  return text
}
