import { UsageError } from './exit-codes.ts'

/** As on the labels of disks; with an `i` the powers of 1024. */
const UNITS = ['', 'k', 'm', 'g', 't']

/** `4G`, `700 MB`, `1.5GiB` in bytes. @throws {UsageError} */
export function parseSize(text: string, flag: string): number {
  const [, number = '', unit = '', binary] = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?\s*$/i.exec(text) ?? []
  const bytes = Math.floor(Number(number) * (binary === '' ? 1000 : 1024) ** UNITS.indexOf(unit.toLowerCase()))
  if (number === '' || !Number.isSafeInteger(bytes) || bytes === 0) {
    throw new UsageError(`${flag} is a size such as 4G or 700M, not “${text}”.`)
  }
  return bytes
}
