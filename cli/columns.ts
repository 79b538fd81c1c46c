/** How wide text is on a terminal, and how it is cut and wrapped to fit. */

const segmenter = new Intl.Segmenter()
/** East Asian wide and full-width forms, and emoji: two columns each (Unicode Standard Annex 11). */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u

/** Columns that the text takes. */
export function widthOf(text: string): number {
  let width = 0
  for (const { segment } of segmenter.segment(text)) {
    width += WIDE.test(segment) ? 2 : 1
  }
  return width
}

/** The text, cut to the width with an ellipsis where it is longer. */
export function cut(text: string, width: number): string {
  return widthOf(text) <= width ? text : `${beginning(text, width - 1)}…`
}

/** As much of the text as the width holds. */
function beginning(text: string, width: number): string {
  let kept = ''
  let used = 0
  for (const { segment } of segmenter.segment(text)) {
    used += WIDE.test(segment) ? 2 : 1
    if (used > width) {
      break
    }
    kept += segment
  }
  return kept
}

/** The text in lines no wider than the width, broken at spaces; a longer word is cut through. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    let rest = word
    if (line !== '' && widthOf(line) + 1 + widthOf(rest) <= width) {
      line += ` ${rest}`
      continue
    }
    if (line !== '') {
      lines.push(line)
    }
    // No terminal is narrower than a wide character.
    while (widthOf(rest) > Math.max(width, 2)) {
      const piece = beginning(rest, Math.max(width, 2))
      lines.push(piece)
      rest = rest.slice(piece.length)
    }
    line = rest
  }
  return [...lines, line]
}

/**
 * Text from elsewhere without the control characters that could move the cursor or rename the window, nor those that
 * turn the direction of what follows: a peer's name and a model's answer are a stranger's bytes. Tabs and newlines stay.
 */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '')
}
