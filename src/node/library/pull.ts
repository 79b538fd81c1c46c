/** Pulling: a model comes to this home by itself, from wherever it is. */
import { InvalidPackageError } from '../../errors.ts'
import type { ModelCopyEvent, ModelLibrary, PeerLabel } from '../../interface.ts'
import type { MeasurementStore } from '../../inference/index.ts'
import { totalBytes, type Copied, type ManifestFile } from '../../packages/index.ts'
import { CopyTally } from './copy-events.ts'
import type { Intake } from './intake.ts'
import type { ModelsFolder } from './models-folder.ts'
import { modelName } from './options.ts'
import { keepPieces, lookOf } from './piece-hashes.ts'
import type { PullFrom } from './pull-from.ts'

type Options = Parameters<ModelLibrary['pull']>[0]

/** The files that are being copied; where others take their place, counting begins anew. */
export interface Pulled {
  files: readonly (ManifestFile & { pieces: readonly string[] })[]
}

/** A model that was found somewhere. What it says in words is for a person. */
export interface Pullable {
  /** Its name there. */
  readonly name: string
  readonly hash: string
  /** Who gives it. */
  readonly from: PeerLabel
  /** What there is to copy. */
  files: (signal: AbortSignal) => AsyncGenerator<string, Pulled['files']>
  /** Makes a folder hold the files and nothing else; resolves to what came, each file proved and on the disk. */
  copy: (into: string, signal: AbortSignal) => AsyncGenerator<Copied | Pulled | string, Pulled['files']>
}

export interface PullInit {
  folder: ModelsFolder
  intake: Intake
  measurements: MeasurementStore
  find: PullFrom
}

export async function* pull(
  { name: wanted, from, as, replace }: Options,
  { folder, intake, measurements, find }: PullInit,
  signal: AbortSignal
): AsyncGenerator<ModelCopyEvent, void> {
  const found = await find({ name: wanted, from }, signal)
  const { hash } = found
  const name = modelName(as ?? found.name)
  const path = folder.of(name)
  const known = await intake.known(name, { hash, isChosen: as !== undefined, replace: replace === true })
  if (known !== null) {
    yield {
      type: 'done',
      outcome: 'known',
      name: known,
      hash,
      path: folder.of(known),
      bytes: 0,
      kept: 0,
      from: found.from
    }
    return
  }
  const incoming = await folder.incoming(hash)
  const files = yield* inWords(found.files(signal))
  yield { type: 'started', name, path, bytes: totalBytes(files), files: files.length, from: found.from }
  const tally = new CopyTally()
  const copy = found.copy(incoming, signal)
  let step = await copy.next()
  for (; step.done !== true; step = await copy.next()) {
    if (typeof step.value === 'string') yield { type: 'notice', message: step.value }
    else if ('files' in step.value) tally.begin(totalBytes(step.value.files))
    else yield* tally.count(step.value)
  }
  const came = step.value
  const arrival = { name, hash, files: came, source: `What ${found.from.name} gave` }
  try {
    await intake.prove(incoming, arrival)
  } catch (err) {
    // What is refused is not kept for another try.
    if (err instanceof InvalidPackageError) await folder.drop(incoming)
    throw err
  }
  await intake.settle(incoming, arrival, { signal })
  // So that this device can give it on without reading it through.
  for (const file of came) {
    const look = await lookOf(`${path}/${file.path}`)
    if (look !== null) keepPieces(look, { sha256: file.sha256, pieces: [...file.pieces] }, measurements)
  }
  const bytes = totalBytes(came)
  yield { type: 'done', outcome: 'pulled', name, hash, path, bytes, kept: tally.kept, from: found.from }
}

/** The result of what speaks meanwhile. */
async function* inWords<T>(work: AsyncGenerator<string, T>): AsyncGenerator<ModelCopyEvent, T> {
  let step = await work.next()
  for (; step.done !== true; step = await work.next()) yield { type: 'notice', message: step.value }
  return step.value
}
