/** Amounts as people write them in settings. Each throws an error whose message completes "…, but". */

/** Powers of 1000, as on the labels of disks; with an `i` those of 1024. */
const SIZES = ['', 'k', 'm', 'g', 't']

/** Bytes: a number of them, or `3G`, `700 MB`, `1.5GiB`. */
export function byteCount(value: unknown): number {
  const [, number = '', unit = '', binary] =
    /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?\s*$/i.exec(typeof value === 'number' ? String(value) : text(value)) ?? []
  const bytes = Math.floor(Number(number) * (binary === '' ? 1000 : 1024) ** SIZES.indexOf(unit.toLowerCase()))
  if (number === '' || !Number.isSafeInteger(bytes) || bytes === 0) throw new Error('a size is such as 3G or 700M')
  return bytes
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** Milliseconds: `30m`, `45 s`, `2h`, `1d`, 0, or `forever`. */
export function lifetime(value: unknown): number {
  if (value === 0 || value === Infinity) return value
  const written = text(value).trim().toLowerCase()
  if (written === 'forever') return Infinity
  if (written === '0') return 0
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([smhd])$/.exec(written) ?? []
  if (number === undefined) throw new Error('a time is such as 30m, 2h or 45s; or 0, or forever')
  return Number(number) * (SECONDS[unit] ?? 0) * 1000
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
