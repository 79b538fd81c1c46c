import { createHash } from 'node:crypto'
import { publicKeyFromRaw } from '@libp2p/crypto/keys'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import type { PeerId } from '@libp2p/interface'

/**
 * The beacon's datagram, specified in PROTOCOL.md ("Discovery"): fixed fields first, then at most `MAX_ADDRESSES`
 * binary multiaddrs. It holds no name and no text of the owner, because everybody on the network can read it.
 */
export interface BeaconDatagram {
  /** 16 hexadecimal digits, from `tagOf`: which devices are meant. */
  tag: string
  /** 16 hexadecimal digits, random for each process. */
  instance: string
  peerId: PeerId
  /** True for a reply to another beacon; a reply is never replied to, or two devices would never stop. */
  answer: boolean
  /** Multiaddrs without `/p2p`; the host `0.0.0.0` means "where this datagram came from". */
  addresses: string[]
  /** The two words of a mesh whose door is open, 0 to 65535; otherwise null. */
  words: number | null
}

const MAGIC = Uint8Array.from([0x4f, 0x57, 0x4e, 0x4d]) // "OWNM"
const VERSION = 1
const FLAG_ANSWER = 0x01
/** The words follow the addresses. */
const FLAG_DOOR = 0x02
const TAG_BYTES = 8
const INSTANCE_BYTES = 8
/** A raw Ed25519 public key: the PeerId is a function of it. */
const KEY_BYTES = 32
const WORDS_BYTES = 2

const FLAGS_AT = MAGIC.length + 1
const TAG_AT = FLAGS_AT + 1
const INSTANCE_AT = TAG_AT + TAG_BYTES
const KEY_AT = INSTANCE_AT + INSTANCE_BYTES
const COUNT_AT = KEY_AT + KEY_BYTES
const HEADER_BYTES = COUNT_AT + 1

/** Enough for one network interface: an IPv4 address and several IPv6 ones. */
export const MAX_ADDRESSES = 8
/** `/ip6/…/tcp/…` takes 20 bytes; the rest is room for transports to come. */
const MAX_ADDRESS_BYTES = 64
/** What a conforming sender can produce at most: well under the 1,232 bytes that cross any link in one piece. */
export const MAX_DATAGRAM_BYTES = HEADER_BYTES + MAX_ADDRESSES * (1 + MAX_ADDRESS_BYTES) + WORDS_BYTES

/** The tag's eight bytes on the wire, as hexadecimal: the beginning of its SHA-256. */
export function tagOf(text: string): string {
  return createHash('sha256')
    .update(text)
    .digest('hex')
    .slice(0, 2 * TAG_BYTES)
}

/** @throws {RangeError} when the identity is not Ed25519, or the addresses or the words do not fit */
export function encodeDatagram({ tag, instance, peerId, answer, addresses, words }: BeaconDatagram): Uint8Array {
  if (peerId.type !== 'Ed25519') {
    throw new RangeError(`A beacon carries Ed25519 identities only, not ${peerId.type}`)
  }
  if (addresses.length > MAX_ADDRESSES) {
    throw new RangeError(`A beacon carries ${MAX_ADDRESSES} addresses at most, not ${addresses.length}`)
  }
  const parts = [
    MAGIC,
    Uint8Array.of(VERSION, (answer ? FLAG_ANSWER : 0) | (words === null ? 0 : FLAG_DOOR)),
    fixed(tag, TAG_BYTES),
    fixed(instance, INSTANCE_BYTES),
    peerId.publicKey.raw,
    Uint8Array.of(addresses.length)
  ]
  for (const address of addresses) {
    const bytes = multiaddr(address).bytes
    if (bytes.length > MAX_ADDRESS_BYTES) throw new RangeError(`The address ${address} is too long for a beacon`)
    parts.push(Uint8Array.of(bytes.length), bytes)
  }
  if (words !== null) {
    const bytes = Buffer.alloc(WORDS_BYTES)
    bytes.writeUInt16BE(words)
    parts.push(bytes)
  }
  return Buffer.concat(parts)
}

/**
 * The datagram, or undefined for whatever a stranger sent instead of one. An address that this release cannot read is
 * left out; later bytes and unknown flags are ignored, so that a later release may add to both.
 */
export function decodeDatagram(bytes: Uint8Array): BeaconDatagram | undefined {
  if (bytes.length < HEADER_BYTES || bytes.length > MAX_DATAGRAM_BYTES) return undefined
  if (MAGIC.some((byte, index) => bytes[index] !== byte) || bytes[MAGIC.length] !== VERSION) return undefined
  const count = bytes[COUNT_AT] ?? 0
  if (count > MAX_ADDRESSES) return undefined
  const addresses: string[] = []
  let at = HEADER_BYTES
  for (let index = 0; index < count; index++) {
    const length = bytes[at]
    if (length === undefined || length > MAX_ADDRESS_BYTES || at + 1 + length > bytes.length) return undefined
    const address = readAddress(bytes.slice(at + 1, at + 1 + length))
    if (address !== undefined) addresses.push(address)
    at += 1 + length
  }
  const flags = bytes[FLAGS_AT] ?? 0
  const hasWords = (flags & FLAG_DOOR) !== 0
  if (hasWords && at + WORDS_BYTES > bytes.length) return undefined
  return {
    tag: hexadecimal(bytes.subarray(TAG_AT, INSTANCE_AT)),
    instance: hexadecimal(bytes.subarray(INSTANCE_AT, KEY_AT)),
    peerId: peerIdFromPublicKey(publicKeyFromRaw(bytes.slice(KEY_AT, COUNT_AT))),
    answer: (flags & FLAG_ANSWER) !== 0,
    addresses,
    words: hasWords ? Buffer.from(bytes.subarray(at, at + WORDS_BYTES)).readUInt16BE() : null
  }
}

function readAddress(bytes: Uint8Array): string | undefined {
  try {
    return multiaddr(bytes).toString()
  } catch {
    return undefined
  }
}

function fixed(hex: string, length: number): Uint8Array {
  const bytes = Buffer.from(hex, 'hex')
  if (bytes.length !== length) throw new RangeError(`Expected ${2 * length} hexadecimal digits, got "${hex}"`)
  return bytes
}

function hexadecimal(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
