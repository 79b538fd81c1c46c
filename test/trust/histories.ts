import type { RosterRecord } from '../../src/trust/index.ts'
import { below, oneOf } from './random.ts'
import { headsOf, Writer, type Statement } from './writing.ts'

export const DEVICES = ['founder', 'anna', 'ben', 'carla', 'dan', 'eve']
const RECOVERY_KEYS = ['recovery', 'second recovery', 'third recovery']

/**
 * Anything at all that could be signed: by devices that were never admitted, by old recovery keys, on any parents,
 * admissions of the admitted and removals of the removed, of oneself, in circles.
 */
export function anyHistory(seed: number, random: () => number, length: number): Writer {
  const writer = new Writer({ nonce: seed })
  // Else most records would be signed by nobody.
  for (let i = below(4, random); i > 0; i--) {
    writer.write('founder', { admit: oneOf(DEVICES, random) }, oneOf(headsOf(writer.all), random))
  }
  while (writer.all.length < length) {
    const by = random() < 0.15 ? oneOf(RECOVERY_KEYS, random) : oneOf(DEVICES, random)
    writer.write(by, anyStatement(random), ...anyParents(writer.all, random))
  }
  return writer
}

export function anyParents(records: readonly RosterRecord[], random: () => number): RosterRecord[] {
  if (random() < 0.3) return headsOf(records).slice(0, 32)
  return Array.from({ length: 1 + below(3, random) }, () =>
    random() < 0.5 ? oneOf(records.slice(-4), random) : oneOf(records, random)
  )
}

/** Also what makes no sense. */
export function anyStatement(random: () => number): Statement {
  const device = random() < 0.05 ? 'recovery' : oneOf(DEVICES, random)
  const kind = random()
  if (kind < 0.34) return { remove: device }
  if (kind < 0.7)
    return { admit: device, name: oneOf(['one', 'two'], random), ...(random() < 0.1 && { role: 'guest' }) }
  if (kind < 0.82) return { rename: device, name: oneOf(['three', 'four'], random) }
  if (kind < 0.92) return { recovery: oneOf(RECOVERY_KEYS, random) }
  return { other: 'later' }
}

/** A mesh of honest devices that know only what they were told, and write only while they believe to be members. */
export class HonestMesh {
  readonly writer: Writer
  /** What each device knows. */
  readonly knows = new Map<string, Set<RosterRecord>>()
  readonly #random: () => number
  #admitted = 0

  constructor(seed: number, random: () => number) {
    this.writer = new Writer({ nonce: seed })
    this.#random = random
    this.knows.set('founder', new Set([this.writer.genesis]))
  }

  devices(): string[] {
    return [...this.knows.keys()]
  }

  admit(by: string): string {
    const device = `device ${++this.#admitted}`
    this.write(by, { admit: device })
    this.knows.set(device, new Set(this.knows.get(by)))
    return device
  }

  write(by: string, statement: Statement): RosterRecord {
    const view = this.knows.get(by) ?? new Set()
    const record = this.writer.write(by, statement, ...headsOf([...view]))
    view.add(record)
    return record
  }

  /** One device tells another all that it knows. */
  tell(from: string, to: string): void {
    const view = this.knows.get(to)
    for (const record of this.knows.get(from) ?? []) view?.add(record)
  }

  tellAll(): void {
    for (const from of this.devices()) for (const to of this.devices()) this.tell(from, to)
  }

  /** Some admissions, renames and talk. */
  live(steps: number): void {
    const random = this.#random
    for (let step = 0; step < steps; step++) {
      const by = oneOf(this.devices(), random)
      if (random() < 0.4) this.admit(by)
      else if (random() < 0.5) this.write(by, { rename: oneOf(this.devices(), random), name: `name ${step}` })
      else this.tell(by, oneOf(this.devices(), random))
    }
  }
}
