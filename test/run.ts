/**
 * Runs the compiled tests and ends with the line that CI reads: `N passed, N failed`.
 *
 *   node dist/test/run.js            everything but the long runs
 *   node dist/test/run.js unit       without real processes and network namespaces
 *   node dist/test/run.js soak       the long runs too
 *   node dist/test/run.js WORD…      only files whose path holds one of the words
 *   node dist/test/run.js -WORD…     none whose path holds one of them
 */
import '../src/polyfill.ts'
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import Mocha from 'mocha'

const root = fileURLToPath(new URL('.', import.meta.url))
const words = process.argv.slice(2)
const soak = words.includes('soak')
const unit = words.includes('unit')
const wanted = words.filter((word) => word !== 'soak' && word !== 'unit' && !word.startsWith('-'))
const unwanted = words.filter((word) => word.startsWith('-')).map((word) => word.slice(1))
// Long tests read this one variable.
if (soak) process.env.MESH_SOAK = '1'

const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.js') && (soak || !file.endsWith('.soak.test.js')))
  .filter((file) => !unit || !file.startsWith('integration'))
  .filter((file) => wanted.length === 0 || wanted.some((word) => file.includes(word)))
  .filter((file) => !unwanted.some((word) => file.includes(word)))
  .sort()

// A test that hangs is ended; one that works takes its time, on a machine that does other things too.
const TIMEOUT_MS = 60_000

const mocha = new Mocha({ timeout: TIMEOUT_MS, slow: 2_000, reporter: process.env.CI === undefined ? 'spec' : 'dot' })
for (const file of files) mocha.addFile(join(root, file))
await mocha.loadFilesAsync()
const runner = mocha.run((failures) => {
  const { passes = 0, pending = 0 } = runner.stats ?? {}
  process.stdout.write(
    `\n${String(passes)} passed, ${String(failures)} failed${pending === 0 ? '' : `, ${String(pending)} skipped`}\n`
  )
  if (files.length === 0) process.stdout.write(`no test file below ${relative('.', root)} fits\n`)
  // A handle that a test forgot must not hold the run for ever, and is worth knowing of.
  process.exitCode = failures > 0 || passes === 0 ? 1 : 0
  const forgotten = setTimeout(() => {
    process.stdout.write(`a test left open: ${process.getActiveResourcesInfo().join(', ')}\n`)
    process.exit(1)
  }, 5_000)
  forgotten.unref()
})
