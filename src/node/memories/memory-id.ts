import { UnknownMemoryError } from '../../errors.ts'

/** Ids are lower case; people type them as they like. */
export function idOf(id: unknown): string {
  const text = typeof id === 'string' ? id.trim().toLowerCase() : ''
  if (/^[0-9a-z]{1,16}$/.test(text)) return text
  throw new UnknownMemoryError('An id has up to 16 letters and digits.', { details: { id } })
}
