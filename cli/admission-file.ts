import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { quoted } from './command-form.ts'
import { EXIT, UsageError } from './exit-codes.ts'
import { count } from './human.ts'
import { readWholeFile, writeNewFile } from './private-file.ts'
import { followSnapshot } from './snapshot-following.ts'
import type { Admission, SnapshotExported } from '../src/interface.ts'
import { withMesh, type Invocation } from './verb.ts'

/** What a node takes. */
const MOST_BYTES = 64 * 1024

/** `approve FILE`: admits the device of a request, and writes what it must be brought: its admission, and all memories. */
export async function admitFile(
  { doors, home, log, output, interruption: { signal } }: Invocation,
  file: string
): Promise<number> {
  const request = readWholeFile(file, MOST_BYTES)
  const target = `${file}.admission`
  const snapshot = `${file}.snapshot`
  if (existsSync(snapshot)) {
    throw new UsageError(`${snapshot} cannot be written: it is there already; move it away, or take another name.`)
  }
  return withMesh(doors.visitMesh({ ...home, log, signal }), async (mesh) => {
    let admitted: Admission | undefined
    await writeNewFile(target, async () => {
      admitted = await mesh.membership.admit({ request, signal })
      return admitted.admission
    })
    const { member, admission } = admitted as unknown as Admission
    const { mesh: words, words: six } = await mesh.membership.inspect({ admission, signal })
    // Encrypted to the newcomer's key too, which the roster has now.
    const { entries } = await followSnapshot<SnapshotExported>(
      mesh.snapshots.export({ path: resolve(snapshot), signal }),
      output
    )
    if (output.json) {
      output.data({ member, file: target, snapshot, entries, words: six })
      return EXIT.done
    }
    output.line(`${member.name} is a member of ${words} now. It has to be told:`)
    output.paragraph(
      `Carry ${target} to it, and ${snapshot} (${count(entries, 'memory or message', 'memories and messages')}) beside it.`,
      '1. '
    )
    output.paragraph(`Type there: mesh import ${quoted(target)}`, '2. ')
    output.paragraph('It shows six words, which must be these:', '3. ')
    output.line(`     ${six}`)
    return EXIT.done
  })
}
