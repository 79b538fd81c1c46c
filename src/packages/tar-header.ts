/** One header of a tar file: "ustar", POSIX.1-1988, with GNU's form for sizes of 8 GiB and more. Regular files only. */

/** Of a header, and what contents are padded to. */
export const BLOCK = 512

export interface TarEntry {
  path: string
  bytes: number
}

const NAME = { at: 0, length: 100 }
const PREFIX = { at: 345, length: 155 }
const SIZE = { at: 124, length: 12 }
const CHECKSUM = { at: 148, length: 8 }
/** Beyond this 11 octal digits do not do. */
const MOST_OCTAL = 8 ** 11 - 1
const REGULAR_FILE = '0'

/** With the bytes that fill the last block. */
export function padded(bytes: number): number {
  return Math.ceil(bytes / BLOCK) * BLOCK
}

/** Null where the path is too long for the format. The same for the same entry: no time, no owner. */
export function encodeHeader({ path, bytes }: TarEntry): Buffer | null {
  const split = splitPath(path)
  if (split === null) return null
  const header = Buffer.alloc(BLOCK)
  header.write(split.name, NAME.at)
  header.write(split.prefix, PREFIX.at)
  // Mode, owner, group.
  header.write('0000644\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  if (bytes <= MOST_OCTAL) header.write(`${bytes.toString(8).padStart(11, '0')}\0`, SIZE.at)
  else {
    header[SIZE.at] = 0x80
    header.writeBigUInt64BE(BigInt(bytes), SIZE.at + 4)
  }
  // Time of the last change.
  header.write('00000000000\0', 136)
  header.write(REGULAR_FILE, 156)
  header.write('ustar\0', 257)
  header.write('00', 263)
  header.write(`${checksumOf(header).toString(8).padStart(6, '0')}\0 `, CHECKSUM.at)
  return header
}

/** Null for what is not the header of a regular file. */
export function decodeHeader(header: Buffer): TarEntry | null {
  const checksum = octal(header.subarray(CHECKSUM.at, CHECKSUM.at + CHECKSUM.length))
  const isUstar = header.toString('latin1', 257, 262) === 'ustar'
  if (!isUstar || checksum !== checksumOf(header) || header.toString('latin1', 156, 157) !== REGULAR_FILE) return null
  const size = header.subarray(SIZE.at, SIZE.at + SIZE.length)
  const bytes = size[0] === 0x80 ? Number(size.readBigUInt64BE(4)) : octal(size)
  const [prefix, name] = [PREFIX, NAME].map(({ at, length }) => textOf(header.subarray(at, at + length)))
  if (bytes === null || !Number.isSafeInteger(bytes) || prefix === undefined || name === undefined) return null
  return { path: prefix === '' ? name : `${prefix}/${name}`, bytes }
}

/** At a `/`, so that both halves fit. */
function splitPath(path: string): { prefix: string; name: string } | null {
  const fits = (text: string, { length }: { length: number }): boolean => Buffer.byteLength(text) <= length
  if (fits(path, NAME)) return { prefix: '', name: path }
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)]
    if (fits(prefix, PREFIX) && fits(name, NAME)) return { prefix, name }
  }
  return null
}

/** Sum of the bytes, its own field taken for spaces. */
function checksumOf(header: Buffer): number {
  const field = header.subarray(CHECKSUM.at, CHECKSUM.at + CHECKSUM.length)
  const sum = (bytes: Buffer): number => bytes.reduce((total, byte) => total + byte, 0)
  return sum(header) - sum(field) + 0x20 * CHECKSUM.length
}

function octal(field: Buffer): number | null {
  const digits = /^ *([0-7]+)[\0 ]*$/.exec(field.toString('latin1'))?.[1]
  return digits === undefined ? null : Number.parseInt(digits, 8)
}

/** Up to the first zero; undefined for what is not UTF-8. */
function textOf(field: Buffer): string | undefined {
  const end = field.indexOf(0)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(end === -1 ? field : field.subarray(0, end))
  } catch {
    return undefined
  }
}
