import type { AskOptions } from '../src/interface.ts'
import type { Values } from './verb.ts'

/** What `ask`, `chat` and `why` take to choose who answers. */
export const PLACEMENT_FLAGS = {
  peer: {
    type: 'text',
    value: 'NAME',
    summary: 'the device that shall answer: its name, the start of its id, or here'
  },
  model: { type: 'text', value: 'NAME', summary: 'the model that shall answer: its name, or the start of its hash' },
  prefer: { type: 'choice', choices: ['quality', 'speed'], summary: 'the strongest model (the default) or the fastest' }
} as const

export const ASK_FLAGS = {
  ...PLACEMENT_FLAGS,
  system: { type: 'text', value: 'TEXT', summary: 'how to answer, put before the question' },
  'max-tokens': {
    type: 'number',
    value: 'N',
    summary: 'the longest answer (default 512)',
    min: 1,
    max: 1_000_000,
    whole: true
  },
  temperature: {
    type: 'number',
    value: 'T',
    summary: '0 always takes the likeliest word (the default), more varies',
    min: 0,
    max: 2,
    whole: false
  },
  seed: {
    type: 'number',
    value: 'N',
    summary: 'the same seed, model and device give the same answer',
    min: 0,
    max: 2 ** 32 - 1,
    whole: true
  },
  'no-memory': { type: 'switch', summary: 'put none of your memories before the question' }
} as const

/** The options of `Mesh.ask` from these flags; what was not given is absent. */
export function askOptions(values: Values<typeof ASK_FLAGS>): AskOptions {
  const { 'max-tokens': maxTokens, peer, model, prefer, system, temperature, seed } = values
  return {
    ...(peer !== undefined && { peer }),
    ...(model !== undefined && { model }),
    ...(prefer !== undefined && { prefer }),
    ...(system !== undefined && { system }),
    ...(maxTokens !== undefined && { maxTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(seed !== undefined && { seed }),
    ...(values['no-memory'] === true && { memories: false })
  }
}
