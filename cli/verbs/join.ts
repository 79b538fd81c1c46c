import { HomeInUseError } from '../../src/errors.ts'
import type { Mesh, PeerInfo } from '../../src/interface.ts'
import { readWords } from '../code.ts'
import { onTerminal } from '../dialogue.ts'
import { drain, drainingLine } from '../draining.ts'
import { greeting } from '../greeting.ts'
import { readInvite } from '../invite-text.ts'
import { rotatingLog } from '../service/log-file.ts'
import { serveData, serveLog, servePrompt } from '../serving.ts'
import { settle } from '../settling.ts'
import { parseSize } from '../size.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import { defineVerb, withMesh, type Invocation, type NodeOptions, type Values } from '../verb.ts'
import { writeRequest } from '../request-file.ts'

const FLAGS = {
  name: { type: 'text', value: 'NAME', summary: 'what this device is called (default: its host name)' },
  mesh: { type: 'text', value: 'WORDS', summary: 'join only this mesh, and wait for it; for example amber-otter' },
  new: { type: 'switch', summary: 'start a mesh although others are near' },
  'new-key': { type: 'switch', summary: 'forget this device’s key and mesh first: it is a new device then' },
  'invite-file': { type: 'text', value: 'FILE', summary: 'join by the invite in this file; - is standard input' },
  request: {
    type: 'text',
    value: 'FILE',
    summary: 'without a network: write this device’s public keys for approve FILE, and end'
  },
  connect: { type: 'texts', value: 'ADDR', summary: 'also connect to this address; may be given several times' },
  port: {
    type: 'number',
    value: 'N',
    summary: 'the TCP port (default 6373, or the next free one)',
    min: 0,
    max: 65_535,
    whole: true
  },
  listen: {
    type: 'texts',
    value: 'ADDR',
    summary: 'listen only here, for example 127.0.0.1 (default: on all networks; only members are spoken to)'
  },
  answer: { type: 'choice', choices: ['yes', 'no'], summary: 'whether this device answers (default yes)' },
  'max-rate': {
    type: 'number',
    value: 'N',
    summary: 'answer no faster than N tokens/s',
    min: 0.1,
    max: 1_000_000,
    whole: false
  },
  'log-file': {
    type: 'text',
    value: 'FILE',
    summary: 'with --headless: write the lines to this file, which is put aside at 1 MB'
  },
  'max-upload': {
    type: 'text',
    value: 'SIZE',
    summary: 'give models to other devices at no more than SIZE/s, such as 5M'
  },
  memory: {
    type: 'text',
    value: 'SIZE',
    summary: 'what the models may take together, for example 3G (default: half of the memory)'
  },
  'keep-alive': {
    type: 'text',
    value: 'TIME',
    summary: 'unload a model that nobody asked for so long, for example 30m (the default), 0 or forever'
  },
  headless: { type: 'switch', summary: 'no prompt: stay until stopped, and log lines' }
} as const

export const join = defineVerb({
  name: 'join',
  summary: 'find your other devices, or start a mesh, and serve it until stopped',
  group: 'Everyday',
  usage: '[INVITE]',
  words: { min: 0, max: 1 },
  flags: FLAGS,
  notes: (hint) => [
    'It looks for three seconds: a mesh whose door is open lets it in once both screens show the same six digits; where none is near it starts one. Only devices that were let in can ask it anything.',
    'An INVITE on the command line can be seen in the list of processes until it is used. Unseen: paste it at the prompt, or use --invite-file.',
    `On a terminal it takes questions; /door lets newcomers speak for five minutes. If a node already runs here, it asks that one. Codes on a device without a terminal: ${hint('confirm CODE')}, ${hint('approve CODE')}`
  ],
  async run(invocation) {
    const { doors, values, output, interruption } = invocation
    checkFlags(invocation)
    if (values['log-file'] !== undefined) {
      output.redirect(rotatingLog(values['log-file']))
    }
    if (values.request !== undefined) {
      return await writeRequest(invocation, values.request, values.name)
    }
    const invite = await readInvite(invocation, values['invite-file'])
    const prompting = onTerminal(invocation) && values.headless === undefined
    if (prompting) {
      output.status('Looking for your other devices')
    }
    try {
      return await withMesh(doors.createMesh(nodeOptions(invocation, invite)), (mesh) =>
        serve(mesh, invocation, prompting)
      )
    } catch (error) {
      if (!(error instanceof HomeInUseError) || (!prompting && invite === undefined) || interruption.signal.aborted) {
        throw error
      }
      return await attach(invocation, prompting, invite)
    }
  }
})

type JoinInvocation = Invocation<Values<typeof FLAGS>>

