import type { MeshEvent, PeerInfo } from '../src/interface.ts'
import { byWays } from './describe.ts'
import { rate } from './human.ts'

/**
 * Puts what happens into a line each, and what nobody needs to know into none. A device is connected a moment before
 * it says what it runs, and then speaks of every change of its queue: what was said of each last is remembered.
 */
export function narrator(): (event: MeshEvent) => string | undefined {
  const told = new Map<string, Pick<PeerInfo, 'state' | 'model'>>()
  return (event) => {
    switch (event.type) {
      case 'peer-connected': {
        const { peer } = event
        told.set(peer.id, peer)
        return `${peer.name} is here (${byWays(peer.foundBy)})${peer.model === null ? '' : `: ${runs(peer)}`}`
      }
      case 'peer-changed': {
        const { peer } = event
        const before = told.get(peer.id) ?? { state: 'connected', model: null }
        told.set(peer.id, peer)
        return change(before, peer)
      }
      case 'peer-lost':
        told.delete(event.peer.id)
        return `${event.peer.name} is gone: ${event.reason}`
      case 'warning':
        return event.message
      case 'stopping':
        return 'The node on this device is stopping.'
    }
  }
}

function change(before: Pick<PeerInfo, 'state' | 'model'>, peer: PeerInfo): string | undefined {
  if (peer.state !== before.state) {
    return peer.state === 'connected' ? `${peer.name} is back` : `${peer.name} is ${peer.state}`
  }
  if (peer.model === before.model) {
    return undefined
  }
  return peer.model === null ? `${peer.name} no longer answers` : `${peer.name} answers with ${runs(peer)}`
}

function runs({ model, tokensPerSecond }: PeerInfo): string {
  return `${model ?? 'nothing'}${tokensPerSecond === null ? '' : `, ${rate(tokensPerSecond)} tokens/s`}`
}
