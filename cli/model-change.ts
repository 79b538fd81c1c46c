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

/** `mesh model use NAME` and `mesh model use --auto` */
export async function useModel(
  mesh: Mesh,
  { output, interruption: { signal }, hint }: Invocation,
  name: string | null
): Promise<void> {
  const chosen = await mesh.library.use({ name, signal })
  if (output.json) output.data(chosen)
  else if (chosen === null) output.line('The strongest model that fits answers here where none is named.')
  else {
    output.line(`${chosen.name} answers here from now on where no model is named.`)
    output.note(`Others are there by name (--model); ${hint('model use --auto')} leaves it to their strength again.`)
  }
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
