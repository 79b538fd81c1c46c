import type { Accepted, Done, GenerateEvent, GenerateRequest, Tokens } from '../../src/interface.ts'

const HASH = 'a1'.repeat(32)

export const request: GenerateRequest = {
  id: '0123456789abcdef'.repeat(2),
  model: HASH,
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Zwölf Boxkämpfer? 🦦' }
  ],
  sampling: { maxTokens: 100, temperature: 0, seed: 7, stop: ['\n\n'] },
  continuation: { tokens: [0, 128, 65_537], text: 'So far' }
}

export const accepted: Accepted = {
  type: 'accepted',
  model: { name: 'qwen3-4b', hash: HASH },
  sampling: { maxTokens: 100, temperature: 0, topP: 1, topK: 0, repetitionPenalty: 1, seed: 7, stop: [] }
}

export const done: Done = {
  type: 'done',
  finishReason: 'stop',
  promptTokens: 12,
  answerTokens: 2,
  queueMs: 0.5,
  prefillMs: 20,
  decodeMs: 40.25
}

export function token(id: number, text = ` t${id}`): Tokens {
  return { type: 'tokens', tokens: [id], text }
}

export async function collect(events: AsyncIterable<GenerateEvent>): Promise<GenerateEvent[]> {
  const all: GenerateEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

/** Gives out these events, one a turn of the event loop. */
export async function* answerOf(...events: GenerateEvent[]): AsyncGenerator<GenerateEvent> {
  for (const event of events) {
    await new Promise((resolve) => setImmediate(resolve))
    yield event
  }
}
