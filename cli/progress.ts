/** How far a copy has come, as people and as programs read it. */
import { bytes as size } from './human.ts'

export interface Progress {
  bytes: number
  total: number
}

/** Long enough that a stick's pauses do not show, short enough that the figure follows. */
const WINDOW_MS = 5_000
const BAR_WIDTH = 20

/** The pace of the last seconds. */
export class Pace {
  readonly #samples: { at: number; bytes: number }[] = []

  /** @param now milliseconds of a monotonic clock @returns bytes a second; null before there are two looks */
  look(bytes: number, now: number): number | null {
    this.#samples.push({ at: now, bytes })
    while (this.#samples.length > 2 && (this.#samples[1]?.at ?? now) <= now - WINDOW_MS) this.#samples.shift()
    const [first] = this.#samples
    return first === undefined || now <= first.at ? null : ((bytes - first.bytes) / (now - first.at)) * 1000
  }
}

/** Seconds until the end at that pace; null where it has none. */
export function secondsLeft({ bytes, total }: Progress, pace: number | null): number | null {
  return pace === null || pace <= 0 ? null : Math.ceil((total - bytes) / pace)
}

/** `35% ▕███████             ▏ 586 MB/1.7 GB 4.6 MB/s 3m56s` */
export function progressLine(progress: Progress, pace: number | null): string {
  const { bytes, total } = progress
  const fraction = total === 0 ? 1 : bytes / total
  const filled = Math.floor(fraction * BAR_WIDTH)
  const left = secondsLeft(progress, pace)
  return [
    `${Math.floor(fraction * 100)}%`,
    `▕${'█'.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}▏`,
    `${size(bytes)}/${size(total)}`,
    ...(pace === null ? [] : [`${size(pace)}/s`]),
    ...(left === null ? [] : [clock(left)])
  ].join(' ')
}

/** `3m56s` */
function clock(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  const two = (number: number): string => String(number).padStart(2, '0')
  if (hours > 0) return `${hours}h${two(minutes)}m`
  return minutes > 0 ? `${minutes}m${two(seconds % 60)}s` : `${seconds}s`
}
