/** Numbers as people read them. Units are decimal, as disks and model cards are labelled. */

function scaled(value: number, units: readonly string[]): string {
  let index = 0
  let rest = value
  // 999.5 and more would be rounded to 1000.
  while (rest >= 999.5 && index < units.length - 1) {
    rest /= 1000
    index++
  }
  const unit = units[index] ?? ''
  const digits = index > 0 && rest < 9.95 ? rest.toFixed(1) : rest.toFixed(0)
  return unit === '' ? digits : `${digits} ${unit}`
}

export function bytes(count: number): string {
  return scaled(count, ['bytes', 'kB', 'MB', 'GB', 'TB'])
}

/** A model's number of weights. */
export function parameters(count: number | null): string {
  return count === null ? '?' : scaled(count, ['', 'k', 'M', 'B', 'T'])
}

/** Tokens a second. */
export function rate(perSecond: number): string {
  return perSecond < 10 ? perSecond.toFixed(1) : perSecond.toFixed(0)
}

export function duration(ms: number): string {
  if (ms < 999.5) {
    return `${ms.toFixed(0)} ms`
  }
  const seconds = ms / 1000
  if (seconds < 59.5) {
    return `${seconds < 9.95 ? seconds.toFixed(1) : seconds.toFixed(0)} s`
  }
  const minutes = seconds / 60
  if (minutes < 59.5) {
    return `${minutes.toFixed(0)} min`
  }
  const hours = minutes / 60
  return hours < 23.5 ? `${hours.toFixed(0)} h` : `${Math.round(hours / 24)} d`
}

/** A time of this device's clock, to the minute; with the day where that is not today. */
export function clockTime(at: Date, now = new Date()): string {
  const time = `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}`
  if (at.toDateString() === now.toDateString()) {
    return time
  }
  return `${at.toLocaleDateString('en', { weekday: 'short', day: 'numeric', month: 'short' })} ${time}`
}

const UNITS_MS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, min: 60_000, s: 1000 }

/** Milliseconds of a time as people write it: `2h`, `90m`, `1h 30m`, `1.5 h`; or nothing. */
export function readDuration(text: string): number | undefined {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)\s*(d|h|min|m|s)\s*/gy)]
  const read = parts.reduce((length, [part]) => length + part.length, 0)
  if (parts.length === 0 || read !== text.trim().length) {
    return undefined
  }
  return parts.reduce((sum, [, number = '', unit = '']) => sum + Number(number) * (UNITS_MS[unit] ?? 0), 0)
}

export function ago(ms: number): string {
  return `${ms < 999.5 ? duration(ms) : duration(Math.round(ms / 1000) * 1000).replace('.0 ', ' ')} ago`
}

export function percent(fraction: number): string {
  return `${Math.round(fraction * 100)} %`
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}
