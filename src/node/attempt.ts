import { PeerSilentError, ProtocolError } from '../errors.ts'
import type { GenerateEvent, GenerateRequest } from '../interface.ts'
import type { Clock } from '../protocols/clock.ts'
import type { Placed } from './candidate.ts'
import { rate } from './expected-time.ts'
import { overslept, paceAfter, silenceLimit } from './silence.ts'
import type { Pace } from './silence.ts'

/** What an answer needs of time. */
export type AnswerClock = Pick<Clock, 'monotonic' | 'after'>

export interface AttemptDependencies {
  /** The engine of this device, or a peer over the wire. The signal ends it within one token. */
  generate(peerId: string, request: GenerateRequest, options: { signal: AbortSignal }): AsyncIterable<GenerateEvent>
  /** Aborts, with the error as its reason, when that device goes silent or away; so that nobody waits for it. */
  lost(peerId: string): AbortSignal
  clock: AnswerClock
}

/**
 * One device's events until its `done`, which comes last. Any other end is an error: the device's own, the reason of
 * `lost` or of `signal`, or one of those below. However it ends, the device's stream is aborted and closed, without
 * waiting for that: a dead peer's stream may never answer. What comes from it later goes nowhere.
 *
 * @throws {PeerSilentError} when nothing comes for longer than `silenceLimit`
 * @throws {ProtocolError} when the events are out of order, or of another model
 */
export async function* attempt(
  { candidate, model }: Placed,
  request: GenerateRequest,
  deps: AttemptDependencies,
  signal?: AbortSignal
): AsyncGenerator<GenerateEvent, void> {
  const { name, id } = candidate.peer
  const { clock } = deps
  const controller = new AbortController()
  const ends = [deps.lost(id), ...(signal === undefined ? [] : [signal])]
  let pace: Pace = {
    longestGapMs: 1000 / rate(model.decodeRate),
    roundTripMs: candidate.here ? 0 : Math.max(candidate.roundTripMs ?? 0, 0)
  }
  let iterator: AsyncIterator<GenerateEvent> | undefined
  let before: GenerateEvent | undefined
  let accepted = false
  try {
    iterator = deps.generate(id, request, { signal: controller.signal })[Symbol.asyncIterator]()
    while (before?.type !== 'done') {
      const askedAt = clock.monotonic()
      const result = await within(iterator.next(), silenceLimit(pace), ends, clock, name)
      if (result.done === true) throw new ProtocolError(`${name} ended its answer without saying that it was done.`)
      const event = result.value
      // Before it is accepted it may wait for its turn.
      if (accepted ? event.type === 'accepted' : event.type !== 'accepted' && event.type !== 'waiting') {
        throw new ProtocolError(
          `${name} sent its answer out of order: ${event.type} after ${before?.type ?? 'nothing'}.`
        )
      }
      if (event.type === 'accepted' && event.model.hash !== request.model) {
        throw new ProtocolError(`${name} took the question for another model than it was asked for.`)
      }
      if (event.type === 'tokens' && before?.type === 'tokens') pace = paceAfter(pace, clock.monotonic() - askedAt)
      accepted ||= event.type === 'accepted'
      before = event
      yield event
    }
  } finally {
    controller.abort(new DOMException('The answer is no longer needed.', 'AbortError'))
    void close(iterator)
  }
}

/** What comes first: the event, the end of patience, or one of the signals. */
function within<T>(
  event: Promise<T>,
  limitMs: number,
  ends: readonly AbortSignal[],
  clock: AnswerClock,
  name: string
): Promise<T> {
  return new Promise((resolve, reject) => {
    let cancelTimer: () => void
    const release = () => {
      cancelTimer()
      for (const end of ends) end.removeEventListener('abort', onAbort)
    }
    const fail = (reason: unknown) => {
      release()
      // The peer's own error, or the reason of a signal, as it is.
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      reject(reason)
    }
    const onAbort = () => {
      fail(ends.find(({ aborted }) => aborted)?.reason)
    }
    const bePatient = (mayOversleep: boolean) => {
      const since = clock.monotonic()
      cancelTimer = clock.after(limitMs, () => {
        const waitedMs = clock.monotonic() - since
        if (mayOversleep && overslept(limitMs, waitedMs)) bePatient(false)
        else fail(new PeerSilentError(`${name} has said nothing for ${(waitedMs / 1000).toFixed(1)} s.`))
      })
    }
    bePatient(true)
    for (const end of ends) end.addEventListener('abort', onAbort, { once: true })
    if (ends.some(({ aborted }) => aborted)) onAbort()
    // When the event loses the race, what becomes of it is nobody's concern: fail and resolve do nothing twice.
    event.then((value) => {
      release()
      resolve(value)
    }, fail)
  })
}

async function close(iterator: AsyncIterator<GenerateEvent> | undefined): Promise<void> {
  try {
    await iterator?.return?.()
  } catch {
    // It was told to stop; how it takes that no longer matters.
  }
}
