/**
 * @packageDocumentation
 *
 * Snapshots: what the devices of a mesh remember, as one file that is carried by hand. PROTOCOL.md has it byte by byte. A
 * file of age, closed to the members' keys or to a passphrase, with a signed manifest inside. Knows neither what the
 * documents in it say nor whose word counts: both are told or asked.
 *
 * How `node` uses it:
 *
 * - `writeSnapshot` writes, and reads back what it wrote.
 * - `openFile`, `headerOf`, `openSnapshot` lead to the content; `examineSnapshot` reads all of it and gives out nothing of
 *   the documents; then `node` decides whether the signer's word counts; then `updatesOf` gives out the documents.
 *
 * What is read is bounded, one MiB at a time: the one who wrote the stick may be anybody.
 */

/** A device's Ed25519 public key: 64 lower-case hexadecimal digits. */
export type DeviceKey = string

/** An X25519 public key: 64 lower-case hexadecimal digits. */
export type BoxKey = string

export interface Signer {
  key: DeviceKey
  sign: (bytes: Uint8Array) => Uint8Array
}

/** Says false to whatever is malformed, never throws. */
export type Verify = (key: DeviceKey, bytes: Uint8Array, signature: Uint8Array) => boolean

export type { Header, Opening, Seal } from './age-header.ts'
export type { OpenedSnapshot } from './content.ts'
export type { Manifest } from './manifest.ts'
export { invalid } from './refusals.ts'
export { examineSnapshot, headerOf, openSnapshot, updatesOf } from './read-snapshot.ts'
export type { DocumentUpdate, ExaminedSnapshot } from './read-snapshot.ts'
export { openFile } from './source.ts'
export { writeSnapshot } from './write-snapshot.ts'
