import { createInterface, type Interface } from 'node:readline'
import type { AbortOptions } from '../src/interface.ts'
import type { LineHolder, Output, Screen } from './output.ts'

export interface PromptInit {
  input: NodeJS.ReadableStream
  output: Output
  /** Stands before what is typed. */
  label: string
  /** Answers one line. What it throws is shown, and the prompt goes on. */
  answer: (line: string, options: { signal: AbortSignal }) => Promise<void>
}

/** Why a prompt ended: Ctrl-C, Ctrl-D, or the signal. */
export type PromptEnd = 'interrupted' | 'left' | 'stopped'

/**
 * An input line on the terminal that takes questions one after another. Ctrl-C stops the answer that is being
 * written, else clears the line, else leaves. What is typed during an answer is taken after it. Lines that the output
 * writes meanwhile stand above the input line.
 */
export class Prompt implements LineHolder {
  readonly #output: Output
  readonly #screen: Screen
  readonly #readline: Interface
  readonly #label: string
  readonly #answer: PromptInit['answer']
  readonly #typed: string[] = []
  readonly #notices: string[] = []
  #answering: AbortController | undefined
  #end: PromptEnd | undefined
  /** Wakes the loop: a line was typed, or the end has come. */
  #wake: () => void = () => undefined

  constructor({ input, output, label, answer }: PromptInit) {
    this.#output = output
    this.#label = label
    this.#answer = answer
    this.#screen = output.screen()
    this.#screen.muted = true
    this.#readline = createInterface({ input, output: this.#screen, terminal: true, prompt: label })
    this.#readline.on('line', (line) => {
      // What comes in the same breath (pasted lines) must not be drawn into the answer.
      this.#screen.muted = true
      this.#typed.push(line)
      this.#wake()
    })
    this.#readline.on('SIGINT', () => {
      this.#interrupted()
    })
    this.#readline.on('close', () => {
      this.#finish('left')
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
      this.#output.holder = undefined
      this.#screen.muted = true
      this.#readline.close()
      this.#screen.destroy()
    }
  }

  /** A dim line above the input line; during an answer it waits for its end. */
  notice(text: string): void {
    if (this.#answering === undefined) {
      this.#output.note(text)
    } else {
      this.#notices.push(text)
    }
  }

  hide(): void {
    const { rows } = this.#readline.getCursorPos()
    this.#screen.write(`${rows > 0 ? `\u001b[${rows}A` : ''}\r\u001b[J`)
  }

  show(): void {
    const { cursor } = this.#readline
    // readline remembers how many rows above the cursor its line began and would clear those: with the cursor at the
    // start it forgets them. Then it draws the line, and the cursor goes back to where it was.
    this.#screen.muted = true
    this.#readline.prompt()
    this.#screen.muted = false
    this.#readline.prompt(true)
    while (this.#readline.cursor < cursor) {
      this.#readline.write(null, { name: 'right' })
    }
  }

  async #questions(): Promise<PromptEnd> {
    for (;;) {
      const shown = this.#typed.length === 0
      if (shown && this.#end === undefined) {
        this.#open()
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
        await this.#answerOne(line)
      }
    }
  }

  async #answerOne(line: string): Promise<void> {
    const controller = new AbortController()
    this.#answering = controller
    try {
      await this.#answer(line, { signal: controller.signal })
    } catch (error) {
      this.#output.endAnswer()
      if (!controller.signal.aborted) {
        this.#output.error(error instanceof Error ? error : new Error(String(error)))
      } else if (this.#end === undefined) {
        this.#output.note('(stopped)')
      }
    }
    this.#answering = undefined
    for (const text of this.#notices.splice(0)) {
      this.#output.note(text)
    }
  }

  /** Shows the input line and keeps it below everything else. */
  #open(): void {
    this.#output.holder = this
    this.show()
  }

  #close(): void {
    this.#output.holder = undefined
    if (this.#end !== undefined && !this.#screen.muted) {
      // The shell's own prompt begins on a line of its own.
      this.#screen.write('\n')
    }
    this.#screen.muted = true
  }

  #interrupted(): void {
    if (this.#answering !== undefined) {
      this.#answering.abort()
    } else if (this.#readline.line !== '') {
      this.#readline.write(null, { ctrl: true, name: 'e' })
      this.#readline.write(null, { ctrl: true, name: 'u' })
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
