import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestDevice } from './device.ts'

/**
 * Fails unless everything that was acknowledged is there as it was written.
 *
 * @param gone ids of what was acknowledged to be forgotten: it must not be there
 * @param doubtful ids of what was to be forgotten, when nobody knows whether it was
 */
export function checkAcknowledged(
  { memories }: TestDevice,
  acknowledged: ReadonlyMap<string, string>,
  gone: ReadonlySet<string> = new Set(),
  doubtful: ReadonlySet<string> = new Set()
): void {
  const there = new Map(memories.list({ limit: 1_000_000 }).map(({ id, text }) => [id, text]))
  for (const [id, text] of acknowledged) {
    if (gone.has(id)) assert.ok(!there.has(id), `${id} came back`)
    else if (!doubtful.has(id)) assert.equal(there.get(id), text)
  }
}

/** Names of the files of a folder, whatever they are, that hold the text. */
export function filesWith(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => existsSync(path) && readFileSync(path).includes(text))
}
