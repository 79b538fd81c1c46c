/** The recovery phrase between a person and the command: shown once, typed unseen. */
import type { Dialogue } from './dialogue.ts'
import type { Output } from './output.ts'

const PHRASE_WORDS = 24
const COLUMNS = 4

/** In numbered columns, read downwards. */
export function phraseLines(phrase: string): string[] {
  const words = phrase.split(' ')
  const rows = Math.ceil(words.length / COLUMNS)
  const width = Math.max(...words.map(({ length }) => length))
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: COLUMNS }, (_, column) => {
      const index = column * rows + row
      const word = words[index]
      return word === undefined ? '' : `${String(index + 1).padStart(2)} ${word.padEnd(width)}`
    })
      .join('   ')
      .trimEnd()
  )
}

/** The words of what was typed or read, without the numbers that may stand before them. */
export function phraseOf(text: string): string {
  return (
    text
      .toLowerCase()
      .match(/[a-z]+/g)
      ?.join(' ') ?? ''
  )
}

/** Asks for the phrase without showing it, in as many lines as it was pasted. */
export async function askPhrase(dialogue: Dialogue, output: Output, label: string): Promise<string> {
  output.line(`${label} (what you type is not shown):`)
  let phrase = ''
  for (;;) {
    const line = phraseOf(await dialogue.question('phrase> ', { secret: true }))
    phrase = `${phrase} ${line}`.trim()
    if (line === '' || phrase.split(' ').length >= PHRASE_WORDS) {
      return phrase
    }
  }
}
