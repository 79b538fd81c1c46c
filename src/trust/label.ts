/** File systems and the wire of capabilities have the same limit, in UTF-16 code units. */
const MAX_LABEL_LENGTH = 255
/** C0 and C1 control characters and line separators: they would steer the terminal on which a name is shown. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

/** Whether a device may call itself so before anybody has looked closer: one short line of text. */
export function isLabel(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_LABEL_LENGTH && !CONTROL.test(value)
}
