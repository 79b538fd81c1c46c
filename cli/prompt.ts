import type { AbortOptions } from '../src/interface.ts'
import { InputLine } from './input-line.ts'
import type { Output } from './output.ts'

export interface PromptInit {
  input: NodeJS.ReadableStream
  output: Output
  /** Stands before what is typed. */
  label: string
  /** Answers one line. What it throws is shown, and the prompt goes on. */
  answer: (line: string, options: LineOptions) => Promise<void>
}

export interface LineOptions {
  signal: AbortSignal
  /** It was typed during the answer before it, when its writer could not yet see what was asked last. */
  ahead: boolean
}

/** Why a prompt ended: Ctrl-C, Ctrl-D, or the signal. */
export type PromptEnd = 'interrupted' | 'left' | 'stopped'

/**
 * An input line on the terminal that takes questions one after another. Ctrl-C stops the answer that is being
 * written, else clears the line, else leaves. What is typed during an answer is taken after it. Lines that the output
 * writes meanwhile stand above the input line.
 */
export class Prompt {
  readonly #output: Output
  readonly #line: InputLine
  readonly #label: string
  readonly #answer: PromptInit['answer']
  readonly #typed: string[] = []
  /** What waits for the end of an answer to be written. */
  readonly #notices: (() => void)[] = []
  #answering: AbortController | undefined
  #end: PromptEnd | undefined
  /** Wakes the loop: a line was typed, or the end has come. */
  #wake: () => void = () => undefined

  constructor({ input, output, label, answer }: PromptInit) {
    this.#output = output
    this.#label = label
    this.#answer = answer
    this.#line = new InputLine({
      input,
      output,
      label,
      onLine: (line) => {
        this.#typed.push(line)
        this.#wake()
      },
      onInterrupt: () => {
        this.#interrupted()
      },
      onEnd: () => {
        this.#finish('left')
      }
    })
  }

  /** Takes questions until the end. */
  async run({ signal }: AbortOptions = {}): Promise<PromptEnd> {
    const stop = (): void => {
      this.#finish('stopped')
    }
    signal?.addEventListener('abort', stop)
    try {
      if (signal?.aborted === true) {
        stop()
      }
      return await this.#questions()
    } finally {
      signal?.removeEventListener('abort', stop)
      this.#line.end()
    }
  }

  /** A dim line above the input line; during an answer it waits for its end. */
  notice(text: string): void {
    this.#above(() => {
      this.#output.note(text)
    })
  }

  /** As a notice, for what a person is asked: shown with `--quiet` too. */
  request(text: string): void {
    this.#above(() => {
      this.#output.paragraph(text)
    })
  }

  #above(write: () => void): void {
    if (this.#answering === undefined) {
      write()
    } else {
      this.#notices.push(write)
    }
  }

  async #questions(): Promise<PromptEnd> {
    for (;;) {
      const shown = this.#typed.length === 0
      if (shown && this.#end === undefined) {
        this.#line.open()
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        this.#close()
      }
      if (this.#end !== undefined) {
        return this.#end
      }
      const line = this.#typed.shift()?.trim() ?? ''
      if (line !== '') {
        if (!shown) {
          this.#output.note(this.#label + line)
        }
        await this.#answerOne(line, !shown)
      }
    }
  }

  async #answerOne(line: string, ahead: boolean): Promise<void> {
    const controller = new AbortController()
    this.#answering = controller
    try {
      await this.#answer(line, { signal: controller.signal, ahead })
    } catch (error) {
      this.#output.endAnswer()
      if (!controller.signal.aborted) {
        this.#output.error(error instanceof Error ? error : new Error(String(error)))
      } else if (this.#end === undefined) {
        this.#output.note('(stopped)')
      }
    }
    this.#answering = undefined
    for (const write of this.#notices.splice(0)) {
      write()
    }
  }

  #close(): void {
    // The shell's own prompt begins on a line of its own.
    this.#line.close({ newline: this.#end !== undefined })
  }

  #interrupted(): void {
    if (this.#answering !== undefined) {
      this.#answering.abort()
    } else if (this.#line.text !== '') {
      this.#line.clear()
    } else {
      this.#finish('interrupted')
    }
  }

  #finish(end: PromptEnd): void {
    this.#end ??= end
    this.#answering?.abort()
    this.#wake()
  }
}
