import * as encoding from 'lib0/encoding'

/** Updates by hand, as no program of ours writes them. */

/** Structs of one writer, then deletions: writer, first clock, length. */
export function forged(
  writer: number,
  clock: number,
  structs: readonly Uint8Array[],
  deletes: readonly number[][] = []
): Uint8Array {
  return bytes((out) => {
    encoding.writeVarUint(out, structs.length === 0 ? 0 : 1)
    if (structs.length > 0) {
      encoding.writeVarUint(out, structs.length)
      encoding.writeVarUint(out, writer)
      encoding.writeVarUint(out, clock)
      for (const struct of structs) encoding.writeUint8Array(out, struct)
    }
    encoding.writeVarUint(out, deletes.length)
    for (const [of = 0, from = 0, length = 0] of deletes) {
      encoding.writeVarUint(out, of)
      encoding.writeVarUint(out, 1)
      encoding.writeVarUint(out, from)
      encoding.writeVarUint(out, length)
    }
  })
}

export function bytes(write: (out: encoding.Encoder) => void): Uint8Array {
  const out = encoding.createEncoder()
  write(out)
  return encoding.toUint8Array(out)
}

export function varUints(...numbers: number[]): Uint8Array {
  return bytes((out) => {
    for (const number of numbers) encoding.writeVarUint(out, number)
  })
}

/** A first write of a key. */
export function written(key: string, value: string | Uint8Array): Uint8Array {
  return bytes((out) => {
    encoding.writeUint8(out, 0b100000 | 8)
    encoding.writeVarUint(out, 1)
    encoding.writeVarString(out, 'e')
    encoding.writeVarString(out, key)
    encoding.writeVarUint(out, 1)
    encoding.writeUint8(out, 119)
    encoding.writeVarUint8Array(out, typeof value === 'string' ? Buffer.from(value) : value)
  })
}

/** Clocks that say nothing any more, as Yjs leaves them. */
export function collected(length: number): Uint8Array {
  return varUints(0, length)
}

/** A first write of a key that was deleted and says only how long it was. */
export function erased(key: string, length: number): Uint8Array {
  return bytes((out) => {
    encoding.writeUint8(out, 0b100000 | 1)
    encoding.writeVarUint(out, 1)
    encoding.writeVarString(out, 'e')
    encoding.writeVarString(out, key)
    encoding.writeVarUint(out, length)
  })
}
