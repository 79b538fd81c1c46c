import type Database from 'libsql'

/**
 * Ranked full-text search whose work does not grow with the number of memories. FTS5's own bm25() visits every memory that
 * has any of the words, twice: with a million memories, and words as frequent as people's are, that is seconds. Here the
 * index gives, for each word, the newest memories that have it, and only the most promising of them are read and ranked.
 */

/** A row of `memory`, and how well it fits; comparable within one search only. */
export interface Hit {
  row: number
  score: number
}

/** Words of a query that a search needs not; more would only cost. */
const MOST_WORDS = 32

/** Memories of one word, the newest: a word that is in more tells little. What has another word too is found by that. */
const NEWEST = 1000

/** A word that is in fewer memories is searched as the beginning of others as well. */
const FEW = 50

/** Where it is looked how frequent a word is, as parts of all memories, and how many of it are looked at there. */
const PLACES = [0.125, 0.375, 0.625, 0.875]
const SAMPLE = 50

/** The frequent words of a query that are also searched together, each with each; the rarest of them tell most. */
const TOGETHER = 3

/** Where frequent words are searched together: two that never meet would else be looked for everywhere. */
const NEWEST_ROWS = 200_000

/** What is read and ranked. */
const RANKED = 200

/** Letters of a memory that are read for its rank: a page. Its words behind it count once. */
const READ = 4000

/** The customary weights of BM25 (Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009); FTS5 has the same. */
const K1 = 1.2
const B = 0.75

interface Word {
  /** As the index folds it. */
  folded: string
  /** As FTS5 is asked for it. */
  match: string
  isBeginning: boolean
  /** The newest rows that have it, newest first. */
  rows: number[]
  /** About how many memories have it. */
  count: number
  /** Inverse document frequency. */
  weight: number
}

type Read = [row: number, letters: number, text: string]

/** Numbers reach the database as fractions, and FTS5 skips to a row only for a whole number: hence the casts. */
export function memorySearch(database: Database.Database): (query: string, limit: number) => Hit[] {
  const readNewest = database.prepare(
    `SELECT group_concat(rowid) AS rows FROM (
       SELECT rowid FROM memory_text WHERE memory_text MATCH ?1 AND rowid > CAST(?2 AS INTEGER) ORDER BY rowid DESC LIMIT ${NEWEST}
     )`
  )
  const readSample = database.prepare(
    `SELECT count(*) AS count, min(rowid) AS oldest FROM (
       SELECT rowid FROM memory_text WHERE memory_text MATCH ?1 AND rowid <= CAST(?2 AS INTEGER) ORDER BY rowid DESC LIMIT ${SAMPLE}
     )`
  )
  const readLast = database.prepare('SELECT max(rowid) AS last FROM memory')
  const readTexts = database.prepare(
    `SELECT json_group_array(json_array(m.rowid, length(m.text),
              substr(m.text, 1, ${READ}) || ' ' || m.tags || ' ' || coalesce(m.source, ''))) AS texts
     FROM json_each(?) JOIN memory m ON m.rowid = value`
  )

  const newest = (match: string, after: number): number[] => {
    const { rows } = readNewest.get(match, after) as { rows: string | null }
    return rows === null ? [] : rows.split(',').map(Number)
  }

  /** Rows newest first, without doubles. */
  const either = (one: number[], other: number[]): number[] =>
    [...new Set([...one, ...other])].sort((first, second) => second - first).slice(0, NEWEST)

  /** The rows of a frequent word lie the closer together the more of them there are; looked at in a few places. */
  const estimate = (match: string, last: number): number => {
    const densities = PLACES.map((part) => {
      const end = Math.ceil(part * last)
      const { count, oldest } = readSample.get(match, end) as { count: number; oldest: number | null }
      return count / (end - (count < SAMPLE ? 0 : (oldest ?? 1)) + 1)
    })
    return Math.min(last, (densities.reduce((sum, density) => sum + density, 0) / PLACES.length) * last)
  }

  const look = (folded: string, match: string, last: number): Word => {
    let rows = newest(match, 0)
    const isBeginning = rows.length < FEW && match.length > '""'.length + 2
    if (isBeginning) rows = either(rows, newest(`${match}*`, 0))
    const count = rows.length < NEWEST ? rows.length : estimate(match, last)
    return { folded, match, isBeginning, rows, count, weight: Math.log(1 + (last - count + 0.5) / (count + 0.5)) }
  }

  return (query, limit) => {
    const { last } = readLast.get() as { last: number | null }
    if (last === null) return []
    const words = wordsOf(query).map(([folded, match]) => look(folded, match, last))
    const frequent = words
      .filter(({ rows }) => rows.length === NEWEST)
      .sort((one, other) => one.count - other.count)
      .slice(0, TOGETHER)
    for (const [index, word] of frequent.entries()) {
      for (const other of frequent.slice(index + 1)) {
        const both = newest(`${word.match} AND ${other.match}`, last - NEWEST_ROWS)
        word.rows = [...word.rows, ...both]
        other.rows = [...other.rows, ...both]
      }
    }
    const chosen = mostPromising(words)
    const { texts } = readTexts.get(JSON.stringify([...chosen.keys()])) as { texts: string }
    return rank(JSON.parse(texts) as Read[], words, chosen).slice(0, limit)
  }
}

