import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { interruption, type Interruption } from '../../cli/interruption.ts'
import { Output } from '../../cli/output.ts'
import { run } from '../../cli/run.ts'
import type { Doors } from '../../cli/verb.ts'
import type { SmallFake } from './small-fake.ts'

export const CTRL_C = '\u0003'
export const CTRL_D = '\u0004'

/** A verb on a terminal that a test types on and reads from. */
export class Terminal {
  readonly keys = new PassThrough()
  readonly exit: Promise<number>
  readonly interruption: Interruption
  /** How often the process would have been ended at once. */
  killed = 0
  #shown = ''
  readonly #stream: PassThrough & { isTTY: boolean; columns: number }

  constructor(args: string[], mesh: SmallFake, doors: Partial<Doors> = {}, columns = 80) {
    this.#stream = Object.assign(new PassThrough(), { isTTY: true, columns })
    this.#stream.on('data', (chunk) => (this.#shown += String(chunk)))
    this.interruption = interruption(() => this.killed++)
    const open = (): Promise<SmallFake> => Promise.resolve(mesh)
    this.exit = run(args, {
      doors: { createMesh: open, attachMesh: open, visitMesh: open, ...doors },
      input: { stream: this.keys, kind: 'terminal' },
      output: new Output({ stdout: this.#stream, stderr: this.#stream, color: false }),
      interruption: this.interruption,
      command: 'mesh',
      hub: {},
      version: '0.1.0'
    })
  }

  type(text: string): void {
    this.keys.write(text)
  }

  /** Waits until the text has been shown since the last call, and returns what was. */
  async until(text: string): Promise<string> {
    for (;;) {
      const end = this.#shown.indexOf(text)
      if (end !== -1) {
        const seen = this.#shown.slice(0, end + text.length)
        this.#shown = this.#shown.slice(seen.length)
        return seen
      }
      await once(this.#stream, 'data')
    }
  }

  /** Everything that was shown since the last call. */
  rest(): string {
    return this.#shown
  }
}
