import { readFileSync } from 'node:fs'

/** The release of ownmesh, from its package.json, which lies beside `src` in a clone and beside `dist` when compiled. */
export const VERSION = readVersion()

function readVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as Record<
        string,
        string
      >
      if (name === 'ownmesh' && version !== undefined) return version
    } catch {
      // The other place has it.
    }
  }
  return 'unknown'
}
