import { quoted } from './command-form.ts'
import { EXIT } from './exit-codes.ts'
import { writeNewFile } from './private-file.ts'
import { withMesh, type Invocation } from './verb.ts'

/** `join --request FILE`: this device's public keys, to be carried to a member. */
export async function writeRequest(
  { doors, home, log, output, interruption: { signal }, hint }: Invocation,
  file: string,
  name: string | undefined
): Promise<number> {
  return withMesh(doors.visitMesh({ ...home, log, signal }), async (mesh) => {
    await writeNewFile(file, async () => {
      const { request } = await mesh.membership.request({ signal, ...(name !== undefined && { name }) })
      return request
    })
    if (output.json) {
      output.data({ file })
      return EXIT.done
    }
    output.line(`Wrote this device’s public keys to ${file}. What comes next:`)
    output.paragraph(`Carry ${file} to a device of your mesh and type there: mesh approve ${quoted(file)}`, '1. ')
    output.paragraph(
      `Carry the two files that it writes, ${file}.admission and ${file}.snapshot, back to this device.`,
      '2. '
    )
    output.paragraph(`Type here: ${hint(`import ${quoted(`${file}.admission`)}`)}`, '3. ')
    return EXIT.done
  })
}
