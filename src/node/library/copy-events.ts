import type { ModelCopyEvent } from '../../interface.ts'

/** Often enough that a bar moves evenly; a megabyte on a fast disk is a thousandth of a second. */
const TELL_EVERY_MS = 100

/** Passes on how far a copy has come, now and then and at its end, and what is remarked. Resolves to the bytes that were there before. */
export async function* copyEvents(
  copy: AsyncGenerator<{ bytes: number; kept: number } | { remark: string }, void>,
  total: number,
  now: () => number = () => performance.now()
): AsyncGenerator<ModelCopyEvent, number> {
  let [bytes, kept, told] = [0, 0, -Infinity]
  for await (const step of copy) {
    if ('remark' in step) {
      yield { type: 'remark', message: step.remark }
      continue
    }
    bytes += step.bytes
    kept += step.kept
    if (bytes < total && now() - told < TELL_EVERY_MS) continue
    told = now()
    yield { type: 'progress', bytes, total, kept }
  }
  return kept
}
