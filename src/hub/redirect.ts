import { HubAnswerError } from '../errors.ts'

/** Where an answer sends to; null where it is one. @throws {HubAnswerError} for an address that may not be */
export function redirectOf({ status, headers }: Pick<Response, 'status' | 'headers'>, from: URL): URL | null {
  if (![301, 302, 303, 307, 308].includes(status)) return null
  const location = headers.get('location')
  if (location === null || !URL.canParse(location, from.href)) {
    throw new HubAnswerError(`${from.host} redirects to nowhere. Is HF_ENDPOINT right?`)
  }
  const to = new URL(location, from)
  const isWorse = to.protocol !== 'https:' && to.protocol !== from.protocol
  if (isWorse || !['http:', 'https:'].includes(to.protocol)) {
    throw new HubAnswerError(
      `${from.host} redirects to ${to.protocol}//${to.host}, which is less safe and is not followed.`
    )
  }
  return to
}
