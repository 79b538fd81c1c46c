/**
 * The only place that writes to standard output and standard error. Answers and results go to the first; what is
 * about them (who answered, what is being waited for, errors) to the second.
 */
import { Writable } from 'node:stream'
import { cut, printable, wrap } from './columns.ts'
import { table, type Column } from './table.ts'
import type { AbortOptions } from '../src/interface.ts'

export interface OutputStream extends NodeJS.WritableStream {
  isTTY?: boolean
  columns?: number
}

export interface OutputInit {
  stdout: OutputStream
  stderr: OutputStream
  /** Whether terminals may be sent colours; see https://no-color.org. */
  color: boolean
}

/** Whoever holds an input line on the terminal: lines that come meanwhile are written above it. */
export interface LineHolder {
  hide(): void
  show(): void
}

/** What readline draws its input line on. Muted, it draws nothing: an answer is being written there. */
export interface Screen extends Writable {
  muted: boolean
}

const ESCAPE = '\u001b['
const ERASE_LINE = `\r${ESCAPE}K`
/** Of the 256 colours, the two that no theme paints over (the first 16 are its to choose). */
const BLACK_ON_WHITE = '38;5;16;48;5;231'
/** What a terminal that does not tell its width is taken for. */
const DEFAULT_WIDTH = 80

export class Output {
  json = false
  quiet = false
  verbose = false
  holder: LineHolder | undefined
  /** Puts the commands that a text names (`mesh join`) into the form that works here. */
  spell: (text: string) => string = (text) => text
  #stdout: OutputStream
  #stderr: OutputStream
  readonly #color: boolean
  readonly #closed = new AbortController()
  #statusShown = false
  /** Answer text stands on the line without a newline after it. */
  #midLine = false

  constructor({ stdout, stderr, color }: OutputInit) {
    this.#stdout = stdout
    this.#stderr = stderr
    this.#color = color
    // `mesh ask … | head` closes the pipe when it has enough: that is the end of the work, not an error.
    stdout.on('error', () => {
      this.#closed.abort()
    })
    // Without a standard error there is nobody to tell.
    stderr.on('error', () => undefined)
  }

  /** From now on all of it goes there: a log. */
  redirect(stream: OutputStream): void {
    this.#stdout = stream
    this.#stderr = stream
  }

  /** Standard output goes to a terminal. */
  get interactive(): boolean {
    return this.#stdout.isTTY === true
  }

  /** Aborted when the reader of standard output has gone. */
  get closed(): AbortSignal {
    return this.#closed.signal
  }

  /** Whether standard output shows colours. */
  get colored(): boolean {
    return this.#color && this.interactive
  }

