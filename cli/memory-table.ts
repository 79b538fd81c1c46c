import type { Memory, Mesh } from '../src/interface.ts'
import type { Output } from './output.ts'
import type { Column } from './table.ts'

/** Eight of sixteen: with a million memories two of them begin alike once in a home's life, and then more is typed. */
const SHORT = 8

const COLUMNS: readonly Column[] = [
  { title: 'ID' },
  { title: 'DAY' },
  { title: 'BY' },
  { title: 'KIND' },
  { title: 'TEXT', wrap: true }
]

export function shortId(id: string): string {
  return id.slice(0, SHORT)
}

/** As people read a time. */
export function day(time: number): string {
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? '?' : date.toISOString().slice(0, 10)
}

/** Names of devices by their ids, those of removed ones too. */
export type DeviceNames = (id: string | null) => string | null

export async function deviceNames(mesh: Mesh, signal: AbortSignal): Promise<DeviceNames> {
  const names = new Map<string, string>()
  for (const { id, name } of await mesh.membership.list({ all: true, signal })) names.set(id, name)
  return (id) => (id === null ? null : (names.get(id) ?? id))
}

/** One memory as programs get it: the device by its name as well. */
export function memoryData({ id, text, kind, tags, device, time, source }: Memory, nameOf: DeviceNames): object {
  return { id, text, kind, tags, device: nameOf(device), time, source, deviceId: device }
}

export function showMemories(memories: readonly Memory[], nameOf: DeviceNames, output: Output): void {
  output.table(
    COLUMNS,
    memories.map((memory) => [
      shortId(memory.id),
      day(memory.time),
      nameOf(memory.device) ?? '–',
      memory.kind,
      oneLine(memory)
    ])
  )
}

export function oneLine({ text, tags }: Pick<Memory, 'text' | 'tags'>): string {
  return [text.replace(/\s+/g, ' '), ...tags.map((tag) => `#${tag}`)].join(' ')
}
