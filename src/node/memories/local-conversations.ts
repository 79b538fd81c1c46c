import { InvalidRequestError } from '../../errors.ts'
import type {
  AbortOptions,
  ById,
  Conversation,
  ConversationMessage,
  MeshConversations,
  NewConversationMessage
} from '../../interface.ts'
import { shown } from './local-memory.ts'
import type { Remembering } from './remembering.ts'

const ROLES = ['system', 'user', 'assistant']

/** `Mesh.conversations` in this process. */
export class LocalConversations implements MeshConversations {
  readonly #remembering: Remembering
  readonly #begin: (options: AbortOptions) => Promise<void>

  /** @param begin what every call begins with */
  constructor(remembering: Remembering, begin: (options: AbortOptions) => Promise<void>) {
    this.#remembering = remembering
    this.#begin = begin
  }

  async list({ signal }: AbortOptions = {}): Promise<Conversation[]> {
    await this.#begun(signal)
    return this.#remembering.conversations.list()
  }

  async create({ signal, title }: AbortOptions & { title?: string } = {}): Promise<Conversation> {
    await this.#begun(signal)
    const { conversations } = this.#remembering
    const id = conversations.begin()
    if (title === undefined) return { id, title: null, messages: 0, time: Date.now() }
    conversations.rename(id, title)
    return conversations.get(id)
  }

  async get({ signal, id }: ById): Promise<Conversation> {
    await this.#begun(signal)
    return this.#remembering.conversations.get(this.#whole(id))
  }

  async messages({ signal, id }: ById): Promise<ConversationMessage[]> {
    await this.#begun(signal)
    return this.#remembering.conversations.messages(this.#whole(id)).map(shown)
  }

  async append({
    signal,
    id,
    messages
  }: ById & { messages: NewConversationMessage[] }): Promise<ConversationMessage[]> {
    await this.#begun(signal)
    const { conversations } = this.#remembering
    const whole = this.#whole(id)
    for (const { role, content } of messages) {
      if (!ROLES.includes(role) || typeof content !== 'string') {
        throw new InvalidRequestError(`A message has a content, and is of one of ${ROLES.join(', ')}.`)
      }
    }
    return messages.map((message) => shown(conversations.add(whole, message)))
  }

  async title({ signal, id, title }: ById & { title: string }): Promise<Conversation> {
    await this.#begun(signal)
    const { conversations } = this.#remembering
    const whole = this.#whole(id)
    conversations.rename(whole, title)
    return conversations.get(whole)
  }

  async forget({ signal, id, now = false, sure = false }: ById & { now?: boolean; sure?: boolean }): Promise<void> {
    await this.#begun(signal)
    this.#remembering.conversations.forget(this.#whole(id), { now, sure })
  }

  #begun(signal: AbortSignal | undefined): Promise<void> {
    return this.#begin(signal === undefined ? {} : { signal })
  }

  #whole(given: string): string {
    return this.#remembering.conversation(given)
  }
}
