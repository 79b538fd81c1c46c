import { createInterface } from 'node:readline'
import { PromptTooLongError } from '../../src/errors.ts'
import type { AskOptions, Mesh } from '../../src/interface.ts'
import { answerData, gatherAnswer, noAnswer, showAnswer, type Answer } from '../answer.ts'
import { ASK_FLAGS, askOptions } from '../ask-flags.ts'
import { Conversation } from '../conversation.ts'
import { count } from '../human.ts'
import { forgetConversation, KeptConversation, listConversations } from '../kept-conversation.ts'
import type { Output } from '../output.ts'
import { Prompt } from '../prompt.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import { defineVerb, withMesh, type Invocation } from '../verb.ts'

/** What one turn needs. */
interface Chat {
  mesh: Mesh
  output: Output
  /** What is sent with each question. */
  conversation: Conversation
  /** Where all of it is kept; null where it is to be forgotten. */
  kept: KeptConversation | null
}

export const chat = defineVerb({
  name: 'chat',
  summary: 'hold a conversation with the mesh',
  group: 'Everyday',
  usage: '[ID]',
  words: { min: 0, max: 1 },
  flags: {
    ...ASK_FLAGS,
    list: { type: 'switch', summary: 'show the conversations that are kept, the last one first' },
    resume: { type: 'switch', summary: 'go on with the last conversation, or that of ID, wherever it was held' },
    forget: { type: 'switch', summary: 'forget the conversation of ID on all your devices' },
    yes: { type: 'switch', summary: 'with --forget: do not ask' },
    'no-keep': { type: 'switch', summary: 'forget the conversation when it ends' }
  },
  notes: (hint) => [
    `A conversation is kept, on all your devices: ${hint('chat --resume')} goes on with it on any of them.`,
    'Without a terminal every line of standard input is one message.'
  ],
  async run(invocation) {
    const { doors, home, log, input, output, interruption, values, words } = invocation
    const { signal } = interruption
    check(invocation)
    const options = askOptions(values)
    return withMesh(doors.visitMesh({ ...home, log, signal }), async (mesh) => {
      if (values.list === true) {
        await listConversations(mesh, invocation)
        return EXIT.done
      }
      if (values.forget === true) {
        return (await forgetConversation(mesh, invocation, words[0] ?? '', values.yes === true))
          ? EXIT.done
          : EXIT.failed
      }
      const conversation = new Conversation()
      const kept = values['no-keep'] === true ? null : new KeptConversation(mesh.conversations)
      if (values.resume === true) await kept?.resume(conversation, { id: words[0], output, signal })
      const chatting: Chat = { mesh, output, conversation, kept }
      if (input.kind === 'terminal' && output.interactive && !output.json) {
        output.note('Ctrl-C stops an answer, Ctrl-D leaves.')
        const prompt = new Prompt({
          input: input.stream,
          output,
          label: 'chat> ',
          answer: (line, { signal }) => say(line, chatting, { ...options, signal })
        })
        await prompt.run({ signal })
        return EXIT.done
      }
      for await (const line of createInterface({ input: input.stream, signal })) {
        if (line.trim() !== '') {
          await say(line, chatting, { ...options, signal })
        }
      }
      signal.throwIfAborted()
      return EXIT.done
    })
  }
})

function check({
  values,
  words,
  hint
}: Invocation<{ resume?: true; forget?: true; list?: true; 'no-keep'?: true }>): void {
  const named = values.resume === true || values.forget === true
  if (words.length > 0 && !named) {
    throw new UsageError(`To go on with a conversation: ${hint('chat --resume ID')}. To begin one: ${hint('chat')}`)
  }
  if (values.forget === true && words.length === 0) {
    throw new UsageError(
      `Say which conversation: ${hint('chat --forget ID')}. They are listed by ${hint('chat --list')}`
    )
  }
  const modes = [values.list, values.resume, values.forget, values['no-keep']].filter((given) => given === true)
  if (modes.length > 1) {
    throw new UsageError('Of --list, --resume, --forget and --no-keep only one can be given.')
  }
}

/** One turn. The oldest turns are left out, and that is said, until the rest fits the model's context. */
async function say(content: string, chatting: Chat, options: AskOptions): Promise<void> {
  const { mesh, output, conversation } = chatting
  let dropped = conversation.add({ role: 'user', content })
  for (;;) {
    const answer = noAnswer()
    try {
      const events = mesh.ask(conversation.messages, options)
      await (output.json ? gatherAnswer(events, answer) : showAnswer(events, output, answer, options))
      break
    } catch (error) {
      const gone = error instanceof PromptTooLongError && answer.text === '' ? conversation.dropOldest() : 0
      if (gone === 0) {
        if (answer.text === '') {
          conversation.takeBack()
        }
        throw error
      }
      dropped += gone
    } finally {
      await keep(content, answer, chatting)
    }
  }
  if (dropped > 0) {
    output.note(`The oldest ${count(dropped, 'message')} no longer fit and were left out.`)
  }
}

/** What was answered, in part or in full, belongs to the conversation, and the question with it. */
async function keep(question: string, answer: Answer, { conversation, kept, output }: Chat): Promise<void> {
  if (answer.text !== '') {
    conversation.add({ role: 'assistant', content: answer.text })
    await kept?.add(question, answer)
  }
  if (output.json && (answer.summary !== null || answer.text !== '')) {
    output.data({ ...answerData(answer), conversation: kept?.id })
  }
}
