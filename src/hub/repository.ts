/** Part of a name on the hub: letters, digits, `-`, `_` and `.`, a letter or digit first. */
const PART = /^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$/

/** Whether a text is `OWNER/NAME` as the hub has it. */
export function isRepository(text: string): boolean {
  const parts = text.split('/')
  return parts.length === 2 && parts.every((part) => PART.test(part) && !part.includes('..') && !part.includes('--'))
}
