import { peerState, ways } from '../describe.ts'
import { duration, rate } from '../human.ts'
import type { Column } from '../table.ts'
import { EXIT } from '../exit-codes.ts'
import { defineVerb, withMesh } from '../verb.ts'

const COLUMNS: readonly Column[] = [
  { title: 'NAME' },
  { title: 'STATE' },
  { title: 'MODEL' },
  { title: 'TOKENS/S', align: 'right' },
  { title: 'QUEUE', align: 'right' },
  { title: 'ROUND TRIP', align: 'right' },
  { title: 'FOUND BY' }
]

export const peers = defineVerb({
  name: 'peers',
  summary: 'list your devices, how fast each is and how busy',
  group: 'Devices',
  usage: '',
  words: { min: 0, max: 0 },
  flags: {},
  async run({ doors, home, log, output, interruption: { signal }, hint }) {
    return withMesh(doors.visitMesh({ ...home, log, signal }), async (mesh) => {
      const found = await mesh.peers({ signal })
      if (output.json) {
        output.data(found)
        return EXIT.done
      }
      if (found.length === 0) {
        output.line(
          `No other device is known yet. Run ${hint('join')} on another one; ${hint('doctor')} finds what is in the way.`
        )
        return EXIT.done
      }
      output.table(
        COLUMNS,
        found.map((peer) => [
          peer.name,
          peerState(peer),
          peer.model ?? '–',
          peer.tokensPerSecond === null ? '–' : rate(peer.tokensPerSecond),
          String(peer.queue),
          peer.roundTripMs === null ? '–' : duration(peer.roundTripMs),
          ways(peer.foundBy)
        ])
      )
      return EXIT.done
    })
  }
})
