import type { RecordHash, RosterRecord } from './record.ts'

/** A stranger cannot send any; a member that sends this much without its beginning is broken. */
const MOST_WAITING = 1000
const MOST_WAITING_BYTES = 1024 * 1024

/** Records whose parents have not come yet, in order of arrival. */
export class Waiting {
  readonly #records = new Map<RecordHash, RosterRecord>()

  get size(): number {
    return this.#records.size
  }

  has(hash: RecordHash): boolean {
    return this.#records.has(hash)
  }

  all(): RosterRecord[] {
    return [...this.#records.values()]
  }

  /** Takes the place of all before. Returns the oldest that there was no room for; they come again with an exchange. */
  replace(records: readonly RosterRecord[]): RosterRecord[] {
    let bytes = records.reduce((sum, record) => sum + record.bytes.length, 0)
    let left = records.length
    const dropped: RosterRecord[] = []
    this.#records.clear()
    for (const record of records) {
      if (left > MOST_WAITING || bytes > MOST_WAITING_BYTES) {
        dropped.push(record)
        bytes -= record.bytes.length
        left--
      } else this.#records.set(record.hash, record)
    }
    return dropped
  }
}