/** Rows by the words that the index says they have, one bit each. */
function mostPromising(words: readonly Word[]): Map<number, number> {
  const found = new Map<number, number>()
  for (const [index, { rows }] of words.entries()) {
    for (const row of rows) found.set(row, (found.get(row) ?? 0) | (1 << index))
  }
  const weights = new Map<number, number>()
  const weightOf = (bits: number): number => {
    let weight = weights.get(bits)
    if (weight === undefined) {
      weight = words.reduce((sum, word, index) => sum + ((bits & (1 << index)) === 0 ? 0 : word.weight), 0)
      weights.set(bits, weight)
    }
    return weight
  }
  const sorted = [...found].sort(([one, ones], [other, others]) => weightOf(others) - weightOf(ones) || other - one)
  return new Map(sorted.slice(0, RANKED))
}

function rank(read: readonly Read[], words: readonly Word[], chosen: ReadonlyMap<number, number>): Hit[] {
  const average = read.reduce((sum, [, letters]) => sum + letters, 0) / Math.max(1, read.length)
  const places = new Map(words.map(({ folded }, index) => [folded, index]))
  const beginnings = [...words.entries()].filter(([, { isBeginning }]) => isBeginning)
  const hits = read.map(([row, letters, text]): Hit => {
    const counts = words.map(() => 0)
    const count = (index: number): void => {
      counts[index] = (counts[index] ?? 0) + 1
    }
    for (const token of fold(text).match(WORD) ?? []) {
      const place = places.get(token)
      if (place !== undefined) count(place)
      for (const [index, { folded }] of beginnings) if (index !== place && token.startsWith(folded)) count(index)
    }
    const bits = chosen.get(row) ?? 0
    const length = K1 * (1 - B + (B * letters) / average)
    const score = words.reduce((sum, { weight }, index) => {
      const times = Math.max(counts[index] ?? 0, (bits & (1 << index)) === 0 ? 0 : 1)
      return sum + (weight * times * (K1 + 1)) / (times + length)
    }, 0)
    return { row, score }
  })
  return hits.sort((one, other) => other.score - one.score || other.row - one.row)
}

const WORD = /[\p{L}\p{N}]+/gu

/** About as the tokenizer of the index does: without case and diacritics. */
function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
}

/** The words of anybody's text: folded, and as an expression of FTS5 that means nothing but the word. */
function wordsOf(query: string): [folded: string, match: string][] {
  const words = query.normalize('NFC').match(WORD) ?? []
  return [...new Map(words.map((word) => [fold(word), `"${word}"`]))].slice(0, MOST_WORDS)
}
