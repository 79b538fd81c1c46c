import { DamagedSnapshotError, InvalidSnapshotError, NewerSnapshotError, TruncatedSnapshotError } from '../errors.ts'
import { PIECE_BYTES } from './limits.ts'

const NOTHING = 'Nothing of it was taken.'

/** `details.reason` is the one given. */
export function invalid(reason: 'not-one' | 'malformed' | 'forged', cause?: unknown): InvalidSnapshotError {
  const message = {
    'not-one': `This file is no snapshot: mesh export makes them. ${NOTHING}`,
    malformed: `This snapshot was not written as ownmesh writes them. ${NOTHING}`,
    forged: `This snapshot was not signed by the device that it names. ${NOTHING}`
  }[reason]
  return new InvalidSnapshotError(message, { cause, details: { reason } })
}

/** @param offset of the file's byte, or one near it, that is not as it was written */
export function damaged(offset: number, cause?: unknown): DamagedSnapshotError {
  const mebibyte = Math.floor(offset / PIECE_BYTES) + 1
  return new DamagedSnapshotError(
    `This snapshot is damaged in its MiB number ${mebibyte}. ${NOTHING} Copy it again, or export it anew on another stick.`,
    { cause, details: { mebibyte } }
  )
}

/** @param there bytes of the file @param meant null where not even the beginning is there */
export function truncated(there?: number, meant?: number): TruncatedSnapshotError {
  const much = there === undefined || meant === undefined ? '' : `: ${mebibytes(there)} of ${mebibytes(meant)} are here`
  return new TruncatedSnapshotError(
    `This snapshot is not all there${much}. ${NOTHING} Was the stick removed too early? Copy or export it again.`,
    { details: { bytes: there ?? null, meant: meant ?? null } }
  )
}

export function newer(): NewerSnapshotError {
  return new NewerSnapshotError(
    `This snapshot was written by a later release of ownmesh. ${NOTHING} Update ownmesh on this device, then import it again.`
  )
}

function mebibytes(bytes: number): string {
  return `${(bytes / PIECE_BYTES).toFixed(1)} MiB`
}
