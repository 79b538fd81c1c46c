const UNITS: Readonly<Record<string, number>> = { t: 1e12, b: 1e9, m: 1e6, k: 1e3, '': 1 }

/** A number of weights as people write it: `8b`, `0.6B`, `500m`. Null for anything else. */
export function readModelSize(text: string): number | null {
  const found = /^(\d+(?:\.\d+)?) ?([tbmk]?)$/i.exec(text.trim())
  const size = Number(found?.[1]) * (UNITS[found?.[2]?.toLowerCase() ?? ''] ?? Number.NaN)
  return size > 0 && Number.isFinite(size) ? Math.round(size) : null
}
