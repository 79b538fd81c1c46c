import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import {
  BrokenModelError,
  GatedModelError,
  InvalidRequestError,
  ModelExistsError,
  NotOnHubError
} from '../../errors.ts'
import {
  bytesOf,
  chooseVariant,
  filesFor,
  usableVariants,
  type Choice,
  type Device,
  type Hub,
  type HubFile,
  type HubModel,
  type Variant
} from '../../hub/index.ts'
import { ORIGIN, createCatalog, encodeOrigin, keepContentHash, readOrigin } from '../../inference/index.ts'
import type { Catalog, CatalogModel, MeasurementStore } from '../../inference/index.ts'
import type { HubSettings, ModelCopyEvent, ModelLibrary, ModelOrigin } from '../../interface.ts'
import { makeFolder, writing } from '../../packages/index.ts'
import { CopyTally } from './copy-events.ts'
import { sameName, type Intake } from './intake.ts'
import type { ModelsFolder } from './models-folder.ts'
import { absolutePath, modelName } from './options.ts'

/** The hub, and what there is on this device for what it has. */
export interface HubSource {
  open: (settings: HubSettings) => Promise<Hub>
  device: () => Promise<Device>
}

export interface HubPullParts {
  folder: ModelsFolder
  catalog: Catalog
  intake: Intake
  hub: HubSource
}

type PullOptions = Parameters<ModelLibrary['pull']>[0]

/** Of a name, an address or a token. */
const MOST_CHARACTERS = 500

/** Of what is taken in, as of everything in the home. */
const FOLDER_MODE = 0o700
const FILE_MODE = 0o600

/**
 * Brings a model here from the hub. Until all of it is proved it lies in a hidden folder, with the file of its origin in
 * it from the start: so a second try knows with which commit the first one began.
 */
export async function* pullFromHub(
  parts: HubPullParts,
  options: PullOptions,
  signal: AbortSignal
): AsyncGenerator<ModelCopyEvent, void> {
  const { folder, catalog, intake } = parts
  const repository = text(options.name, 'name')
  const wanted = options.quantization === undefined ? undefined : text(options.quantization, 'quantization')
  const digest = createHash('sha256').update(`hub ${repository.toLowerCase()}`).digest('hex')
  const begun = await readOrigin(folder.incomingOf(digest))
  const hub = await parts.hub.open(settingsOf(options.hub))
  const { model, choice, variants } = await chosen(parts, hub, repository, wanted, begun, signal)
  const { variant } = choice
  const origin = { repository: model.repository, commit: model.commit, quantization: variant.quantization }
  const files = filesFor(model, variant)
  const bytes = bytesOf(files)
  const name = modelName(options.as ?? model.repository.split('/')[1])
  const path = folder.of(name)
  const here = knownAs(await catalog.list(), origin, name, options)
  if (here !== null) {
    const { name: known, hash } = here.info
    yield { type: 'done', outcome: 'known', name: known, hash, path: folder.of(known), bytes: 0, kept: 0 }
    return
  }
  for (const message of remarks(hub, model, choice, variants, wanted)) yield { type: 'notice', message }
  const incoming = await folder.incoming(digest)
  // Another form, or another commit, has other files under the same names.
  const goesOn = begun !== null && sameOrigin(begun, origin)
  if (!goesOn) await folder.drop(incoming)
  yield { type: 'started', name, path, bytes, files: files.length }
  const tally = new CopyTally(bytes)
  let hash: string
  try {
    await makeFolder(incoming, FOLDER_MODE)
    const note = join(incoming, ORIGIN)
    if (!goesOn) await writing(note, () => writeFile(note, encodeOrigin(origin), { mode: FILE_MODE, flush: true }))
    for await (const step of hub.download(model, files, incoming, { signal })) {
      if ('remark' in step) yield { type: 'notice', message: step.remark }
      else yield* tally.count(step)
    }
    hash = await proved(incoming, model, files)
  } catch (err) {
    // What is refused is not kept for another try; what was interrupted is.
    const isRefused = [BrokenModelError, GatedModelError, NotOnHubError].some((each) => err instanceof each)
    if (isRefused) await folder.drop(incoming)
    throw err
  }
  await intake.settle(incoming, { name, hash, files: hashed(files), source: hub.endpoint }, { signal })
  yield { type: 'done', outcome: 'pulled', name, hash, path, bytes, kept: tally.kept }
}

interface Chosen {
  model: HubModel
  choice: Choice<Variant>
  variants: Variant[]
}

