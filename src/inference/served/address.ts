import { isIP } from 'node:net'
import { InvalidRequestError } from '../../errors.ts'

/**
 * An engine's address as it is kept: no `/v1`, no slash at the end.
 *
 * @throws {InvalidRequestError} saying what to write instead
 */
export function engineUrl(text: string): string {
  const written = text.trim()
  const url = URL.canParse(written) ? new URL(written) : null
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') {
    throw new InvalidRequestError(
      `${JSON.stringify(text)} is no address of a server. Write it as http://127.0.0.1:11434.`
    )
  }
  // Addresses are shown, logged and passed on; a secret in one would be too.
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new InvalidRequestError(
      'The address of an engine has no user, password, query or fragment. A key goes into a file: --key-file FILE.'
    )
  }
  const path = url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')
  return `${url.protocol}//${url.host}${path}`
}

/** Whether what is said there stays on this machine. */
export function isLoopback(url: string): boolean {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  if (host === 'localhost' || host.endsWith('.localhost') || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}
