import { hash } from 'node:crypto'
import * as Y from 'yjs'
import { encodeUpdate } from './cut-update.ts'
import { entryOf } from './keys.ts'
import type { Struct } from './structs.ts'
import type { StoredRow } from './store.ts'

/** The writer and clock of a write. */
function placeOf({ client, clock }: { client: number; clock: number }, offset = 0): string {
  return `${client}:${clock + offset}`
}

/**
 * Rows whose writes to some entries say no more what was written, only that something was: their clocks stay, so that all
 * that builds on them can still be read. `@` stands for every entry of the document.
 *
 * @returns those that changed
 */
export function withoutEntries(
  rows: readonly StoredRow[],
  entries: ReadonlySet<string>
): Pick<StoredRow, 'sequence' | 'update' | 'sha256'>[] {
  const keys = new Map<string, string>()
  const changed: Pick<StoredRow, 'sequence' | 'update' | 'sha256'>[] = []
  for (const { sequence, update } of rows) {
    const { structs, ds } = Y.decodeUpdate(update)
    let isTouched = false
    // A write may build on one that stands behind it in the same row.
    for (let found = true; found;) {
      found = false
      for (const struct of structs) found = nameKey(struct, keys) || found
    }
    for (const struct of structs) {
      if (!(struct instanceof Y.Item) || !(struct.content instanceof Y.ContentAny)) continue
      const key = keys.get(placeOf(struct.id))
      if (key === undefined || key.startsWith('!') || !(entries.has('@') || entries.has(entryOf(key)))) continue
      Object.assign(struct, { content: new Y.ContentDeleted(struct.length) })
      isTouched = true
    }
    if (!isTouched) continue
    const rewritten = encodeUpdate(
      structs.map(written),
      [...ds.clients].flatMap(([writer, ranges]) => ranges.map(({ clock, len }) => ({ writer, clock, length: len })))
    )
    changed.push({ sequence, update: rewritten, sha256: hash('sha256', rewritten, 'buffer') })
  }
  return changed
}

/** As it stands in an update. */
function written(struct: Y.Item | Y.GC | Y.Skip): Struct {
  const encoder = new Y.UpdateEncoderV1()
  struct.write(encoder, 0)
  const bytes = encoder.toUint8Array()
  const { client: writer, clock } = struct.id
  const { length } = struct
  return { writer, clock, length, origin: null, bytes, start: 0, end: bytes.length }
}

/** @returns whether a key became known that was not */
function nameKey(struct: Y.Item | Y.GC | Y.Skip, keys: Map<string, string>): boolean {
  if (!(struct instanceof Y.Item) || keys.has(placeOf(struct.id))) return false
  const key = struct.origin === null ? struct.parentSub : keys.get(placeOf(struct.origin))
  if (key === undefined || key === null) return false
  for (let offset = 0; offset < struct.length; offset++) keys.set(placeOf(struct.id, offset), key)
  return true
}
