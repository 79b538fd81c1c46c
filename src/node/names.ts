import { AmbiguousPeerError, UnknownModelError, UnknownPeerError } from '../errors.ts'
import type { ModelOffer, PeerLabel } from '../interface.ts'

/** The word for the asking device, so no device may be shown by it. */
const HERE = 'here'
/** Of every Ed25519 PeerId in base58: no telling one from another by less. */
const ID_START = '12D3KooW'

/** A device before names are told apart. */
export interface NamedDevice {
  id: string
  /** As the device calls itself. */
  ownName: string
  /** Rank of admission; equal ranks go by id. */
  order: number
}

/**
 * The names to show, by id: the first of those who share a name keeps it, later ones show `-2`, `-3`, … that no other
 * device calls itself. Depends on the set of devices alone, so that all devices show the same.
 */
export function displayNames(devices: readonly NamedDevice[]): Map<string, string> {
  const sorted = devices.toSorted((a, b) => a.order - b.order || compareText(a.id, b.id))
  const taken = new Set([HERE, ...devices.map(({ ownName }) => folded(ownName))])
  const kept = new Set([HERE])
  const shown = new Map<string, string>()
  for (const { id, ownName } of sorted) {
    let name = ownName
    if (kept.has(folded(ownName))) {
      let number = 2
      while (taken.has(folded(`${ownName}-${number}`))) number++
      name = `${ownName}-${number}`
      taken.add(folded(name))
    }
    kept.add(folded(name))
    shown.set(id, name)
  }
  return shown
}

/**
 * The device that a person means by `here`, a shown name in any case, or the beginning of an id.
 *
 * @throws {UnknownPeerError} with the known names
 * @throws {AmbiguousPeerError} with the ids that fit
 */
export function resolvePeer(wanted: string, peers: readonly { peer: PeerLabel; here: boolean }[]): PeerLabel {
  const own = peers.find(({ here }) => here)
  if (wanted.toLowerCase() === HERE && own !== undefined) return own.peer
  const labels = peers.map(({ peer }) => peer).toSorted((a, b) => compareText(a.name, b.name))
  const byName = labels.filter(({ name }) => folded(name) === folded(wanted))
  const byId = wanted === '' ? [] : labels.filter(({ id }) => id.startsWith(wanted))
  const byWholeId = byId.filter(({ id }) => id === wanted)
  // Any member may rename any device, to another one's id too: then neither is meant for certain.
  const either = wanted.startsWith(ID_START) ? [...new Set([...byName, ...byId])] : byName.length > 0 ? byName : byId
  const fitting = byWholeId.length > 0 ? byWholeId : either
  const [only, ...more] = fitting
  if (only === undefined) {
    const known = labels.map(({ name }) => name)
    throw new UnknownPeerError(`No device is called ${quoted(wanted)}. Known: ${listed(known)}.`, {
      details: { wanted, known }
    })
  }
  if (more.length > 0) {
    const ids = fitting.map(({ id }) => id)
    throw new AmbiguousPeerError(
      `${quoted(wanted)} fits ${fitting.length} devices: ${listed(fitting.map(({ name, id }) => `${name} ${id}`))}. ` +
        'Write more of the id.',
      { details: { wanted, ids } }
    )
  }
  return only
}

/** A model as it was asked for, told apart: a name may stand for several hashes, a hash for one. */
export type WantedModel = { name: string } | { hash: string }

export function isWanted(wanted: WantedModel | undefined, { name, hash }: Pick<ModelOffer, 'name' | 'hash'>): boolean {
  if (wanted === undefined) return true
  return 'name' in wanted ? folded(name) === folded(wanted.name) : hash === wanted.hash
}

/**
 * The model that a person means by a name in any case, or by a unique beginning of a hash.
 *
 * @throws {UnknownModelError} with the known names, or with the hashes that fit
 */
export function resolveModel(wanted: string, offers: readonly Pick<ModelOffer, 'name' | 'hash'>[]): WantedModel {
  if (offers.some((offer) => isWanted({ name: wanted }, offer))) return { name: wanted }
  const hashes = new Map(offers.map(({ name, hash }) => [hash, name]))
  const prefix = wanted.toLowerCase()
  const fitting = prefix === '' ? [] : [...hashes.keys()].filter((hash) => hash.startsWith(prefix)).sort()
  const [only, ...more] = fitting
  if (only === undefined) {
    const known = [...new Set(hashes.values())].sort()
    throw new UnknownModelError(`No device has the model ${quoted(wanted)}. Known: ${listed(known)}.`, {
      details: { wanted, known }
    })
  }
  if (more.length > 0) {
    const both = fitting.map((hash) => `${hashes.get(hash) ?? ''} ${hash}`)
    throw new UnknownModelError(`${quoted(wanted)} fits ${fitting.length} models: ${listed(both)}. Write more of it.`, {
      details: { wanted, hashes: fitting }
    })
  }
  return { hash: only }
}

/** By UTF-16 code units: the same on every device, unlike the order of a language. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function folded(name: string): string {
  return name.toLowerCase()
}

function quoted(word: string): string {
  return JSON.stringify(word)
}

function listed(words: readonly string[]): string {
  return words.length === 0 ? 'none' : words.join(', ')
}
