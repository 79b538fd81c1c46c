/** An engine on the small models of `test/fixtures/models`, with everything it keeps in memory. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createEngine } from '../../src/inference/index.ts'
import type { EngineInit, LocalEngine, ModelPlace } from '../../src/inference/index.ts'
import type { Done, GenerateEvent, GenerateRequest, Message, Tokens } from '../../src/interface.ts'

/** The folder of package.json, above wherever the compiled tests lie. */
export const ROOT = (() => {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  return folder
})()

export const FIXTURES = join(ROOT, 'test', 'fixtures')

export function place(name: string): ModelPlace {
  return { name, path: join(FIXTURES, 'models', name), builtIn: false }
}

export interface EngineOptions
  extends Pick<EngineInit, 'memory' | 'keepAliveMs' | 'changed'>, Partial<Pick<EngineInit, 'log'>> {
  places?: ModelPlace[]
  userFolder?: string
  store?: Map<string, string>
  runtime?: string
  gatherMs?: number
}

export function testEngine({
  places = [],
  userFolder,
  store = new Map(),
  runtime,
  gatherMs = 0,
  ...more
}: EngineOptions = {}): LocalEngine {
  const silent = (): void => undefined
  return createEngine({
    modelFolders: () => places,
    userFolder: userFolder ?? join(FIXTURES, 'no-such-folder'),
    measurements: {
      get: (key) => store.get(key),
      set: (key, value) => void store.set(key, value)
    },
    log: { debug: silent, info: silent, warn: silent },
    // Tests look at each token.
    gatherMs,
    ...more,
    ...(runtime === undefined ? {} : { runtime })
  })
}

export async function hashOf(engine: LocalEngine, name: string): Promise<string> {
  const models = await engine.models()
  const model = models.find((candidate) => candidate.name === name)
  if (model === undefined) throw new Error(`no model ${name}`)
  return model.hash
}

export function user(content: string): Message[] {
  return [{ role: 'user', content }]
}

export function ask(model: string, prompt: string | Message[], more: Partial<GenerateRequest> = {}): GenerateRequest {
  const messages = typeof prompt === 'string' ? user(prompt) : prompt
  return { id: randomBytes(16).toString('hex'), model, messages, sampling: { temperature: 0 }, ...more }
}

export interface Answer {
  tokens: number[]
  text: string
  done: Done
  events: GenerateEvent[]
}

export async function answer(events: AsyncIterable<GenerateEvent>): Promise<Answer> {
  const all: GenerateEvent[] = []
  for await (const event of events) all.push(event)
  const pieces = all.filter((event): event is Tokens => event.type === 'tokens')
  const done = all.at(-1)
  if (done?.type !== 'done') throw new Error('the answer has no end')
  return {
    tokens: pieces.flatMap(({ tokens }) => tokens),
    text: pieces.map(({ text }) => text).join(''),
    done,
    events: all
  }
}
