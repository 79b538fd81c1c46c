import { decode, encode, rfc8949EncodeOptions } from 'cborg'
import { invalid } from './refusals.ts'
import { MAX_MANIFEST_BYTES, PIECE_BYTES } from './limits.ts'
import type { DeviceKey, Signer, Verify } from './index.ts'

/** What stands at the end of a snapshot, and vouches for all before it. */
export interface Manifest {
  /** The mesh's id, or null where there was none. */
  mesh: string | null
  /** Who has signed it; null exactly where there was no mesh. */
  device: DeviceKey | null
  /** Milliseconds since 1970, by the exporting device's clock: when the export began. */
  time: number
  /** Only documents that were changed there since, or null. */
  since: number | null
  /** The id of the one conversation in it, or null. */
  conversation: string | null
  documents: number
  updates: number
  /** Memories and messages that a person sees. */
  entries: number
  /** Bytes before the manifest, of which these are the hashes. */
  bytes: number
  /** SHA-256 of each MiB, one after another. */
  pieces: Uint8Array
}

const PURPOSE = Buffer.from('ownmesh snapshot manifest 1\n', 'latin1')
const SIGNATURE_BYTES = 64
const KEY_BYTES = 32
const HASH_BYTES = 32
const CONVERSATION = /^[0-9a-z]{16}$/
const STRICT = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true
}
const FIELDS = 'bytes conversation device documents entries mesh pieces since time updates'

/** A signature, or as many zeros, and the manifest in deterministic CBOR. */
export function encodeManifest(manifest: Manifest, signer: Signer | null): Uint8Array {
  const content = encode(fieldsOf(manifest), rfc8949EncodeOptions)
  const signature = signer === null ? new Uint8Array(SIGNATURE_BYTES) : signer.sign(signedBytes(content))
  return Buffer.concat([signature, content])
}

/** @throws {InvalidSnapshotError} when it is none, or not signed by the device that it names */
export function decodeManifest(bytes: Uint8Array, verify: Verify): Manifest {
  if (bytes.length <= SIGNATURE_BYTES || bytes.length > MAX_MANIFEST_BYTES) throw invalid('malformed')
  const content = Uint8Array.from(bytes.subarray(SIGNATURE_BYTES))
  const manifest = read(content)
  const { device } = manifest
  const signature = bytes.subarray(0, SIGNATURE_BYTES)
  if (device === null ? signature.some((byte) => byte !== 0) : !verify(device, signedBytes(content), signature)) {
    throw invalid('forged')
  }
  return manifest
}

function read(content: Uint8Array): Manifest {
  let fields: unknown
  try {
    fields = decode(content, STRICT)
    if (!Buffer.from(encode(fields, rfc8949EncodeOptions)).equals(content)) throw new TypeError('not deterministic')
  } catch (cause) {
    throw invalid('malformed', cause)
  }
  if (typeof fields !== 'object' || fields === null || Object.keys(fields).sort().join(' ') !== FIELDS) {
    throw invalid('malformed')
  }
  const { mesh, device, time, since, conversation, documents, updates, entries, bytes, pieces } = fields as Record<
    keyof Manifest,
    unknown
  >
  if (!(mesh === null ? device === null : isKey(mesh) && isKey(device))) throw invalid('malformed')
  const counts = [time, documents, updates, entries, bytes]
  if (!counts.every(isCount) || !(since === null || isCount(since))) throw invalid('malformed')
  if (!(conversation === null || (typeof conversation === 'string' && CONVERSATION.test(conversation)))) {
    throw invalid('malformed')
  }
  if (!(pieces instanceof Uint8Array) || pieces.length !== Math.ceil(Number(bytes) / PIECE_BYTES) * HASH_BYTES) {
    throw invalid('malformed')
  }
  return { ...(fields as Manifest), mesh: hexOf(mesh), device: hexOf(device) }
}

function fieldsOf(manifest: Manifest): Record<string, unknown> {
  const { mesh, device } = manifest
  return { ...manifest, mesh: bytesOf(mesh), device: bytesOf(device), pieces: Uint8Array.from(manifest.pieces) }
}

function signedBytes(content: Uint8Array): Uint8Array {
  return Buffer.concat([PURPOSE, content])
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isKey(value: unknown): boolean {
  return value instanceof Uint8Array && value.length === KEY_BYTES
}

function bytesOf(hex: string | null): Uint8Array | null {
  return hex === null ? null : Uint8Array.from(Buffer.from(hex, 'hex'))
}

function hexOf(value: unknown): string | null {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : null
}
