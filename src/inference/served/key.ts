import { open } from 'node:fs/promises'
import { ServedEngineError } from '../../errors.ts'
import { reasonOf } from '../model-folder.ts'

/** Keys of known services have up to 200 characters, tokens of some gateways a few thousand. */
const LONGEST_KEY = 8192

/**
 * Reads a key at each use, so that a new one counts at once and none is kept anywhere else.
 *
 * @throws {ServedEngineError} when it cannot be read, is none, or others can read it (POSIX only): then with the command
 *   that mends it
 */
export async function readKey(path: string): Promise<string> {
  let text: string
  try {
    const file = await open(path, 'r')
    try {
      const { mode, size } = await file.stat()
      if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
        throw new ServedEngineError(`Others can read the key in ${path}. Make it yours alone: chmod 600 '${path}'`)
      }
      if (size > LONGEST_KEY) throw new ServedEngineError(`${path} is too long for a key.`)
      text = await file.readFile('utf8')
    } finally {
      await file.close()
    }
  } catch (err) {
    if (err instanceof ServedEngineError) throw err
    throw new ServedEngineError(`The key in ${path} cannot be read: ${reasonOf(err)}.`, { cause: err })
  }
  const key = text.trim()
  // What a header can carry (RFC 9110); an error of the header's own would quote the key.
  if (!/^[\x21-\x7e]+$/.test(key)) throw new ServedEngineError(`${path} does not hold a key: one line, no spaces.`)
  return key
}