/** @throws {UsageError} where two of them say different things */
function checkFlags({ words, values, hint }: JoinInvocation): void {
  const ways = [
    words.length > 0 && 'INVITE',
    values['invite-file'] !== undefined && '--invite-file',
    values.mesh !== undefined && '--mesh',
    values.new === true && '--new',
    values.request !== undefined && '--request'
  ].filter((way) => way !== false)
  if (values['log-file'] !== undefined && values.headless !== true) {
    throw new UsageError(`--log-file goes with --headless: ${hint('join --help')}`)
  }
  if (ways.length > 1) {
    throw new UsageError(`${ways.join(' and ')} are different ways to join; give one of them: ${hint('join --help')}`)
  }
}

function nodeOptions({ home, log, values }: JoinInvocation, invite: string | undefined): NodeOptions {
  const { name, connect, port, listen, answer, mesh, memory, 'max-rate': maxRate, 'max-upload': maxUpload } = values
  const keepAlive = keepAliveOf(values['keep-alive'])
  return {
    ...home,
    log,
    ...(name !== undefined && { name }),
    ...(connect !== undefined && { connect }),
    ...(port !== undefined && { port }),
    ...(listen !== undefined && { listen }),
    ...(answer !== undefined && { answer }),
    ...(maxRate !== undefined && { maxRate }),
    ...(maxUpload !== undefined && { maxUpload: parseSize(maxUpload, '--max-upload') }),
    ...(memory !== undefined && { memory: parseSize(memory, '--memory') }),
    ...(keepAlive !== undefined && { keepAlive }),
    ...(invite !== undefined && { invite }),
    ...(mesh !== undefined && { mesh: readWords(mesh) }),
    ...(values.new === true && { startNew: true }),
    ...(values['new-key'] === true && { newKey: true })
  }
}

/** @throws {UsageError} */
function keepAliveOf(text: string | undefined): string | undefined {
  if (text !== undefined && !/^(?:0|forever|\d+(?:\.\d+)?[smhd])$/i.test(text)) {
    throw new UsageError(`--keep-alive is a time such as 30m, 2h or 45s, or 0, or forever; not “${text}”.`)
  }
  return text
}

async function serve(mesh: Mesh, invocation: Invocation, prompting: boolean): Promise<number> {
  const { output, interruption } = invocation
  const { signal } = interruption
  try {
    if (prompting) {
      await greetAndPrompt(mesh, invocation)
    } else {
      await (output.json ? serveData : serveLog)(mesh, invocation, { signal })
    }
  } catch (error) {
    // Being stopped is the ordinary end of a node, in whatever it was.
    if (!signal.aborted) {
      throw error
    }
  }
  return EXIT.done
}

async function greetAndPrompt(mesh: Mesh, invocation: Invocation): Promise<void> {
  const { output, interruption, hint } = invocation
  const { signal } = interruption
  output.status('Looking for your other devices')
  // `why` waits for the first measurement, so that the greeting can say how fast this device answers.
  const measured = mesh.why(undefined, { signal }).catch(() => [])
  const warn = (message: string): void => {
    output.warning(message)
  }
  const [{ looked }] = await Promise.all([settle(mesh, { signal }, warn), measured])
  const status = await mesh.status({ signal })
  for (const line of greeting({ status, looked, hint })) {
    output.progress(line)
  }
  const known = { peers: present(status.peers), mesh: status.mesh }
  if ((await servePrompt(mesh, invocation, { signal, known })) !== 'stopped') {
    // From here on another Ctrl-C is the second one.
    interruption.interrupt()
    output.status('Stopping')
  }
  await drain(mesh, {}, (event) => {
    output.note(`${drainingLine(event)}; Ctrl-C again stops now.`)
  })
}

/** Ids of the devices that are there and were shown. */
function present(peers: readonly PeerInfo[]): string[] {
  return peers.filter(({ state }) => state !== 'away').map(({ id }) => id)
}

/**
 * A node already runs for this home: it takes the invite, and this terminal becomes a prompt to it. Leaving that leaves
 * the node alone.
 */
async function attach(invocation: Invocation, prompting: boolean, invite: string | undefined): Promise<number> {
  const { doors, home, output, interruption } = invocation
  const { signal } = interruption
  return withMesh(doors.attachMesh({ ...home, signal }), async (mesh) => {
    if (invite !== undefined) {
      const joined = await mesh.membership.redeem({ invite, signal })
      if (output.json) {
        output.data(joined)
      } else {
        output.progress(`The node that runs here belongs to ${joined.mesh} now.`)
      }
    }
    if (prompting) {
      const status = await mesh.status({ signal })
      output.progress(`${status.name} already runs here; this prompt asks it. Ctrl-D leaves it running.`)
      await servePrompt(mesh, invocation, { signal, known: { peers: present(status.peers), mesh: status.mesh } })
    }
    return EXIT.done
  })
}
