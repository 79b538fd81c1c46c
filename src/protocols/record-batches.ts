import { MAX_RECORDS_FRAME_BYTES } from './limits.ts'

/** The tag and the length before each record, and those of the list itself. */
const OVERHEAD_BYTES = 8

/** Records in the order given, in lists that each fit a frame. None gives no list. */
export function* recordBatches(records: readonly Uint8Array[]): Generator<Uint8Array[]> {
  let batch: Uint8Array[] = []
  let bytes = OVERHEAD_BYTES
  for (const record of records) {
    const more = record.byteLength + OVERHEAD_BYTES
    if (bytes + more > MAX_RECORDS_FRAME_BYTES && batch.length > 0) {
      yield batch
      batch = []
      bytes = OVERHEAD_BYTES
    }
    batch.push(record)
    bytes += more
  }
  if (batch.length > 0) yield batch
}
