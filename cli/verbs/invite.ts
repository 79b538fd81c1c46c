import type { Invite, Mesh } from '../../src/interface.ts'
import { minutes } from '../describe.ts'
import { EXIT } from '../exit-codes.ts'
import { qrLines } from '../qr.ts'
import { nextMember, withNode } from '../staying.ts'
import { defineVerb, type Invocation } from '../verb.ts'

export const invite = defineVerb({
  name: 'invite',
  summary: 'make a one-time invite for another device, with a QR code',
  group: 'Devices',
  usage: '',
  words: { min: 0, max: 0 },
  flags: {},
  notes: (hint) => [
    'Whoever has the invite can join, once, within ten minutes: hand it over in a way that only you can read.',
    `Where standard output is no terminal it is the invite alone: ${hint('invite')} | ssh pi mesh join --headless --invite-file -`,
    'If no node runs on this device, the command stays until the invite was used or is void.'
  ],
  async run(invocation) {
    const { output, interruption } = invocation
    return withNode(invocation, async (mesh, own) => {
      const made = await mesh.membership.invite({ signal: interruption.signal })
      if (output.json) {
        output.data(made)
      } else {
        show(made, own, invocation)
      }
      return own ? await stay(mesh, made, invocation) : EXIT.done
    })
  }
})

function show({ invite: text, expires }: Invite, own: boolean, { output }: Invocation): void {
  if (output.interactive) {
    const lines = qrLines(text, { block: output.colored ? 'ink' : 'light' })
    if ((lines[0]?.length ?? 0) <= output.width) {
      output.picture(lines)
    }
  }
  output.line(text)
  output.note(
    `Good for one device and ${minutes(Date.parse(expires) - Date.now())}. On the other device: mesh join, then paste the line at its prompt`
  )
  if (own) {
    output.note('No node runs here, so this stays until the invite was used. Ctrl-C makes it void.')
  }
}

/** Without a running node nobody else could redeem it. */
async function stay(mesh: Mesh, { expires }: Invite, { output, interruption, hint }: Invocation): Promise<number> {
  const expired = AbortSignal.timeout(Math.max(0, Date.parse(expires) - Date.now()))
  const member = await nextMember(mesh, { signal: AbortSignal.any([interruption.signal, expired]) })
  interruption.signal.throwIfAborted()
  if (member === undefined) {
    output.note(`Nobody used the invite, and it is void now. For another: ${hint('invite')}`)
    return EXIT.failed
  }
  output.note(`${member.name} is a member now. To go on serving the mesh here: ${hint('join')}`)
  return EXIT.done
}
