import { createHash } from 'node:crypto'
import { InvalidRecordError } from '../errors.ts'
import { decodeCanonical, encodeCanonical } from './canonical-cbor.ts'
import { isHex } from './hex.ts'
import type { Signer, Verify } from './keys.ts'
import { decodeBody, encodeBody, typeOf } from './record-body.ts'
import type { RecordHash, RosterBody, RosterRecord } from './record.ts'

/*
 * A record is the CBOR list [version, mesh, parents, signer, type, body, signature]. The body is a byte string that
 * holds CBOR of its own, so that what a later release says can be carried on without being understood. The signature is
 * over the purpose and the list without it.
 */

/** Room for 32 parents, the keys, and two names of the greatest length in four-byte letters. */
const MAX_RECORD_BYTES = 4096
/** More would make a record larger than a packet; who knows of more writes records that gather them. */
export const MAX_PARENTS = 32

const VERSION = 1
/** A signature that was made for this is good for nothing else. */
const PURPOSE = Buffer.from('ownmesh roster record 1\n', 'latin1')
const HASH_BYTES = 32
const KEY_BYTES = 32
const SIGNATURE_BYTES = 64
const FIELDS = 7

/** A record whose form is right, and what is left to be verified: costly, and not needed for one that is known. */
export interface ParsedRecord {
  record: RosterRecord
  signed: Uint8Array
  signature: Uint8Array
}

export function hashOf(bytes: Uint8Array): RecordHash {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Writes a record. An unknown body is written empty. @throws {InvalidRecordError} when the body has no right form */
export function signRecord(
  signer: Signer,
  { mesh, parents, body }: { mesh: string | null; parents: readonly RecordHash[]; body: RosterBody }
): RosterRecord {
  const content = encodable(() => [
    VERSION,
    mesh === null ? null : bytesOf(mesh),
    parents.toSorted().map(bytesOf),
    bytesOf(signer.key),
    typeOf(body),
    encodeBody(body)
  ])
  const signature = Uint8Array.from(signer.sign(signedBytes(content)))
  return parseRecord(encodeCanonical([...content, signature])).record
}

/** @throws {InvalidRecordError} when it is too large, malformed, in another encoding, or not signed by its signer */
export function decodeRecord(bytes: Uint8Array, verify: Verify): RosterRecord {
  const parsed = parseRecord(bytes)
  verifyRecord(parsed, verify)
  return parsed.record
}

/** @throws {InvalidRecordError} */
export function verifyRecord({ record, signed, signature }: ParsedRecord, verify: Verify): void {
  if (!verify(record.signer, signed, signature)) throw refusal('it is not signed by its signer')
}

/** @throws {InvalidRecordError} when it is too large, malformed or in another encoding */
export function parseRecord(encoded: Uint8Array): ParsedRecord {
  if (encoded.length > MAX_RECORD_BYTES) throw refusal(`it has more than ${MAX_RECORD_BYTES} bytes`)
  // A copy: what a record is kept with must not change, nor hold the whole message in memory that it came in.
  const bytes = new Uint8Array(encoded)
  const content = decoded(() => decodeCanonical(bytes), 'it is not deterministic CBOR')
  if (!Array.isArray(content) || content.length !== FIELDS) throw refusal(`it is not a list of ${FIELDS} fields`)
  const [version, mesh, parents, signer, type, body, signature] = content as unknown[]
  if (version !== VERSION) throw refusal('it is of another version')
  if (!isBytes(signer, KEY_BYTES)) throw refusal('its signer is not a key')
  if (!isBytes(signature, SIGNATURE_BYTES)) throw refusal('its signature has another length')
  if (!(body instanceof Uint8Array)) throw refusal('its body is not a byte string')
  const record: RosterRecord = {
    hash: hashOf(bytes),
    mesh: mesh === null ? null : hexOf(mesh, 'its mesh'),
    parents: parentsOf(parents),
    signer: Buffer.from(signer).toString('hex'),
    body: decoded(() => decodeBody(type, body), 'its body is not deterministic CBOR'),
    bytes
  }
  checkPlace(record)
  return { record, signed: signedBytes(content.slice(0, -1)), signature }
}

export function refusal(reason: string, cause?: unknown): InvalidRecordError {
  return new InvalidRecordError(`A roster record is refused: ${reason}.`, { cause, details: { reason } })
}

/** A genesis comes first and alone; everything else comes after something, in a mesh. */
function checkPlace({ mesh, parents, signer, body }: RosterRecord): void {
  if (body.type === 'genesis') {
    if (mesh !== null || parents.length > 0) throw refusal('a first record has no mesh and no parents')
    if (body.device !== signer) throw refusal('a first record is signed by its own device')
  } else if (mesh === null || parents.length === 0) throw refusal('it has no mesh or no parents')
}

function parentsOf(value: unknown): RecordHash[] {
  if (!Array.isArray(value) || value.length > MAX_PARENTS) throw refusal(`it has more than ${MAX_PARENTS} parents`)
  const parents = value.map((parent: unknown) => hexOf(parent, 'a parent'))
  const ascends = parents.every((parent, index) => index === 0 || (parents[index - 1] ?? '') < parent)
  if (!ascends) throw refusal('its parents are not in ascending order')
  return parents
}

function signedBytes(content: readonly unknown[]): Uint8Array {
  return Buffer.concat([PURPOSE, encodeCanonical(content)])
}

function isBytes(value: unknown, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length
}

function hexOf(value: unknown, what: string): string {
  if (!isBytes(value, HASH_BYTES)) throw refusal(`${what} is not a hash`)
  return Buffer.from(value).toString('hex')
}

function bytesOf(hex: string): Uint8Array {
  if (!isHex(hex, HASH_BYTES)) throw refusal(`${JSON.stringify(hex)} is not ${2 * HASH_BYTES} hexadecimal digits`)
  return Uint8Array.from(Buffer.from(hex, 'hex'))
}

/** Whatever the decoder throws, and a stack that overflows on nested lists too, is a reason to refuse. */
function decoded<T>(decode: () => T, reason: string): T {
  try {
    return decode()
  } catch (cause) {
    const own = cause instanceof TypeError && cause.message.startsWith('its ') ? cause.message : reason
    throw refusal(own, cause)
  }
}

function encodable<T>(encode: () => T): T {
  try {
    return encode()
  } catch (cause) {
    if (cause instanceof InvalidRecordError) throw cause
    throw refusal(cause instanceof Error ? cause.message : String(cause), cause)
  }
}
