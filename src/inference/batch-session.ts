import { agrees } from './agreement.ts'
import { shareRuns } from './batch-plan.ts'
import type { DecoderSession, KvCache } from './decoder-session.ts'
import type { GraphTraits, Padding } from './graph-fit.ts'
import { clearRow, copyRow, placeIn } from './kv-rows.ts'
import type { RowPlace } from './kv-rows.ts'

/** What one ask has read; a handle, whose contents are this file's. */
export interface BatchRow {
  /** Tokens read. */
  readonly length: number
}

/** Keys and values that outlive their row. They never change, until a row takes them over. */
export interface KeptCache {
  readonly cache: KvCache
  /** Tokens. */
  readonly length: number
  /** Memory that it takes, with the room for more. */
  readonly bytes: number
}

/** The first tokens of what was kept. */
export interface KeptTokens {
  cache: KeptCache
  length: number
  /** Whether nobody else has it any more. */
  isTaken: boolean
}

interface BeginOptions {
  prompt?: number
  kept?: KeptTokens | undefined
}

interface Row {
  length: number
  /** Tokens that it may come to. */
  most: number
  /** Where its cache is: in tensors of its own, or in those of a pack. */
  home: { cache: KvCache } | { pack: Pack; slot: number }
}

/** Rows whose caches lie beside each other, and go from run to run as they are. */
interface Pack {
  cache: KvCache
  slots: (Row | null)[]
}

/** A row that has gone leaves its slot for the next; more free ones than this part of those in use are computed in vain. */
const FREE_SHARE = 1 / 4
/** Columns that nobody uses any more are left out when they are more than this part of the longest row. */
const SLACK_SHARE = 1 / 8
const LEAST_SLACK = 16

/**
 * Kernels for one row and for several round differently: measured at most 2e-4 of the range of the logits, in half
 * precision. A graph that lets rows touch each other is off by far more.
 */
const TOLERANCE = 0.01

/**
 * Rows of one graph: a prompt is read by itself, tokens of answers are computed together. All that is known of how keys
 * and values lie in memory is here and in `kv-rows.ts`.
 */
export class BatchSession {
  readonly #session: DecoderSession
  readonly #worth: number
  #padding: Padding
  /** Whether the graph was seen to compute rows together as it does apart. */
  #proved = false

  /** @param worth tokens of padding that cost as much as another run */
  constructor(session: DecoderSession, { padding, worth }: Pick<GraphTraits, 'padding'> & { worth: number }) {
    this.#session = session
    // A cache on the device cannot be put together here: that would copy it out and in with each token.
    this.#padding = session.isOnDevice ? null : padding
    this.#worth = worth
  }

  get vocabulary(): number {
    return this.#session.vocabulary
  }

  /**
   * @param most tokens that the row may come to
   * @param options.prompt tokens for which room is made at once. @default 0: room is made as they come
   * @param options.kept tokens that need not be read again: the first `length` of them. Where they are taken the row has
   * their memory, and nobody else may use them
   */
  begin(most: number, { prompt = 0, kept }: BeginOptions = {}): BatchRow {
    const cache = kept === undefined ? this.#session.empty() : this.#restored(kept)
    cache.buffers?.reserve(prompt)
    const row: Row = { length: cache.length, most, home: { cache } }
    return row
  }

  /** Reads tokens after those that the row has. @returns the logits after the last one, the caller's to change */
  async read(handle: BatchRow, ids: readonly number[]): Promise<Float32Array> {
    const row = handle as Row
    const { cache, logits } = await this.#session.forward(this.#apart(row), ids)
    row.home = { cache }
    row.length = cache.length
    return logits
  }

