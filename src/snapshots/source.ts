import { open, type FileHandle } from 'node:fs/promises'
import { reading } from './disk.ts'

/** Bytes that can be read again and again: a file, or a test's own. */
export interface Source {
  size: number
  /** Fewer than wanted only at the end. */
  read: (offset: number, length: number) => Promise<Uint8Array>
}

export interface FileSource extends Source {
  close: () => Promise<void>
}

/** @throws {FileUnusableError} */
export async function openFile(path: string): Promise<FileSource> {
  const file = await reading(path, () => open(path, 'r'))
  try {
    const { size } = await reading(path, () => file.stat())
    return {
      size,
      read: (offset, length) => reading(path, () => readFully(file, offset, length)),
      close: () => file.close()
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

async function readFully(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}
