import { totalmem } from 'node:os'
import { ConfigError } from '../errors.ts'
import type { DeviceMemory } from '../inference/index.ts'

/** The rest is for the system, the owner's programs, and this node. */
const MODELS_SHARE = 1 / 2

/**
 * What this device gives its models: what its owner said, else half of what it has. A container has what it was given.
 *
 * @param wished bytes, or null
 * @throws {ConfigError} when it is more than there is
 */
export function deviceMemory(wished: number | null, total: number = machineMemory()): DeviceMemory {
  if (wished !== null && wished > total) {
    throw new ConfigError(
      `memory is ${gigabytes(wished)}, but this device has ${gigabytes(total)}. Give its models less.`
    )
  }
  return { budget: wished ?? Math.floor(total * MODELS_SHARE), total }
}

/** Bytes of main memory that this process may use at most. */
export function machineMemory(
  constrained: number = process.constrainedMemory(),
  physical: number = totalmem()
): number {
  // 0 or a number beyond all memory where there is no limit.
  return constrained > 0 && constrained < physical ? constrained : physical
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`
}
