import { createHash } from 'node:crypto'
import { decode, encode, Tokenizer } from 'cborg'
import { InvalidFileError } from '../errors.ts'
import { STRICT } from './canonical-cbor.ts'

/*
 * A file that is carried by hand: a line of text that says what it is, a deterministic CBOR map, and SHA-256 over both,
 * so that damage on a worn stick is told from nonsense. The checksum proves nothing of who made it.
 */

export type FileKind = 'request' | 'admission'

/** A roster with the most records that there may be has 3 MB. */
const MAX_FILE_BYTES = 4 * 1024 * 1024
const CHECKSUM_BYTES = 32
/** Twice the records of the largest roster; beyond it a small file would become a mountain of empty lists. */
const MAX_TOKENS = 20_000
const VERSION = 1
const OWN = /^ownmesh (request|admission) (\d{1,3})\n/
const LONGEST_LINE = 'ownmesh admission 999\n'.length

/** The first line; what is signed begins with it, so that a signature is good for nothing else. */
export function firstLine(kind: FileKind): Buffer {
  return Buffer.from(`ownmesh ${kind} ${VERSION}\n`, 'latin1')
}

/** @throws {InvalidFileError} when it would be too large */
export function seal(kind: FileKind, content: Record<string, unknown>): Uint8Array {
  const body = Buffer.concat([firstLine(kind), encode(content)])
  if (body.length + CHECKSUM_BYTES > MAX_FILE_BYTES) throw invalid(kind, 'too-large')
  return Uint8Array.from(Buffer.concat([body, checksumOf(body)]))
}

/** The map in the file, its fields not looked at. @throws {InvalidFileError} */
export function unseal(kind: FileKind, file: Uint8Array): Record<string, unknown> {
  if (file.length > MAX_FILE_BYTES) throw invalid(kind, 'too-large')
  const line = OWN.exec(Buffer.from(file.subarray(0, LONGEST_LINE)).toString('latin1'))
  if (line === null) throw invalid(kind, 'not-one')
  const [{ length }, found, version] = line
  if (found !== kind) throw invalid(kind, 'other-kind')
  const body = file.subarray(0, Math.max(0, file.length - CHECKSUM_BYTES))
  if (!checksumOf(body).equals(file.subarray(body.length))) throw invalid(kind, 'damaged')
  if (Number(version) !== VERSION) throw invalid(kind, 'newer')
  try {
    // Plain bytes, even of a Buffer: so are then those in it.
    return mapFrom(Uint8Array.from(body.subarray(length)))
  } catch (cause) {
    throw invalid(kind, 'malformed', cause)
  }
}

function mapFrom(bytes: Uint8Array): Record<string, unknown> {
  const content: unknown = decode(bytes, { ...STRICT, tokenizer: new BoundedTokenizer(bytes, STRICT) })
  if (typeof content !== 'object' || content === null || Array.isArray(content) || content instanceof Uint8Array) {
    throw new TypeError('not a map')
  }
  // One meaning, one encoding: else two files that say the same would look like two.
  if (!Buffer.from(encode(content)).equals(bytes)) throw new TypeError('not in the deterministic encoding')
  return { ...content }
}

class BoundedTokenizer extends Tokenizer {
  #left = MAX_TOKENS

  override next() {
    if (this.#left-- === 0) throw new RangeError('too many parts')
    return super.next()
  }
}

function checksumOf(body: Uint8Array): Buffer {
  return createHash('sha256').update(body).digest()
}

const NAMES: Readonly<Record<FileKind, string>> = { request: 'a request', admission: 'an admission' }
const MAKING: Readonly<Record<FileKind, string>> = {
  request: 'mesh join --request FILE on the new device makes one',
  admission: 'mesh approve FILE on a device of the mesh makes one'
}

/** `details.reason` is the one given. */
export function invalid(
  kind: FileKind,
  reason: 'too-large' | 'not-one' | 'other-kind' | 'damaged' | 'newer' | 'malformed' | 'forged',
  cause?: unknown
): InvalidFileError {
  const name = NAMES[kind]
  const other = NAMES[kind === 'request' ? 'admission' : 'request']
  const message = {
    'too-large': `This file is too large to be ${name}. ${MAKING[kind]}.`,
    'not-one': `This file is not ${name}. ${MAKING[kind]}.`,
    'other-kind': `This file is ${other}, not ${name}: it belongs on the other device. ${MAKING[kind]}.`,
    damaged: `This file is ${name} that was damaged on its way, or is not all there. Copy it again.`,
    newer: `This file is ${name} of a later release of ownmesh. Update ownmesh on this device, then try again.`,
    malformed: `This file is not ${name} that ownmesh wrote. ${MAKING[kind]}.`,
    forged: `This file is ${name} that was not signed by the device that it names. ${MAKING[kind]}.`
  }[reason]
  return new InvalidFileError(message, { cause, details: { reason } })
}
