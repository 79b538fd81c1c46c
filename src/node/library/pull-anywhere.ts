import { NotMemberError } from '../../errors.ts'
import { isRepository } from '../../hub/index.ts'
import type { ModelCopyEvent, ModelLibrary } from '../../interface.ts'
import type { OtherDevices } from './devices.ts'
import { pullFromHub, type HubPullParts } from './hub-pull.ts'
import { shelves } from './nearby.ts'
import { pull, type PullInit } from './pull.ts'

/** As `from`: the Hugging Face hub. A device of that name is called by its id. */
const FROM_HUB = 'hub'

/** From the device that is named; else, for a name on the hub, from a device that has pulled it there, else from the hub. */
export async function* pullFromAnywhere(
  options: Parameters<ModelLibrary['pull']>[0],
  parts: PullInit & HubPullParts & { devices: OtherDevices },
  signal: AbortSignal
): AsyncGenerator<ModelCopyEvent, void> {
  const { name, from, quantization } = options
  const isOnHub = from === FROM_HUB || (from === undefined && typeof name === 'string' && isRepository(name))
  const near = isOnHub && from === undefined ? await onDevices(name, quantization, parts.devices, signal) : null
  if (near !== null) {
    yield { type: 'notice', message: `${near.peer} has it, so it comes from there; --from hub takes it from the hub.` }
    yield* pull({ ...options, name: near.hash, from: near.id }, parts, signal)
  } else if (isOnHub) yield* pullFromHub(parts, options, signal)
  else yield* pull(options, parts, signal)
}

/** A connected device that has a model of the hub, the quickest link first; null where none has. */
async function onDevices(
  repository: string,
  quantization: string | undefined,
  devices: OtherDevices,
  signal: AbortSignal
): Promise<{ hash: string; peer: string; id: string } | null> {
  try {
    await devices.begin({ signal })
  } catch (err) {
    if (err instanceof NotMemberError) return null
    throw err
  }
  for (const { peer, models } of await shelves(devices, signal)) {
    const found = models.find(
      ({ origin }) => origin?.repository === repository && (quantization ?? origin.quantization) === origin.quantization
    )
    if (found !== undefined) return { hash: found.hash, peer: peer.name, id: peer.id }
  }
  return null
}
