import { encode } from 'cborg'
import { isHex } from './hex.ts'
import type { BoxKey, DeviceKey, Signer, Verify } from './keys.ts'
import { isLabel } from './label.ts'
import { firstLine, invalid, seal, unseal } from './sealed-file.ts'

/** A device that asks to be admitted by hand, as it presents itself. */
export interface DeviceRequest {
  device: DeviceKey
  box: BoxKey
  name: string
}

const KEY_BYTES = 32

/** The file of `mesh join --request`: public keys and a name, signed by the device itself. */
export function encodeRequest({ signer, box, name }: { signer: Signer; box: BoxKey; name: string }): Uint8Array {
  const request = { device: signer.key, box, name }
  return seal('request', { ...fieldsOf(request), signature: signer.sign(signedBytes(request)) })
}

/** @throws {InvalidFileError} when it is no request, a damaged one, or one that its device has not signed */
export function decodeRequest(file: Uint8Array, verify: Verify): DeviceRequest {
  const { device, box, name, signature } = unseal('request', file)
  const request = { device: hexOf(device), box: hexOf(box), name }
  if (!isRequest(request) || !(signature instanceof Uint8Array)) throw invalid('request', 'malformed')
  if (!verify(request.device, signedBytes(request), signature)) throw invalid('request', 'forged')
  return request
}

function isRequest(request: { device: unknown; box: unknown; name: unknown }): request is DeviceRequest {
  return isHex(request.device, KEY_BYTES) && isHex(request.box, KEY_BYTES) && isLabel(request.name)
}

function signedBytes(request: DeviceRequest): Uint8Array {
  return Buffer.concat([firstLine('request'), encode(fieldsOf(request))])
}

function fieldsOf({ device, box, name }: DeviceRequest): Record<string, unknown> {
  return { device: bytesOf(device), box: bytesOf(box), name }
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'))
}

function hexOf(value: unknown): string | null {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : null
}
