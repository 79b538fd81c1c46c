/**
 * Invariant 6: when more than a hundred entries, or more than one in a hundred, would vanish, a person is asked before, or
 * told after. Edits replace values and count for nothing here; only entries that were seen and are not seen any more do.
 */

/** Merges of one device that follow each other within this time are one deed. */
const SPELL_MS = 60_000

/** @param visible entries that are seen before it */
export function isMany(count: number, visible: number): boolean {
  return count > Math.max(100, visible / 100)
}

/** One row that made entries vanish. */
export interface VanishingRow {
  document: string
  sequence: number
}

/** What one device has made vanish in one spell. */
export interface Spell {
  from: string | null
  count: number
  /** Entries that were seen when it began. */
  visible: number
  rows: VanishingRow[]
  /** When something last vanished. */
  time: number
  /** The notice that tells of it, once it is many. */
  notice: string | null
}

export interface Vanished {
  from: string | null
  count: number
  /** Entries that were seen before. */
  visible: number
  row: VanishingRow
}

/** Adds to a spell, or begins one. */
export function addVanished(spell: Spell | undefined, { from, count, visible, row }: Vanished, now: number): Spell {
  if (spell === undefined || now - spell.time > SPELL_MS || now < spell.time) {
    return { from, count, visible, rows: [row], time: now, notice: null }
  }
  return { ...spell, count: spell.count + count, rows: [...spell.rows, row], time: now }
}
