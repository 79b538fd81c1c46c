/** ONNX files made by hand (github.com/onnx/onnx, `onnx/onnx.proto`), for graphs that no exporter would write. */

export interface OnnxParts {
  inputs?: { name: string; shape?: (number | string)[] }[]
  outputs?: { name: string; shape?: (number | string)[] }[]
  /** Each a weight kept in another file. */
  external?: { location: string; offset?: number; length?: number }[]
  /** Names of operators, a node each. */
  nodes?: string[]
}

export function onnx({ inputs = [], outputs = [], external = [], nodes = [] }: OnnxParts): Buffer {
  return field(
    7,
    Buffer.concat([
      ...nodes.map((operator) => field(1, field(4, operator))),
      ...external.map(weight),
      ...inputs.map((input) => field(11, value(input))),
      ...outputs.map((output) => field(12, value(output)))
    ])
  )
}

/** A field of bytes: its number, its length, its content. */
export function field(number: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content)
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes])
}

function value({ name, shape = [] }: { name: string; shape?: (number | string)[] }): Buffer {
  const dimensions = shape.map((size) =>
    field(1, typeof size === 'number' ? Buffer.concat([varint(1 * 8), varint(size)]) : field(2, size))
  )
  const tensor = Buffer.concat([Buffer.of(1 * 8, 1), field(2, Buffer.concat(dimensions))])
  return Buffer.concat([field(1, name), field(2, field(1, tensor))])
}

function weight(entries: { location: string; offset?: number; length?: number }): Buffer {
  const external = Object.entries(entries).map(([key, text]) =>
    field(13, Buffer.concat([field(1, key), field(2, String(text))]))
  )
  return field(5, Buffer.concat([Buffer.of(1 * 8, 2), Buffer.of(2 * 8, 1), ...external]))
}

export function varint(value: number): Buffer {
  const bytes = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  return Buffer.from([...bytes, rest])
}
