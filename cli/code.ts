/** The digits that two screens show. */

/** As they are shown: `123 456`. */
export function spaced(code: string): string {
  return code.replace(/(\d{3})(?=\d)/g, '$1 ')
}

/** The six digits that words of a command line are, written in whatever groups; or nothing. */
export function readCode(words: readonly string[]): string | undefined {
  const digits = words.join('').replace(/[\s-]/g, '')
  return /^\d{6}$/.test(digits) ? digits : undefined
}

/** Words of a mesh as they are known, however a person wrote them: `Amber Otter` is `amber-otter`. */
export function readWords(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .split(/[\s-]+/)
    .join('-')
}
