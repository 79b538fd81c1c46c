import type { AbortOptions, AskAccepted, AskEvent, AskMemories, AskWaiting, AnswerSummary } from '../src/interface.ts'
import { percent, rate } from './human.ts'
import { shortId } from './memory-table.ts'
import type { Output } from './output.ts'

/** What has come of a question so far. */
export interface Answer {
  text: string
  /** Who works on it; null before anybody does. */
  accepted: AskAccepted | null
  /** What is remembered about it; null where nothing is. */
  memories: AskMemories | null
  /** Null while or where the answer did not end. */
  summary: AnswerSummary | null
}

export function noAnswer(): Answer {
  return { text: '', accepted: null, memories: null, summary: null }
}

/**
 * Writes an answer as it comes, and around it, on a terminal, what is being waited for and who answered. What was
 * received is in `into` even where this throws.
 */
export async function showAnswer(
  events: AsyncIterable<AskEvent>,
  output: Output,
  into: Answer,
  options: AbortOptions & { why?: boolean } = {}
): Promise<void> {
  try {
    for await (const event of untilClosed(events, output)) {
      switch (event.type) {
        case 'accepted':
          into.accepted = event
          output.status(`${event.peer.name} · ${event.model.name}`)
          break
        case 'memories':
          into.memories = event
          if (options.why === true && event.given) {
            showGiven(event, output)
          }
          break
        case 'waiting':
          output.status(waitingLine(event, into.accepted?.model.name ?? 'the model'))
          break
        case 'text':
          into.text += event.text
          await output.answer(event.text, options)
          break
        case 'moved':
          output.note(
            `${event.from.name} went away, ${event.to.name} carries on${event.sameModel ? '' : ' with another model'}`
          )
          if (output.verbose) {
            output.note(event.reason)
          }
          break
        case 'done':
          into.summary = event
      }
    }
  } finally {
    output.endAnswer()
  }
  if (into.memories?.given === false) {
    showFound(into.memories, output)
  }
  if (into.summary !== null) {
    output.aside(summaryLine(into.summary))
  }
}

/** Gathers an answer without showing it, for `--json`. */
export async function gatherAnswer(events: AsyncIterable<AskEvent>, into: Answer): Promise<void> {
  for await (const event of events) {
    if (event.type === 'text') {
      into.text += event.text
    } else if (event.type === 'accepted') {
      into.accepted = event
    } else if (event.type === 'memories') {
      into.memories = event
    } else if (event.type === 'done') {
      into.summary = event
    }
  }
}

/** The shape that programs rely on. Without a summary the answer was interrupted. */
export function answerData({ text, accepted, memories, summary }: Answer): object {
  const remembered = (memories?.memories ?? []).map(({ id, text, score }) => ({ id, text, score }))
  if (summary === null) {
    return { answer: text, model: accepted?.model.name, peer: accepted?.peer, interrupted: true, memories: remembered }
  }
  return { answer: text, ...summary, type: undefined, memories: remembered }
}

/** What the model was given, for whoever asks why. */
function showGiven({ memories }: AskMemories, output: Output): void {
  output.note('Put before the question, from your memories:')
  for (const { id, text } of memories) {
    output.note(`${shortId(id)}  ${text.replaceAll('\n', ' ')}`)
  }
}

/** What the model could make nothing of, for the reader. */
function showFound({ memories }: AskMemories, output: Output): void {
  output.line('From your memories:')
  for (const { text } of memories) {
    output.paragraph(text.replaceAll('\n', ' '), '  ')
  }
}

/** Nobody reads any more: the answer is given up, which frees the device that works on it. */
async function* untilClosed(events: AsyncIterable<AskEvent>, output: Output): AsyncGenerator<AskEvent> {
  for await (const event of events) {
    if (output.closed.aborted) {
      return
    }
    yield event
  }
}

function waitingLine({ peer, place, loaded, prefilled }: AskWaiting, model: string): string {
  const queue = place > 0 ? `${place} before you` : ''
  if (loaded !== null && loaded < 1) {
    return `${peer.name}: loading ${model} ${percent(loaded)}${queue === '' ? '' : `, ${queue}`}`
  }
  if (queue !== '') {
    return `${peer.name}: ${queue}`
  }
  return prefilled === null ? `${peer.name}: thinking` : `${peer.name}: reading the question, ${percent(prefilled)}`
}

function summaryLine({ peer, model, tokensPerSecond, finishReason }: AnswerSummary): string {
  const cut = finishReason === 'length' ? ' · cut at its limit (--max-tokens)' : ''
  return `— ${peer.name} · ${model} · ${rate(tokensPerSecond)} tokens/s${cut}`
}
