import type { MeasurementStore } from '../../src/inference/index.ts'

/** A store of measurements in memory that counts how often it is read. */
export function countedStore(): MeasurementStore & { reads: number } {
  const values = new Map<string, string>()
  return {
    reads: 0,
    get(key: string) {
      this.reads++
      return values.get(key)
    },
    set: (key: string, value: string) => void values.set(key, value)
  }
}
