import { join } from 'node:path'
import { UnknownModelError } from '../src/errors.ts'
import type { Mesh, ModelInfo } from '../src/interface.ts'
import { bytes, parameters } from './human.ts'
import type { Output } from './output.ts'
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
  if (!alone) return
  const { home } = await mesh.status({ signal })
  output.line()
  output.line('A real model: put its folder from Hugging Face (config.json, tokenizer.json, onnx/…) here:')
  output.line(join(home, 'models', 'NAME'))
  output.line(`or leave it where it is: ${hint('model add FOLDER')}`)
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
    ...graphOf(found),
    ['context', `${found.contextLength} tokens`],
    ['state', found.broken === null ? (found.loaded ? 'loaded' : 'ready') : `broken: ${found.broken}`],
    ...(found.path === undefined ? [] : ([['folder', found.path]] as const)),
    ...(found.engine === undefined ? [] : ([['engine', found.engine]] as const)),
    ['hash', found.hash]
  ])
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
