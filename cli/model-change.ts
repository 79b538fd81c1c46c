import { resolve } from 'node:path'
import type { Mesh } from '../src/interface.ts'
import { quoted } from './command-form.ts'
import { consent } from './consent.ts'
import { bytes } from './human.ts'
import { modelCalled } from './model-list.ts'
import type { Invocation } from './verb.ts'

/** `mesh model add FOLDER` */
export async function addModel(
  mesh: Mesh,
  { output, interruption: { signal } }: Invocation,
  folder: string,
  { name }: { name?: string }
): Promise<void> {
  const path = resolve(folder)
  const added = await mesh.library.add({ path, signal, ...(name !== undefined && { name }) })
  if (output.json) output.data(added)
  else output.line(`Added ${added.name}, ${bytes(added.bytes)}. It stays in ${path}; nothing was copied.`)
}

/** `mesh model rm NAME`; resolves to whether it was removed. */
export async function removeModel(
  mesh: Mesh,
  invocation: Invocation,
  name: string,
  { yes = false }: { yes?: boolean }
): Promise<boolean> {
  const { output, hint } = invocation
  const { signal } = invocation.interruption
  const found = modelCalled(await mesh.models({ signal }), name)
  const agreed = await consent(invocation, {
    meaning:
      found.path === undefined
        ? `${name} (${bytes(found.bytes)}) will be erased from this device.`
        : `${name} will be taken off the list. Its folder stays: ${found.path}`,
    question: `Remove ${name}?`,
    given: yes,
    command: hint(`model rm ${quoted(name)} --yes`)
  })
  if (!agreed) {
    output.note('Nothing was removed.')
    return false
  }
  const removed = await mesh.library.remove({ name, signal })
  if (output.json) output.data(removed)
  else output.line(removed.path === undefined ? `Erased ${name}.` : `Took ${name} off the list.`)
  return true
}
