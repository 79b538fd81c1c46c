import { agrees } from './agreement.ts'
import type { DecoderSession } from './decoder-session.ts'

/** Enough that the second run finds a cache and reads more than one token. */
const READ = [1, 2, 3]

/**
 * Whether a rewired graph computes what the original does, told by itself: token by token, each with all keys and values
 * given back, nothing of the rewiring matters; the same tokens read in its own way have to come to the same.
 *
 * @returns why not, or null where all is well
 */
export async function whyNotTrusted(
  session: Pick<DecoderSession, 'vocabulary' | 'empty' | 'forward' | 'free'>
): Promise<string | null> {
  const ids = READ.map((id) => id % session.vocabulary)
  const read = async (pieces: readonly number[][], whole: boolean): Promise<Float32Array> => {
    let cache = session.empty({ whole })
    let logits: Float32Array = new Float32Array(0)
    try {
      for (const piece of pieces) ({ cache, logits } = await session.forward(cache, piece))
      return logits
    } finally {
      session.free(cache)
    }
  }
  const expected = await read(
    ids.map((id) => [id]),
    true
  )
  const given = await read([ids.slice(0, 1), ids.slice(1)], false)
  return given.length === expected.length && agrees(given, expected) ? null : 'it computes something else'
}
