/** Keys as this folder speaks of them. Making, keeping and using them is the node's work: here they are given. */

/** A device's Ed25519 public key: 64 lower-case hexadecimal digits. */
export type DeviceKey = string

/** A device's X25519 public key: 64 lower-case hexadecimal digits. */
export type BoxKey = string

/** Who signs, and with what: Ed25519 over the bytes as they are. */
export interface Signer {
  key: DeviceKey
  sign(bytes: Uint8Array): Uint8Array
}

/** Whether the signature is the key's own over the bytes. Says false to whatever is malformed, never throws. */
export type Verify = (key: DeviceKey, bytes: Uint8Array, signature: Uint8Array) => boolean
