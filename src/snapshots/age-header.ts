import { createHmac, randomBytes } from 'node:crypto'
import { bech32 } from '@scure/base'
import { Decrypter, Encrypter, Stanza, type Recipient } from 'age-encryption'
import { damaged, invalid, newer, truncated } from './refusals.ts'
import { MAX_HEADER_BYTES, VERSION } from './limits.ts'
import { passphraseIdentity, passphraseRecipient } from './passphrase.ts'
import type { BoxKey } from './index.ts'

/** To whom a snapshot is closed: the keys of the members of a mesh, or a passphrase. age cannot mix them. */
export type Seal =
  | { to: 'members'; mesh: string; keys: readonly BoxKey[] }
  /** `logN`: how long it is stretched, as a power of two. @default as age does */
  | { to: 'passphrase'; passphrase: string; logN?: number }

/** What opens a snapshot: the secret half of an X25519 key, or a passphrase. */
export type Opening = { secret: Uint8Array } | { passphrase: string }

export interface Header {
  /** As it stands in the file, its last line end included. */
  bytes: Uint8Array
  to: Seal['to']
  /** Whether it says that it is of this mesh; before it is opened that is a hint. With a passphrase it says nothing. */
  isOf: (mesh: string) => boolean
}

const FIRST_LINE = 'age-encryption.org/v1\n'
/** A stanza of ours among those of the recipients: which release, and which mesh, for those who know the mesh. */
const STANZA = 'ownmesh-snapshot'
const SALT_BYTES = 16
const TAG_BYTES = 16
const PURPOSE = 'ownmesh snapshot mesh 1'

/** Makes the key of a new file, and the header that tells it to those who shall have it. */
export async function makeHeader(seal: Seal): Promise<{ header: Uint8Array; fileKey: Uint8Array }> {
  const encrypter = new Encrypter()
  const ours = seal.to === 'members' ? meshRecipient(seal.mesh) : passphraseRecipient(seal.passphrase, seal.logN)
  let fileKey: Uint8Array | undefined
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = Uint8Array.from(key)
      return ours.wrapFileKey(key)
    }
  })
  if (seal.to === 'members') {
    for (const key of seal.keys) encrypter.addRecipient(bech32.encodeFromBytes('age', Buffer.from(key, 'hex')))
  }
  const file = await encrypter.encrypt(new Uint8Array())
  const length = headerLength(file)
  if (fileKey === undefined || length === null) throw new Error('no header was made')
  return { header: file.slice(0, length), fileKey }
}

/** @param beginning of a file, as much as a header can have @throws {InvalidSnapshotError} and its kin */
export function readHeader(beginning: Uint8Array, isWhole: boolean): Header {
  const start = Buffer.from(beginning.subarray(0, FIRST_LINE.length)).toString('latin1')
  if (start !== FIRST_LINE) {
    throw isWhole && start !== '' && FIRST_LINE.startsWith(start) ? truncated() : invalid('not-one')
  }
  const length = headerLength(beginning)
  if (length === null) throw isWhole ? truncated() : invalid('not-one')
  const bytes = beginning.slice(0, length)
  const lines = Buffer.from(bytes).toString('latin1').split('\n')
  const own = lines.find((line) => line.startsWith(`-> ${STANZA} `))?.split(' ')
  if (own === undefined) {
    if (lines[1]?.startsWith('-> scrypt ') !== true) throw invalid('not-one')
    return { bytes, to: 'passphrase', isOf: () => true }
  }
  const [, , version = '', salt = '', tag = ''] = own
  if (!/^[1-9]\d{0,5}$/.test(version)) throw damaged(0)
  if (Number(version) > VERSION) throw newer()
  return { bytes, to: 'members', isOf: (mesh) => tag === tagOf(mesh, salt) }
}

/**
 * The key of the file. @returns null when none of the keys opens it, or the passphrase is another one
 *
 * @throws {DamagedSnapshotError} when the header is not as it was written
 */
export async function openHeader({ bytes }: Header, openings: readonly Opening[]): Promise<Uint8Array | null> {
  const decrypter = new Decrypter()
  const asked = { all: false }
  for (const opening of openings) {
    decrypter.addIdentity(
      'secret' in opening
        ? bech32.encodeFromBytes('AGE-SECRET-KEY-', opening.secret).toUpperCase()
        : passphraseIdentity(opening.passphrase)
    )
  }
  // Asked last: that it is asked means that none before it knew the key.
  decrypter.addIdentity({
    unwrapFileKey: () => {
      asked.all = true
      return null
    }
  })
  try {
    return await decrypter.decryptHeader(bytes)
  } catch (cause) {
    if (asked.all) return null
    throw damaged(0, cause)
  }
}

function meshRecipient(mesh: string): Recipient {
  return {
    wrapFileKey() {
      const salt = randomBytes(SALT_BYTES).toString('base64url')
      return [new Stanza([STANZA, String(VERSION), salt, tagOf(mesh, salt)], new Uint8Array())]
    }
  }
}

/** Whoever does not know the mesh's id learns nothing from it, not even that two snapshots are of one mesh. */
function tagOf(mesh: string, salt: string): string {
  const digest = createHmac('sha256', Buffer.from(mesh, 'hex')).update(`${PURPOSE} ${salt}`).digest()
  return digest.subarray(0, TAG_BYTES).toString('base64url')
}

/** Up to the end of the line with the code that authenticates it. */
function headerLength(file: Uint8Array): number | null {
  const bytes = Buffer.from(file.buffer, file.byteOffset, Math.min(file.length, MAX_HEADER_BYTES))
  const last = bytes.indexOf('\n--- ')
  const end = last === -1 ? -1 : bytes.indexOf('\n', last + 1)
  return end === -1 ? null : end + 1
}