  /** One more token for each row. @returns for each its logits, or why it failed */
  async decode(handles: readonly BatchRow[], ids: readonly number[]): Promise<(Float32Array | Error)[]> {
    const rows = handles as readonly Row[]
    const results = new Map<Row, Float32Array | Error>()
    if (rows.length > 1 && this.#padding !== null && !this.#proved) await this.#prove()
    const together = this.#padding === null ? [] : this.#arrange(rows)
    const idOf = new Map(rows.map((row, index) => [row, ids[index] ?? 0]))
    for (const pack of together) {
      try {
        for (const [row, logits] of await this.#run(pack, idOf)) results.set(row, logits)
      } catch {
        // One of them may be at fault: whose it is shows when each is run by itself.
        for (const row of pack.slots) if (row !== null) this.#apart(row)
      }
    }
    for (const row of rows) {
      if (!results.has(row)) results.set(row, await this.#alone(row, idOf.get(row) ?? 0))
    }
    return rows.map((row) => results.get(row) as Float32Array | Error)
  }

  /**
   * The first tokens that the row has read, for a later one; null where they lie on a device. The row may only be ended
   * after it: what is by itself is not copied, unless its room is far too large.
   */
  keep(handle: BatchRow, length: number): KeptCache | null {
    if (this.#session.isOnDevice) return null
    const row = handle as Row
    const { home } = row
    const isOwn = 'cache' in home && row.length === length && home.cache.buffers?.isRoomy !== true
    const cache = isOwn ? home.cache : this.#copied(this.#placeOf(row), length)
    return { cache, length, bytes: cache.buffers?.bytes ?? this.bytesOf(length) }
  }

  /** What `keep` takes, without room for more. */
  bytesOf(length: number): number {
    const sizes = this.#session.shapes.map(({ type, heads, size }) => heads * size * (type === 'float16' ? 2 : 4))
    return length * sizes.reduce((sum, size) => sum + size, 0)
  }

  end(handle: BatchRow): void {
    const row = handle as Row
    const { home } = row
    if ('cache' in home) this.#session.free(home.cache)
    else home.pack.slots[home.slot] = null
    // Whoever still holds the row holds no memory.
    row.home = { cache: { tensors: {}, length: 0, buffers: null } }
  }

  async #alone(row: Row, id: number): Promise<Float32Array | Error> {
    try {
      return await this.read(row, [id])
    } catch (err) {
      return err instanceof Error ? err : new Error(String(err))
    }
  }

  /** The row's cache by itself. */
  #apart(row: Row): KvCache {
    if ('cache' in row.home) return row.home.cache
    const { pack, slot } = row.home
    const { cache } = this.#packed([row], null)
    pack.slots[slot] = null
    row.home = { cache }
    return cache
  }

  #restored({ cache: { cache, length: kept }, length, isTaken }: KeptTokens): KvCache {
    // Tensors that the graph gave are never changed.
    if (cache.buffers === null && length === kept) return cache
    if (cache.buffers === null || !isTaken) return this.#copied(slotOf(cache, { row: 0, length }), length)
    const { buffers } = cache
    buffers.cut(length)
    const own = { tensors: buffers.tensors(), length, buffers }
    return buffers.isRoomy ? this.#copied(slotOf(own, { row: 0, length }), length) : own
  }

  /** A row of its own with the first tokens of another. */
  #copied(from: RowPlace, length: number): KvCache {
    const cache = this.#session.roomFor([length], null)
    copyRow(this.#session.shapes, from, slotOf(cache, { row: 0, length }), length)
    return cache
  }

  #placeOf({ home, length }: Row): RowPlace {
    return 'cache' in home ? slotOf(home.cache, { row: 0, length }) : this.#slotOf(home.pack.cache, home.slot, length)
  }

  #slotOf(cache: KvCache, row: number, length: number): RowPlace {
    return slotOf(cache, { row, length, fromEnd: this.#padding === 'left' && cache.buffers === null })
  }

  /** Copies of some rows beside each other. */
  #packed(rows: readonly Row[], padding: Padding): Pack {
    const cache = this.#session.roomFor(
      rows.map(({ length }) => length),
      padding
    )
    rows.forEach((row, slot) => {
      copyRow(this.#session.shapes, this.#placeOf(row), this.#slotOf(cache, slot, row.length), row.length)
    })
    return { cache, slots: [...rows] }
  }

  /** Puts rows together that share a run, moving as few as it can. @returns their packs; other rows are by themselves */
  #arrange(rows: readonly Row[]): Pack[] {
    const wanted = new Set(rows)
    for (const row of rows) {
      if (!('pack' in row.home)) continue
      // Whoever has no token to compute now would be written over.
      for (const other of row.home.pack.slots) if (other !== null && !wanted.has(other)) this.#apart(other)
    }
    const groups = shareRuns(rows, this.#worth).map((indices) => indices.map((index) => rows[index] as Row))
    const taken = new Set<Pack>()
    const plans = groups.map((group) => {
      const pack = group.length === 1 ? null : this.#reusable(group, taken)
      if (pack !== null) taken.add(pack)
      return { group, pack, free: pack?.slots.flatMap((row, slot) => (row === null ? [slot] : [])) ?? [] }
    })
    // First those that are made anew, and out of packs that stay; then the slots that were free before.
    const packs = plans.flatMap(({ group, pack }) => {
      if (group.length === 1) group.forEach((row) => this.#apart(row))
      if (group.length === 1 || pack !== null) return []
      const made = this.#packed(group, this.#padding)
      group.forEach((row, slot) => {
        this.#move(row, made, slot)
      })
      return [made]
    })
    for (const { group, pack, free } of plans) {
      if (pack === null) continue
      for (const row of group.filter(({ home }) => !('pack' in home) || home.pack !== pack)) {
        const slot = free.pop() as number
        // Even what the mask leaves out is multiplied, by zero, and a row that went wrong left no numbers.
        clearRow(pack.cache.tensors, slot)
        copyRow(this.#session.shapes, this.#placeOf(row), this.#slotOf(pack.cache, slot, row.length), row.length)
        this.#move(row, pack, slot)
      }
      packs.push(pack)
    }
    return packs
  }

  #move(row: Row, pack: Pack, slot: number): void {
    if ('pack' in row.home) row.home.pack.slots[row.home.slot] = null
    row.home = { pack, slot }
    pack.slots[slot] = row
  }

  /** The pack that most of the group is in, where the others fit into it and it is not much larger than they need. */
  #reusable(group: readonly Row[], taken: ReadonlySet<Pack>): Pack | null {
    const members = new Map<Pack, number>()
    for (const { home } of group) if ('pack' in home) members.set(home.pack, (members.get(home.pack) ?? 0) + 1)
    const [pack, inside] = [...members].sort((a, b) => b[1] - a[1])[0] ?? []
    if (pack === undefined || inside === undefined || taken.has(pack)) return null
    const { slots } = pack
    const longest = Math.max(...group.map(({ length }) => length))
    // Where nobody else's tokens are in it, its columns can be made as many as these need.
    const { buffers } = pack.cache
    if (buffers !== null && slots.every((row) => row === null || group.includes(row)) && buffers.fit(longest)) {
      pack.cache = { ...pack.cache, tensors: buffers.tensors() }
    }
    const width = this.#widthOf(pack)
    const granted = group.reduce((sum, { most }) => sum + most, 0)
    const free = slots.filter((row) => row === null).length
    const fits =
      group.length - inside <= free &&
      longest <= roomOf(pack.cache) &&
      width - longest <= Math.max(LEAST_SLACK, longest * SLACK_SHARE) &&
      slots.length - group.length <= Math.max(1, group.length * FREE_SHARE) &&
      slots.length * (Math.max(width, longest) + 1) <= granted
    return fits ? pack : null
  }

