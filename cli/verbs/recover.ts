import { RecoveryError } from '../../src/errors.ts'
import type { Mesh } from '../../src/interface.ts'
import { onTerminal, withDialogue, type Dialogue } from '../dialogue.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import { memberTable } from '../member-table.ts'
import { askPhrase, phraseLines, phraseOf } from '../phrase.ts'
import { readWholeFile, writeNewFile } from '../private-file.ts'
import { defineVerb, withMesh, type Invocation, type Values } from '../verb.ts'

/** Many times the longest phrase. */
const MOST_BYTES = 4096

const FLAGS = {
  new: { type: 'switch', summary: 'make the phrase, or a new one in place of the old' },
  'phrase-file': { type: 'text', value: 'FILE', summary: 'read the phrase from this file; with --new write it there' },
  remove: { type: 'texts', value: 'DEVICE', summary: 'a lost device; may be given several times' },
  restore: { type: 'texts', value: 'DEVICE', summary: 'a removed device that is yours; may be given several times' }
} as const

type RecoverInvocation = Invocation<Values<typeof FLAGS>>

export const recover = defineVerb({
  name: 'recover',
  summary: 'make a recovery phrase, or take your mesh back with it',
  group: 'Devices',
  usage: '',
  words: { min: 0, max: 0 },
  flags: FLAGS,
  notes: (hint) => [
    'The phrase is 24 words, shown once and kept nowhere: write it on paper. Whoever has it rules the mesh, and nothing outranks it.',
    `After a theft, on a device that is still in the mesh: ${hint('recover --remove LOST --restore MINE')}. What the thief has removed and you restore comes back by itself. On a removed device the phrase counts there alone: the others refuse it until it was used on one of them.`
  ],
  async run(invocation) {
    const { doors, home, log, interruption, values, hint } = invocation
    const { signal } = interruption
    if (values.new === true && (values.remove !== undefined || values.restore !== undefined)) {
      throw new UsageError(`Take the mesh back first, then make a new phrase: ${hint('recover --new')}`)
    }
    if (!onTerminal(invocation) && values['phrase-file'] === undefined) {
      throw new UsageError(
        `Without a terminal the phrase goes through a file: ${hint(`recover ${values.new === true ? '--new ' : ''}--phrase-file FILE`)}`
      )
    }
    return withMesh(doors.visitMesh({ ...home, log, signal }), (mesh) =>
      values.new === true ? makePhrase(mesh, invocation) : takeBack(mesh, invocation)
    )
  }
})

async function makePhrase(mesh: Mesh, invocation: RecoverInvocation): Promise<number> {
  const { output, interruption, values, hint } = invocation
  const { signal } = interruption
  const old = await oldPhrase(mesh, invocation)
  const make = async (): Promise<string> =>
    (await mesh.membership.makePhrase({ signal, ...(old !== undefined && { phrase: old }) })).phrase
  const file = values['phrase-file']
  if (file !== undefined) {
    await writeNewFile(file, async () => `${await make()}\n`)
    if (output.json) {
      output.data({ file })
    } else {
      output.line(`The recovery phrase is in ${file}. Move it to where no device of the mesh can lose it.`)
    }
    return EXIT.done
  }
  const phrase = await make()
  output.paragraph('The recovery phrase of this mesh. Write it on paper; it is shown only now and kept nowhere.')
  output.line()
  for (const line of phraseLines(phrase)) {
    output.line(line)
  }
  output.line()
  output.line(`If a device is lost or stolen: ${hint('recover')}`)
  return EXIT.done
}

/** Only the old phrase replaces itself. */
async function oldPhrase(mesh: Mesh, invocation: RecoverInvocation): Promise<string | undefined> {
  const { membership } = await mesh.status({ signal: invocation.interruption.signal })
  if (!membership.recovery) {
    return undefined
  }
  if (!onTerminal(invocation)) {
    throw new RecoveryError(
      'There is a recovery phrase already; only on a terminal, with the old one, can it be replaced.'
    )
  }
  return await withDialogue(invocation, (dialogue) =>
    askPhrase(dialogue, invocation.output, 'There is a phrase already. To replace it, type the old one')
  )
}

async function takeBack(mesh: Mesh, invocation: RecoverInvocation): Promise<number> {
  const { output, interruption, values } = invocation
  const { signal } = interruption
  const file = values['phrase-file']
  const given = file === undefined ? undefined : phraseOf(Buffer.from(readWholeFile(file, MOST_BYTES)).toString())
  const members = onTerminal(invocation)
    ? await withDialogue(invocation, async (dialogue) => {
        const chosen = await choose(mesh, dialogue, invocation)
        const phrase = given ?? (await askPhrase(dialogue, output, 'The recovery phrase'))
        return await mesh.membership.recover({ ...chosen, phrase, signal })
      })
    : await mesh.membership.recover({ ...fromFlags(values), phrase: given ?? '', signal })
  if (output.json) {
    output.data(members)
  } else {
    output.line('The mesh is yours. Its members now:')
    memberTable(members, await mesh.peers({ signal }), output)
  }
  return EXIT.done
}

interface Chosen {
  remove?: string[]
  restore?: string[]
}

function fromFlags({ remove, restore }: Values<typeof FLAGS>): Chosen {
  return { ...(remove !== undefined && { remove }), ...(restore !== undefined && { restore }) }
}

async function choose(
  mesh: Mesh,
  dialogue: Dialogue,
  { output, interruption, values }: RecoverInvocation
): Promise<Chosen> {
  if (values.remove !== undefined || values.restore !== undefined) {
    return fromFlags(values)
  }
  const { signal } = interruption
  const members = await mesh.membership.list({ signal, all: true })
  memberTable(members, await mesh.peers({ signal }), output)
  const remove = listed(
    await dialogue.question('Which were lost, and shall be removed? (names, with commas; none: Enter) ')
  )
  const restore = members.some(({ removedBy }) => removedBy !== null)
    ? listed(await dialogue.question('Which removed ones are yours, and shall be back? (none: Enter) '))
    : []
  return { ...(remove.length > 0 && { remove }), ...(restore.length > 0 && { restore }) }
}

function listed(line: string): string[] {
  return line
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}
