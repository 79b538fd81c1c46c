import {
  ForeignSnapshotError,
  InvalidRecordError,
  NotMemberError,
  RecoveryError,
  RemovedSignerError
} from '../../errors.ts'
import type { SnapshotConsent } from '../../interface.ts'
import { invalid, type ExaminedSnapshot } from '../../snapshots/index.ts'
import { Roster, wordsOf, type DeviceKey, type Verify } from '../../trust/index.ts'

/** What is known here when a snapshot is judged. */
export interface Knowledge {
  /** This device's key, or null while it has none. */
  self: DeviceKey | null
  /** The mesh's id, or null outside any. */
  mesh: string | null
  /** The roster as it is here. */
  records: readonly Uint8Array[]
  verify: Verify
}

export interface Circumstances {
  /** What has opened it: this device's own key, or what its owner knows. */
  openedBy: 'own-key' | 'passphrase' | 'phrase'
  /** The public half of the recovery phrase that was given. */
  recoveryKey: string | null
  accept: readonly SnapshotConsent[]
}

export interface Judgement {
  /** Whose word it is, or null where the owner of this device vouches for it. */
  from: DeviceKey | null
  /** Whether its roster is of this mesh, and is merged first. */
  isOwnMesh: boolean
}

/**
 * Whether a snapshot's word counts (invariant 3): a function of what it says, what is known, and what its owner allows.
 *
 * @throws {InvalidSnapshotError} {ForeignSnapshotError} {RemovedSignerError} {NotMemberError} {RecoveryError}
 */
export function judge(
  { manifest, records }: ExaminedSnapshot,
  known: Knowledge,
  { openedBy, recoveryKey, accept }: Circumstances
): Judgement {
  const { mesh, device } = manifest
  // Of a device without a mesh: only a passphrase closes it, and whoever knows that vouches.
  if (mesh === null || device === null) return { from: null, isOwnMesh: false }
  const isOwnMesh = mesh === known.mesh
  const roster = rosterOf(mesh, isOwnMesh ? [...known.records, ...records] : records, known.verify)
  const { members, removed } = roster.state
  if (!members.has(device) && !removed.has(device)) throw invalid('forged')
  // From a mesh that it has left: its own words are its own.
  if (device === known.self && !removed.has(device)) return { from: null, isOwnMesh }
  if (isOwnMesh) {
    if (members.has(device)) return { from: device, isOwnMesh }
    if (accept.includes('removed')) return { from: null, isOwnMesh }
    throw removedSigner(removed.get(device)?.name ?? device, roster.words)
  }
  if (openedBy === 'own-key') {
    if (known.mesh !== null) throw foreign(mesh)
    throw new NotMemberError(
      `${roster.words} has let this device in, and it does not know so yet. Import the .admission that was written with this ` +
        'snapshot: it takes both.'
    )
  }
  if (openedBy === 'phrase' && roster.state.recoveryKey !== recoveryKey) {
    throw new RecoveryError(`This is not the recovery phrase of ${roster.words}. Nothing was taken.`)
  }
  if (known.mesh !== null && !accept.includes('foreign')) throw foreign(mesh)
  return { from: null, isOwnMesh }
}

export function foreign(mesh?: string): ForeignSnapshotError {
  const whose = mesh === undefined ? 'of another mesh' : `of another mesh, ${wordsOf(mesh)}`
  return new ForeignSnapshotError(
    `This snapshot is ${whose}. Nothing of it was taken. If it is yours, its passphrase or that mesh's recovery phrase ` +
      'takes it in all the same, with --accept-foreign.'
  )
}

function removedSigner(name: string, mesh: string): RemovedSignerError {
  return new RemovedSignerError(
    `This snapshot was written by ${name}, which was removed from ${mesh} since. It was left where it is, and nothing of ` +
      'it was taken. If it was in your own hands when it was written, import it again with --accept-removed.',
    { details: { name } }
  )
}

function rosterOf(mesh: string, records: readonly Uint8Array[], verify: Verify): Roster {
  try {
    return Roster.from({ mesh, verify, records: [...records] })
  } catch (cause) {
    if (cause instanceof InvalidRecordError) throw invalid('malformed', cause)
    throw cause
  }
}
