import type { Tensor } from 'onnxruntime-node'
import { agrees } from './agreement.ts'
import { shareRuns } from './batch-plan.ts'
import type { DecoderSession, KvCache } from './decoder-session.ts'
import type { GraphTraits, Padding } from './graph-fit.ts'
import { copyRow, numbersFor, placeIn } from './kv-rows.ts'
import type { CacheTensors, Numbers, RowPlace } from './kv-rows.ts'

/** What one ask has read; a handle, whose contents are this file's. */
export interface BatchRow {
  /** Tokens read. */
  readonly length: number
}

/** Keys and values that outlive their row. They never change. */
export interface KeptCache {
  readonly data: Readonly<Record<string, Numbers>>
  readonly length: number
  readonly bytes: number
}

interface Row {
  length: number
  /** Tokens that it may come to. */
  most: number
  /** Where its cache is: in tensors of its own, or in those of a pack. */
  home: { cache: KvCache } | { pack: Pack; slot: number }
}

/** Rows whose caches lie in the same tensors, which go from run to run as they are. */
interface Pack {
  tensors: CacheTensors
  slots: (Row | null)[]
  /** Tokens that each slot has room for. */
  width: number
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

  /** @param kept tokens that need not be read again: the first `length` of them */
  begin(most: number, kept?: { cache: KeptCache; length: number }): BatchRow {
    const cache = kept === undefined ? this.#session.empty() : this.#restored(kept)
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

  /** The first tokens that the row has read, for a later one; null where they lie on a device. */
  keep(handle: BatchRow, length: number): KeptCache | null {
    if (this.#session.isOnDevice) return null
    const row = handle as Row
    const isAll = 'cache' in row.home && row.length === length
    const tensors = isAll ? this.#session.wholeOf(this.#apart(row)) : this.#packed([row], length)
    const data: Record<string, Numbers> = {}
    for (const { name } of this.#session.shapes) data[name] = tensors[name]?.data as Numbers
    return { data, length, bytes: this.bytesOf(length) }
  }

  /** What `keep` takes. */
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

  /** The row's cache in tensors of its own. */
  #apart(row: Row): KvCache {
    if ('cache' in row.home) return row.home.cache
    const { pack, slot } = row.home
    const cache = this.#session.cacheOf(this.#packed([row], row.length), row.length)
    pack.slots[slot] = null
    row.home = { cache }
    return cache
  }

  #restored({ cache, length }: { cache: KeptCache; length: number }): KvCache {
    const { shapes } = this.#session
    const from: RowPlace = { data: (name) => cache.data[name] as Numbers, row: 0, width: cache.length, start: 0 }
    const tensors: Record<string, Tensor> = {}
    for (const shape of shapes) {
      let numbers = cache.data[shape.name] as Numbers
      if (length < cache.length) {
        const part = numbersFor(shape, 1, length)
        copyRow([shape], from, { data: () => part, row: 0, width: length, start: 0 }, length)
        numbers = part
      }
      tensors[shape.name] = this.#session.tensorOf(shape, numbers, 1)
    }
    return this.#session.cacheOf(tensors, length)
  }

  #placeOf({ home, length }: Row): RowPlace {
    if ('cache' in home) return placeIn(home.cache.tensors, { row: 0, width: widthOf(home.cache), start: 0 })
    const { pack, slot } = home
    return this.#slotOf(pack, slot, length)
  }

  #slotOf({ tensors, width }: Pick<Pack, 'tensors' | 'width'>, slot: number, length: number): RowPlace {
    return placeIn(tensors, { row: slot, width, start: this.#padding === 'left' ? width - length : 0 })
  }

  /** Copies of some rows' caches beside each other, as much of each as there is room for. */
  #packed(rows: readonly Row[], width: number): CacheTensors {
    const { shapes } = this.#session
    const tensors: Record<string, Tensor> = {}
    for (const shape of shapes) {
      tensors[shape.name] = this.#session.tensorOf(shape, numbersFor(shape, rows.length, width), rows.length)
    }
    rows.forEach((row, slot) => {
      const length = Math.min(row.length, width)
      copyRow(shapes, this.#placeOf(row), this.#slotOf({ tensors, width }, slot, length), length)
    })
    return tensors
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
      const width = Math.max(...group.map(({ length }) => length))
      const made: Pack = { tensors: this.#packed(group, width), slots: [...group], width }
      group.forEach((row, slot) => {
        this.#move(row, made, slot)
      })
      return [made]
    })
    for (const { group, pack, free } of plans) {
      if (pack === null) continue
      for (const row of group.filter(({ home }) => !('pack' in home) || home.pack !== pack)) {
        const slot = free.pop() as number
        copyRow(this.#session.shapes, this.#placeOf(row), this.#slotOf(pack, slot, row.length), row.length)
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
    const { slots, width } = pack
    const longest = Math.max(...group.map(({ length }) => length))
    const granted = group.reduce((sum, { most }) => sum + most, 0)
    const free = slots.filter((row) => row === null).length
    const fits =
      group.length - inside <= free &&
      longest <= width &&
      width - longest <= Math.max(LEAST_SLACK, longest * SLACK_SHARE) &&
      slots.length - group.length <= Math.max(1, group.length * FREE_SHARE) &&
      slots.length * (width + 1) <= granted
    return fits ? pack : null
  }

  async #run(pack: Pack, idOf: ReadonlyMap<Row, number>): Promise<[Row, Float32Array][]> {
    const { slots, width } = pack
    const columns = width + 1
    const mask = new BigInt64Array(slots.length * columns)
    slots.forEach((row, slot) => {
      // Of a free slot the one new token, so that nothing is divided by nothing.
      const length = row?.length ?? 0
      const start = slot * columns + (this.#padding === 'left' ? width - length : 0)
      mask.fill(1n, start, start + length + 1)
    })
    const { tensors, logits } = await this.#session.forwardRows(pack.tensors, {
      ids: slots.map((row) => (row === null ? 0 : (idOf.get(row) ?? 0))),
      positions: slots.map((row) => row?.length ?? 0),
      mask
    })
    pack.tensors = tensors
    pack.width = columns
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
      const pack: Pack = { tensors: this.#packed(both, 3), slots: both, width: 3 }
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

/** Tokens that it has room for: kept buffers have more than there are. */
function widthOf({ tensors }: KvCache): number {
  const [first] = Object.values(tensors)
  return first?.dims[2] ?? 0
}
