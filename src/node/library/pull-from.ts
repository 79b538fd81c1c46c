/** Where a model is pulled from: the one place that decides it. */
import type { Clock } from '../../protocols/clock.ts'
import { DeviceModel, PATIENCE_MS } from './device-model.ts'
import type { OtherDevices } from './devices.ts'
import { findModel } from './nearby.ts'
import type { Pullable } from './pull.ts'

/** As `ModelLibrary.pull` is asked. */
export interface Wanted {
  name: string
  from: string | undefined
}

/** Finds a model. @throws as `ModelLibrary.pull` does, for what is not there */
export type PullFrom = (wanted: Wanted, signal: AbortSignal) => Promise<Pullable>

export interface PullFromInit {
  devices: OtherDevices
  clock: Pick<Clock, 'monotonic'>
  /** How long a device that went away is waited for. @default 600000 */
  patienceMs?: number
}

export function pullFrom({ patienceMs = PATIENCE_MS, ...init }: PullFromInit): PullFrom {
  return async (wanted, signal) =>
    new DeviceModel(await findModel(wanted, init.devices, signal), { ...init, patienceMs })
}
