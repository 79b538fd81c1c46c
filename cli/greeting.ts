import { join } from 'node:path'
import type { MeshStatus } from '../src/interface.ts'
import { answersHere, onLoopbackOnly, strongest, ways } from './describe.ts'

/** How long `join` looks for other devices before it says that there are none. */
export const LOOK_MS = 3000

export interface GreetingInit {
  status: MeshStatus
  /** How `mesh` is called here. */
  command: string
}

/** What a person reads first: who this is, what answers, and the next two things to do. */
export function greeting({ status, command }: GreetingInit): string[] {
  const { name, home, models, addresses, answering } = status
  const lines = [`This is ${name}. ${found(status)}`, `Answers here: ${answersHere(status)}`]
  if (answering === 'yes' && strongest(models)?.builtIn === true) {
    lines.push(`A real model: put its folder from Hugging Face into ${join(home, 'models')} (see ${command} model)`)
  }
  lines.push(
    onLoopbackOnly(addresses)
      ? 'Next device: only this machine can reach this one now. Run the same command with --listen 0.0.0.0 on both, ' +
          'in your own network: anyone in it can then ask.'
      : 'Next device: run the same command there. Anyone in this network can ask: not yet for other people’s networks.'
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
  return `Found ${there.map(({ name, foundBy }) => `${name} (${ways(foundBy)})`).join(', ')}.`
}
