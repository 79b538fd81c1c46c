import { createInterface, type Interface } from 'node:readline'
import type { LineHolder, Output, Screen } from './output.ts'

export interface InputLineInit {
  input: NodeJS.ReadableStream
  output: Output
  /** Stands before what is typed. */
  label: string
  onLine: (line: string) => void
  /** Ctrl-C. */
  onInterrupt: () => void
  /** Ctrl-D, or the end of the input. */
  onEnd: () => void
}

/**
 * A line on the terminal that a person types in. While it is open, what the output writes stands above it; while it is
 * not, what is typed is taken and not shown.
 */
export class InputLine implements LineHolder {
  readonly #output: Output
  readonly #screen: Screen
  readonly #readline: Interface
  #secret = false
  /** The line stands on the screen and was not entered. */
  #shown = false

  constructor({ input, output, label, onLine, onInterrupt, onEnd }: InputLineInit) {
    this.#output = output
    this.#screen = output.screen()
    this.#screen.muted = true
    this.#readline = createInterface({ input, output: this.#screen, terminal: true, prompt: label })
    this.#readline.on('line', (line) => {
      if (this.#secret && this.#shown) {
        this.#draw('\n')
      }
      this.#shown = false
      // What comes in the same breath (pasted lines) must not be drawn into what is written next.
      this.#screen.muted = true
      onLine(line)
    })
    this.#readline.on('SIGINT', onInterrupt)
    this.#readline.on('close', onEnd)
  }

  /** What was typed and not yet entered. */
  get text(): string {
    return this.#readline.line
  }

  /** Shows the line and keeps it below everything else. What is typed into a secret one is not shown. */
  open({ label, secret = false }: { label?: string; secret?: boolean } = {}): void {
    if (label !== undefined) {
      this.#readline.setPrompt(label)
    }
    this.#secret = secret
    this.#shown = true
    this.#output.holder = this
    this.show()
  }

  /** Leaves what stands there; `newline` where nothing was entered and something else comes next. */
  close({ newline = false }: { newline?: boolean } = {}): void {
    this.#output.holder = undefined
    if (newline && this.#shown) {
      this.#draw('\n')
    }
    this.#shown = false
    this.#screen.muted = true
  }

  /** Takes away what was typed. */
  clear(): void {
    this.#readline.write(null, { ctrl: true, name: 'e' })
    this.#readline.write(null, { ctrl: true, name: 'u' })
  }

  hide(): void {
    const rows = this.#secret ? 0 : this.#readline.getCursorPos().rows
    this.#draw(`${rows > 0 ? `\u001b[${rows}A` : ''}\r\u001b[J`)
  }

  show(): void {
    if (this.#secret) {
      this.#draw(this.#readline.getPrompt())
      return
    }
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

  /** Lets the terminal go. */
  end(): void {
    this.#output.holder = undefined
    this.#screen.muted = true
    this.#readline.close()
    this.#screen.destroy()
  }

  #draw(text: string): void {
    const { muted } = this.#screen
    this.#screen.muted = false
    this.#screen.write(text)
    this.#screen.muted = muted
  }
}
