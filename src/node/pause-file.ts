import { existsSync, readFileSync, rmSync } from 'node:fs'
import { reasonOf, replaceFile } from './files.ts'
import type { PauseStore } from './pausing.ts'

/** What is left of a pause, in a file of the home. One that cannot be read is none: a device answers when in doubt. */
export function pauseFile(path: string, warn: (message: string) => void): PauseStore {
  return {
    read() {
      if (!existsSync(path)) return null
      try {
        const { leftMs } = JSON.parse(readFileSync(path, 'utf8')) as { leftMs?: unknown }
        if (leftMs === null) return 'for good'
        return typeof leftMs === 'number' && leftMs > 0 ? leftMs : null
      } catch {
        return null
      }
    },
    write(left) {
      try {
        if (left === null) rmSync(path, { force: true })
        else replaceFile(path, JSON.stringify({ leftMs: left === 'for good' ? null : left }))
      } catch (err) {
        // A full disk is no reason not to pause now.
        warn(`The pause cannot be written down, so a restart forgets it: ${reasonOf(err)}`)
      }
    }
  }
}
