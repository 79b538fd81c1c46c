import { setImmediate } from 'node:timers/promises'
import { BATCH_START, PREFILL_CHUNK, nextStep, pieceFor, readBetween } from './batch-plan.ts'
import type { BatchState, BatchStep } from './batch-plan.ts'
import type { BatchRow, BatchSession, KeptCache, KeptTokens } from './batch-session.ts'
import type { GraphTraits } from './graph-fit.ts'

/** One ask's way to the graph. */
export interface Reader {
  /** Ids that the graph knows are below it. */
  readonly vocabulary: number
  /** Tokens that it has read. */
  readonly length: number
  /** Tokens of a prompt to be read at once. */
  readonly piece: number
  /**
   * Reads tokens after those. `left`: how many of the prompt follow them; null where they are of the answer.
   *
   * @returns the logits after the last of them, the caller's to change
   * @throws the signal's reason, at the latest after one run of the graph
   */
  read(ids: readonly number[], left: number | null): Promise<Float32Array>
}

export interface JoinOptions {
  /** Prompt and answer together at most, in tokens. */
  most: number
  /** Those that are to be read first: room is made for them at once. @default 0: it is made as they are read */
  prompt?: number
  /** What need not be read again, and its tokens. @default none */
  known?: (KeptTokens & { ids: readonly number[] }) | undefined
  signal: AbortSignal
}

/** A row among those of its model. */
export interface BatchedReader extends Reader {
  /** How many of its tokens can be kept, in bytes. */
  readonly keepable: number
  /** Those, for a later ask; null where they cannot be kept. */
  keep(): { cache: KeptCache; ids: readonly number[] } | null
  /** Lets go of it. Nothing may be read any more. */
  leave(): void
}

export interface BatcherInit extends Pick<GraphTraits, 'reuse'> {
  /** What runs the graph. */
  provider: string
  /** Tokens a second; 0 where it is not known. */
  prefillRate: number
}

interface Wish {
  row: BatchRow
  ids: readonly number[]
  left: number | null
  settle: (result: Float32Array | Error) => void
}

/** Rows of one model: collects what they want, and runs the graph for them as `batch-plan.ts` says. */
export class Batcher {
  readonly #session: BatchSession
  readonly #reuse: GraphTraits['reuse']
  readonly #piece: number
  readonly #between: number
  /** By id: what rows wait for. */
  readonly #wishes = new Map<number, Wish>()
  #state: BatchState = BATCH_START
  #last = 0
  #working = false

  constructor(session: BatchSession, { reuse, provider, prefillRate }: BatcherInit) {
    this.#session = session
    this.#reuse = reuse
    // What is kept in whole pieces is of use only where all are alike; others than the processor were tried with one chunk.
    this.#piece = reuse === 'tokens' && provider === 'cpu' ? pieceFor(prefillRate) : PREFILL_CHUNK
    this.#between = readBetween(prefillRate)
  }

  join({ most, prompt = 0, known, signal }: JoinOptions): BatchedReader {
    const [session, piece] = [this.#session, this.#piece]
    const row = session.begin(most, { prompt, kept: known })
    const read = [...(known?.ids ?? [])]
    // Of its whole pieces; the rest of a prompt comes after them.
    let whole = read.length
    const keepable = (): number => (this.#reuse === 'tokens' ? read.length : whole)
    const id = ++this.#last
    return {
      vocabulary: session.vocabulary,
      piece,
      get length() {
        return row.length
      },
      get keepable() {
        return session.bytesOf(keepable())
      },
      read: async (ids, left) => {
        const logits = await this.#wait(id, { row, ids, left }, signal)
        if (left !== null && ids.length === piece) whole += piece
        read.push(...ids)
        return logits
      },
      keep: () => {
        const cache = session.keep(row, keepable())
        return cache && { cache, ids: read.slice(0, cache.length) }
      },
      leave: () => {
        session.end(row)
      }
    }
  }

  #wait(id: number, wish: Omit<Wish, 'settle'>, signal: AbortSignal): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const onAbort = (): void => {
        // What is being computed is waited for: its row may be let go of only then.
        if (this.#wishes.delete(id)) reject(signal.reason as Error)
      }
      const settle = (result: Float32Array | Error): void => {
        signal.removeEventListener('abort', onAbort)
        if (result instanceof Error) reject(result)
        else resolve(result)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#wishes.set(id, { ...wish, settle })
      void this.#work()
    })
  }

  async #work(): Promise<void> {
    if (this.#working) return
    this.#working = true
    try {
      for (;;) {
        // Whoever just got a token says what comes next, and who cancels is heard.
        await setImmediate()
        const ready = [...this.#wishes].map(([id, { ids, left }]) => {
          return { id, piece: ids.length, unread: left === null ? 0 : ids.length + left }
        })
        const next = nextStep(this.#state, ready, this.#between)
        if (next === null) return
        this.#state = next.state
        await this.#run(next.step)
      }
    } finally {
      this.#working = false
    }
  }

  async #run(step: BatchStep): Promise<void> {
    const wishes = (step.do === 'read' ? [step.row] : step.rows).map((id) => {
      const wish = this.#wishes.get(id) as Wish
      this.#wishes.delete(id)
      return wish
    })
    let results: (Float32Array | Error)[]
    try {
      results =
        step.do === 'read'
          ? await Promise.all(wishes.map(({ row, ids }) => this.#session.read(row, ids)))
          : await this.#session.decode(
              wishes.map(({ row }) => row),
              wishes.map(({ ids }) => ids[0] ?? 0)
            )
    } catch (err) {
      const error = err instanceof Error ? err : new Error(String(err))
      results = wishes.map(() => error)
    }
    wishes.forEach(({ settle }, index) => {
      settle(results[index] as Float32Array | Error)
    })
  }
}