/** The model as it was when an earlier try began, where there was one for the same; else as it is now. */
async function chosen(
  { hub: source }: HubPullParts,
  hub: Hub,
  repository: string,
  wanted: string | undefined,
  begun: ModelOrigin | null,
  signal: AbortSignal
): Promise<Chosen> {
  const device = await source.device()
  if (begun !== null && (wanted === undefined || wanted === begun.quantization)) {
    try {
      const model = await hub.find(repository, { commit: begun.commit, signal })
      const variants = usableVariants(model, begun.quantization)
      return { model, variants: usableVariants(model), choice: chooseVariant(variants, device) }
    } catch (err) {
      // Whoever rewrites a repository's history takes its commits away.
      if (!(err instanceof NotOnHubError)) throw err
    }
  }
  const model = await hub.find(repository, { signal })
  const choice = chooseVariant(usableVariants(model, wanted), device)
  return { model, variants: usableVariants(model), choice }
}

/** The model that is here already, or null when this one may come under that name. @throws {ModelExistsError} */
function knownAs(
  models: readonly CatalogModel[],
  origin: ModelOrigin,
  name: string,
  { as, replace }: PullOptions
): CatalogModel | null {
  const there = models.find(({ info }) => sameName(info.name, name))
  const isSame = ({ info }: CatalogModel): boolean => info.origin !== undefined && sameOrigin(info.origin, origin)
  if (there !== undefined && isSame(there)) return there
  const same = as === undefined ? models.find(isSame) : undefined
  if (same !== undefined) return same
  if (there === undefined) return null
  const canGiveWay = !there.info.builtIn && there.info.name === name
  if (replace === true && canGiveWay) return null
  throw new ModelExistsError(
    `There is another model called ${there.info.name}. Take this one in by another name with --name` +
      (canGiveWay ? ', or put it in the place of that one with --replace.' : '.')
  )
}

function sameOrigin(one: ModelOrigin, other: ModelOrigin): boolean {
  const isSameModel = one.repository === other.repository && one.commit === other.commit
  return isSameModel && one.quantization === other.quantization
}

/** Why this form of it, what it is allowed for, and whether it will run. */
function remarks(
  { endpoint }: Hub,
  { repository, license }: HubModel,
  { variant: { quantization }, fit, reason }: Choice<Variant>,
  variants: readonly Variant[],
  wanted: string | undefined
): string[] {
  const others = variants.map((each) => each.quantization).filter((each) => each !== quantization)
  const choice = wanted === undefined && others.length > 0 ? ` (there is also ${others.sort().join(', ')})` : ''
  const warning = {
    fits: [],
    tight: [`It ${reason}.`],
    'too-large': [`It ${reason}: it will hardly run here. Ctrl-C stops; smaller ones: mesh model pull`],
    'no-room': [`It ${reason}.`]
  }
  return [
    `${repository} of ${new URL(endpoint).host}, as ${quantization}${choice}. License: ${license ?? 'its card tells none; look there before you use it'}.`,
    ...warning[fit]
  ]
}

/** That what came is a model, and its hash. @throws {BrokenModelError} */
async function proved(incoming: string, { repository }: HubModel, files: readonly HubFile[]): Promise<string> {
  const kept = new Map<string, string>()
  const measurements: MeasurementStore = { get: (key) => kept.get(key), set: (key, value) => void kept.set(key, value) }
  for (const { path, sha256 } of hashed(files)) await keepContentHash(join(incoming, path), sha256, measurements)
  const place = { name: repository, path: incoming, builtIn: false }
  const [model] = await createCatalog({ modelFolders: () => [place], measurements }).list()
  const broken = model === undefined ? 'it is empty' : model.info.broken
  if (model !== undefined && broken === null) return model.info.hash
  throw new BrokenModelError(
    `${repository} cannot be run here: ${(broken ?? '').replaceAll(join(incoming, sep), '')} Nothing of it was kept. Another engine may run it: mesh engine add`
  )
}

/** The files that were hashed by SHA-256 while they came, the large ones: they need not be read again to be listed. */
function hashed(files: readonly HubFile[]): { path: string; sha256: string }[] {
  return files.flatMap(({ path, digest: { kind, hex } }) => (kind === 'sha256' ? [{ path, sha256: hex }] : []))
}

/** @throws {InvalidRequestError} */
function settingsOf(given: unknown = {}): HubSettings {
  if (typeof given !== 'object' || given === null) throw new InvalidRequestError('The hub’s settings are no object.')
  const { endpoint, token, home } = given as Record<string, unknown>
  return {
    ...(endpoint !== undefined && { endpoint: text(endpoint, 'endpoint of the hub') }),
    ...(token !== undefined && { token: text(token, 'token of the hub') }),
    ...(home !== undefined && { home: absolutePath(home) })
  }
}

/** It may have come over the control socket. */
function text(value: unknown, option: string): string {
  if (typeof value === 'string' && value.length <= MOST_CHARACTERS) return value
  throw new InvalidRequestError(`The ${option} is a text of at most ${MOST_CHARACTERS} characters.`)
}
