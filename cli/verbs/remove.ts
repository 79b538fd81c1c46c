import { AmbiguousPeerError, UnknownPeerError } from '../../src/errors.ts'
import type { MemberInfo } from '../../src/interface.ts'
import { quoted } from '../command-form.ts'
import { consent } from '../consent.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import { defineVerb, withMesh } from '../verb.ts'

export const remove = defineVerb({
  name: 'remove',
  summary: 'remove a lost device from your mesh for good',
  group: 'Devices',
  usage: 'DEVICE',
  words: { min: 1, max: 1 },
  flags: { yes: { type: 'switch', summary: 'do not ask' } },
  notes: (hint) => [
    'DEVICE is a name or the beginning of an id.',
    `If the device is in other hands and removes yours in turn: ${hint('recover')}, with the recovery phrase.`
  ],
  async run(invocation) {
    const { doors, home, log, output, interruption, words, values, hint } = invocation
    const { signal } = interruption
    const [wanted = ''] = words
    return withMesh(doors.visitMesh({ ...home, log, signal }), async (mesh) => {
      const { name, id, state } = memberCalled(wanted, await mesh.membership.list({ signal }))
      if (state === 'here') {
        throw new UsageError(`${name} is this device; it leaves by ${hint('leave')}.`)
      }
      const agreed = await consent(invocation, {
        meaning:
          `${name} (${id}) will be removed: your devices hang up on it and take nothing from it any more. ` +
          'What it holds stays on it, and it can come back only as a new device.',
        question: `Remove ${name}?`,
        given: values.yes === true,
        command: hint(`remove ${quoted(wanted)} --yes`)
      })
      if (!agreed) {
        output.note('Nothing was removed.')
        return EXIT.failed
      }
      const removed = await mesh.membership.remove({ peer: id, signal })
      if (output.json) {
        output.data(removed)
      } else {
        output.line(`Removed ${removed.name}. Devices that are away learn of it when they are back.`)
      }
      return EXIT.done
    })
  }
})

/** The one member of that name, or whose id begins so: a person has to be shown it before it is removed. */
function memberCalled(wanted: string, members: readonly MemberInfo[]): MemberInfo {
  const named = members.filter(({ name }) => name === wanted)
  const fits = named.length > 0 ? named : members.filter(({ id }) => id.startsWith(wanted))
  const list = (some: readonly MemberInfo[]): string => some.map(({ name, id }) => `${name} (${id})`).join(', ')
  const [member] = fits
  if (member === undefined) {
    throw new UnknownPeerError(`No member is called ${wanted}. There are: ${list(members)}.`)
  }
  if (fits.length > 1) {
    throw new AmbiguousPeerError(`${wanted} fits several devices: ${list(fits)}.`)
  }
  return member
}
