/** `approve` on a terminal: newcomers are waited for and let in one by one. */
import { PairingFailedError } from '../src/errors.ts'
import type { MemberInfo, Mesh, Newcomer } from '../src/interface.ts'
import { spaced } from './code.ts'
import { hostOf } from './describe.ts'
import { withDialogue, type Dialogue } from './dialogue.ts'
import { EXIT } from './exit-codes.ts'
import { follow } from './following.ts'
import type { Invocation } from './verb.ts'

/** Asks of each newcomer, until one was let in and nobody else waits, or the door has closed. */
export async function receive(mesh: Mesh, invocation: Invocation): Promise<number> {
  return withDialogue(invocation, (dialogue) => new Reception(mesh, dialogue, invocation).run())
}

class Reception {
  readonly #mesh: Mesh
  readonly #dialogue: Dialogue
  readonly #invocation: Invocation
  readonly #waiting: Newcomer[] = []
  readonly #ended = new AbortController()
  /** Ends the question about this newcomer. */
  #asking: { id: string; gone: AbortController } | undefined
  #admitted: MemberInfo | undefined
  #doorClosed = false
  #wake: () => void = () => undefined

  constructor(mesh: Mesh, dialogue: Dialogue, invocation: Invocation) {
    this.#mesh = mesh
    this.#dialogue = dialogue
    this.#invocation = invocation
  }

  async run(): Promise<number> {
    const { output, interruption, hint } = this.#invocation
    const signal = AbortSignal.any([interruption.signal, this.#ended.signal])
    const wake = (): void => {
      this.#wake()
    }
    const ends = [interruption.signal, this.#dialogue.ended]
    for (const end of ends) end.addEventListener('abort', wake)
    const following = this.#listen(signal).finally(() => {
      this.#doorClosed = true
      this.#wake()
    })
    let closed = false
    try {
      await this.#newcomers()
      closed = this.#doorClosed
    } finally {
      for (const end of ends) end.removeEventListener('abort', wake)
      this.#ended.abort()
      await following
    }
    interruption.signal.throwIfAborted()
    if (this.#admitted === undefined) {
      output.note(
        closed
          ? `Nobody was let in, and the door has closed. To open it again: ${hint('approve')}`
          : `Nobody was let in here; the door stays open a while. To list who has come: ${hint('approve')}`
      )
      return EXIT.failed
    }
    return EXIT.done
  }

  async #newcomers(): Promise<void> {
    const { output, interruption } = this.#invocation
    while (!interruption.signal.aborted && !this.#dialogue.ended.aborted) {
      const newcomer = this.#waiting.shift()
      if (newcomer !== undefined) {
        await this.#askAbout(newcomer)
      } else if (this.#admitted !== undefined || this.#doorClosed) {
        return
      } else {
        output.status('Waiting for newcomers (Ctrl-C ends this)')
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
  }

  async #askAbout({ id, code, address }: Newcomer): Promise<void> {
    const { output, interruption } = this.#invocation
    const { signal } = interruption
    const gone = new AbortController()
    this.#asking = { id, gone }
    try {
      output.line(`A device at ${hostOf(address)} asks to be let in.`)
      const same = await this.#dialogue.confirm(`Does the other screen show ${spaced(code)}?`, { signal: gone.signal })
      if (this.#dialogue.ended.aborted) {
        return
      }
      if (!same) {
        await this.#mesh.membership.refuse({ code, signal })
        output.line('It was not let in.')
        return
      }
      output.status('Accepted here; waiting for the other device')
      this.#admitted = await this.#mesh.membership.approve({ code, signal })
      output.line(`${this.#admitted.name} is a member now.`)
    } catch (error) {
      if (gone.signal.aborted) {
        output.line(`It is no longer there: ${String(gone.signal.reason)}`)
      } else if (error instanceof PairingFailedError) {
        output.line(error.message)
      } else {
        throw error
      }
    } finally {
      this.#asking = undefined
    }
  }

  async #listen(signal: AbortSignal): Promise<void> {
    await follow(this.#mesh, { signal }, (event) => {
      if (event.type === 'newcomer' && event.newcomer.state === 'comparing') {
        this.#waiting.push(event.newcomer)
      } else if (event.type === 'newcomer-gone') {
        const index = this.#waiting.findIndex(({ id }) => id === event.id)
        if (index !== -1) {
          this.#waiting.splice(index, 1)
        }
        if (this.#asking?.id === event.id) {
          this.#asking.gone.abort(event.reason)
        }
      } else if (event.type === 'door') {
        this.#doorClosed = !event.door.open
      }
      this.#wake()
    })
  }
}
