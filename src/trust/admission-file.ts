import { isHex } from './hex.ts'
import type { DeviceKey } from './keys.ts'
import { invalid, seal, unseal } from './sealed-file.ts'

/** A roster that is carried by hand. Its records are signed; this file is not, and nothing in it is believed for itself. */
export interface AdmissionFile {
  /** Mesh id. */
  mesh: string
  /** Whom it was written for, or null for whoever belongs to the mesh. */
  device: DeviceKey | null
  /** Encoded, their signatures not looked at. */
  records: Uint8Array[]
}

const KEY_BYTES = 32
const MAX_RECORDS = 10_000
const MAX_RECORD_BYTES = 4096

/** The file that `mesh approve FILE` writes. @throws {InvalidFileError} when it would be too large */
export function encodeAdmission({ mesh, device, records }: AdmissionFile): Uint8Array {
  return seal('admission', {
    mesh: bytesOf(mesh),
    device: device === null ? null : bytesOf(device),
    records
  })
}

/** @throws {InvalidFileError} when it is no admission, or a damaged one */
export function decodeAdmission(file: Uint8Array): AdmissionFile {
  const content = unseal('admission', file)
  const mesh = hexOf(content.mesh)
  const device = content.device === null ? null : hexOf(content.device)
  const { records } = content
  const fits =
    isHex(mesh, KEY_BYTES) &&
    (device === null || isHex(device, KEY_BYTES)) &&
    Array.isArray(records) &&
    records.every(isRecord)
  if (!fits || records.length === 0 || records.length > MAX_RECORDS) throw invalid('admission', 'malformed')
  return { mesh, device, records }
}

function isRecord(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length > 0 && value.length <= MAX_RECORD_BYTES
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'))
}

function hexOf(value: unknown): string | undefined {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : undefined
}
