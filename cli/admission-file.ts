import { quoted } from './command-form.ts'
import { EXIT } from './exit-codes.ts'
import { readWholeFile, writeNewFile } from './private-file.ts'
import type { Admission } from '../src/interface.ts'
import { withMesh, type Invocation } from './verb.ts'

/** What a node takes. */
const MOST_BYTES = 64 * 1024

/** `approve FILE`: admits the device of a request, and writes what it must be brought. */
export async function admitFile(
  { doors, home, log, output, interruption: { signal } }: Invocation,
  file: string
): Promise<number> {
  const request = readWholeFile(file, MOST_BYTES)
  const target = `${file}.admission`
  return withMesh(doors.visitMesh({ ...home, log, signal }), async (mesh) => {
    let admitted: Admission | undefined
    await writeNewFile(target, async () => {
      admitted = await mesh.membership.admit({ request, signal })
      return admitted.admission
    })
    const { member, admission } = admitted as unknown as Admission
    const { mesh: words, words: six } = await mesh.membership.inspect({ admission, signal })
    if (output.json) {
      output.data({ member, file: target, words: six })
      return EXIT.done
    }
    output.line(`${member.name} is a member of ${words} now. It has to be told:`)
    output.paragraph(`Carry ${target} to it and type there: mesh import ${quoted(target)}`, '1. ')
    output.paragraph('It shows six words, which must be these:', '2. ')
    output.line(`     ${six}`)
    return EXIT.done
  })
}
