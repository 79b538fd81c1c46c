import { NotMemberError } from '../../src/errors.ts'
import { consent } from '../consent.ts'
import { EXIT } from '../exit-codes.ts'
import { defineVerb, withMesh } from '../verb.ts'

export const leave = defineVerb({
  name: 'leave',
  summary: 'take this device out of its mesh',
  group: 'Devices',
  usage: '',
  words: { min: 0, max: 0 },
  flags: {
    erase: { type: 'switch', summary: 'also erase its keys and everything else in its home but the models' },
    yes: { type: 'switch', summary: 'do not ask' }
  },
  async run(invocation) {
    const { doors, home, log, output, interruption, values, hint } = invocation
    const { signal } = interruption
    const erase = values.erase === true
    return withMesh(doors.visitMesh({ ...home, log, signal }), async (mesh) => {
      const { name, mesh: words, home: folder, state } = await mesh.status({ signal })
      if (words === null && !erase) {
        throw new NotMemberError(`This device belongs to no mesh. ${hint('join')} finds one, or starts one.`)
      }
      const agreed = await consent(invocation, {
        meaning:
          (words === null ? '' : `${name} will leave ${words}; it can come back only as a new device. `) +
          (erase ? `Everything in ${folder} but the models will be erased.` : 'What it holds stays on it.'),
        question: words === null ? 'Erase it?' : `Leave ${words}?`,
        given: values.yes === true,
        command: hint(`leave ${erase ? '--erase ' : ''}--yes`)
      })
      if (!agreed) {
        output.note('Nothing was changed.')
        return EXIT.failed
      }
      await mesh.membership.leave({ erase, signal })
      if (output.json) {
        output.data({ left: words })
      } else {
        const ended = state === 'running' ? ' The node that ran here has stopped.' : ''
        output.line(`${words === null ? 'Erased.' : `Left ${words}.`}${ended}`)
      }
      return EXIT.done
    })
  }
})
