/**
 * Makes frames.ts from each frames.proto with protons: `node scripts/frames.js`. With `--check` it writes nothing and
 * fails when a committed file differs from what would be made.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, readdirSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const protocols = join(root, 'src', 'protocols')
const protons = join(root, 'node_modules', 'protons', 'dist', 'bin', 'protons.js')
// Under our compiler flags the output of protons compiles only unchecked.
const HEADER = '// @ts-nocheck\n// Made by scripts/frames.js from frames.proto; do not edit.\n'

const check = process.argv.includes('--check')
let stale = 0
for (const folder of readdirSync(protocols)) {
  const source = join(protocols, folder, 'frames.proto')
  if (!existsSync(source)) continue
  const scratch = mkdtempSync(join(tmpdir(), 'mesh-frames-'))
  try {
    cpSync(source, join(scratch, 'frames.proto'))
    execFileSync(process.execPath, [protons, join(scratch, 'frames.proto')], { stdio: 'inherit' })
    const made = HEADER + readFileSync(join(scratch, 'frames.ts'), 'utf8')
    const target = join(protocols, folder, 'frames.ts')
    const committed = existsSync(target) ? readFileSync(target, 'utf8') : ''
    if (made === committed) continue
    if (check) {
      console.error(`src/protocols/${folder}/frames.ts is not what frames.proto makes: run node scripts/frames.js`)
      stale++
    } else {
      writeFileSync(target, made)
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
process.exitCode = stale === 0 ? 0 : 1
