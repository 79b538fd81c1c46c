import { readFileSync } from 'node:fs'
import { arch, availableParallelism, cpus, loadavg, platform, totalmem } from 'node:os'

/** What the figures were measured on, in one line. */
export function machineInWords(): string {
  const [processor] = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  const model = processor?.model.trim() ?? 'unknown processor'
  return `${model}, ${availableParallelism()} cores, ${memory} GB, ${platform()} ${arch()}, Node ${process.versions.node}`
}

/** Processes that want to run, over the last minute; on Windows always 0. */
export function loadNow(): string {
  return (loadavg()[0] ?? 0).toFixed(1)
}

/** The kernel counts the processor time of processes in these; on Linux 100 a second on every architecture. */
const MS_PER_TICK = 10

/** Milliseconds of processor time that a process has used, user and system; null where /proc does not tell. */
export function processorMs(pid: number): number | null {
  try {
    // The name in brackets may hold blanks; user and system time are the 14th and 15th field, the state is the 3rd.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK
  } catch {
    return null
  }
}

/** Megabytes resident; null where /proc does not tell. */
export function residentMb(pid: number): number | null {
  try {
    const [, kilobytes = ''] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return kilobytes === '' ? null : Number(kilobytes) / 1024
  } catch {
    return null
  }
}
