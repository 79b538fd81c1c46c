import type { MeshStatus } from '../src/interface.ts'
import { answersHere, onLoopbackOnly, strongest, byWays } from './describe.ts'

/** How long `join` looks for other devices before it says that there are none. */
export const LOOK_MS = 3000

export interface GreetingInit {
  status: MeshStatus
  /** How `mesh` is called here. */
  command: string
}

/** What a person reads first: who this is, what answers, and the next two things to do. */
export function greeting({ status, command }: GreetingInit): string[] {
  const { name, models, addresses, answering } = status
  const lines = [`This is ${name}. ${found(status)}`, `Answers here: ${answersHere(status)}`]
  if (answering === 'yes' && strongest(models)?.builtIn === true) {
    lines.push(`A real model: ${command} model shows how to add one`)
  }
  lines.push(
    onLoopbackOnly(addresses)
      ? 'Next device: the same command there, with --listen 0.0.0.0 on both (now only this machine can reach it). ' +
          'Whoever is in the network can then ask, so not yet in other people’s.'
      : 'Next device: the same command there. Whoever is in this network can ask, so not yet in other people’s.'
  )
  if (command !== 'mesh') {
    lines.push('For the short command mesh: npm run install-command')
  }
  return lines
}

function found({ peers }: MeshStatus): string {
  const there = peers.filter(({ state }) => state === 'connected')
  if (there.length === 0) {
    return `No other device nearby (looked ${LOOK_MS / 1000} s by mDNS and beacon).`
  }
  return `Found ${there.map(({ name, foundBy }) => `${name} (${byWays(foundBy)})`).join(', ')}.`
}
