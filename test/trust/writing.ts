import { createHash } from 'node:crypto'
import { MEMBER_ROLE, type RosterBody, type RosterRecord } from '../../src/trust/record.ts'
import { signRecord } from '../../src/trust/record-encoding.ts'
import type { Signer, Verify } from '../../src/trust/index.ts'

/** Signatures that cost nothing: anybody could make them, and nobody in these tests does. */
export function cheapSigner(name: string): Signer {
  const key = keyOf(name)
  return { key, sign: (bytes) => cheapSignature(key, bytes) }
}

export const cheapVerify: Verify = (key, bytes, signature) => cheapSignature(key, bytes).equals(signature)

function cheapSignature(key: string, bytes: Uint8Array): Buffer {
  return createHash('sha512').update(key).update(bytes).digest()
}

/** The key of a device, or the box, of that name. */
export function keyOf(name: string): string {
  return createHash('sha256').update(name).digest('hex')
}

/** What somebody says, with devices by their names. */
export type Statement =
  | { admit: string; role?: string; name?: string; box?: string }
  | { remove: string }
  | { rename: string; name: string }
  | { recovery: string }
  | { other: string }

/** Writes the records of a mesh one by one, on whatever parents a test wants. */
export class Writer {
  readonly genesis: RosterRecord
  /** Every record once: two equal statements by one device on the same parents are one. */
  readonly all: RosterRecord[]
  readonly #names = new Map<string, string>()

  constructor({ founder = 'founder', recovery = 'recovery', nonce = 0 } = {}) {
    const body: RosterBody = {
      type: 'genesis',
      device: this.#key(founder),
      box: keyOf(`${founder} box`),
      name: founder,
      recovery: this.#key(recovery),
      nonce: nonce.toString(16).padStart(32, '0')
    }
    this.genesis = signRecord(cheapSigner(founder), { mesh: null, parents: [], body })
    this.all = [this.genesis]
  }

  get mesh(): string {
    return this.genesis.hash
  }

  /** A record by the device, built on these records and on nothing else. */
  write(by: string, statement: Statement, ...on: readonly RosterRecord[]): RosterRecord {
    const parents = [...new Set(on.map(({ hash }) => hash))]
    const record = signRecord(cheapSigner(by), { mesh: this.mesh, parents, body: this.#body(statement) })
    this.#key(by)
    if (!this.all.some(({ hash }) => hash === record.hash)) this.all.push(record)
    return record
  }

  nameOf(key: string): string {
    return this.#names.get(key) ?? key
  }

  #key(name: string): string {
    const key = keyOf(name)
    this.#names.set(key, name)
    return key
  }

  #body(statement: Statement): RosterBody {
    if ('admit' in statement) {
      const { admit, role = MEMBER_ROLE, name = admit, box = `${admit} box` } = statement
      return { type: 'admit', device: this.#key(admit), box: keyOf(box), role, name }
    }
    if ('remove' in statement) return { type: 'remove', device: this.#key(statement.remove) }
    if ('rename' in statement) return { type: 'rename', device: this.#key(statement.rename), name: statement.name }
    if ('recovery' in statement) return { type: 'recovery', key: this.#key(statement.recovery) }
    return { type: 'unknown', name: statement.other }
  }
}

/** Those that nobody of the list has built on. */
export function headsOf(records: readonly RosterRecord[]): RosterRecord[] {
  const built = new Set(records.flatMap(({ parents }) => parents))
  return records.filter(({ hash }) => !built.has(hash))
}
