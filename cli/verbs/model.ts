import { join } from 'node:path'
import { UnknownModelError } from '../../src/errors.ts'
import type { ModelInfo } from '../../src/interface.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import { bytes, parameters } from '../human.ts'
import { nearest } from '../nearest.ts'
import type { Output } from '../output.ts'
import type { Column } from '../table.ts'
import { defineVerb, withMesh } from '../verb.ts'

const COLUMNS: readonly Column[] = [
  { title: 'NAME' },
  { title: 'SIZE', align: 'right' },
  { title: 'PARAMETERS', align: 'right' },
  { title: 'QUANTIZATION' },
  { title: 'STATE', wrap: true }
]

export const model = defineVerb({
  name: 'model',
  summary: 'list the models on this device and see how to add a real one',
  group: 'Models',
  usage: '[ls | show NAME]',
  words: { min: 0, max: 2 },
  flags: {},
  async run({ doors, home, log, output, interruption: { signal }, words, hint }) {
    const [action, name] = words
    if (action !== undefined && action !== 'ls' && action !== 'show') {
      const near = nearest(action, ['ls', 'show'])
      throw new UsageError(
        `${hint('model')} knows ls and show NAME, not “${action}”${near === undefined ? '.' : `; did you mean ${near}?`}`
      )
    }
    if ((action === 'show') !== (name !== undefined)) {
      throw new UsageError(`The forms are ${hint('model ls')} and ${hint('model show NAME')}.`)
    }
    return withMesh(doors.visitMesh({ ...home, log, signal }), async (mesh) => {
      const models = await mesh.models({ signal })
      if (name !== undefined) {
        show(named(models, name), output)
        return EXIT.done
      }
      list(models, output)
      if (action === undefined && !output.json) {
        const status = await mesh.status({ signal })
        output.line()
        output.line('A real model: put its folder from Hugging Face (config.json, tokenizer.json, onnx/…) here:')
        output.line(join(status.home, 'models', 'NAME'))
        output.line(`Or let Ollama, llama.cpp, LM Studio, vLLM or exo answer: ${hint('engine --help')}`)
      }
      return EXIT.done
    })
  }
})

function list(models: readonly ModelInfo[], output: Output): void {
  if (output.json) {
    output.data(models)
    return
  }
  output.table(
    COLUMNS,
    models.map((each) => [
      each.name,
      size(each),
      parameters(each.parameters),
      each.quantization ?? '?',
      each.broken === null ? `${each.loaded ? 'loaded' : 'ready'}${origin(each)}` : `broken: ${each.broken}`
    ])
  )
}

/** Other engines do not all tell it. */
function size({ bytes: count, engine }: ModelInfo): string {
  return count === 0 && engine !== undefined ? '?' : bytes(count)
}

function origin({ builtIn, engine }: ModelInfo): string {
  return builtIn ? ', built in' : engine === undefined ? '' : `, by ${engine}`
}

function named(models: readonly ModelInfo[], name: string): ModelInfo {
  const found = models.find((each) => each.name === name)
  if (found === undefined) {
    throw new UnknownModelError(
      `There is no model “${name}” here; there is ${models.map((each) => each.name).join(', ')}.`
    )
  }
  return found
}

function show(found: ModelInfo, output: Output): void {
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
    ...(found.engine === undefined ? [] : [['engine', found.engine] as const]),
    ['hash', found.hash]
  ])
}
