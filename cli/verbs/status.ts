import { answersHere, doorState, meshState, onLoopbackOnly } from '../describe.ts'
import { bytes, duration } from '../human.ts'
import { EXIT } from '../exit-codes.ts'
import { defineVerb, withMesh } from '../verb.ts'
import type { MeshStatus } from '../../src/interface.ts'

export const status = defineVerb({
  name: 'status',
  summary: 'see this device, its model and its mesh',
  group: 'Everyday',
  usage: '',
  words: { min: 0, max: 0 },
  flags: {},
  async run({ doors, home, log, output, interruption: { signal }, hint }) {
    return withMesh(doors.visitMesh({ ...home, log, signal }), async (mesh) => {
      const found = await mesh.status({ signal })
      if (output.json) {
        output.data(found)
        return EXIT.done
      }
      output.heading(found.name)
      output.pairs(describe(found, hint))
      return EXIT.done
    })
  }
})

function describe(found: MeshStatus, hint: (line: string) => string): [string, string][] {
  const { id, version, home, state, addresses, hardware, peers, asks, memory, uptimeMs } = found
  const here = (wanted: string): number => peers.filter((peer) => peer.state === wanted).length
  const running =
    state === 'visiting' ? `not running (${hint('join')} starts it)` : `${state} for ${duration(uptimeMs)}`
  const reach = state === 'visiting' ? '' : onLoopbackOnly(addresses) ? ' (this machine only)' : ''
  const engine = memory.engine === null ? '' : `, engine ${bytes(memory.engine * 1e6)}`
  return [
    ['state', running],
    ['mesh', meshState(found, hint)],
    ['answers', answersHere(found)],
    ['on', hardware],
    [
      'devices',
      [
        `${here('connected')} connected`,
        ...(here('reachable') > 0 ? [`${here('reachable')} reachable`] : []),
        `${here('silent')} silent`,
        `${here('away')} away`
      ].join(', ')
    ],
    ...(found.mesh === null ? [] : trust(found, hint)),
    [
      'asks',
      `${asks.running} running, ${asks.answered} answered, ${asks.failed} failed; ${asks.asked} asked from here`
    ],
    ['listens', addresses.length === 0 ? 'nowhere' : `${addresses.join(' ')}${reach}`],
    ['memory', `${bytes(memory.node * 1e6)}${engine}`],
    ['id', id === '' ? 'none yet' : id],
    ['home', home],
    ['release', version]
  ]
}

function trust({ membership }: MeshStatus, hint: (line: string) => string): [string, string][] {
  return [
    ['door', doorState(membership.door)],
    ['recovery', membership.recovery ? 'there is a phrase' : `no phrase yet (${hint('recover --new')} makes one)`]
  ]
}
