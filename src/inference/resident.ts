/** What a process takes of the memory, in bytes. */
import { readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'

/**
 * Of this process, without the pages of files that the system can take back at will where it tells them apart (Linux).
 * What is garbage already does not count.
 */
export async function ownMemory(): Promise<number> {
  await collect()
  return statusOf('self', 'RssAnon') ?? process.memoryUsage.rss()
}

/** Resident memory of another process, mapped files too; null where the system does not tell (all but Linux). */
export function residentOf(pid: number): number | null {
  return statusOf(String(pid), 'VmRSS')
}

/** Frees what is garbage at once. The buffers of tensors hang on small objects, which nobody is in a hurry to collect. */
export async function collect(): Promise<void> {
  // What the first time finds is let go in a turn of its own; the second takes what hung on that.
  for (let time = 0; time < 2; time++) {
    globalThis.gc?.()
    await setImmediate()
  }
}

function statusOf(pid: string, field: 'RssAnon' | 'VmRSS'): number | null {
  if (process.platform !== 'linux') return null
  try {
    const [, kilobytes] =
      new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return kilobytes === undefined ? null : Number(kilobytes) * 1024
  } catch {
    // It is gone.
    return null
  }
}
