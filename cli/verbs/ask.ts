import { EXIT, UsageError } from '../exit-codes.ts'
import { answerData, gatherAnswer, noAnswer, showAnswer } from '../answer.ts'
import { ASK_FLAGS, askOptions } from '../ask-flags.ts'
import { PLACEMENT_COLUMNS, placementCells } from '../placement.ts'
import { readInput } from '../standard-input.ts'
import { defineVerb, withMesh, type Invocation } from '../verb.ts'

export const ask = defineVerb({
  name: 'ask',
  summary: 'get one answer from your strongest device',
  group: 'Everyday',
  usage: 'PROMPT…',
  words: { min: 0, max: Number.POSITIVE_INFINITY },
  flags: {
    ...ASK_FLAGS,
    why: { type: 'switch', summary: 'show who could answer and why in this order, and which memories are used' }
  },
  notes: (hint) => [
    `What is piped in is added to the prompt: git diff | ${hint('ask "Write a commit message"')}`,
    `What you had remembered (${hint('remember')}) and fits the question is put before it, as data. Left out with --no-memory; the built-in model is given none.`,
    'Exit code 3: nobody could answer, or the answer broke off; what had come by then is printed.'
  ],
  async run(invocation) {
    const { doors, home, log, output, interruption, values } = invocation
    const prompt = await readPrompt(invocation)
    const options = { ...askOptions(values), signal: interruption.signal }
    const answer = noAnswer()
    return withMesh(doors.visitMesh({ ...home, log, signal: interruption.signal }), async (mesh) => {
      if (!output.json && !output.quiet) {
        const { state, peers } = await mesh.status({ signal: interruption.signal })
        if (state === 'visiting' && peers.length === 0) {
          output.note(`No mesh here yet (${invocation.hint('join')} starts one): this device answers alone.`)
        }
      }
      const rows = values.why === true ? await mesh.why(prompt, options) : undefined
      if (!output.json) {
        if (rows !== undefined) {
          output.asideTable(PLACEMENT_COLUMNS, placementCells(rows))
        }
        await showAnswer(mesh.ask(prompt, options), output, answer, { ...options, why: values.why === true })
        return EXIT.done
      }
      try {
        await gatherAnswer(mesh.ask(prompt, options), answer)
      } finally {
        if (answer.text !== '' || answer.summary !== null) {
          output.data({ ...answerData(answer), why: rows })
        }
      }
      return EXIT.done
    })
  }
})

async function readPrompt({ words, input, output, interruption, hint }: Invocation): Promise<string> {
  const piped = await readInput(input, {
    needed: words.length === 0,
    signal: interruption.signal,
    onWait: () => {
      output.note('Waiting for the end of standard input; with </dev/null there is none.')
    }
  })
  const prompt = [words.join(' '), piped].filter((part) => part.trim() !== '').join('\n\n')
  if (prompt === '') {
    throw new UsageError(`Ask something: ${hint('ask "What is 12 times 7?"')}`)
  }
  return prompt
}
