import type { EngineKind } from '../src/interface.ts'

/** What a person has to type so that an engine is there, as its own makers say it. */
export interface EngineStart {
  /** Also a good name for it. */
  name: EngineKind
  /** Where it then is. */
  url: string
  start: string
}

export const ENGINE_STARTS: readonly EngineStart[] = [
  { name: 'ollama', url: 'http://127.0.0.1:11434', start: 'ollama serve' },
  { name: 'llama.cpp', url: 'http://127.0.0.1:8080', start: 'llama-server -hf ggml-org/gemma-3-4b-it-GGUF' },
  { name: 'lm-studio', url: 'http://127.0.0.1:1234', start: 'lms server start' },
  { name: 'vllm', url: 'http://127.0.0.1:8000', start: 'vllm serve Qwen/Qwen3-8B' },
  { name: 'exo', url: 'http://127.0.0.1:52415', start: 'exo' }
]

/** The line that starts an engine of a known kind. */
export function startOf(kind: EngineKind | null): string | null {
  return ENGINE_STARTS.find(({ name }) => name === kind)?.start ?? null
}
