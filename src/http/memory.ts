import type { MeshConversations, MeshMemory } from '../interface.ts'
import type { CallMethod } from './membership.ts'

/** `Mesh.memory` over the control socket. */
export function controlMemory(call: CallMethod): MeshMemory {
  return {
    remember: (options) => call('memory.remember', options),
    list: (options) => call('memory.list', options),
    get: (options) => call('memory.get', options),
    edit: (options) => call('memory.edit', options),
    tag: (options) => call('memory.tag', options),
    forget: (options) => call('memory.forget', options),
    recall: (options) => call('memory.recall', options),
    history: (options) => call('memory.history', options),
    undo: (options) => call('memory.undo', options),
    notices: (options) => call('memory.notices', options),
    reindex: (options) => call('memory.reindex', options)
  }
}

/** `Mesh.conversations` over the control socket. */
export function controlConversations(call: CallMethod): MeshConversations {
  return {
    list: (options) => call('conversations.list', options),
    create: (options) => call('conversations.create', options),
    get: (options) => call('conversations.get', options),
    messages: (options) => call('conversations.messages', options),
    append: (options) => call('conversations.append', options),
    title: (options) => call('conversations.title', options),
    forget: (options) => call('conversations.forget', options)
  }
}
