import { spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { olderLogFile } from './log-file.ts'
import { ServiceError, type Ran, type Runner } from './manager.ts'

/** A manager of services answers in far less; one that hangs must not hold the command. Stopping a node is the longest. */
const LONGEST_MS = 120_000
/** How often a file that is followed is looked at. */
const LOOK_EVERY_MS = 500
/** What a command may say. */
const MOST_OUTPUT = 2 ** 20

/** This machine. */
export const machine: Runner = {
  run: (command, args) => ran(command, args, AbortSignal.timeout(LONGEST_MS), ['ignore', 'pipe', 'pipe']),
  show: (command, args, signal) => ran(command, args, signal, ['ignore', 'inherit', 'pipe']),
  tail,
  read(path) {
    if (!existsSync(path)) {
      return null
    }
    const bytes = readFileSync(path)
    // The Task Scheduler's files are UTF-16.
    return bytes[0] === 0xff && bytes[1] === 0xfe ? bytes.subarray(2).toString('utf16le') : bytes.toString()
  },
  write(path, content) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  },
  remove(path) {
    rmSync(path, { force: true })
  }
}

function ran(
  command: string,
  args: readonly string[],
  signal: AbortSignal,
  stdio: ['ignore', 'pipe' | 'inherit', 'pipe']
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio, signal, windowsHide: true })
    const texts = { stdout: '', stderr: '' }
    child.stdout?.on('data', (chunk) => (texts.stdout = (texts.stdout + String(chunk)).slice(-MOST_OUTPUT)))
    child.stderr?.on('data', (chunk) => (texts.stderr = (texts.stderr + String(chunk)).slice(-MOST_OUTPUT)))
    let missing = false
    child.on('error', (error) => {
      missing = 'code' in error && error.code === 'ENOENT'
      if (missing) {
        resolve({ code: null, ...texts })
      }
    })
    child.on('close', (code) => {
      if (!missing) {
        resolve({ code: code ?? 1, ...texts })
      }
    })
  })
}

/** Shows the last lines of a rotated file, and what is added to it. */
async function tail(
  path: string,
  { lines, follow, signal }: { lines: number; follow: boolean; signal: AbortSignal }
): Promise<void> {
  const present = [olderLogFile(path), path].filter((each) => existsSync(each))
  if (present.length === 0 && !follow) {
    throw new ServiceError(`There is no ${path} yet: the service has not written anything.`)
  }
  const all = present
    .map((each) => readFileSync(each, 'utf8'))
    .join('')
    .split('\n')
  const last = all.at(-1) === '' ? all.slice(0, -1) : all
  process.stdout.write(
    last
      .slice(Math.max(0, last.length - lines))
      .map((line) => `${line}\n`)
      .join('')
  )
  let at = existsSync(path) ? readFileSync(path).length : 0
  while (follow && !signal.aborted) {
    at = added(path, at)
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined)
  }
}

/** Shows what a file has beyond `at`; one that is shorter was begun anew. Gives its length. */
function added(path: string, at: number): number {
  if (!existsSync(path)) {
    return 0
  }
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    const from = size < at ? 0 : at
    const bytes = Buffer.alloc(size - from)
    const length = readSync(file, bytes, 0, bytes.length, from)
    process.stdout.write(bytes.subarray(0, length))
    return from + length
  } finally {
    closeSync(file)
  }
}
