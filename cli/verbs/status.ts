import { answersHere, doorState, meshState, onLoopbackOnly } from '../describe.ts'
import { bytes, count, duration } from '../human.ts'
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
  const { id, version, home, state, addresses, hardware, peers, counters, memory, models, uptimeMs } = found
  const here = (wanted: string): number => peers.filter((peer) => peer.state === wanted).length
  const running =
    state === 'visiting' ? `not running (${hint('join')} starts it)` : `${state} for ${duration(uptimeMs)}`
  const reach = state === 'visiting' ? '' : onLoopbackOnly(addresses) ? ' (this machine only)' : ''
  const engine = memory.engine === null ? '' : `, engine ${bytes(memory.engine * 1e6)}`
  const budget = models.find((model) => model.memory !== undefined)?.memory?.budget
  const limit = budget == null ? '' : `; the models may take ${bytes(budget)}`
  return [
    ['state', running],
    ['mesh', meshState(found, hint)],
    ['answers', `${answersHere(found)}${found.answering === 'paused' ? ` (${hint('resume')} ends that)` : ''}`],
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
    ['given', given(found)],
    ['asked', `${count(counters.asked, 'question')} from here, ${counters.failed} failed${takenOver(counters)}`],
    ['knows', remembers(found)],
    ['listens', addresses.length === 0 ? 'nowhere' : `${addresses.join(' ')}${reach}`],
    ['memory', `${bytes(memory.node * 1e6)}${engine}${limit}`],
    ['id', id === '' ? 'none yet' : id],
    ['home', home],
    ['release', version]
  ]
}

function given({ asks, counters }: MeshStatus): string {
  const { answered, refused, movedAway, broken, promptTokens, answerTokens } = counters
  const rest = [
    ...(refused === 0 ? [] : [`${refused} refused`]),
    ...(movedAway === 0 ? [] : [`${movedAway} moved elsewhere`]),
    ...(broken === 0 ? [] : [`${broken} broken off`])
  ]
  const tokens = answered === 0 ? '' : ` (${promptTokens} tokens read, ${answerTokens} written)`
  return [`${count(answered, 'answer')}${tokens}`, ...rest, `${asks.running} running`].join(', ')
}

function takenOver({ failovers }: MeshStatus['counters']): string {
  return failovers === 0 ? '' : `, ${count(failovers, 'time')} another device took over`
}

function remembers({ remembered: { memories, conversations, shared } }: MeshStatus): string {
  const others = shared.map(({ name, state }) => (state === 'synced' ? name : `${name} (${state})`))
  const sharing = others.length === 0 ? '' : `, in sync with ${others.join(', ')}`
  return `${count(memories, 'memory', 'memories')}, ${count(conversations, 'conversation')}${sharing}`
}

function trust({ membership }: MeshStatus, hint: (line: string) => string): [string, string][] {
  return [
    ['door', doorState(membership.door)],
    ['recovery', membership.recovery ? 'there is a phrase' : `no phrase yet (${hint('recover --new')} makes one)`]
  ]
}
