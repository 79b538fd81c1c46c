/** Whether it is so many bytes, written in lower-case hexadecimal: the one way in which this folder writes bytes. */
export function isHex(value: unknown, bytes: number): value is string {
  return typeof value === 'string' && value.length === 2 * bytes && /^[0-9a-f]*$/.test(value)
}
