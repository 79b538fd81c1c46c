import { join } from 'node:path'
import { UnknownModelError } from '../src/errors.ts'
import type { Mesh, ModelInfo, ModelMemory, ModelOrigin, Rates } from '../src/interface.ts'
import { ago, bytes, duration, parameters, rate } from './human.ts'
import type { Output } from './output.ts'
import { showNearby } from './model-pull.ts'
import type { Column } from './table.ts'
import type { Invocation } from './verb.ts'

const COLUMNS: readonly Column[] = [
  { title: 'NAME' },
  { title: 'SIZE', align: 'right' },
  { title: 'PARAMETERS', align: 'right' },
  { title: 'QUANTIZATION' },
  { title: 'STATE', wrap: true }
]

/** `mesh model ls`; alone, `mesh model` also tells how to add one. */
export async function listModels(mesh: Mesh, invocation: Invocation, { alone }: { alone: boolean }): Promise<void> {
  const { output, interruption, hint } = invocation
  const { signal } = interruption
  const models = await mesh.models({ signal })
  if (output.json) {
    output.data(models)
    return
  }
  output.table(
    COLUMNS,
    models.map((each) => [
      each.chosen === true ? `${each.name} *` : each.name,
      size(each),
      parameters(each.parameters),
      each.quantization ?? '?',
      stateOf(each)
    ])
  )
  if (models.some(({ chosen }) => chosen === true)) {
    output.note(
      `* answers here where no model is named (${hint('model use --auto')} leaves it to their strength again)`
    )
  }
  await showNearby(mesh, invocation)
  if (!alone) return
  const { home } = await mesh.status({ signal })
  output.line()
  output.line(`A real model, from the Hugging Face hub: ${hint('model pull')}`)
  output.line(
    `A folder of one that is on this device (config.json, tokenizer.json, onnx/…): ${hint('model add FOLDER')}`
  )
  output.line(`or put it here: ${join(home, 'models', 'NAME')}`)
  output.line(`Or let Ollama, llama.cpp, LM Studio, vLLM or exo answer: ${hint('engine --help')}`)
}

/** Other engines do not all tell it. */
function size({ bytes: count, engine }: ModelInfo): string {
  return count === 0 && engine !== undefined ? '?' : bytes(count)
}

function stateOf({ broken, tooLarge, memory, loaded, builtIn, path, engine }: ModelInfo): string {
  if (broken !== null) return `broken: ${broken}`
  if (tooLarge !== undefined) return `too large: ${shortly(tooLarge, memory)}`
  const origin = builtIn ? ', built in' : engine === undefined ? '' : `, by ${engine}`
  return `${loaded ? 'loaded' : 'ready'}${origin}${path === undefined ? '' : `, in ${path}`}`
}

/** The whole sentence is for `model show` and `doctor`. */
function shortly(tooLarge: string, memory: ModelMemory | undefined): string {
  const needed = / needs ([^(]+) \(/.exec(tooLarge)?.[1]
  if (needed === undefined || memory?.budget == null) return tooLarge
  return `needs ${needed} of ${bytes(memory.budget)} for models`
}

function stateInWords({ broken, tooLarge, loaded, loadMs }: ModelInfo): string {
  if (broken !== null) return `broken: ${broken}`
  if (tooLarge !== undefined) return `too large: ${tooLarge}`
  if (loaded) return 'loaded'
  return loadMs === undefined ? 'ready' : `ready, loads in ${duration(loadMs)}`
}

function memoryInWords({ loaded, perToken, budget, isMeasured, fullContext }: ModelMemory): string {
  const limit = budget === null ? '' : `, of ${bytes(budget)} for models`
  const whole = perToken === 0 ? '' : `, and ${bytes(perToken * fullContext)} for ${fullContext} tokens`
  return `${bytes(loaded)} ${isMeasured ? 'measured' : 'by its files'}${whole}${limit}`
}

/** `mesh model show NAME`. */
export function showModel(found: ModelInfo, output: Output): void {
  if (output.json) {
    output.data(found)
    return
  }
  output.heading(found.name)
  output.pairs([
    ['size', size(found)],
    ['parameters', parameters(found.parameters)],
    ['quantization', found.quantization ?? '?'],
    ...graphOf(found),
    ['context', contextInWords(found)],
    ['state', stateInWords(found)],
    ...pairIf('memory', found.memory, memoryInWords),
    ...pairIf('last used', found.lastUsedMs, ago),
    ...pairIf('speed', found.rates, ratesInWords),
    ...pairIf('runs on', found.provider, (provider) => provider),
    ...pairIf('chosen', found.chosen, () => 'answers here where no model is named'),
    ...(found.origin === undefined ? [] : ([['origin', originInWords(found.origin)]] as const)),
    ...(found.path === undefined ? [] : ([['folder', found.path]] as const)),
    ...(found.engine === undefined ? [] : ([['engine', found.engine]] as const)),
    ['hash', found.hash]
  ])
}

/** `onnx-community/Qwen2.5-0.5B-Instruct, q4, commit 0123456` */
function originInWords({ repository, quantization, commit }: ModelOrigin): string {
  return `${repository} on the Hugging Face hub, ${quantization}, commit ${commit.slice(0, 7)}`
}

function contextInWords({ contextLength, memory }: ModelInfo): string {
  const full = memory?.fullContext ?? contextLength
  return `${contextLength} tokens${full > contextLength ? `, as the memory allows; the model could take ${full}` : ''}`
}

function ratesInWords({ prefillRate, decodeRate }: Rates): string {
  return `reads ${rate(prefillRate)} and writes ${rate(decodeRate)} tokens/s`
}

function pairIf<T>(label: string, value: T | undefined, words: (value: T) => string): [string, string][] {
  return value === undefined ? [] : [[label, words(value)]]
}

/** Which of several graphs runs, and how another one comes to run. */
function graphOf({ graph, otherGraphs = [] }: ModelInfo): [string, string][] {
  if (graph === undefined) return []
  const others =
    otherGraphs.length === 0
      ? ''
      : `; not used: ${otherGraphs.join(', ')}. To use one of them, take the others out of the folder.`
  return [['graph', `${graph}${others}`]]
}

/** @throws {UnknownModelError} naming those that are here */
export function modelCalled(models: readonly ModelInfo[], name: string): ModelInfo {
  const found = models.find((each) => each.name === name)
  if (found === undefined) {
    throw new UnknownModelError(
      `There is no model “${name}” here; there is ${models.map((each) => each.name).join(', ')}.`
    )
  }
  return found
}
