import { setImmediate } from 'node:timers/promises'
import { InputLine } from './input-line.ts'
import type { AbortOptions } from '../src/interface.ts'
import type { Invocation } from './verb.ts'

export interface QuestionOptions extends AbortOptions {
  /** What is typed is not shown. */
  secret?: boolean
}

/** Whether a person sits before this command and can be asked. */
export function onTerminal({ input, output }: Pick<Invocation, 'input' | 'output'>): boolean {
  return input.kind === 'terminal' && output.interactive && !output.json
}

/** Questions of a verb to the person on the terminal. Ctrl-C is the interruption, Ctrl-D an empty answer. */
export class Dialogue {
  readonly #line: InputLine
  readonly #signal: AbortSignal
  readonly #typed: string[] = []
  readonly #ended = new AbortController()
  #wake: () => void = () => undefined

  constructor({ input, output, interruption }: Pick<Invocation, 'input' | 'output' | 'interruption'>) {
    this.#signal = interruption.signal
    this.#line = new InputLine({
      input: input.stream,
      output,
      label: '',
      onLine: (line) => {
        this.#typed.push(line)
        this.#wake()
      },
      onInterrupt: interruption.interrupt,
      onEnd: () => {
        this.#ended.abort()
        this.#wake()
      }
    })
  }

  /** Aborted when nothing will be typed any more. */
  get ended(): AbortSignal {
    return this.#ended.signal
  }

  /** The next line; what was typed before is taken first. @throws the signal's reason, or that of the interruption */
  async question(label: string, { signal, secret = false }: QuestionOptions = {}): Promise<string> {
    const ends = [this.#signal, ...(signal === undefined ? [] : [signal])]
    const end = AbortSignal.any(ends)
    end.throwIfAborted()
    const wake = (): void => {
      this.#wake()
    }
    end.addEventListener('abort', wake)
    this.#line.open({ label, secret })
    try {
      while (this.#typed.length === 0 && !this.ended.aborted && !end.aborted) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
      end.throwIfAborted()
      return this.#typed.shift()?.trim() ?? ''
    } finally {
      end.removeEventListener('abort', wake)
      this.#line.close({ newline: true })
    }
  }

  /** Whether the answer is yes. What was typed before the question could be seen answers nothing. */
  async confirm(question: string, options?: AbortOptions): Promise<boolean> {
    // One turn of the event loop reads what the terminal still holds, the second hands over its lines.
    await setImmediate()
    await setImmediate()
    this.#typed.length = 0
    return isYes(await this.question(`${question} [y/N] `, options)) === true
  }

  end(): void {
    this.#line.end()
  }
}

/** Yes, no, or neither. */
export function isYes(line: string): boolean | undefined {
  const word = line.trim().toLowerCase()
  return word === 'y' || word === 'yes' ? true : word === 'n' || word === 'no' ? false : undefined
}

/** A dialogue for the length of `use`. */
export async function withDialogue<T>(invocation: Invocation, use: (dialogue: Dialogue) => Promise<T>): Promise<T> {
  const dialogue = new Dialogue(invocation)
  try {
    return await use(dialogue)
  } finally {
    dialogue.end()
  }
}
