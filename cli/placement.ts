import type { PlacementRow } from '../src/interface.ts'
import { duration } from './human.ts'
import type { Column } from './table.ts'

export const PLACEMENT_COLUMNS: readonly Column[] = [
  { title: 'DEVICE' },
  { title: 'MODEL' },
  { title: 'EXPECTED', align: 'right' },
  { title: 'REASON', wrap: true }
]

/** The table of who would answer and why, best first. */
export function placementCells(rows: readonly PlacementRow[]): string[][] {
  return rows.map(({ peer, here, model, expectedMs, reason }) => [
    here ? `${peer.name} (here)` : peer.name,
    model ?? '–',
    expectedMs === null ? '–' : duration(expectedMs),
    reason
  ])
}
