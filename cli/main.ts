import { fstatSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { VERSION } from '../src/version.ts'
import { commandForm } from './command-form.ts'
import { doors } from './doors.ts'
import { readEnvironment } from './environment.ts'
import { EXIT } from './exit-codes.ts'
import { interruption } from './interruption.ts'
import { Output } from './output.ts'
import { run } from './run.ts'
import type { Doors, Input } from './verb.ts'

/** Runs the command line in this process and ends it. */
export async function main(args: readonly string[], open: Doors = doors): Promise<never> {
  const environment = readEnvironment(process.env)
  const interrupted = interruption(() => process.exit(EXIT.interrupted))
  // A closed terminal (SIGHUP) is a wish to end, like Ctrl-C.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, interrupted.interrupt)
  }
  const code = await run(args, {
    doors: open,
    input: { stream: process.stdin, kind: kindOfInput() },
    output: new Output({ stdout: process.stdout, stderr: process.stderr, color: environment.color }),
    interruption: interrupted,
    hub: environment.hub,
    command: commandForm({
      environment,
      script: process.argv[1] ?? '',
      target: fileURLToPath(new URL('mesh.js', import.meta.url)),
      cwd: process.cwd()
    }),
    version: VERSION
  })
  process.exit(code)
}

function kindOfInput(): Input['kind'] {
  if (process.stdin.isTTY) {
    return 'terminal'
  }
  try {
    const stat = fstatSync(0)
    return stat.isFIFO() || stat.isFile() ? 'piped' : 'silent'
  } catch {
    // Standard input was closed before we began.
    return 'silent'
  }
}
