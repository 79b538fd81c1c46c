import { createHash } from 'node:crypto'
import { InvalidInviteError } from '../errors.ts'
import { isHex } from './hex.ts'
import type { DeviceKey } from './keys.ts'

/** What an invite says: where to go, whom to meet there, and the secret that lets one device in. */
export interface InviteTicket {
  /** 16 random bytes. */
  seed: Uint8Array
  /** Mesh id. */
  mesh: string
  inviter: DeviceKey
  /** Multiaddrs without PeerId, best first; at most 16. */
  addresses: string[]
}

/*
 * An invite is `mesh://` and, in base64url without padding:
 *
 *   version 1 | length 2 | seed 16 | inviter 32 | mesh 32 | count 1 | (length 1 | address)… | checksum 4
 *
 * Numbers are bytes, big end first. The length is that of all, the checksum the beginning of SHA-256 over all before it.
 * Version and length are the first four characters, and stay where they are in every version, as does the checksum: so a
 * text that was cut off, one that was mistyped and one of a later release are told apart.
 */
const SCHEME = 'mesh://'
const VERSION = 1
const SEED_BYTES = 16
const KEY_BYTES = 32
const HEADER_BYTES = 3
const FIXED_BYTES = HEADER_BYTES + SEED_BYTES + 2 * KEY_BYTES + 1
const CHECKSUM_BYTES = 4
/** As many as a device announces. */
const MAX_ADDRESSES = 16
const MAX_ADDRESS_BYTES = 255
const MAX_INVITE_BYTES = FIXED_BYTES + MAX_ADDRESSES * (1 + MAX_ADDRESS_BYTES) + CHECKSUM_BYTES
/** Twice the longest, for the white space and quotes that a text picks up on its way. */
const MAX_TEXT_LENGTH = 4 * MAX_INVITE_BYTES

