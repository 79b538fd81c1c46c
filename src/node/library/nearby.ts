import { MeshError, PeerUnreachableError, UnknownModelError } from '../../errors.ts'
import type { NearbyModel, PeerLabel } from '../../interface.ts'
import type { SharedModel } from '../../protocols/model/index.ts'
import { isWanted, resolveModel } from '../names.ts'
import type { OtherDevices } from './devices.ts'

/** What one device would give. */
export interface Shelf {
  peer: PeerLabel
  models: SharedModel[]
}

/** A list is a few kilobytes: who needs longer sleeps. */
const LIST_MS = 3000
/** Just after the start a device that is near is connected in far less. */
const FIND_MS = 3000

/** What the connected devices have, the quickest link first. Who does not answer, or knows no such question, has nothing. */
export async function shelves(devices: OtherDevices, signal: AbortSignal): Promise<Shelf[]> {
  return Promise.all(
    devices.connected().map(async (peer) => {
      try {
        return { peer, models: await devices.list(peer.id, { signal: within(LIST_MS, signal) }) }
      } catch {
        signal.throwIfAborted()
        return { peer, models: [] }
      }
    })
  )
}

/** The models that are not here, each once, by name. */
export function nearbyModels(all: readonly Shelf[], here: ReadonlySet<string>): NearbyModel[] {
  const found = new Map<string, NearbyModel>()
  for (const { peer, models } of all) {
    for (const model of models) {
      if (here.has(model.hash)) continue
      const known = found.get(model.hash)
      if (known === undefined) found.set(model.hash, { ...model, peers: [peer] })
      else known.peers.push(peer)
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

export interface Found {
  model: SharedModel
  /** Who has it, the one to be asked first in front. */
  peers: PeerLabel[]
}

/**
 * The model that is meant, and who has it.
 *
 * @param from the only device that is meant; others with the same model come after it
 * @throws {UnknownModelError} naming the devices and what they have {UnknownPeerError} {AmbiguousPeerError}
 * @throws {PeerUnreachableError} when the device that is meant is away
 */
export async function findModel(
  { name, from }: { name: string; from: string | undefined },
  devices: OtherDevices,
  signal: AbortSignal
): Promise<Found> {
  await devices.begin({ signal })
  const meant = from === undefined ? null : devices.called(from)
  await someoneIsThere(meant, devices, signal)
  const all = await shelves(devices, signal)
  const [first] =
    meant === null ? all.filter((shelf) => has(shelf, name)) : [await shelfOf(meant, all, devices, signal)]
  const model = first === undefined ? undefined : modelOn(first, name)
  if (first === undefined || model === undefined) throw unknown(name, meant, all)
  const others = all.filter(
    ({ peer, models }) => peer.id !== first.peer.id && models.some(({ hash }) => hash === model.hash)
  )
  return { model, peers: [first.peer, ...others.map(({ peer }) => peer)] }
}

async function someoneIsThere(meant: PeerLabel | null, devices: OtherDevices, signal: AbortSignal): Promise<void> {
  const until = within(FIND_MS, signal)
  const isThere = () =>
    meant === null ? devices.connected().length > 0 : devices.there().some(({ id }) => id === meant.id)
  while (!isThere() && !until.aborted) await devices.changed(FIND_MS, { signal })
  if (isThere() || meant === null) return
  throw new PeerUnreachableError(`${meant.name} is away. Wake it, or see what is in the way: mesh doctor`)
}

/** What the device that is meant has; why it does not say is an error then. */
async function shelfOf(
  peer: PeerLabel,
  all: readonly Shelf[],
  devices: OtherDevices,
  signal: AbortSignal
): Promise<Shelf> {
  const found = all.find((shelf) => shelf.peer.id === peer.id && shelf.models.length > 0)
  if (found !== undefined) return found
  try {
    return { peer, models: await devices.list(peer.id, { signal: within(LIST_MS, signal) }) }
  } catch (err) {
    signal.throwIfAborted()
    if (err instanceof MeshError) throw err
    throw new PeerUnreachableError(`${peer.name} does not say which models it has: it sleeps, or is very busy.`, {
      cause: err
    })
  }
}

function has(shelf: Shelf, name: string): boolean {
  return modelOn(shelf, name) !== undefined
}

/** @throws {UnknownModelError} for a beginning of several hashes */
function modelOn({ models }: Shelf, name: string): SharedModel | undefined {
  if (!models.some((model) => isWanted({ name }, model) || model.hash.startsWith(name.toLowerCase()))) return undefined
  const wanted = resolveModel(name, models)
  return models.find((model) => isWanted(wanted, model))
}

function unknown(name: string, meant: PeerLabel | null, all: readonly Shelf[]): UnknownModelError {
  const known = all.map(({ peer, models }) => ({ peer: peer.name, models: models.map((model) => model.name) }))
  const there =
    all.length === 0
      ? 'No other device is connected; mesh peers shows the known ones.'
      : known
          .map(({ peer, models }) => `${peer} has ${models.length === 0 ? 'none to give' : models.join(', ')}.`)
          .join(' ')
  const where = meant === null ? 'No device that is connected has' : `${meant.name} does not have`
  return new UnknownModelError(`${where} the model ${JSON.stringify(name)}. ${there}`, { details: { name, known } })
}

function within(ms: number, signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(ms)])
}
