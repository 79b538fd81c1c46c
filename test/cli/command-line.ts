import { PassThrough } from 'node:stream'
import { NodeUnreachableError } from '../../src/errors.ts'
import { interruption, type Interruption } from '../../cli/interruption.ts'
import { Output } from '../../cli/output.ts'
import { run } from '../../cli/run.ts'
import type { Doors, Input } from '../../cli/verb.ts'
import type { HubSettings, Mesh } from '../../src/interface.ts'

export interface CommandLineInit {
  mesh?: Mesh
  doors?: Partial<Doors>
  input?: string
  inputKind?: Input['kind']
  /** The terminal's width, where standard output and error are one. */
  terminal?: number
  command?: string
  hub?: HubSettings
  /** Runs while the command does. */
  meanwhile?: (interruption: Interruption, streams: { stdout: PassThrough; stderr: PassThrough }) => void
}

export interface Outcome {
  code: number
  stdout: string
  stderr: string
}

/** Runs one command line against a fake mesh, in this process. */
export async function commandLine(args: string[], init: CommandLineInit = {}): Promise<Outcome> {
  const { mesh, terminal, input, inputKind = input === undefined ? 'terminal' : 'piped' } = init
  const stdout = Object.assign(new PassThrough(), terminal === undefined ? {} : { isTTY: true, columns: terminal })
  const stderr = Object.assign(new PassThrough(), terminal === undefined ? {} : { isTTY: true, columns: terminal })
  const stdin = new PassThrough()
  stdin.end(input ?? '')
  const texts = { stdout: '', stderr: '' }
  stdout.on('data', (chunk) => (texts.stdout += String(chunk)))
  stderr.on('data', (chunk) => (texts.stderr += String(chunk)))
  const open = (): Promise<Mesh> =>
    mesh === undefined ? Promise.reject(new NodeUnreachableError('No node runs for this home.')) : Promise.resolve(mesh)
  const interrupted = interruption(() => undefined)
  const finished = run(args, {
    doors: { createMesh: open, attachMesh: open, visitMesh: open, ...init.doors },
    input: { stream: stdin, kind: inputKind },
    output: new Output({ stdout, stderr, color: false }),
    interruption: interrupted,
    hub: init.hub ?? {},
    command: init.command ?? 'mesh',
    version: '0.1.0'
  })
  init.meanwhile?.(interrupted, { stdout, stderr })
  return { code: await finished, ...texts }
}
