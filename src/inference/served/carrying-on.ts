/**
 * Which servers carry on from an answer that another began. An answer that starts anew would say everything twice, so
 * what is not certain counts as no.
 *
 * - vLLM: `continue_final_message`
 * - llama.cpp: a last message of the assistant is carried on from, unless it was started with `--no-prefill-assistant`,
 *   is older than May 2025, or its template has its own mind; `/apply-template` shows what it would do
 * - Ollama: where the model's template leaves a last message of the assistant open
 * - LM Studio, exo and others: not documented, so no
 */
import { ServedEngineError } from '../../errors.ts'
import type { EngineKind, Message } from '../../interface.ts'
import { fields, text } from './json.ts'
import { askJson } from './requests.ts'
import type { Endpoint } from './requests.ts'

/** A begun answer that no template contains. */
const BEGUN = 'One, two, thr'

/** Thinking comes before an answer, and this answer has begun. */
const WITHOUT_THINKING = { chat_template_kwargs: { enable_thinking: false } }

/** What goes into a request beside the messages so that the last one is carried on from. */
export function carryingOn(kind: EngineKind): Record<string, unknown> {
  switch (kind) {
    case 'vllm':
      return { add_generation_prompt: false, continue_final_message: true, ...WITHOUT_THINKING }
    case 'llama.cpp':
      return WITHOUT_THINKING
    default:
      return {}
  }
}

/**
 * Whether the prompt that the server makes of a begun answer ends with it.
 *
 * @throws the signal's reason
 */
export async function carriesOnInLlamaCpp(endpoint: Endpoint, signal: AbortSignal): Promise<boolean> {
  const messages: Message[] = [
    { role: 'user', content: 'Count.' },
    { role: 'assistant', content: BEGUN }
  ]
  try {
    const made = fields(
      await askJson(endpoint, { path: '/apply-template', body: { messages, ...WITHOUT_THINKING }, signal })
    )
    return text(made.prompt)?.endsWith(BEGUN) === true
  } catch (err) {
    signal.throwIfAborted()
    if (err instanceof ServedEngineError) return false
    throw err
  }
}

/**
 * By the template of the model, as `/api/show` gives it. The old form, with `.Response`, is cut there for a last message
 * of the assistant; the newer one, with `.Messages`, has to look for it by itself. A model with a renderer of its own,
 * or one that thinks, does neither for certain.
 */
export function carriesOnInOllama({
  template,
  modelfile,
  capabilities
}: {
  template: string
  modelfile: string
  capabilities: readonly unknown[]
}): boolean {
  if (/^\s*RENDERER\s/im.test(modelfile) || capabilities.includes('thinking')) return false
  if (!template.includes('.Messages')) return template.includes('.Response')
  const looksForIt = /ne \.Role "assistant"\)? *\)? *\$last|\$last *\(? *ne \.Role "assistant"/.test(template)
  return looksForIt && /if (?:\(? *)not \$last/.test(template)
}
