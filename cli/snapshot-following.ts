import { NodeUnreachableError } from '../src/errors.ts'
import type { SnapshotProgress } from '../src/interface.ts'
import { bytes as size } from './human.ts'
import type { Output } from './output.ts'
import { Pace, progressLine } from './progress.ts'

const PHASES: Readonly<Record<SnapshotProgress['phase'], string>> = {
  writing: 'Writing',
  verifying: 'Reading back',
  checking: 'Checking',
  merging: 'Taking in'
}

/** Shows on a terminal how far a snapshot is, until it is through. */
export async function followSnapshot<Done extends { type: 'done' }>(
  events: AsyncIterable<SnapshotProgress | Done>,
  output: Output
): Promise<Done> {
  let phase: SnapshotProgress['phase'] | null = null
  let pace = new Pace()
  for await (const event of events) {
    if (event.type === 'done') return event
    if (event.phase !== phase) pace = new Pace()
    phase = event.phase
    const { bytes, total } = event
    const perSecond = pace.look(bytes, performance.now())
    output.status(
      `${PHASES[phase]} ${total === null ? size(bytes) : progressLine({ bytes: Math.min(bytes, total), total }, perSecond)}`
    )
  }
  throw new NodeUnreachableError('The node ended before the snapshot did. Repeat the command.')
}

/** What programs are given: the result, and not that it is one. */
export function withoutType<Done extends { type: 'done' }>(done: Done): Partial<Done> {
  return { ...done, type: undefined }
}
