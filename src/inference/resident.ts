/** What a process takes of the memory, in bytes. */
import { readFileSync } from 'node:fs'

/**
 * Of this process, without the pages of files that the system can take back at will where it tells them apart (Linux).
 * What is garbage already does not count.
 */
export function ownMemory(): number {
  collect()
  return statusOf('self', 'RssAnon') ?? process.memoryUsage.rss()
}

/** Resident memory of another process, mapped files too; null where the system does not tell (all but Linux). */
export function residentOf(pid: number): number | null {
  return statusOf(String(pid), 'VmRSS')
}

/** Frees what is garbage at once. The buffers of tensors hang on small objects, which nobody is in a hurry to collect. */
export function collect(): void {
  // The second time takes what the first has only found.
  globalThis.gc?.()
  globalThis.gc?.()
}

function statusOf(pid: string, field: 'RssAnon' | 'VmRSS'): number | null {
  if (process.platform !== 'linux') return null
  try {
    const [, kilobytes] = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return kilobytes === undefined ? null : Number(kilobytes) * 1024
  } catch {
    // It is gone.
    return null
  }
}
