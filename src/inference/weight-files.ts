import { open, stat } from 'node:fs/promises'
import { BrokenModelError } from '../errors.ts'
import { reasonOf } from './model-folder.ts'

/** Large enough that reading is no slower than copying, small enough that a cancel is heard on a slow card. */
const CHUNK_BYTES = 4 * 2 ** 20

/**
 * Reads files through once, so that the system has them at hand when they are loaded a moment later. onnxruntime says
 * nothing while it loads; this is the part of it that takes long on a slow disk, and its progress is known.
 *
 * @param paths absolute
 * @param read hears the bytes so far, and all of them, after each chunk
 * @throws {BrokenModelError} naming the file that is gone or cannot be read
 * @throws the signal's reason
 */
export async function readThrough(
  paths: readonly string[],
  read: (bytes: number, total: number) => void,
  signal: AbortSignal
): Promise<void> {
  let current = ''
  try {
    let total = 0
    for (current of paths) total += (await stat(current)).size
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    let bytes = 0
    for (current of paths) {
      const file = await open(current)
      try {
        for (;;) {
          signal.throwIfAborted()
          const { bytesRead } = await file.read(chunk, 0, chunk.length)
          if (bytesRead === 0) break
          bytes += bytesRead
          read(bytes, total)
        }
      } finally {
        await file.close()
      }
    }
  } catch (err) {
    signal.throwIfAborted()
    throw new BrokenModelError(`${current} cannot be read: ${reasonOf(err)}. Was the model moved or removed?`, {
      cause: err
    })
  }
}
