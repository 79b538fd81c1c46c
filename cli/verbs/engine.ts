import { resolve } from 'node:path'
import type { EngineInfo, EngineModel, Mesh } from '../../src/interface.ts'
import { engineKind, foundEngine } from '../describe.ts'
import { ENGINE_STARTS, startOf } from '../engine-starts.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import { count, parameters, rate } from '../human.ts'
import { readModelSize } from '../model-size.ts'
import { nearest } from '../nearest.ts'
import type { Column } from '../table.ts'
import { defineVerb, withMesh, type Invocation, type Values } from '../verb.ts'

const ACTIONS = ['ls', 'add', 'rm']

const FLAGS = {
  'key-file': { type: 'text', value: 'FILE', summary: 'of add: the file that holds the key, yours alone (chmod 600)' },
  size: { type: 'text', value: 'SIZE', summary: 'of add: how large the models are that do not tell, for example 8b' }
} as const

const COLUMNS: readonly Column[] = [
  { title: 'ENGINE' },
  { title: 'MODEL' },
  { title: 'PARAMETERS', align: 'right' },
  { title: 'TOKENS/S', align: 'right' },
  { title: 'CARRIES ON' },
  { title: 'STATE', wrap: true }
]

type EngineInvocation = Invocation<Values<typeof FLAGS>>

export const engine = defineVerb({
  name: 'engine',
  summary: 'let Ollama, llama.cpp, LM Studio, vLLM or exo answer for this device',
  group: 'Models',
  usage: '[ls | add | rm]',
  words: { min: 0, max: 3 },
  flags: FLAGS,
  notes: (hint) => [
    `The forms: ${hint('engine ls')}, ${hint('engine add NAME URL')}, ${hint('engine rm NAME')}.`,
    'Any server with the OpenAI API will do; its models are in the mesh as if this device ran them. To start one, and to add it:',
    ...ENGINE_STARTS.flatMap(({ name, url, start }) => [`  ${start}`, `      ${hint(`engine add ${name} ${url}`)}`]),
    'vLLM can spread one model over several machines with Ray; add it on the machine where it listens.',
    'Speeds are estimated from the size until real answers have shown them. “Carries on”: whether it can go on with an answer that another device began.',
    'Such a program may keep logs of what it is asked and answers.'
  ],
  async run(invocation) {
    const { doors, home, log, interruption, words, hint } = invocation
    const { signal } = interruption
    const [action = 'ls', name, url] = words
    if (!ACTIONS.includes(action)) {
      const near = nearest(action, ACTIONS)
      throw new UsageError(
        `${hint('engine')} knows ls, add NAME URL and rm NAME, not “${action}”${near === undefined ? '.' : `; did you mean ${near}?`}`
      )
    }
    if (words.length > 0 && words.length !== { ls: 1, add: 3, rm: 2 }[action]) {
      throw new UsageError(
        `The forms are ${hint('engine ls')}, ${hint('engine add NAME URL')} and ${hint('engine rm NAME')}.`
      )
    }
    const options = action === 'add' ? addOptions(invocation, name ?? '', url ?? '') : null
    if (options === null) checkNoFlags(invocation)
    return withMesh(doors.visitMesh({ ...home, log, signal }), async (mesh) => {
      if (options !== null) showAdded(await mesh.engines.add({ ...options, signal }), invocation)
      else if (name !== undefined) await remove(mesh, name, invocation)
      else await list(mesh, invocation)
      return EXIT.done
    })
  }
})

function addOptions({ values }: EngineInvocation, name: string, url: string) {
  const { 'key-file': keyFile, size } = values
  const parameters = size === undefined ? undefined : readModelSize(size)
  if (parameters === null) {
    throw new UsageError(`--size is a number of weights, such as 8b or 500m, not “${size ?? ''}”.`)
  }
  return {
    name,
    url,
    // The node may run elsewhere on this machine.
    ...(keyFile !== undefined && { keyFile: resolve(keyFile) }),
    ...(parameters !== undefined && { parameters })
  }
}

function checkNoFlags({ values, hint }: EngineInvocation): void {
  const [flag] = Object.keys(FLAGS).filter((each) => each in values)
  if (flag !== undefined) throw new UsageError(`--${flag} belongs to ${hint('engine add NAME URL')}.`)
}

function showAdded(added: EngineInfo, { output, hint }: EngineInvocation): void {
  if (output.json) {
    output.data(added)
    return
  }
  const { name, kind, url, models, state, remarks } = added
  const is = kind === null || kind === 'other' ? '' : ` (${engineKind(kind)})`
  output.progress(
    state === 'loading'
      ? `${name}${is} at ${url} is loading its model, and answers then.`
      : `${name}${is} at ${url} answers for this device now, with ${count(models.length, 'model')}: ${models.map((each) => each.name).join(', ') || 'none yet'}.`
  )
  const unknown = models.filter((each) => each.parameters === null).map((each) => each.name)
  if (unknown.length > 0) {
    output.note(
      `How large ${unknown.join(', ')} ${unknown.length === 1 ? 'is' : 'are'} is not known, so others are preferred; --size tells: ${hint(`engine add ${name} ${url} --size 8b`)}`
    )
  }
  for (const remark of remarks) output.note(remark)
}

async function remove(mesh: Mesh, name: string, { output, interruption }: EngineInvocation): Promise<void> {
  await mesh.engines.remove({ name, signal: interruption.signal })
  if (output.json) output.data({ removed: name })
  else output.progress(`${name} no longer answers for this device. The program itself runs on.`)
}

async function list(mesh: Mesh, { output, interruption, words, hint }: EngineInvocation): Promise<void> {
  const { signal } = interruption
  const engines = await mesh.engines.list({ signal })
  if (output.json) {
    output.data(engines)
    return
  }
  if (engines.length > 0) output.table(COLUMNS, engines.flatMap(rows))
  for (const { name, kind, state } of engines) {
    const start = startOf(kind)
    if (state === 'down' && start !== null) output.paragraph(`To start ${name}: ${start}`)
  }
  const found = await mesh.engines.look({ signal })
  for (const each of found) output.paragraph(foundEngine(each, hint))
  if (engines.length === 0 && found.length === 0) {
    output.paragraph(`No other engine answers for this device, and none was found at its usual port.`)
  }
  if (words.length === 0) output.paragraph(`How to start and add one: ${hint('engine --help')}`)
}

function rows({ name, url, state, reason, models }: EngineInfo): string[][] {
  if (state !== 'up' || models.length === 0) {
    return [[name, '–', '', '', '', `${state === 'up' ? 'no model' : state}: ${reason ?? url}`]]
  }
  return models.map((each) => [
    name,
    each.name,
    parameters(each.parameters),
    `${each.measured ? '' : '~'}${rate(each.decodeRate)}`,
    each.carriesOn ? 'yes' : 'no',
    modelState(each)
  ])
}

function modelState({ reason }: EngineModel): string {
  return reason === null ? 'offered' : `failed: ${reason}`
}
