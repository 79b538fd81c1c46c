import { setImmediate as nextTurn } from 'node:timers/promises'
import { SnapshotCheck, SnapshotIntake, type TakenIn } from '../../crdt/index.ts'
import {
  DiskFullError,
  HomeUnusableError,
  InvalidRequestError,
  NotForThisDeviceError,
  ProtocolError,
  RemovedError,
  WrongPassphraseError
} from '../../errors.ts'
import type { MeshError } from '../../errors.ts'
import type { MeshSnapshots, SnapshotImported, SnapshotProgress } from '../../interface.ts'
import {
  examineSnapshot,
  headerOf,
  invalid,
  openFile,
  openSnapshot,
  updatesOf,
  type ExaminedSnapshot,
  type Header,
  type OpenedSnapshot,
  type Opening
} from '../../snapshots/index.ts'
import { phraseToSeed, wordsOf } from '../../trust/index.ts'
import { reasonOf } from '../files.ts'
import { peerIdOf, recoverySecretOf, signerOf, verifySignature } from '../membership/keys.ts'
import { foreign, judge, type Circumstances } from './judging.ts'
import type { LocalSnapshotsInit } from './local-snapshots.ts'
import { absolutePath } from './snapshot-name.ts'

type Options = Parameters<MeshSnapshots['import']>[0]
type Source = OpenedSnapshot['source']

/** @throws as `MeshSnapshots.import` */
export async function* importSnapshot(
  init: LocalSnapshotsInit,
  options: Options,
  signal: AbortSignal
): AsyncGenerator<SnapshotProgress | SnapshotImported, void> {
  for (const text of [options.passphrase, options.phrase] as unknown[]) {
    if (text !== undefined && typeof text !== 'string') throw new InvalidRequestError('A passphrase is a text.')
  }
  const source = await openFile(absolutePath(options.path))
  try {
    const total = source.size
    const { opened, openedBy, recoveryKey } = await open(source, init, options)
    const examined = yield* examine(opened, signal)
    const { manifest, records } = examined
    const known = {
      self: init.identity?.signer.key ?? null,
      mesh: init.roster?.mesh ?? null,
      records: init.roster?.records() ?? [],
      verify: verifySignature
    }
    const { from, isOwnMesh } = judge(examined, known, { openedBy, recoveryKey, accept: options.accept ?? [] })
    if (isOwnMesh && manifest.mesh !== null) {
      await init.adopt(manifest.mesh, records)
      if (init.roster?.isIn === false) {
        throw new RemovedError(
          `${init.roster.words ?? 'The mesh'} has removed this device, which takes nothing more. It can start anew: mesh join --new-key`
        )
      }
    }
    const intake = new SnapshotIntake(init.remembering.documents, from)
    let told = 0
    for await (const { offset, ...part } of updatesOf(opened, examined, { signal })) {
      signal.throwIfAborted()
      await kept(() => {
        intake.take(part)
        return intake.keepPace()
      })
      if (offset > told) yield { type: 'progress', phase: 'merging', bytes: (told = offset), total }
      // Invariant 7: between two updates others have their turn.
      await nextTurn()
    }
    const taken = intake.end()
    // Invariant 1: it is said to be here when the disk has it.
    await kept(() => intake.settle())
    yield done(init, examined, taken)
  } finally {
    await source.close()
  }
}

interface Unlocked extends Omit<Circumstances, 'accept'> {
  opened: OpenedSnapshot
}

async function open(source: Source, init: LocalSnapshotsInit, options: Options): Promise<Unlocked> {
  const header = await headerOf(source)
  if (header.to === 'passphrase') {
    const { passphrase } = options
    if (passphrase === undefined) {
      throw new WrongPassphraseError('A passphrase opens this snapshot, and none was given. Nothing was taken.')
    }
    const opened = await openSnapshot(source, header, [{ passphrase }])
    if (opened === null) {
      throw new WrongPassphraseError(
        'Another passphrase opens this snapshot. Nothing was taken. Upper and lower case count, and so do spaces.'
      )
    }
    return { opened, openedBy: 'passphrase', recoveryKey: null }
  }
  const secret = init.boxSecret()
  const own: Opening[] = secret === null ? [] : [{ secret }]
  const opened = await openSnapshot(source, header, own)
  if (opened !== null) return { opened, openedBy: 'own-key', recoveryKey: null }
  if (options.phrase === undefined) throw closed(header, init)
  const seed = phraseToSeed(options.phrase)
  const recovered = await openSnapshot(source, header, [{ secret: recoverySecretOf(seed) }])
  if (recovered === null) {
    throw new WrongPassphraseError(
      'This recovery phrase does not open the snapshot: it is another one, or was made after the snapshot was written.'
    )
  }
  return { opened: recovered, openedBy: 'phrase', recoveryKey: signerOf(seed).key }
}

function closed({ isOf }: Header, { roster }: LocalSnapshotsInit): MeshError {
  const mesh = roster?.mesh ?? null
  if (mesh !== null && !isOf(mesh)) return foreign()
  return new NotForThisDeviceError(
    mesh === null
      ? 'This snapshot is closed to the devices of a mesh, and this device is in none. Join the mesh first (mesh join), or ' +
          'open it with its recovery phrase: --recovery.'
      : 'This snapshot is from your mesh, and was written before this device was let in: its key does not open it. ' +
          'Export it anew on another device, or open it with the recovery phrase: --recovery. If this device was in the ' +
          'mesh by then, the beginning of the file is damaged.'
  )
}

async function* examine(
  opened: OpenedSnapshot,
  signal: AbortSignal
): AsyncGenerator<SnapshotProgress, ExaminedSnapshot> {
  const total = opened.source.size
  const check = new SnapshotCheck()
  const examining = examineSnapshot(opened, {
    ...{ verify: verifySignature, signal },
    check: (part) => {
      check.check(part)
    }
  })
  try {
    for (;;) {
      const step = await examining.next()
      if (step.done === true) return step.value
      yield { type: 'progress', phase: 'checking', bytes: step.value, total }
    }
  } catch (error) {
    if (error instanceof ProtocolError) throw invalid('malformed', error)
    throw error
  }
}

/** What this device's own disk does to it, in words that say what is kept. */
async function kept(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (error instanceof DiskFullError) {
      throw new DiskFullError(`${error.message} ${KEPT}; make room, then import the snapshot again.`, { cause: error })
    }
    // What the system says of a file has a code; everything else is a fault of ours.
    if (!(error instanceof Error) || !('syscall' in error)) throw error
    throw new HomeUnusableError(
      `The disk of this device fails: ${reasonOf(error)}. ${KEPT}; look at the disk, then import the snapshot again.`,
      { cause: error }
    )
  }
}

const KEPT = 'What was taken in before is kept'

function done(
  { label, warn }: LocalSnapshotsInit,
  { manifest: { mesh, device, time } }: ExaminedSnapshot,
  { full, ...counts }: TakenIn
): SnapshotImported {
  if (full > 0) warn(`${full} documents here are full: what the snapshot holds of them is not all here.`)
  return {
    ...{ type: 'done', ...counts, time },
    mesh: mesh === null ? null : wordsOf(mesh),
    from: device === null ? null : label(peerIdOf(device))
  }
}