  /** Tokens that each slot is computed with. */
  #widthOf({ cache, slots }: Pack): number {
    // Buffers have more room than is used, and those who left may have been longer.
    const isLoose = cache.buffers !== null && this.#padding === 'right'
    return isLoose ? Math.max(...slots.map((row) => row?.length ?? 0)) : roomOf(cache)
  }

  async #run(pack: Pack, idOf: ReadonlyMap<Row, number>): Promise<[Row, Float32Array][]> {
    const { slots } = pack
    const lengths = slots.map((row) => row?.length ?? 0)
    const width = this.#widthOf(pack)
    const columns = width + 1
    const mask = new BigInt64Array(slots.length * columns)
    lengths.forEach((length, slot) => {
      const row = mask.subarray(slot * columns, (slot + 1) * columns)
      const { start } = this.#slotOf(pack.cache, slot, length)
      row.fill(1n, start, start + length)
      // Of a free slot the one new token, so that nothing is divided by nothing.
      row[this.#padding === 'left' ? width : length] = 1n
    })
    pack.cache.buffers?.hold(lengths)
    const { cache, logits } = await this.#session.forwardRows(pack.cache, {
      ids: slots.map((row) => (row === null ? 0 : (idOf.get(row) ?? 0))),
      positions: lengths,
      mask
    })
    pack.cache = cache
    return slots.flatMap((row, slot): [Row, Float32Array][] => {
      if (row === null) return []
      row.length++
      return [[row, logits[slot] as Float32Array]]
    })
  }

  /**
   * Runs two made-up rows together and apart, once: whether a graph takes rows of different length is seen only there.
   * Where it does not, rows are run one by one from then on.
   */
  async #prove(): Promise<void> {
    this.#proved = true
    try {
      const known = (id: number): number => id % this.#session.vocabulary
      const rows = [[0, 1, 2].map(known), [known(3)]].map((ids) => ({ row: this.begin(Infinity) as Row, ids }))
      const caches: KvCache[] = []
      for (const { row, ids } of rows) {
        await this.read(row, ids)
        caches.push(this.#apart(row))
      }
      const both = rows.map(({ row }) => row)
      const pack = this.#packed(both, this.#padding)
      let same = true
      for (const id of [known(4), known(5)]) {
        const together = await this.#run(pack, new Map(both.map((row) => [row, id])))
        for (const [index, [, logits]] of together.entries()) {
          const before = caches[index] as KvCache
          const alone = await this.#session.forward(before, [id])
          caches[index] = alone.cache
          same &&= agrees(logits, alone.logits, TOLERANCE)
        }
      }
      if (!same) this.#padding = null
    } catch {
      this.#padding = null
    }
  }
}

/** Tokens that each row has room for: buffers have more than there are. */
function roomOf({ tensors }: KvCache): number {
  const [first] = Object.values(tensors)
  return first?.dims[2] ?? 0
}

/** @param place.fromEnd whether the last token is the last that there is room for. @default false: the first is */
function slotOf(cache: KvCache, place: { row: number; length: number; fromEnd?: boolean }): RowPlace {
  const { row, length, fromEnd = false } = place
  const width = roomOf(cache)
  return placeIn(cache.tensors, { row, width, start: fromEnd ? width - length : 0 })
}
