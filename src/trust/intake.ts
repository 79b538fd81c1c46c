import { InvalidRecordError } from '../errors.ts'
import type { Verify } from './keys.ts'
import { hashOf, parseRecord, refusal, verifyRecord } from './record-encoding.ts'
import type { RecordHash, RosterRecord } from './record.ts'
import type { Waiting } from './waiting.ts'

/** Bytes that are no record of this mesh, or cannot be taken now. */
export interface RefusedRecord {
  /** SHA-256 of the bytes. */
  hash: string
  /** In words, after "because". */
  reason: string
}

/** What became of records that came: those that count from now on, parents before children, and the refused ones. */
export interface Merged {
  added: RosterRecord[]
  refused: RefusedRecord[]
}

export interface IntakeInit {
  mesh: string
  verify: Verify
  known: ReadonlyMap<RecordHash, RosterRecord>
  /** Whether there is room for a record, when so many are taken. */
  hasRoom: (record: RosterRecord, taken: number) => boolean
}

/**
 * Tells what can be taken: from what came and what waits. The rest waits, as far as there is room for it. What costs
 * most, verifying, comes last: a record that is known, or that there is no room for, is not verified.
 */
export function takeIn(encoded: readonly Uint8Array[], waiting: Waiting, init: IntakeInit): Merged {
  const { mesh, verify, known, hasRoom } = init
  const refused: RefusedRecord[] = []
  const pool = new Map(waiting.all().map((record) => [record.hash, record]))
  for (const bytes of encoded) {
    const hash = hashOf(bytes)
    if (known.has(hash) || pool.has(hash)) continue
    try {
      const parsed = parseRecord(bytes)
      const { record } = parsed
      if ((record.mesh ?? record.hash) !== mesh) throw refusal('it is of another mesh')
      if (!hasRoom(record, known.size + pool.size)) throw refusal('the roster is full')
      verifyRecord(parsed, verify)
      pool.set(hash, record)
    } catch (error) {
      if (!(error instanceof InvalidRecordError)) throw error
      refused.push({ hash, reason: String(error.details.reason) })
    }
  }
  const added = complete(pool, known)
  for (const { hash } of added) pool.delete(hash)
  const dropped = waiting.replace([...pool.values()])
  refused.push(...dropped.map(({ hash }) => ({ hash, reason: 'what it builds on has not come, and too many wait' })))
  return { added, refused }
}

/** Those of the pool from which all ways lead to what is known, parents before children. */
function complete(
  pool: ReadonlyMap<RecordHash, RosterRecord>,
  known: ReadonlyMap<RecordHash, unknown>
): RosterRecord[] {
  const children = new Map<RecordHash, RosterRecord[]>()
  const missing = new Map<RecordHash, number>()
  const ready: RosterRecord[] = []
  for (const record of pool.values()) {
    const absent = record.parents.filter((parent) => !known.has(parent))
    if (absent.length === 0) ready.push(record)
    missing.set(record.hash, absent.length)
    for (const parent of absent) {
      const siblings = children.get(parent)
      if (siblings === undefined) children.set(parent, [record])
      else siblings.push(record)
    }
  }
  // It grows while it is walked.
  for (const { hash } of ready) {
    for (const child of children.get(hash) ?? []) {
      const left = (missing.get(child.hash) ?? 0) - 1
      missing.set(child.hash, left)
      if (left === 0) ready.push(child)
    }
  }
  return ready
}
