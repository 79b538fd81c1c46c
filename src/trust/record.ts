import type { BoxKey, DeviceKey } from './keys.ts'

/** SHA-256 of a record as it was signed and sent: 64 lower-case hexadecimal digits. */
export type RecordHash = string

/** The role that all devices have which were admitted so far. A role that this release does not know gives nothing. */
export const MEMBER_ROLE = 'member'

/** The first record: it starts a mesh, and its hash is the mesh's id. */
export interface GenesisBody {
  type: 'genesis'
  /** The founder: the record's signer. */
  device: DeviceKey
  box: BoxKey
  name: string
  /** The first recovery key. */
  recovery: DeviceKey
  /** 16 bytes, so that no two meshes of one founder are the same. */
  nonce: string
}

export interface AdmitBody {
  type: 'admit'
  device: DeviceKey
  box: BoxKey
  role: string
  name: string
}

export interface RenameBody {
  type: 'rename'
  device: DeviceKey
  name: string
}

export interface RemoveBody {
  type: 'remove'
  device: DeviceKey
}

/** Signed by the present recovery key: `key` is the recovery key from here on. */
export interface RecoveryBody {
  type: 'recovery'
  key: DeviceKey
}

/** Of another release: kept and forwarded, means nothing here but its parents. */
export interface UnknownBody {
  type: 'unknown'
  /** What the record calls its type. */
  name: string
}

export type RosterBody = GenesisBody | AdmitBody | RenameBody | RemoveBody | RecoveryBody | UnknownBody

/** One signed statement about a mesh. Its parents are the records that its signer knew and nobody had built on. */
export interface RosterRecord {
  hash: RecordHash
  /** The mesh's id; null in the genesis, whose own hash it is. */
  mesh: string | null
  /** In ascending order; none in the genesis, else 1 to 32. */
  parents: RecordHash[]
  signer: DeviceKey
  body: RosterBody
  /** As it is stored and sent. */
  bytes: Uint8Array
}
