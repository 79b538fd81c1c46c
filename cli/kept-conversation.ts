import type { AbortOptions, Conversation as Kept, Mesh, MeshConversations } from '../src/interface.ts'
import type { Answer } from './answer.ts'
import { consent } from './consent.ts'
import type { Conversation } from './conversation.ts'
import { count } from './human.ts'
import { day, shortId } from './memory-table.ts'
import type { Output } from './output.ts'
import type { Invocation } from './verb.ts'

/** What a list shows of the first question. */
const TITLE_LENGTH = 60
/** What is shown of a conversation that goes on: enough to know where it was. */
const SHOWN = 4

/** A chat as it is kept on all devices: made with its first turn. */
export class KeptConversation {
  readonly #conversations: MeshConversations
  #id: string | undefined

  constructor(conversations: MeshConversations) {
    this.#conversations = conversations
  }

  get id(): string | undefined {
    return this.#id
  }

  /** Goes on with one that was held before, here or elsewhere. @param id by default the last one */
  async resume(
    conversation: Conversation,
    { id, output, signal }: AbortOptions & { id: string | undefined; output: Output }
  ): Promise<void> {
    const abort = signal === undefined ? {} : { signal }
    const found =
      id === undefined ? (await this.#conversations.list(abort))[0] : await this.#conversations.get({ id, ...abort })
    if (found === undefined) {
      output.note('No conversation is kept yet; this is the first.')
      return
    }
    this.#id = found.id
    const messages = await this.#conversations.messages({ id: found.id, ...abort })
    for (const { role, content } of messages) conversation.add({ role, content })
    output.note(`${titleOf(found)} (${shortId(found.id)}, ${count(messages.length, 'message')})`)
    for (const { role, content } of messages.slice(-SHOWN)) {
      output.note(`${role === 'user' ? '> ' : ''}${content}`)
    }
  }

  /** A turn: it is on the disk when this is fulfilled. Not taken back by Ctrl-C: what was said was said. */
  async add(question: string, { text, summary, accepted }: Answer): Promise<void> {
    const isNew = this.#id === undefined
    this.#id ??= (await this.#conversations.create()).id
    const model = summary?.model ?? accepted?.model.name ?? null
    await this.#conversations.append({
      id: this.#id,
      messages: [
        { role: 'user', content: question },
        { role: 'assistant', content: text, model }
      ]
    })
    if (isNew) await this.#conversations.title({ id: this.#id, title: beginning(question) })
  }
}

/** `mesh chat --list`. */
export async function listConversations(
  mesh: Mesh,
  { output, interruption: { signal }, hint }: Invocation
): Promise<void> {
  const conversations = await mesh.conversations.list({ signal })
  if (output.json) {
    output.data(conversations)
  } else if (conversations.length === 0) {
    output.line(`No conversation is kept yet: ${hint('chat')}`)
  } else {
    output.table(
      [{ title: 'ID' }, { title: 'DAY' }, { title: 'MESSAGES', align: 'right' }, { title: 'TITLE', wrap: true }],
      conversations.map((each) => [shortId(each.id), day(each.time), String(each.messages), titleOf(each)])
    )
  }
}

/** `mesh chat --forget ID`. @returns whether it was forgotten */
export async function forgetConversation(
  mesh: Mesh,
  invocation: Invocation,
  wanted: string,
  given: boolean
): Promise<boolean> {
  const { output, interruption, hint } = invocation
  const { signal } = interruption
  const { id, title, messages, time } = await mesh.conversations.get({ id: wanted, signal })
  const agreed = await consent(invocation, {
    meaning: `“${titleOf({ title })}” (${day(time)}, ${count(messages, 'message')}) will be forgotten on all your devices.`,
    question: 'Forget it?',
    given,
    command: hint(`chat --forget ${shortId(id)} --yes`)
  })
  if (!agreed) {
    output.note('Nothing was forgotten.')
    return false
  }
  // A person has said yes to just this one.
  await mesh.conversations.forget({ id, sure: true, signal })
  if (output.json) output.data({ id })
  else output.line('Forgot the conversation.')
  return true
}

function titleOf({ title }: Pick<Kept, 'title'>): string {
  return title ?? 'A conversation'
}

function beginning(question: string): string {
  const line = question.replace(/\s+/g, ' ').trim()
  return line.length <= TITLE_LENGTH ? line : `${line.slice(0, TITLE_LENGTH - 1)}…`
}
