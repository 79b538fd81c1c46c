import { pausedUntil } from '../describe.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import { count, readDuration } from '../human.ts'
import { defineVerb, withMesh } from '../verb.ts'

const FLAGS = {
  for: { type: 'text', value: 'TIME', summary: 'end the pause by itself after this time, for example 2h or 90m' },
  now: { type: 'switch', summary: 'let other devices carry on at once with what runs here for them' }
} as const

export const pause = defineVerb({
  name: 'pause',
  summary: 'let your other devices answer for a while',
  group: 'Everyday',
  usage: '',
  words: { min: 0, max: 0 },
  flags: FLAGS,
  notes: (hint) => [
    `Questions go to your other devices at once, your own too; only ${hint('ask --peer here')} is still answered here. Answers that run finish; those for other devices move there after a minute.`,
    `It lasts until ${hint('resume')}, or for the time given: that counts while the node runs, and what is left of it outlives a restart.`
  ],
  async run({ doors, home, output, interruption: { signal }, values, hint }) {
    const forMs = values.for === undefined ? undefined : readDuration(values.for)
    if (values.for !== undefined && (forMs === undefined || forMs === 0)) {
      throw new UsageError(`--for is a time such as 2h, 90m or 1h30m, not “${values.for}”.`)
    }
    return withMesh(doors.attachMesh({ ...home, signal }), async (mesh) => {
      const { resumesInMs, running, finishMs } = await mesh.pause({
        signal,
        ...(forMs !== undefined && { forMs }),
        ...(values.now === true && { finishMs: 0 })
      })
      if (output.json) {
        output.data({ answering: 'paused', resumesInMs, running, finishMs })
        return EXIT.done
      }
      const { name, answering } = await mesh.status({ signal })
      output.progress(`${name} is ${pausedUntil(resumesInMs)}. To end that: ${hint('resume')}`)
      if (running > 0) {
        const rest = finishMs === 0 ? 'moves to another one now' : `may take ${Math.round(finishMs / 1000)} s more`
        output.progress(`${count(running, 'answer')} for other devices ${rest}.`)
      }
      if (answering === 'no') {
        output.note('It does not answer anyway: it was started with --answer no.')
      } else if (!(await mesh.why(undefined, { signal })).some(({ eligible }) => eligible)) {
        output.note(`None of your other devices can answer now; ${hint('ask --peer here')} is still answered here.`)
      }
      return EXIT.done
    })
  }
})
