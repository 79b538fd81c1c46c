import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { BrokenModelError } from '../../errors.ts'
import type { MeasurementStore } from '../../inference/index.ts'
import { readStretches } from '../../packages/index.ts'
import { PIECE_BYTES } from '../../protocols/model/index.ts'

export interface PieceHashes {
  /** Of the whole file. */
  sha256: string
  /** Of each piece, in order. */
  pieces: string[]
}

const HASH_BYTES = 32

/** How a file looks without being read: another look means other contents. Null where there is none. */
export async function lookOf(file: string): Promise<string | null> {
  const found = await stat(file).catch(() => null)
  return found === null ? null : `${file} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`
}

/** What was found out about a file before, for as long as it looks the same. */
export function knownPieces(look: string, measurements: MeasurementStore): PieceHashes | null {
  const kept = measurements.get(`pieces ${look}`)
  if (kept === undefined) return null
  const [sha256, ...pieces] = split(Buffer.from(kept, 'base64'))
  return sha256 === undefined ? null : { sha256, pieces }
}

export function keepPieces(look: string, { sha256, pieces }: PieceHashes, measurements: MeasurementStore): void {
  measurements.set(`pieces ${look}`, Buffer.from(sha256 + pieces.join(''), 'hex').toString('base64'))
}

/** Reads a file through. @throws {BrokenModelError} when it has another size {FileUnusableError} */
export async function hashPieces(
  { source, bytes }: { source: string; bytes: number },
  { signal }: { signal: AbortSignal }
): Promise<PieceHashes> {
  const whole = createHash('sha256')
  const pieces: string[] = []
  let piece = createHash('sha256')
  let inPiece = 0
  const stretch = { path: source, fileBytes: bytes, start: 0, bytes }
  for await (const chunk of readStretches([stretch], changed, { signal })) {
    whole.update(chunk)
    for (let rest = chunk; rest.length > 0;) {
      const part = rest.subarray(0, PIECE_BYTES - inPiece)
      piece.update(part)
      inPiece += part.length
      rest = rest.subarray(part.length)
      if (inPiece < PIECE_BYTES) continue
      pieces.push(piece.digest('hex'))
      piece = createHash('sha256')
      inPiece = 0
    }
  }
  if (inPiece > 0) pieces.push(piece.digest('hex'))
  return { sha256: whole.digest('hex'), pieces }
}

export function changed(path: string, problem: string): BrokenModelError {
  return new BrokenModelError(`${path} changed while it was given to another device: ${problem}.`)
}

function split(bytes: Buffer): string[] {
  return Array.from({ length: Math.floor(bytes.length / HASH_BYTES) }, (_, at) =>
    bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES).toString('hex')
  )
}
