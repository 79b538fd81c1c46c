import type { Door, MemoryNotice, MeshEvent, PeerInfo } from '../src/interface.ts'
import { spaced } from './code.ts'
import { byWays, doorName, doorState, foundEngine, hostOf, pausedUntil } from './describe.ts'
import { count, rate } from './human.ts'

export interface NarratorInit {
  /** A command line in the form that works here. */
  hint: (line: string) => string
}

type Told = Pick<PeerInfo, 'state' | 'model' | 'answering'>

/** Puts an event into a line, or says that nobody needs to know of it. */
export type Narrate = (event: MeshEvent) => string | undefined

/**
 * Puts what happens into a line each, and what nobody needs to know into none. A device is connected a moment before
 * it says what it runs, and then speaks of every change of its queue: what was said of each last is remembered.
 */
export function narrator({ hint }: NarratorInit): Narrate {
  const told = new Map<string, Told>()
  let door: Door | undefined
  /** Of newcomers that are members now, whose going is no news. */
  const admitted = new Set<string>()
  return (event) => {
    switch (event.type) {
      case 'peer-connected': {
        const { peer } = event
        told.set(peer.id, peer)
        return `${peer.name} is here (${byWays(peer.foundBy)})${peer.model === null ? '' : `: ${runs(peer)}`}`
      }
      case 'peer-changed': {
        const { peer } = event
        const before = told.get(peer.id) ?? { state: 'connected', model: null, answering: null }
        told.set(peer.id, peer)
        return change(before, peer)
      }
      case 'peer-lost':
        told.delete(event.peer.id)
        return `${event.peer.name} is gone: ${event.reason}`
      case 'mesh':
        return belonging(event, hint)
      case 'door': {
        const before = door
        door = event.door
        return moved(before, door) ? `The door is ${doorState({ ...door, newcomers: [] })}.` : undefined
      }
      case 'newcomer': {
        const { code, address } = event.newcomer
        return `A device at ${hostOf(address)} asks to be let in. If its screen shows ${spaced(code)}: ${hint(`approve ${code}`)}`
      }
      case 'newcomer-gone':
        return admitted.delete(event.id)
          ? undefined
          : `A device that asked to be let in is no longer there: ${event.reason}`
      case 'knock':
        return `A device nearby looks for a mesh. To let it in: ${hint('approve')}`
      case 'doors':
        return nearby(event, hint)
      case 'comparing': {
        const { code, mesh, address } = event.comparison
        return `${mesh} (at ${hostOf(address)}) is ready to let this device in. If the screen there shows ${spaced(code)}: ${hint(`confirm ${code}`)}`
      }
      case 'not-joined':
        return `This device was not let in: ${event.reason}`
      case 'member-admitted':
        admitted.add(event.member.id)
        return `${event.member.name} is a member now${by('let in', event.member.admittedBy)}.`
      case 'member-removed':
        return `${event.member.name} is no longer a member${by('removed', event.member.removedBy)}.`
      case 'pause':
        return event.pause === null
          ? 'This device answers again.'
          : `This device is ${pausedUntil(event.pause.resumesInMs)}. To end that: ${hint('resume')}`
      case 'draining':
        return `Waiting for ${count(event.running, 'answer')}, at most ${Math.round(event.finishMs / 1000)} s.`
      case 'memory-changed':
      case 'conversation-changed':
        return undefined
      case 'memories-vanished':
        return vanished(event.notice, hint)
      case 'engine-found':
        return foundEngine(event.engine, hint)
      case 'warning':
        return event.message
      case 'stopping':
        return 'The node on this device is stopping.'
    }
  }
}

function belonging({ mesh, how }: Extract<MeshEvent, { type: 'mesh' }>, hint: NarratorInit['hint']): string {
  switch (how) {
    case 'started':
      return `This device has started a mesh: ${mesh ?? ''}`
    case 'joined':
      return `This device belongs to ${mesh ?? ''} now.`
    case 'left':
      return 'This device belongs to no mesh any more.'
    case 'removed':
      return `This device was removed from its mesh. To join one again, as a new device: ${hint('join --new-key')}`
  }
}

function vanished({ id, count: memories, from }: MemoryNotice, hint: NarratorInit['hint']): string {
  return `${count(memories, 'memory', 'memories')} vanished at once (by ${from?.name ?? 'this device'}). To bring them back: ${hint(`memory undo ${id}`)}`
}

/** Whether it was opened, for the first time or longer, or has closed. */
function moved(before: Door | undefined, now: Door): boolean {
  if (before === undefined || before.open !== now.open) {
    return true
  }
  return now.open && now.closesInMs > before.closesInMs
}

function nearby({ doors }: Extract<MeshEvent, { type: 'doors' }>, hint: NarratorInit['hint']): string {
  const [first] = doors
  if (first === undefined) {
    return waitingAdvice(hint)
  }
  const names = doors.map(doorName).join(', ')
  return `Several meshes nearby let devices in: ${names}. Stop this and choose one: ${hint(`join --mesh ${doorName(first)}`)}`
}

/** What to do where devices are near and none lets this one in. */
export function waitingAdvice(hint: NarratorInit['hint']): string {
  return `Devices with ownmesh are near, and none lets this one in yet. On one that belongs to you: mesh approve (if none does: ${hint('join --new')} here)`
}

function by(what: string, name: string | null): string {
  return name === null ? '' : ` (${what} by ${name})`
}

function change(before: Told, peer: PeerInfo): string | undefined {
  if (peer.state !== before.state) {
    return peer.state === 'connected' ? `${peer.name} is back` : `${peer.name} is ${peer.state}`
  }
  if (peer.answering === 'paused' || peer.answering === 'draining') {
    const says = peer.answering === 'paused' ? pausedUntil(peer.resumesInMs) : 'stopping'
    return peer.answering === before.answering ? undefined : `${peer.name} is ${says}`
  }
  if (peer.model === before.model) {
    return undefined
  }
  return peer.model === null ? `${peer.name} no longer answers` : `${peer.name} answers with ${runs(peer)}`
}

function runs({ model, tokensPerSecond }: PeerInfo): string {
  return `${model ?? 'nothing'}${tokensPerSecond === null ? '' : `, ${rate(tokensPerSecond)} tokens/s`}`
}
