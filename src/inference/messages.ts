/**
 * What the engine and its child process say to each other, by structured clone. Every reply of the child about a
 * request carries that request's id; a message of it is a list of replies, see `outbox.ts`.
 */
import type { GraphTraits } from './graph-fit.ts'
import type { MeasuredLoad, MemoryNeed } from './memory-need.ts'
import type {
  Continuation,
  Done,
  Message,
  ProviderReport,
  Rates,
  ResolvedSampling,
  Tokens,
  Waiting
} from '../interface.ts'

/** A model as the child needs it. */
export interface ModelSource {
  hash: string
  name: string
  /** Absolute path of the folder. */
  path: string
  /** Relative path of the graph. */
  graph: string
  /** Relative paths of all files that are read when it is loaded. */
  files: string[]
  /** Longest prompt and answer together that fit the memory, in tokens. */
  contextLength: number
  need: MemoryNeed
  traits: GraphTraits
  /** Tokens of padding that cost as much as another run. */
  paddingWorth: number
  /** Answers that may run beside each other. */
  atOnce: number
  /** Threads for work within an operator; 0 leaves it to onnxruntime. */
  threads: number
  /** Providers to measure, or the one that won before. */
  providers: string[]
  /** What was measured before; null has the child measure when it loads. */
  measured: Measured | null
}

/** What the child found out about a model on this device. */
export interface Measured {
  provider: string
  reports: ProviderReport[]
  rates: Rates
}

export interface GenerateCommand {
  type: 'generate'
  id: string
  model: ModelSource
  messages: Message[]
  sampling: ResolvedSampling
  continuation: Continuation
}

/** Measures one provider thoroughly, in a process that does nothing else. */
export interface BenchCommand {
  type: 'bench'
  id: string
  model: Pick<ModelSource, 'path' | 'graph' | 'threads'>
  provider: string
  promptTokens: number
  answerTokens: number
  runs: number
}

/** What is told of a measurement. */
export type BenchStep =
  | { type: 'loaded'; loadMs: number; memoryBytes: number; software: string | null }
  /** Rates in tokens a second; `tokens` is the greedy answer. */
  | { type: 'run'; prefillRate: number; decodeRate: number; tokens: number[] }

export type Command =
  | GenerateCommand
  | { type: 'measure'; id: string; model: ModelSource }
  | BenchCommand
  | { type: 'cancel'; id: string }
  | { type: 'unload'; id: string; hash: string }
  | { type: 'memory'; id: string }

/** How far a model is loaded. While its session is made this process is blocked: then its growth tells, from outside. */
export type LoadingStep = { step: 'reading'; fraction: number } | { step: 'creating'; growth: number }

export type Reply =
  | ({ type: 'progress'; id: string } & Omit<Waiting, 'type' | 'loaded'>)
  | (Tokens & { id: string })
  | (Done & { id: string })
  | { type: 'bench'; id: string; step: BenchStep }
  | { type: 'failed'; id: string; name: string; message: string }
  /** The answer to `measure` and `bench` (nothing), `unload` (nothing) and `memory` (bytes). */
  | { type: 'result'; id: string; value: number | null }
  /** For the log: what turned out otherwise and hinders nobody. */
  | { type: 'remark'; text: string }
  /** A provider is about to be tried: should the child die now, it is this one's fault. */
  | { type: 'trying'; hash: string; provider: string }
  | { type: 'measured'; hash: string; measured: Measured }
  | { type: 'loading'; hash: string; loading: LoadingStep }
  /** It is loaded, and how much and how long it took; or (null) it is loaded no more, or was not after all. */
  | { type: 'loaded'; hash: string; took: MeasuredLoad | null }
