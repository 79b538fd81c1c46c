import type { MeshStatus } from '../src/interface.ts'
import { answersHere, byWays, minutes, onLoopbackOnly, strongest } from './describe.ts'
import { waitingAdvice } from './narrator.ts'
import { LOOK_MS } from './settling.ts'

export interface GreetingInit {
  status: MeshStatus
  /** It looked for a mesh just now. */
  looked: boolean
  /** A command line in the form that works here. */
  hint: (line: string) => string
}

const LOOKED = `looked ${LOOK_MS / 1000} s by mDNS and beacon`

/** What a person reads first: who this is and in which mesh, what answers, and the next two things to do. */
export function greeting({ status, looked, hint }: GreetingInit): string[] {
  const { name, models, answering } = status
  const command = hint('').trimEnd()
  const lines = [`This is ${name}. ${place(status, looked, hint)}`, `Answers here: ${answersHere(status)}`]
  if (answering === 'paused') {
    lines.push(`To end the pause: ${hint('resume')}`)
  }
  if (answering === 'yes' && strongest(models)?.builtIn === true) {
    lines.push(`A real model: ${hint('model pull')}`)
  }
  if (status.mesh !== null && status.membership.state !== 'removed') {
    lines.push(`Next device: run the same command there${nextDevice(status, hint)}`)
  }
  if (command !== 'mesh') {
    lines.push('For the short command mesh: npm run install-command')
  }
  return lines
}

function place({ mesh, membership, peers }: MeshStatus, looked: boolean, hint: GreetingInit['hint']): string {
  if (membership.comparing !== null) {
    return `Found ${membership.comparing.mesh}, whose door is open.`
  }
  switch (membership.state) {
    case 'none':
    case 'looking':
      return `It is still looking for a mesh (${LOOKED}); ${hint('doctor')} finds what is in the way.`
    case 'waiting':
      return membership.openDoors.length === 0 ? waitingAdvice(hint) : 'Found a mesh that lets devices in now.'
    case 'removed':
      return `Its mesh has removed it. To join one again, as a new device: ${hint('join --new-key')}`
    case 'provisional':
      return looked
        ? `No mesh nearby (${LOOKED}), so it started one: ${mesh ?? ''}.`
        : `It is alone in the mesh ${mesh ?? ''}.`
    case 'member': {
      const there = peers.filter(({ state }) => state === 'connected')
      return there.length === 0
        ? `In ${mesh ?? ''}; none of its other devices is nearby (${LOOKED}).`
        : `In ${mesh ?? ''}. Found ${there.map(({ name, foundBy }) => `${name} (${byWays(foundBy)})`).join(', ')}.`
    }
  }
}

function nextDevice({ addresses, membership: { door } }: MeshStatus, hint: GreetingInit['hint']): string {
  if (onLoopbackOnly(addresses)) {
    return ', on this machine: nothing beyond it can reach this node (see --listen).'
  }
  return door.open
    ? `; this door is open for ${minutes(door.closesInMs)} (then: ${hint('invite')})`
    : ` and type /door here, or: ${hint('invite')}`
}