  /** Columns to fit into; endless where no terminal is. */
  get width(): number {
    return this.interactive ? (this.#stdout.columns ?? DEFAULT_WIDTH) : Number.POSITIVE_INFINITY
  }

  /** A line of the result. */
  line(text = ''): void {
    this.#above(() => this.#stdout.write(`${printable(text)}\n`))
  }

  /** A line of what goes on, where that is the result; left out with `--quiet`. */
  progress(text: string): void {
    if (!this.quiet) {
      this.paragraph(text)
    }
  }

  /** A heading of the result: bold on a terminal. */
  heading(text: string): void {
    this.#above(() => this.#stdout.write(`${this.#styled(this.#stdout, '1', printable(text))}\n`))
  }

  /** Lines of a picture whose foreground is black and whose background is white, whatever the terminal's colours are. */
  picture(lines: readonly string[]): void {
    const styled = lines.map((line) => `${this.#styled(this.#stdout, BLACK_ON_WHITE, line)}\n`)
    this.#above(() => this.#stdout.write(styled.join('')))
  }

  table(columns: readonly Column[], rows: readonly (readonly string[])[]): void {
    const [titles = '', ...lines] = table(columns, rows, this.width)
    this.#above(() => {
      this.#stdout.write(`${this.#styled(this.#stdout, '2', printable(titles))}\n`)
      this.#stdout.write(lines.map((line) => `${printable(line)}\n`).join(''))
    })
  }

  /** A table about the result, on standard error. */
  asideTable(columns: readonly Column[], rows: readonly (readonly string[])[]): void {
    const width = this.#stderr.isTTY === true ? (this.#stderr.columns ?? DEFAULT_WIDTH) : Number.POSITIVE_INFINITY
    const lines = table(columns, rows, width)
    this.#above(() => this.#stderr.write(lines.map((line) => `${printable(line)}\n`).join('')))
  }

  /** Labels and what they stand for, aligned. */
  pairs(pairs: readonly (readonly [string, string])[]): void {
    const width = Math.max(...pairs.map(([label]) => label.length))
    for (const [label, text] of pairs) {
      this.paragraph(text, `${label.padEnd(width)}  `)
    }
  }

  /** Text that is wrapped to the width, all of it to the right of its mark. */
  paragraph(text: string, mark = ''): void {
    const lines = wrap(printable(text), this.width - mark.length)
    const indent = ' '.repeat(mark.length)
    this.#above(() => this.#stdout.write(lines.map((line, at) => `${at === 0 ? mark : indent}${line}\n`).join('')))
  }

  /** The result for a program: one line of JSON. */
  data(value: unknown): void {
    this.#stdout.write(`${JSON.stringify(value)}\n`)
  }

  /** A piece of an answer, as it comes; resolves when the reader can take more. */
  async answer(text: string, { signal }: AbortOptions = {}): Promise<void> {
    if (text === '' || this.closed.aborted) {
      return
    }
    this.#eraseStatus()
    const shown = this.interactive ? printable(text) : text
    this.#midLine = !shown.endsWith('\n')
    if (!this.#stdout.write(shown)) {
      await drained(this.#stdout, AbortSignal.any([this.closed, ...(signal === undefined ? [] : [signal])]))
    }
  }

  /** Ends the line that an answer may have left open. */
  endAnswer(): void {
    this.#eraseStatus()
    if (this.#midLine) {
      this.#midLine = false
      this.#stdout.write('\n')
    }
  }

  /** A dim line about the result, on standard error; left out with `--quiet` and `--json`. */
  note(text: string): void {
    if (!this.quiet && !this.json) {
      const width = this.#stderr.isTTY === true ? (this.#stderr.columns ?? DEFAULT_WIDTH) : Number.POSITIVE_INFINITY
      const lines = wrap(printable(text), width).map((line) => `${this.#styled(this.#stderr, '2', line)}\n`)
      this.#above(() => this.#stderr.write(lines.join('')))
    }
  }

  /** As a note, for whoever watches: left out where standard error is not a terminal. */
  aside(text: string): void {
    if (this.#stderr.isTTY === true) {
      this.note(text)
    }
  }

  /** A line on standard error that matters with `--quiet` too; left out with `--json`. */
  warning(text: string): void {
    if (!this.json) {
      this.#above(() => this.#stderr.write(`${this.#styled(this.#stderr, '33', printable(this.spell(text)))}\n`))
    }
  }

  /** What is being waited for: one passing line on a terminal, replaced by the next and erased by what comes. */
  status(text: string): void {
    if (this.#stderr.isTTY !== true || this.quiet || this.json || this.#midLine) {
      return
    }
    const shown = cut(printable(text), (this.#stderr.columns ?? DEFAULT_WIDTH) - 1)
    this.#stderr.write(ERASE_LINE + this.#styled(this.#stderr, '2', shown))
    this.#statusShown = true
  }

  /** How far something is, for a program: JSON lines, on standard error where standard output has a text. */
  report(value: unknown): void {
    if (this.json) this.data(value)
    else if (this.#stderr.isTTY !== true && !this.quiet) this.#stderr.write(`${JSON.stringify(value)}\n`)
  }

  /** How a verb failed: a sentence, or `{"error":{"name","message"}}`. */
  error(error: { name: string; message: string }, trace?: string): void {
    this.endAnswer()
    const { name, message } = error
    const text = this.json ? JSON.stringify({ error: { name, message } }) : printable(this.spell(trace ?? message))
    this.#above(() => this.#stderr.write(`${this.json ? text : this.#styled(this.#stderr, '31', text)}\n`))
  }

  /** Forgets the passing line and waits until everything written has been taken. */
  async flush(): Promise<void> {
    this.#eraseStatus()
    await Promise.all(
      [this.#stdout, this.#stderr].map(
        (stream) =>
          new Promise<void>((resolve) => {
            stream.write('', () => {
              resolve()
            })
          })
      )
    )
  }

  /** Standard output for readline. */
  screen(): Screen {
    const stdout = this.#stdout
    const screen = Object.assign(
      new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          if (!screen.muted) {
            stdout.write(chunk)
          }
          done()
        }
      }),
      { muted: false, isTTY: true }
    )
    Object.defineProperty(screen, 'columns', { get: () => stdout.columns ?? DEFAULT_WIDTH })
    const resize = (): boolean => screen.emit('resize')
    stdout.on('resize', resize)
    screen.once('close', () => stdout.removeListener('resize', resize))
    return screen
  }

  /** Writes whole lines where nothing else stands: after the passing line is gone, above an input line. */
  #above(write: () => void): void {
    this.#eraseStatus()
    if (this.#midLine && this.interactive && this.#stderr.isTTY === true) {
      this.endAnswer()
    }
    this.holder?.hide()
    write()
    this.holder?.show()
  }

  #eraseStatus(): void {
    if (this.#statusShown) {
      this.#statusShown = false
      this.#stderr.write(ERASE_LINE)
    }
  }

  #styled(stream: OutputStream, code: string, text: string): string {
    return this.#color && stream.isTTY === true ? `${ESCAPE}${code}m${text}${ESCAPE}0m` : text
  }
}

/** Waits for room in the stream; the signal only ends the wait. */
function drained(stream: OutputStream, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      stream.removeListener('drain', end)
      signal.removeEventListener('abort', end)
      resolve()
    }
    stream.once('drain', end)
    signal.addEventListener('abort', end)
    if (signal.aborted) {
      end()
    }
  })
}
