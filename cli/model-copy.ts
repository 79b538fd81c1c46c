import { resolve } from 'node:path'
import { NodeUnreachableError } from '../src/errors.ts'
import type { Mesh, ModelCopyDone, ModelCopyEvent, ModelCopyProgress } from '../src/interface.ts'
import { quoted } from './command-form.ts'
import { bytes } from './human.ts'
import type { Output } from './output.ts'
import { Pace, progressLine, secondsLeft } from './progress.ts'
import { parseSize } from './size.ts'
import type { Invocation } from './verb.ts'

export interface CopyFlags {
  name?: string
  replace?: true
  split?: string
}

/** A program that reads along needs no more. */
const TELL_PROGRAMS_EVERY_MS = 1_000

/** `mesh model export NAME PATH` */
export async function exportModel(
  mesh: Mesh,
  invocation: Invocation,
  [name, path]: readonly [string, string],
  { name: as, split, replace }: CopyFlags
): Promise<void> {
  const done = await follow(
    mesh.library.export({
      ...{ name, path: resolve(path), replace: replace === true, signal: invocation.interruption.signal },
      ...(as !== undefined && { as }),
      ...(split !== undefined && { partBytes: parseSize(split, '--split') })
    }),
    invocation
  )
  const { output, hint } = invocation
  if (output.json) return
  output.line(`Exported ${done.name} to ${done.path}: ${bytes(done.bytes)}${keptInWords(done)}.`)
  output.line(`On the other device: ${hint(`model import ${quoted(done.path)}`)}`)
}

/** `mesh model import PATH` */
export async function importModel(
  mesh: Mesh,
  invocation: Invocation,
  path: string,
  { name, replace }: CopyFlags
): Promise<void> {
  const done = await follow(
    mesh.library.import({
      ...{ path: resolve(path), replace: replace === true, signal: invocation.interruption.signal },
      ...(name !== undefined && { name })
    }),
    invocation
  )
  const { output, hint } = invocation
  if (output.json) return
  if (done.outcome === 'known') {
    output.line(`This model is here already, as ${done.name}. Nothing was copied.`)
    return
  }
  output.line(`Imported ${done.name}: ${bytes(done.bytes)}${keptInWords(done)}.`)
  output.line(`Ask it: ${hint(`ask --model ${done.name} "…"`)}`)
}

export function keptInWords({ kept, bytes: total }: ModelCopyDone): string {
  if (kept === 0) return ''
  return kept === total ? ', all of it there from before' : `, ${bytes(kept)} of it there from before`
}

/** Shows how far a copy has come until it is through. */
export async function follow(events: AsyncIterable<ModelCopyEvent>, invocation: Invocation): Promise<ModelCopyDone> {
  const { output, interruption } = invocation
  const show = shower(output)
  try {
    for await (const event of events) {
      if (event.type === 'progress') {
        show(event)
        continue
      }
      if (event.type === 'notice') output.note(event.message)
      const { type, ...rest } = event
      if (output.json) output.data({ event: type, ...rest })
      if (event.type === 'done') return event
    }
    throw new NodeUnreachableError('The node ended before the copy did. Repeat the command: it goes on from there.')
  } catch (error) {
    if (interruption.signal.aborted) {
      output.note('Stopped. What was copied is kept: the same command goes on from there.')
    }
    throw error
  }
}

/** A bar on a terminal; lines of JSON, now and then, for whoever else reads. */
function shower(output: Output): (progress: ModelCopyProgress) => void {
  const pace = new Pace()
  let told = -Infinity
  return ({ bytes: done, total, kept }) => {
    const now = performance.now()
    const perSecond = pace.look(done, now)
    output.status(progressLine({ bytes: done, total }, perSecond))
    if (now - told < TELL_PROGRAMS_EVERY_MS && done < total) return
    told = now
    output.report({
      ...{ event: 'progress', bytes: done, total, kept },
      bytesPerSecond: perSecond === null ? null : Math.round(perSecond),
      secondsLeft: secondsLeft({ bytes: done, total }, perSecond)
    })
  }
}
