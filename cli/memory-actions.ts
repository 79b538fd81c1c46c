import type { Memory, Mesh } from '../src/interface.ts'
import { UsageError } from './exit-codes.ts'
import { count } from './human.ts'
import { day, deviceNames, memoryData, oneLine, showMemories, type DeviceNames } from './memory-table.ts'
import type { Output } from './output.ts'
import type { Invocation } from './verb.ts'
import type { MemoryFlags } from './verbs/memory.ts'

type Given = Invocation<MemoryFlags>

export async function listMemories(mesh: Mesh, { output, interruption, values, hint }: Given): Promise<void> {
  const { signal } = interruption
  const { tag, limit } = values
  const memories = await mesh.memory.list({
    ...(values.kind !== undefined && { kind: values.kind }),
    ...(tag !== undefined && { tag }),
    ...(limit !== undefined && { limit }),
    signal
  })
  const nameOf = await deviceNames(mesh, signal)
  if (output.json) {
    output.data(memories.map((memory) => memoryData(memory, nameOf)))
  } else if (memories.length === 0) {
    output.line(`Nothing is remembered here yet: ${hint('remember TEXT')}`)
  } else {
    showMemories(memories, nameOf, output)
  }
}

export async function showMemory(mesh: Mesh, invocation: Given, [id = '']: string[]): Promise<void> {
  const { signal } = invocation.interruption
  const memory = await mesh.memory.get({ id, signal })
  show(memory, await deviceNames(mesh, signal), invocation.output)
}

export async function editMemory(mesh: Mesh, invocation: Given, [id = '', ...words]: string[]): Promise<void> {
  const { output, interruption, values, hint } = invocation
  const { signal } = interruption
  const { source } = values
  const edit = {
    ...(words.length > 0 && { text: words.join(' ') }),
    ...(values.kind !== undefined && { kind: values.kind }),
    ...(source !== undefined && { source })
  }
  if (Object.keys(edit).length === 0)
    throw new UsageError(`Say what shall be different: ${hint('memory edit ID TEXT')}`)
  const memory = await mesh.memory.edit({ id, ...edit, signal })
  show(memory, await deviceNames(mesh, signal), output)
}

export async function tagMemory(mesh: Mesh, invocation: Given, [id = '', ...tags]: string[]): Promise<void> {
  const { output, interruption, values } = invocation
  const { signal } = interruption
  const names = tags.map((tag) => tag.replace(/^#/, ''))
  const memory = await mesh.memory.tag({ id, [values.remove === true ? 'remove' : 'add']: names, signal })
  show(memory, await deviceNames(mesh, signal), output)
}

export async function showHistory(mesh: Mesh, { output, interruption }: Given, [id = '']: string[]): Promise<void> {
  const { signal } = interruption
  const versions = await mesh.memory.history({ id, signal })
  const nameOf = await deviceNames(mesh, signal)
  if (output.json) {
    output.data(versions.map((version) => ({ ...version, device: nameOf(version.device), deviceId: version.device })))
    return
  }
  output.table(
    [{ title: 'LEARNED' }, { title: 'BY' }, { title: 'CHANGE' }, { title: 'TEXT', wrap: true }],
    versions.map(({ time, device, change, memory }) => [
      new Date(time).toISOString().slice(0, 16).replace('T', ' '),
      nameOf(device) ?? '–',
      change,
      memory === null ? '' : oneLine(memory)
    ])
  )
}

export async function undoMemory(mesh: Mesh, { output, interruption }: Given, [id = '']: string[]): Promise<void> {
  const { signal } = interruption
  const undone = await mesh.memory.undo({ id, signal })
  if (output.json) {
    output.data(undone)
  } else if (undone.memory !== null) {
    output.line(`It is as it was: ${oneLine(undone.memory)}`)
  } else if (undone.count === 1) {
    output.line('It is forgotten again.')
  } else {
    output.line(`${count(undone.count, 'memory is', 'memories are')} back.`)
  }
}

export async function listNotices(mesh: Mesh, { output, interruption: { signal }, hint }: Given): Promise<void> {
  const notices = await mesh.memory.notices({ signal })
  if (output.json) {
    output.data(notices)
  } else if (notices.length === 0) {
    output.line('Never in the last 30 days did very many vanish at once.')
  } else {
    for (const { id, time, from, count: vanished } of notices) {
      output.line(
        `${day(time)}: ${count(vanished, 'memory', 'memories')} vanished, by ${from?.name ?? 'this device'}. ${hint(`memory undo ${id}`)}`
      )
    }
  }
}

export async function reindexMemories(mesh: Mesh, { output, interruption: { signal } }: Given): Promise<void> {
  const { memories } = await mesh.memory.reindex({ signal })
  if (output.json) output.data({ memories })
  else output.line(`The index was built again, of ${count(memories, 'memory', 'memories')}.`)
}

function show(memory: Memory, nameOf: DeviceNames, output: Output): void {
  if (output.json) {
    output.data(memoryData(memory, nameOf))
    return
  }
  const { id, text, kind, tags, source, time, device } = memory
  output.pairs([
    ['id', id],
    ['text', text],
    ['kind', kind],
    ['tags', tags.length === 0 ? '–' : tags.join(', ')],
    ...(source === null ? [] : ([['source', source]] as const)),
    ['written', `${day(time)}${device === null ? '' : ` on ${nameOf(device) ?? ''}`}`]
  ])
}
