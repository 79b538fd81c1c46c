import { join } from 'node:path'
import { UnknownModelError } from '../src/errors.ts'
import type { Mesh, ModelInfo, ModelOrigin } from '../src/interface.ts'
import { bytes, parameters } from './human.ts'
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
    models.map((each) => [each.name, size(each), parameters(each.parameters), each.quantization ?? '?', stateOf(each)])
  )
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

function stateOf({ broken, loaded, builtIn, path, engine }: ModelInfo): string {
  if (broken !== null) return `broken: ${broken}`
  const origin = builtIn ? ', built in' : engine === undefined ? '' : `, by ${engine}`
  return `${loaded ? 'loaded' : 'ready'}${origin}${path === undefined ? '' : `, in ${path}`}`
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
    ['context', `${found.contextLength} tokens`],
    ['state', found.broken === null ? (found.loaded ? 'loaded' : 'ready') : `broken: ${found.broken}`],
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
