import assert from 'node:assert/strict'
import type { Memory, Mesh } from '../../../src/interface.ts'
import type { Device, Line } from '../device.ts'
import { dataOf } from '../membership/codes.ts'

/** The line by which a device tells that memories of these ids are there. */
export async function learns(device: Device, ids: readonly string[], timeoutMs?: number): Promise<Line> {
  const missing = new Set(ids)
  // `until` looks at all lines anew each time; those that came are not forgotten.
  return device.until(
    `${ids.length} memories`,
    (line) => {
      if (line.event === 'memory-changed') for (const id of line.added) missing.delete(id)
      return missing.size === 0
    },
    timeoutMs
  )
}

/** The line by which a device tells that a memory is forgotten. */
export function forgets(device: Device, id: string): Promise<Line> {
  return device.until(`the forgetting of ${id}`, (line) => {
    return line.event === 'memory-changed' && line.forgotten.includes(id)
  })
}

export async function rememberAll(mesh: Mesh, texts: readonly string[]): Promise<string[]> {
  const ids: string[] = []
  for (const text of texts) ids.push((await mesh.memory.remember({ text })).id)
  return ids
}

/** What a search by the command finds there. */
export async function recalled(device: Device, ...words: string[]): Promise<string[]> {
  return dataOf<Memory[]>(await device.mesh('recall', '--json', ...words)).map(({ text }) => text)
}

/** Ids and texts of all that is remembered there, in the order of the ids. */
export async function everything(mesh: Mesh): Promise<string[]> {
  const { memories } = await mesh.memory.reindex()
  const all = await mesh.memory.list({ limit: 1000 })
  assert.equal(all.length, Math.min(memories, 1000))
  return all.map(({ id, text, tags }) => `${id} ${text} ${tags.join()}`).sort()
}