/** White space, and what cannot be seen: the marks that terminals, mail and chat programs put into long words. */
const INVISIBLE = /[\s\u00ad\u200b-\u200f\u2060]+/g
const QUOTES = /^["'`<([“”‘’„«»]+|["'`>)\].,;“”‘’„«»]+$/g

/** Those of a device's addresses that an invite has room for, best first as before. */
export function fittingAddresses(addresses: readonly string[]): string[] {
  return addresses.filter(isAddress).slice(0, MAX_ADDRESSES)
}

/** @throws {InvalidInviteError} when there is something in it that does not fit */
export function encodeInvite({ seed, mesh, inviter, addresses }: InviteTicket): string {
  const lines = addresses.map((address) => Buffer.from(address, 'utf8'))
  const fits =
    seed.length === SEED_BYTES &&
    isHex(inviter, KEY_BYTES) &&
    isHex(mesh, KEY_BYTES) &&
    addresses.length <= MAX_ADDRESSES &&
    addresses.every(isAddress)
  if (!fits) throw new InvalidInviteError('An invite cannot be made of this: a key, a mesh or an address is malformed.')
  const body = Buffer.concat([
    seed,
    Buffer.from(inviter, 'hex'),
    Buffer.from(mesh, 'hex'),
    Buffer.of(lines.length),
    ...lines.flatMap((line) => [Buffer.of(line.length), line])
  ])
  const content = Buffer.concat([headerOf(HEADER_BYTES + body.length + CHECKSUM_BYTES), body])
  return SCHEME + Buffer.concat([content, checksumOf(content)]).toString('base64url')
}

/**
 * Reads what a person pasted, typed or scanned: white space, line breaks and quotes round it do no harm.
 * `details.reason` of the error is `not-an-invite`, `incomplete`, `mistyped` or `newer`.
 *
 * @throws {InvalidInviteError} saying whether it was cut off, mistyped, or is something else
 */
export function decodeInvite(text: string): InviteTicket {
  if (text.length > MAX_TEXT_LENGTH) throw invalid('not-an-invite')
  const line = text.replace(INVISIBLE, '').replace(QUOTES, '')
  if (line.slice(0, SCHEME.length).toLowerCase() !== SCHEME) {
    const isBeginning = line.length >= 4 && SCHEME.startsWith(line.toLowerCase())
    throw invalid(isBeginning ? 'incomplete' : 'not-an-invite')
  }
  return ticketFrom(bytesOf(line.slice(SCHEME.length)))
}

/** The bytes, found to be whole and unchanged and of this version. */
function bytesOf(word: string): Buffer {
  if (!/^[A-Za-z0-9_-]*$/.test(word)) throw invalid('mistyped')
  const bytes = Buffer.from(word, 'base64url')
  const isExact = bytes.toString('base64url') === word
  if (isExact && hasChecksum(bytes)) {
    if (bytes[0] !== VERSION) throw invalid('newer')
    // Only an encoder of another kind gets here with a wrong length.
    if (bytes.readUInt16BE(1) === bytes.length) return bytes
    throw invalid('mistyped')
  }
  if (bytes.length < HEADER_BYTES) throw invalid('incomplete')
  if (bytes.length < bytes.readUInt16BE(1)) {
    // Either its end is missing, or it is the length that was mistyped: then all is well with the length put right.
    const mended = Buffer.concat([headerOf(bytes.length), bytes.subarray(HEADER_BYTES)])
    throw invalid(isExact && hasChecksum(mended) ? 'mistyped' : 'incomplete')
  }
  throw invalid('mistyped')
}

function ticketFrom(bytes: Buffer): InviteTicket {
  const inviterAt = HEADER_BYTES + SEED_BYTES
  const meshAt = inviterAt + KEY_BYTES
  const end = bytes.length - CHECKSUM_BYTES
  const addresses: string[] = []
  let at = FIXED_BYTES
  while (at < end) {
    const length = bytes[at] ?? 0
    const line = bytes.subarray(at + 1, Math.min(at + 1 + length, end))
    const address = line.toString('utf8')
    if (!isAddress(address) || !Buffer.from(address, 'utf8').equals(line)) throw invalid('mistyped')
    addresses.push(address)
    at += 1 + length
  }
  if (at !== end || addresses.length !== bytes[FIXED_BYTES - 1] || addresses.length > MAX_ADDRESSES) {
    throw invalid('mistyped')
  }
  return {
    seed: new Uint8Array(bytes.subarray(HEADER_BYTES, inviterAt)),
    inviter: bytes.toString('hex', inviterAt, meshAt),
    mesh: bytes.toString('hex', meshAt, meshAt + KEY_BYTES),
    addresses
  }
}

function headerOf(length: number): Buffer {
  const header = Buffer.of(VERSION, 0, 0)
  header.writeUInt16BE(length, 1)
  return header
}

function checksumOf(content: Uint8Array): Buffer {
  return createHash('sha256').update(content).digest().subarray(0, CHECKSUM_BYTES)
}

function hasChecksum(bytes: Buffer): boolean {
  const end = bytes.length - CHECKSUM_BYTES
  return end >= HEADER_BYTES && checksumOf(bytes.subarray(0, end)).equals(bytes.subarray(end))
}

/** Whether it may be a multiaddr. What dials it looks closer. */
function isAddress(address: string): boolean {
  if (Buffer.byteLength(address, 'utf8') > MAX_ADDRESS_BYTES) return false
  return address.startsWith('/') && !/[\s\u0000-\u001f\u007f-\u009f]/.test(address)
}

const MESSAGES = {
  'not-an-invite': `This is no invite: an invite begins with ${SCHEME}. mesh invite on a device of the mesh makes one.`,
  incomplete: 'The end of this invite is missing. Copy all of it: it may go over several lines.',
  mistyped: 'This invite was changed on its way: a character is wrong, missing or too many. Copy it again.',
  newer: 'This invite is of a later release of ownmesh. Update ownmesh on this device, then try again.'
} as const

function invalid(reason: keyof typeof MESSAGES): InvalidInviteError {
  return new InvalidInviteError(MESSAGES[reason], { details: { reason } })
}
