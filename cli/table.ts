import { cut, widthOf, wrap } from './columns.ts'

export interface Column {
  title: string
  align?: 'left' | 'right'
  /** Where the table is too wide, this column is wrapped instead of cut. For the last one. */
  wrap?: boolean
}

const GAP = '  '
/** Narrower than this a column tells nothing, so the line runs over the edge instead. */
const NARROWEST = 8

/** Aligned lines, the titles first; no line is longer than the width as long as that leaves every column readable. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): string[] {
  const widths = fit(columns, rows, width)
  const lines = [columns.map(({ title }) => title), ...rows].map((cells) => {
    const cell = columns.map(({ wrap: wraps }, index) => {
      const text = cells[index] ?? ''
      const limit = widths[index] ?? 0
      return wraps === true ? wrap(text, limit) : [cut(text, limit)]
    })
    const height = Math.max(...cell.map(({ length }) => length))
    return Array.from({ length: height }, (_, line) =>
      columns
        .map(({ align }, index) => pad(cell[index]?.[line] ?? '', widths[index] ?? 0, align))
        .join(GAP)
        .trimEnd()
    )
  })
  return lines.flat()
}

function pad(text: string, width: number, align: Column['align']): string {
  const spaces = ' '.repeat(Math.max(0, width - widthOf(text)))
  return align === 'right' ? spaces + text : text + spaces
}

/** The natural widths; where they are too wide together, the widest gives way, column by column. */
function fit(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): number[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(widthOf(title), ...rows.map((cells) => widthOf(cells[index] ?? '')))
  )
  let excess = widths.reduce((sum, each) => sum + each, GAP.length * (columns.length - 1)) - width
  while (excess > 0) {
    const widest = Math.max(...widths)
    if (widest <= NARROWEST) {
      break
    }
    widths[widths.lastIndexOf(widest)] = widest - 1
    excess--
  }
  return widths
}
