/** The three ways in which `join` stays: a prompt, lines for a log, and lines of JSON for a program. */
import type { AbortOptions, Mesh, MeshEvent, MeshStatus } from '../src/interface.ts'
import { noAnswer, showAnswer } from './answer.ts'
import { Desk } from './desk.ts'
import { answersHere, meshState, onLoopbackOnly, strongest } from './describe.ts'
import { drain, drainingLine } from './draining.ts'
import { follow, type FollowOptions } from './following.ts'
import { narrator } from './narrator.ts'
import { Prompt, type PromptEnd } from './prompt.ts'
import type { Invocation } from './verb.ts'

type Server = Pick<Invocation, 'output' | 'hint'>

/** The first line of `join --json`. */
function readyEvent({ name, id, addresses, mesh, models }: MeshStatus): unknown {
  return { event: 'ready', name, peerId: id, addresses, mesh, model: strongest(models)?.name ?? null }
}

/** Lines of JSON until the signal or the end of the node. */
export async function serveData(mesh: Mesh, { output }: Server, { signal }: FollowOptions): Promise<void> {
  const status = await mesh.status({ signal })
  output.data(readyEvent(status))
  await follow(mesh, { signal, known: { mesh: status.mesh } }, ({ type, ...rest }) => {
    // Said below for every way in which this can end.
    if (type !== 'stopping') {
      output.data({ event: type, ...rest })
    }
  })
  await drain(mesh, {}, ({ type, ...rest }) => {
    output.data({ event: type, ...rest })
  })
  output.data({ event: 'stopping' })
}

/** Lines for a log until the signal or the end of the node. */
export async function serveLog(mesh: Mesh, { output, hint }: Server, { signal }: FollowOptions): Promise<void> {
  const status = await mesh.status({ signal })
  const reach = onLoopbackOnly(status.addresses) ? ' (this machine only)' : ''
  output.progress(`${status.name} is ready, ${status.id}`)
  output.progress(`mesh: ${meshState(status, hint)}`)
  output.progress(`listens on ${status.addresses.join(' ')}${reach}`)
  output.progress(`answers with ${answersHere(status)}`)
  const tell = narrator({ hint })
  const advise = recoveryAdviser(mesh, { signal, hint })
  await follow(mesh, { signal, known: { mesh: status.mesh } }, (event) => {
    if (event.type === 'warning') {
      output.warning(event.message)
    } else if (event.type !== 'stopping') {
      const line = tell(event)
      if (line !== undefined) {
        output.progress(line)
      }
    }
    advise(event, (text) => {
      output.progress(text)
    })
  })
  await drain(mesh, {}, (event) => {
    output.progress(`${drainingLine(event)}; another signal stops it now`)
  })
  output.progress('stopping')
}

/** Takes questions on the terminal until the person or the node ends it. */
export async function servePrompt(
  mesh: Mesh,
  { output, input, hint }: Pick<Invocation, 'output' | 'input' | 'hint'>,
  { signal, known }: FollowOptions
): Promise<PromptEnd> {
  const ended = new AbortController()
  const either = AbortSignal.any([signal, ended.signal])
  const tell = narrator({ hint })
  const desk = new Desk({
    mesh,
    hint,
    signal: either,
    notice: (text) => {
      prompt.notice(text)
    },
    request: (text) => {
      prompt.request(text)
    }
  })
  const prompt = new Prompt({
    input: input.stream,
    output,
    label: 'ask> ',
    answer: async (line, options) => {
      if (!(await desk.take(line, options))) {
        await showAnswer(mesh.ask(line, { signal: options.signal }), output, noAnswer(), options)
      }
    }
  })
  const advise = recoveryAdviser(mesh, { signal: either, hint })
  const following = follow(mesh, { signal: either, ...(known && { known }) }, (event) => {
    const line = desk.handle(event) ? undefined : tell(event)
    if (line !== undefined) {
      prompt.notice(line)
    }
    advise(event, (text) => {
      prompt.notice(text)
    })
  }).finally(() => {
    ended.abort()
  })
  try {
    return await prompt.run({ signal: either })
  } finally {
    ended.abort()
    await following
  }
}

/** The second device is the moment to make a recovery phrase: there is something to lose now, and who to ask for help. */
function recoveryAdviser(
  mesh: Mesh,
  { signal, hint }: Required<AbortOptions> & Pick<Invocation, 'hint'>
): (event: MeshEvent, tell: (text: string) => void) => void {
  return (event, tell) => {
    if (event.type !== 'member-admitted') {
      return
    }
    mesh.status({ signal }).then(
      ({ name, membership: { members, recovery } }) => {
        if (members === 2 && !recovery && event.member.admittedBy === name) {
          tell(
            `A recovery phrase takes the mesh back if a device is lost or stolen. To make one: ${hint('recover --new')}`
          )
        }
      },
      // The node is ending.
      () => undefined
    )
  }
}
