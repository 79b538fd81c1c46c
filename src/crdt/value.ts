import { MAX_ENTRY_BYTES, MAX_JSON_DEPTH } from './limits.ts'

export type Json = null | boolean | number | string | Json[] | JsonObject
export interface JsonObject {
  [key: string]: Json
}

/** Keys that reach an object's prototype when a careless program copies them. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * Reads a value of a document: an object in JSON, bounded in size, depth and keys before anybody uses it.
 *
 * @returns null for everything else
 */
export function readValue(text: string): JsonObject | null {
  if (Buffer.byteLength(text) > MAX_ENTRY_BYTES || depthOf(text) > MAX_JSON_DEPTH) return null
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) && isHarmless(value) ? value : null
  } catch {
    return null
  }
}

/** How deep brackets are nested, without building anything; brackets within strings do not count. */
function depthOf(text: string): number {
  const most = countOf(text, '{') + countOf(text, '[')
  // All are opened in so few that it need not be known more exactly: nearly always.
  if (most <= MAX_JSON_DEPTH) return most
  let depth = 0
  let deepest = 0
  let inString = false
  for (let index = 0; index < text.length; index++) {
    const letter = text[index]
    if (inString) {
      if (letter === '\\') index++
      else if (letter === '"') inString = false
    } else if (letter === '"') inString = true
    else if (letter === '{' || letter === '[') deepest = Math.max(deepest, ++depth)
    else if (letter === '}' || letter === ']') depth--
  }
  return deepest
}

function countOf(text: string, letter: string): number {
  let count = 0
  for (let at = text.indexOf(letter); at !== -1; at = text.indexOf(letter, at + 1)) count++
  return count
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isHarmless(value: Json): boolean {
  if (Array.isArray(value)) return value.every(isHarmless)
  if (!isObject(value)) return true
  for (const key of Object.keys(value)) {
    const inner = value[key]
    if (FORBIDDEN.has(key) || (typeof inner === 'object' && !isHarmless(inner))) return false
  }
  return true
}
