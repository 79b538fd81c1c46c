import { encode } from 'uqr'

/** ISO/IEC 18004: four light modules on every side, without which scanners do not see where the code begins. */
const QUIET_ZONE = 4

export interface QrOptions {
  /** What a drawn block stands for: ink on a light ground, or light on a ground that is probably dark. */
  block: 'ink' | 'light'
}

/**
 * A QR code in lines of half blocks, two rows of modules each. A code on a screen is clean, so the lowest level of
 * error correction keeps it small.
 */
export function qrLines(text: string, { block }: QrOptions): string[] {
  const { data, size } = encode(text, { ecc: 'L', border: QUIET_ZONE })
  const drawn = (row: number, column: number): boolean => (data[row]?.[column] ?? false) === (block === 'ink')
  return Array.from({ length: Math.ceil(size / 2) }, (_, line) =>
    Array.from({ length: size }, (_, column) => {
      const [upper, lower] = [drawn(2 * line, column), drawn(2 * line + 1, column)]
      return upper ? (lower ? '█' : '▀') : lower ? '▄' : ' '
    }).join('')
  )
}
