import { HomeInUseError } from '../../src/errors.ts'
import type { AbortOptions, Mesh, PeerInfo } from '../../src/interface.ts'
import { LOOK_MS, greeting } from '../greeting.ts'
import { follow, serveData, serveLog, servePrompt } from '../serving.ts'
import { EXIT } from '../exit-codes.ts'
import { defineVerb, withMesh, type Invocation, type Values } from '../verb.ts'

const FLAGS = {
  name: { type: 'text', value: 'NAME', summary: 'what this device is called (default: its host name)' },
  connect: { type: 'texts', value: 'ADDR', summary: 'also connect to this address; may be given several times' },
  port: {
    type: 'number',
    value: 'N',
    summary: 'the TCP port (default 6373, or the next free one)',
    min: 0,
    max: 65_535,
    whole: true
  },
  listen: { type: 'texts', value: 'ADDR', summary: 'listen here, for example 0.0.0.0 (default: this machine only)' },
  answer: { type: 'choice', choices: ['yes', 'no'], summary: 'whether this device answers (default yes)' },
  'max-rate': {
    type: 'number',
    value: 'N',
    summary: 'answer no faster than N tokens/s',
    min: 0.1,
    max: 1_000_000,
    whole: false
  },
  headless: { type: 'switch', summary: 'no prompt: stay until stopped, and log lines' }
} as const

export const join = defineVerb({
  name: 'join',
  summary: 'find your other devices, or start a mesh, and serve it until stopped',
  group: 'Everyday',
  usage: '',
  words: { min: 0, max: 0 },
  flags: FLAGS,
  notes: () => [
    'Without --listen only this machine can reach the node. Whoever reaches it can ask it: use --listen in your own network, not yet in other people’s.',
    'On a terminal it takes questions; if a node already runs here, it asks that one.'
  ],
  async run(invocation) {
    const { input, output, values } = invocation
    const onTerminal = input.kind === 'terminal' && output.interactive && !output.json && values.headless === undefined
    try {
      return await withMesh(invocation.doors.createMesh(nodeOptions(invocation)), (mesh) =>
        serve(mesh, invocation, onTerminal)
      )
    } catch (error) {
      if (!(error instanceof HomeInUseError) || !onTerminal) {
        throw error
      }
      return await attachPrompt(invocation)
    }
  }
})

function nodeOptions({
  home,
  log,
  values
}: Invocation<Values<typeof FLAGS>>): Parameters<Invocation['doors']['createMesh']>[0] {
  const { name, connect, port, listen, answer, 'max-rate': maxRate } = values
  return {
    ...home,
    log,
    ...(name !== undefined && { name }),
    ...(connect !== undefined && { connect }),
    ...(port !== undefined && { port }),
    ...(listen !== undefined && { listen }),
    ...(answer !== undefined && { answer }),
    ...(maxRate !== undefined && { maxRate })
  }
}

async function serve(mesh: Mesh, invocation: Invocation, onTerminal: boolean): Promise<number> {
  const { output, interruption } = invocation
  const { signal } = interruption
  try {
    if (onTerminal) {
      await greetAndPrompt(mesh, invocation)
    } else {
      await (output.json ? serveData(mesh, output, { signal }) : serveLog(mesh, output, { signal }))
    }
  } catch (error) {
    // Being stopped is the ordinary end of a node, in whatever it was.
    if (!signal.aborted) {
      throw error
    }
  }
  return EXIT.done
}

async function greetAndPrompt(mesh: Mesh, { input, output, interruption, hint }: Invocation): Promise<void> {
  const { signal } = interruption
  output.status('Looking for other devices')
  // `why` waits for the first measurement, so that the greeting can say how fast this device answers.
  const measured = mesh.why(undefined, { signal }).catch(() => [])
  await Promise.all([firstPeer(mesh, { signal }), measured])
  const status = await mesh.status({ signal })
  for (const line of greeting({ status, command: hint('').trimEnd() })) {
    output.progress(line)
  }
  if ((await servePrompt(mesh, input.stream, output, { signal, known: present(status.peers) })) !== 'stopped') {
    // From here on another Ctrl-C is the second one.
    interruption.interrupt()
    output.status('Stopping')
  }
}

/** Waits until another device is there, at most as long as the greeting says. */
async function firstPeer(mesh: Mesh, { signal }: Required<AbortOptions>): Promise<void> {
  const found = new AbortController()
  const enough = AbortSignal.any([signal, found.signal, AbortSignal.timeout(LOOK_MS)])
  await follow(mesh, { signal: enough }, ({ type }) => {
    if (type === 'peer-connected') {
      found.abort()
    }
  })
}

/** Ids of the devices that are there and were shown. */
function present(peers: readonly PeerInfo[]): string[] {
  return peers.filter(({ state }) => state !== 'away').map(({ id }) => id)
}

/** A node already runs for this home: this terminal becomes a prompt to it, and leaving it leaves the node alone. */
async function attachPrompt({ doors, home, input, output, interruption: { signal } }: Invocation): Promise<number> {
  return withMesh(doors.attachMesh({ ...home, signal }), async (mesh) => {
    const { name, peers } = await mesh.status({ signal })
    output.progress(`${name} already runs here; this prompt asks it. Ctrl-D leaves it running.`)
    await servePrompt(mesh, input.stream, output, { signal, known: present(peers) })
    return EXIT.done
  })
}
