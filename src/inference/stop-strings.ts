/**
 * Ends an answer before any of some strings, and never shows the beginning of one: text that may still become a stop
 * string is held back until it cannot.
 */
export interface StopStrings {
  /** The text that may be shown now, and whether a stop string came; after that nothing more is shown. */
  push(text: string): { text: string; stopped: boolean }
  /** What was held back, when no more text will come. */
  flush(): string
}

export function stopStrings(stops: readonly string[]): StopStrings {
  let held = ''
  return {
    push(text) {
      held += text
      const found = firstOf(held, stops)
      if (found !== -1) {
        const before = held.slice(0, found)
        held = ''
        return { text: before, stopped: true }
      }
      const safe = held.length - heldLength(held, stops)
      const shown = held.slice(0, safe)
      held = held.slice(safe)
      return { text: shown, stopped: false }
    },
    flush() {
      const rest = held
      held = ''
      return rest
    }
  }
}

/**
 * Where the stop string begins that is complete first: a reader who gets letter by letter meets that one. Of those that
 * end together the longest counts.
 */
function firstOf(text: string, stops: readonly string[]): number {
  let first = -1
  let firstEnd = Infinity
  for (const stop of stops) {
    const at = text.indexOf(stop)
    const end = at + stop.length
    if (at !== -1 && (end < firstEnd || (end === firstEnd && at < first))) {
      first = at
      firstEnd = end
    }
  }
  return first
}

/** Length of the longest end of `text` with which a stop string begins. */
function heldLength(text: string, stops: readonly string[]): number {
  let longest = 0
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(stop.slice(0, length))) longest = length
    }
  }
  return longest
}
