import { drain, drainingLine } from '../draining.ts'
import { EXIT } from '../exit-codes.ts'
import { defineVerb, withMesh } from '../verb.ts'

export const stop = defineVerb({
  name: 'stop',
  summary: 'stop the node on this device',
  group: 'Everyday',
  usage: '',
  words: { min: 0, max: 0 },
  flags: { now: { type: 'switch', summary: 'do not wait for answers that run: other devices carry on with them' } },
  notes: (hint) => [
    'Questions go to your other devices at once. Answers that run have a minute to finish; then other devices carry on with them.',
    `Where it runs as a service it starts again with the machine, or by ${hint('service install')}.`
  ],
  async run({ doors, home, output, interruption: { signal }, values }) {
    return withMesh(doors.attachMesh({ ...home, signal }), async (mesh) => {
      const { name, id } = await mesh.status({ signal })
      const hurry = (): void => {
        // What it comes to is the first call's to tell.
        mesh.shutdown({ finishMs: 0 }).catch(() => undefined)
      }
      signal.addEventListener('abort', hurry, { once: true })
      try {
        await drain(
          mesh,
          { ...(values.now === true && { finishMs: 0 }), ready: () => mesh.status({ signal }) },
          (event) => {
            if (!output.json) {
              output.note(`${drainingLine(event)}; Ctrl-C stops it now.`)
            }
          }
        )
      } finally {
        signal.removeEventListener('abort', hurry)
      }
      if (output.json) {
        output.data({ stopped: { name, id } })
      } else {
        output.note(`Stopped ${name}.`)
      }
      return EXIT.done
    })
  }
})
