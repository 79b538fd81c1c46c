import { existsSync } from 'node:fs'
import { admitFile } from '../admission-file.ts'
import { readCode, spaced } from '../code.ts'
import { hostOf, minutes } from '../describe.ts'
import { onTerminal } from '../dialogue.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import { narrator } from '../narrator.ts'
import { receive } from '../receiving.ts'
import { nextMember, withNode } from '../staying.ts'
import { defineVerb, withMesh, type Invocation } from '../verb.ts'
import type { Door, Mesh } from '../../src/interface.ts'

export const approve = defineVerb({
  name: 'approve',
  summary: 'let a new device into your mesh',
  group: 'Devices',
  usage: '[CODE | FILE]',
  words: { min: 0, max: 2 },
  flags: {},
  notes: (hint) => [
    'Alone it opens the door: for five minutes newcomers may speak to this device, and each is let in only if its screen shows the same six digits and both sides say so.',
    `CODE is the six digits of a newcomer. FILE is the request of a device without a network (${hint('join --request FILE')} there).`
  ],
  async run(invocation) {
    const { doors, home, words, output, interruption, hint } = invocation
    const { signal } = interruption
    const code = readCode(words)
    if (code !== undefined) {
      return withMesh(doors.attachMesh({ ...home, signal }), async (mesh) => {
        output.status('Accepted here; waiting for the other device')
        const member = await mesh.membership.approve({ code, signal })
        if (output.json) {
          output.data(member)
        } else {
          output.line(`${member.name} is a member now.`)
        }
        return EXIT.done
      })
    }
    const [file, more] = words
    if (file !== undefined) {
      if (more !== undefined || !existsSync(file)) {
        throw new UsageError(
          `“${words.join(' ')}” is neither the six digits of a newcomer nor a file. Alone, ${hint('approve')} opens the door.`
        )
      }
      return await admitFile(invocation, file)
    }
    return withNode(invocation, (mesh, own) => openDoor(mesh, own, invocation))
  }
})

async function openDoor(mesh: Mesh, own: boolean, invocation: Invocation): Promise<number> {
  const { output, interruption } = invocation
  const { signal } = interruption
  const door = await mesh.membership.openDoor({ signal })
  const { mesh: words } = await mesh.status({ signal })
  if (output.json) {
    output.data(door)
  } else {
    output.line(`The door of ${words ?? ''} is open for ${minutes(door.closesInMs)}. On the other device: mesh join`)
  }
  if (onTerminal(invocation)) {
    return await receive(mesh, invocation)
  }
  if (own) {
    return await stay(mesh, door, invocation)
  }
  if (!output.json) {
    listNewcomers(door, invocation)
  }
  return EXIT.done
}

function listNewcomers({ newcomers }: Door, { output, hint }: Invocation): void {
  for (const { code, address, state } of newcomers) {
    output.line(
      state === 'accepted'
        ? `${spaced(code)}  at ${hostOf(address)}, accepted here`
        : `${spaced(code)}  at ${hostOf(address)}; if its screen shows the same: ${hint(`approve ${code}`)}`
    )
  }
  output.note(
    newcomers.length === 0
      ? `Nobody is there yet. ${hint('approve')} again lists who has come; ${hint('approve CODE')} lets one in.`
      : `${hint('approve')} again lists who else has come.`
  )
}

/** Without a running node the door is this process: it stays until one was let in, or the door has closed. */
async function stay(mesh: Mesh, { closesInMs }: Door, { output, interruption, hint }: Invocation): Promise<number> {
  const { signal } = interruption
  output.note('No node runs here, so this stays until a device was let in or the door has closed.')
  const tell = narrator({ hint })
  const either = AbortSignal.any([signal, AbortSignal.timeout(closesInMs)])
  const member = await nextMember(mesh, { signal: either }, (event) => {
    if (event.type === 'newcomer' || event.type === 'newcomer-gone') {
      if (output.json) {
        const { type, ...rest } = event
        output.data({ event: type, ...rest })
      } else {
        output.line(tell(event))
      }
    }
  })
  signal.throwIfAborted()
  if (member === undefined) {
    output.note(`Nobody was let in, and the door has closed. To open it again: ${hint('approve')}`)
    return EXIT.failed
  }
  if (output.json) {
    output.data(member)
  } else {
    output.line(`${member.name} is a member now. To go on serving the mesh here: ${hint('join')}`)
  }
  return EXIT.done
}
