import { InvalidRequestError, ManyForgottenError, UnknownMemoryError } from '../errors.ts'
import type { Conversation, ConversationMessage, Message as ChatMessage } from '../interface.ts'
import type { DeviceKey, Documents } from './documents.ts'
import { editValue, messageOf, type Message } from './entries.ts'
import { conversationDocument, fieldKey, goneKey, kindOf, lineageOf, newId } from './keys.ts'
import { MAX_ENTRY_BYTES } from './limits.ts'
import type { ForgetOptions } from './memories.ts'
import type { DocumentRecord } from './store.ts'
import { readValue } from './value.ts'
import { isMany } from './vanishing.ts'

export interface ConversationsInit {
  documents: Documents
  now: () => number
  /** This device's key, or null while it has none. */
  device: () => DeviceKey | null
}

export interface NewMessage extends ChatMessage {
  /** The model that answered. @default null */
  model?: string | null
}

/** Conversations, a document each. Messages are added and never changed; every call is durable when it returns. */
export class Conversations {
  readonly #init: ConversationsInit

  constructor(init: ConversationsInit) {
    this.#init = init
  }

  /** Begins one. It is nowhere before it has a title or a message. */
  begin(): string {
    return newId()
  }

  /** Those that hold something, the last written first. */
  list(): Conversation[] {
    return this.#init.documents.heads
      .all()
      .filter((record) => kindOf(record.id) === 'conversation' && !record.gone)
      .map(conversationOf)
      .sort((one, other) => other.time - one.time || (one.id < other.id ? -1 : 1))
  }

  /** @throws {UnknownMemoryError} */
  get(id: string): Conversation {
    return conversationOf(this.#recordOf(id))
  }

  /** In their order: each comes after those that its writer knew. @throws {UnknownMemoryError} */
  messages(conversation: string): ConversationMessage[] {
    return this.#inOrder(this.#recordOf(conversation).id).map(({ id, role, content, time, device, model }) => {
      return { id, role, content, time, device, model }
    })
  }

  /** @throws {InvalidRequestError} when the message is empty or too long */
  add(id: string, { role, content, model = null }: NewMessage): ConversationMessage {
    const { documents, now, device } = this.#init
    const document = conversationDocument(id)
    if (documents.heads.get(document)?.gone === true) throw unknown(id)
    const order = (this.#inOrder(document).at(-1)?.order ?? 0) + 1
    const message = { id: newId(), role, content, time: now(), device: device(), model }
    const value = JSON.stringify({
      role,
      content,
      order,
      time: message.time,
      ...(message.device === null ? {} : { device: message.device }),
      ...(model === null ? {} : { model })
    })
    if (readValue(value) === null) {
      throw new InvalidRequestError(`A message has at most ${MAX_ENTRY_BYTES / 1024} KiB; it was not kept.`)
    }
    documents.write(document, (map) => map.set(message.id, value))
    return message
  }

  /** @throws {InvalidRequestError} when it is empty or too long */
  rename(id: string, title: string): void {
    const { documents } = this.#init
    const document = conversationDocument(id)
    if (documents.heads.get(document)?.gone === true) throw unknown(id)
    const wanted = title.trim()
    if (wanted === '' || wanted.length > MAX_TITLE) {
      throw new InvalidRequestError(`A title has 1 to ${MAX_TITLE} characters.`)
    }
    const key = fieldKey('@', 'title')
    const { get } = documents.open(document)
    documents.write(document, (map) => map.set(key, editValue(get, key, { v: wanted })))
  }

  /** Forgets the whole of it; options as with memories. @throws {UnknownMemoryError} {ManyForgottenError} */
  forget(id: string, { now = false, sure = false }: ForgetOptions = {}): void {
    const { documents } = this.#init
    const { id: document, entries } = this.#recordOf(id)
    if (!sure && isMany(entries, documents.heads.entries)) {
      throw new ManyForgottenError(
        `This would forget a conversation of ${entries} messages. Nothing was forgotten; say again that you are sure.`,
        { details: { count: entries } }
      )
    }
    const opened = documents.open(document)
    const keys = [...opened.allKeys()].filter((key) => !key.startsWith('!'))
    const gone = goneKey('@')
    documents.write(document, (map) => {
      map.set(gone, editValue(opened.get, gone, { gone: true, t: this.#init.now(), ...(now ? { now } : {}) }))
      for (const key of keys) map.delete(key)
    })
    if (now) documents.erase(document, ['@'])
  }

  #recordOf(id: string): DocumentRecord {
    const record = /^[0-9a-z]{16}$/.test(id) ? this.#init.documents.heads.get(conversationDocument(id)) : undefined
    if (record === undefined || record.gone) throw unknown(id)
    return record
  }

  #inOrder(document: string): Message[] {
    const { documents } = this.#init
    const { get } = documents.open(document)
    return [...documents.visible(document)]
      .map((id) => messageOf(get, id))
      .filter((message) => message !== null)
      .sort((one, other) => one.order - other.order || one.time - other.time || (one.id < other.id ? -1 : 1))
  }
}

/** A line of a list. */
const MAX_TITLE = 200

function conversationOf({ id, title, entries, time }: DocumentRecord): Conversation {
  return { id: lineageOf(id).slice(conversationDocument('').length), title, messages: entries, time }
}

function unknown(id: string): UnknownMemoryError {
  return new UnknownMemoryError(`There is no conversation ${id} here.`, { details: { id } })
}
