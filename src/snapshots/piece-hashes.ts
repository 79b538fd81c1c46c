import { createHash, type Hash } from 'node:crypto'
import { PIECE_BYTES } from './limits.ts'

/** SHA-256 of each MiB of what passes, the last one as long as it is. */
export class PieceHashes {
  readonly hashes: Buffer[] = []
  #hash: Hash = createHash('sha256')
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + PIECE_BYTES - (this.#bytes % PIECE_BYTES))
      this.#hash.update(part)
      this.#bytes += part.length
      at += part.length
      if (this.#bytes % PIECE_BYTES === 0) this.#next()
    }
  }

  /** All of them, one after another. Nothing passes after it. */
  end(): Buffer {
    if (this.#bytes % PIECE_BYTES !== 0) this.#next()
    return Buffer.concat(this.hashes)
  }

  #next(): void {
    this.hashes.push(this.#hash.digest())
    this.#hash = createHash('sha256')
  }
}
