import { PairingFailedError, ProtocolError } from '../../errors.ts'
import type { PairMessage, PairRefusal } from '../../interface.ts'
import type { PairConversation } from '../../protocols/pair/index.ts'
import { helloOf, stepPairing, type PairingEnd, type PairingEvent, type PairingState } from '../../trust/index.ts'

/** Devices answer each other at once. */
const DEVICE_TIMEOUT_MS = 10_000
/** A person walks to the other screen and back. */
const PERSON_TIMEOUT_MS = 3 * 60_000

export interface MeetingInit {
  conversation: PairConversation
  /** Right after `beginPairing`. */
  state: PairingState
  /** Six digits are there to be compared, to enter this mesh. */
  onCode: (code: string, mesh: string) => void
  /** Of a newcomer: whether it wants to enter this mesh at all. @default any */
  wants?: (mesh: string) => boolean
  /** Of a newcomer: what the roster shall say of it, told once its person has said yes. */
  introduction?: { name: string; box: string }
  signal: AbortSignal
}

/** More than the largest roster there may be. */
export const MOST_RECORDS = 20_000

/** One pairing, either side: what the other device says and what the person here says, in the order in which it comes. */
export class Meeting {
  /** Of a newcomer: the roster that the member has sent. */
  readonly records: Uint8Array[] = []
  readonly #init: MeetingInit
  readonly #unread: PairingEvent[] = []
  #state: PairingState
  #wake: () => void = () => undefined
  #failure: { error: unknown } | undefined
  #isWithPerson = false
  #isReading = false

  constructor(init: MeetingInit) {
    this.#init = init
    this.#state = init.state
  }

  /** What the person here says of the code. */
  say(verdict: 'yes' | 'no'): void {
    this.#push({ type: 'person', verdict, ...this.#init.introduction })
  }

  /** Runs to its end. A newcomer says hello first; a member has read it: `hello`. Throws what broke the conversation. */
  async run(hello?: PairMessage): Promise<PairingEnd> {
    const { conversation, signal } = this.#init
    if (hello === undefined) await conversation.send(helloOf(this.#state), { signal })
    else this.#push({ type: 'message', message: hello })
    for (;;) {
      if (this.#unread.length === 0) void this.#read()
      const { send, code, end } = this.#step(await this.#next())
      for (const message of send) await conversation.send(message, { signal })
      if (code !== undefined) {
        this.#isWithPerson = true
        this.#init.onCode(code, this.#state.mesh ?? '')
      }
      if (end !== undefined) return end
    }
  }

  #step(event: PairingEvent): ReturnType<typeof stepPairing> {
    const { wants = () => true } = this.#init
    const step = stepPairing(this.#state, event)
    const { mesh } = step.state
    const isUnwanted = this.#state.mesh === null && mesh !== null && !wants(mesh)
    this.#state = step.state
    return isUnwanted ? stepPairing(step.state, { type: 'person', verdict: 'no' }) : step
  }

  /** One message, for which a person may be needed by now. */
  async #read(): Promise<void> {
    const { conversation, signal } = this.#init
    if (this.#isReading) return
    this.#isReading = true
    try {
      const timeoutMs = this.#isWithPerson ? PERSON_TIMEOUT_MS : DEVICE_TIMEOUT_MS
      const message = await conversation.receive({ signal, timeoutMs })
      if (message.type === 'records') this.#keep(message.records)
      this.#push({ type: 'message', message })
    } catch (error) {
      this.#failure = { error }
      this.#wake()
    } finally {
      this.#isReading = false
    }
  }

  #keep(records: Uint8Array[]): void {
    if (!this.#state.isAccepted || this.records.length + records.length > MOST_RECORDS) {
      throw new ProtocolError('A roster came that nobody asked for, or one without end.')
    }
    this.records.push(...records)
  }

  #push(event: PairingEvent): void {
    this.#unread.push(event)
    this.#wake()
  }

  async #next(): Promise<PairingEvent> {
    for (;;) {
      const event = this.#unread.shift()
      if (event !== undefined) return event
      if (this.#failure !== undefined) throw this.#failure.error
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

const REASONS: Readonly<Record<PairRefusal, string>> = {
  'door-closed': 'the door there is closed; mesh approve on a device of the mesh opens it for five minutes',
  busy: 'others are being let in there just now; try again in a minute',
  declined: 'it was declined on the other device',
  mismatch: 'the two devices did not see the same, as if somebody stood between them',
  expired: 'the invite is no longer valid; mesh invite on a device of the mesh makes another',
  used: 'another device has used the invite; mesh invite makes another',
  'unknown-ticket': 'the invite is not one of that device, or it was restarted since; mesh invite makes another',
  removed: 'that mesh has removed this device; with a new key it can come back: mesh join --new-key',
  timeout: 'nobody there said yes or no in time',
  malformed: 'the other device speaks another release of ownmesh, or nonsense'
}

/** What a refusal means for a person. */
export function explainRefusal(reason: PairRefusal): string {
  return REASONS[reason]
}

export function pairingFailed(reason: PairRefusal): PairingFailedError {
  return new PairingFailedError(`Not joined: ${REASONS[reason]}.`, { details: { reason } })
}

/** The next message, which has to be of this type. @throws {PairingFailedError} when it is a refusal */
export async function expect<T extends PairMessage['type']>(
  conversation: PairConversation,
  type: T,
  signal: AbortSignal
): Promise<Extract<PairMessage, { type: T }>> {
  const message = await conversation.receive({ signal, timeoutMs: DEVICE_TIMEOUT_MS })
  if (message.type === type) return message as Extract<PairMessage, { type: T }>
  if (message.type === 'refused') throw pairingFailed(message.reason)
  throw new ProtocolError(`Expected ${type} in a pairing, got ${message.type}.`)
}
