import { randomBytes } from 'node:crypto'
import { MAX_GENERATION } from './limits.ts'

/**
 * Names within the documents.
 *
 * A document is one flat map from key to a JSON text. Keys of one entry share its id:
 *
 *   ID          the entry as it was written
 *   ID/FIELD    one field as it was edited since: `{"v":value,"n":count,"of":"ID/FIELD"}`
 *   ID/LETTERS  a tag that was put on or taken off since: `{"v":"the tag","on":true,"n":count,"of":"ID/LETTERS"}`
 *   !ID         whether it is forgotten: `{"gone":true,"n":count,"of":"!ID"}`
 *   @FIELD      a field of the document itself (a conversation's title); `!@` forgets the whole of it
 *
 * So two devices that edit two fields, or put on two tags, write two keys and both hold, and a forgotten entry stays
 * forgotten whoever edits it.
 */
const KEY = /^(?:!?[0-9a-z]{1,32}|[0-9a-z]{1,32}\/[a-z]{1,16}|@[a-z]{1,16}|!@)$/

/** `m-WRITER-NUMBER` is a shard of memories, `c-ID` a conversation; `~N` its N-th generation, from 2 (see healing.ts). */
const DOCUMENT = /^(?:m-[0-9a-z]{16}-[1-9][0-9]{0,6}|c-[0-9a-z]{16})(?:~([2-9]|[1-9][0-9]))?$/

/** Crockford's base 32: no letter that is taken for a digit. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

export function isKey(key: string): boolean {
  return KEY.test(key)
}

export function isDocumentId(id: string): boolean {
  return DOCUMENT.test(id) && generationOf(id) <= MAX_GENERATION
}

/** 80 random bits in 16 characters: short enough to be typed in part, and never given twice. */
export function newId(): string {
  return Array.from(randomBytes(16), (byte) => ALPHABET[byte % 32]).join('')
}

/** The id of the entry that a key belongs to; `@` for the document itself. */
export function entryOf(key: string): string {
  const start = key.startsWith('!') ? 1 : 0
  if (key[start] === '@') return '@'
  const end = key.indexOf('/')
  return end === -1 ? key.slice(start) : key.slice(start, end)
}

export function fieldKey(id: string, field: string): string {
  return id === '@' ? `@${field}` : `${id}/${field}`
}

/** Longer than the name of any field. */
const TAG_LETTERS = 16

/**
 * A new key for a tag. At random: a key outlives what is forgotten, and must not tell which tag it was.
 *
 * @param numbers random ones of 32 bits
 */
export function newTagKey(id: string, numbers: () => number): string {
  const digits = [numbers(), numbers()].map((number) => number.toString(16).padStart(TAG_LETTERS / 2, '0')).join('')
  return `${id}/${Array.from(digits, (digit) => String.fromCharCode(97 + Number.parseInt(digit, 16))).join('')}`
}

export function isTagKey(key: string): boolean {
  return key.length - key.indexOf('/') === TAG_LETTERS + 1 && key.includes('/')
}

export function goneKey(id: string): string {
  return `!${id}`
}

export function kindOf(document: string): 'memories' | 'conversation' {
  return document.startsWith('m-') ? 'memories' : 'conversation'
}

export function shardId(writer: string, number: number): string {
  return `m-${writer}-${number}`
}

export function conversationDocument(id: string): string {
  return `c-${id}`
}

/** The id without its generation. */
export function lineageOf(document: string): string {
  const end = document.indexOf('~')
  return end === -1 ? document : document.slice(0, end)
}

export function generationOf(document: string): number {
  const end = document.indexOf('~')
  return end === -1 ? 1 : Number(document.slice(end + 1))
}

export function generation(lineage: string, number: number): string {
  return number === 1 ? lineage : `${lineage}~${number}`
}
