import { setImmediate as nextTurn } from 'node:timers/promises'
import { InvalidRequestError, NotMemberError } from '../../errors.ts'
import type { MeshSnapshots, SnapshotExported, SnapshotProgress } from '../../interface.ts'
import { writeSnapshot, type DocumentUpdate, type Seal } from '../../snapshots/index.ts'
import { recoveryBoxOf, verifySignature } from '../membership/keys.ts'
import type { LocalSnapshotsInit } from './local-snapshots.ts'
import { absolutePath, snapshotPath } from './snapshot-name.ts'

/**
 * About 350 memories: each commit of the importing device writes a page of its index for nearly every one of them, and the
 * fewer commits the better; as many take about half of what a step may (invariant 7).
 */
const PIECE_BYTES = 96 * 1024

/** What people make up is guessed sooner than one thinks; a shorter one is no lock. */
const LEAST_PASSPHRASE = 8
const MOST_PASSPHRASE = 1024

type Options = Parameters<MeshSnapshots['export']>[0]

/** @throws as `MeshSnapshots.export` */
export async function* exportSnapshot(
  init: LocalSnapshotsInit,
  { path, since, conversation, passphrase }: Options,
  signal: AbortSignal
): AsyncGenerator<SnapshotProgress | SnapshotExported, void> {
  const { remembering, identity, roster, now } = init
  const time = now()
  const mesh = roster?.mesh ?? null
  const seal = sealOf(init, passphrase)
  const only =
    conversation === undefined ? null : remembering.conversations.get(remembering.conversation(conversation)).id
  const file = await snapshotPath(absolutePath(path), mesh === null ? null : (roster?.words ?? null), time)
  let entries = 0
  async function* updates(): AsyncGenerator<DocumentUpdate> {
    const { documents } = remembering
    for (const record of documents.heads.all()) {
      if (since !== undefined && record.time < since) continue
      if (only !== null && documents.heads.get(`c-${only}`)?.id !== record.id) continue
      entries += record.entries
      for (const update of documents.whole(record.id, PIECE_BYTES)) yield { document: record.id, update }
      // Invariant 7: between two documents others have their turn.
      await nextTurn()
    }
  }
  const total = estimate(init, since)
  for await (const event of writeSnapshot({
    ...{ path: file, seal, verify: verifySignature, updates: updates(), entries: () => entries, signal },
    signer: mesh === null ? null : (identity?.signer ?? null),
    about: { mesh, time, since: sinceOf(since), conversation: only },
    records: mesh === null ? [] : (roster?.records() ?? [])
  })) {
    switch (event.phase) {
      case 'writing':
        yield { type: 'progress', ...event, total: only === null ? Math.max(total, event.bytes) : null }
        break
      case 'verifying':
        yield { type: 'progress', ...event }
        break
      case 'done': {
        const toMembers = seal.to === 'members'
        yield {
          ...{ type: 'done', file, bytes: event.bytes, entries, time },
          mesh: mesh === null ? null : (roster?.words ?? null),
          members: toMembers ? (roster?.members().length ?? 0) : null,
          recovery: toMembers && roster?.phraseMade === true
        }
      }
    }
  }
}

/** @throws {NotMemberError} {InvalidRequestError} */
function sealOf({ roster }: LocalSnapshotsInit, passphrase: string | undefined): Seal {
  if (passphrase !== undefined) {
    if (typeof passphrase !== 'string' || passphrase.length < LEAST_PASSPHRASE || passphrase.length > MOST_PASSPHRASE) {
      throw new InvalidRequestError(
        `A passphrase has at least ${LEAST_PASSPHRASE} characters; four or five random words are a good one. Nothing was written.`
      )
    }
    return { to: 'passphrase', passphrase }
  }
  if (roster?.mesh == null) {
    throw new NotMemberError(
      'This device belongs to no mesh, so there is nobody to whose keys the snapshot could be closed. Give it a passphrase: ' +
        'mesh export FILE --passphrase'
    )
  }
  if (!roster.isIn) {
    throw new NotMemberError(
      `${roster.words ?? 'The mesh'} has removed this device; what it still holds goes out with a passphrase only: ` +
        'mesh export FILE --passphrase'
    )
  }
  const recovery = roster.phraseMade && roster.recoveryKey !== null ? [recoveryBoxOf(roster.recoveryKey)] : []
  return { to: 'members', mesh: roster.mesh, keys: [...roster.members().map(({ box }) => box), ...recovery] }
}

function sinceOf(since: unknown): number | null {
  if (since === undefined) return null
  if (Number.isSafeInteger(since) && Number(since) >= 0) return Number(since)
  throw new InvalidRequestError('A moment is a number of milliseconds since 1970.')
}

/** About how much will be written: what the log holds is rarely less. */
function estimate({ remembering }: LocalSnapshotsInit, since = 0): number {
  return remembering.documents.heads.all().reduce((sum, { bytes, time }) => sum + (time < since ? 0 : bytes), 0)
}
