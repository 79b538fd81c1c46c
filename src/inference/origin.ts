import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelOrigin } from '../interface.ts'

/** Lies beside a model that was pulled from the hub. It is carried with the model, and its hash does not depend on it. */
export const ORIGIN = 'origin.json'

/** Two names of 96 characters, a commit, and room for what a later release adds. */
const MOST_BYTES = 4096

const REPOSITORY = /^[\w.-]{1,96}\/[\w.-]{1,96}$/
const COMMIT = /^[0-9a-f]{40}$/
const QUANTIZATION = /^[a-z0-9]{1,20}$/

export function encodeOrigin({ repository, commit, quantization }: ModelOrigin): string {
  return `${JSON.stringify({ repository, commit, quantization }, null, 2)}\n`
}

/** Null where there is none, or what lies there is none. */
export async function readOrigin(folder: string): Promise<ModelOrigin | null> {
  try {
    const file = await open(join(folder, ORIGIN))
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST_BYTES), 0, MOST_BYTES, 0)
      return originIn(JSON.parse(buffer.toString('utf8', 0, bytesRead)))
    } finally {
      await file.close()
    }
  } catch {
    return null
  }
}

function originIn(value: unknown): ModelOrigin | null {
  if (typeof value !== 'object' || value === null) return null
  const { repository, commit, quantization } = value as Record<string, unknown>
  const isOrigin = matches(repository, REPOSITORY) && matches(commit, COMMIT) && matches(quantization, QUANTIZATION)
  return isOrigin ? { repository, commit, quantization } : null
}

function matches(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value)
}
