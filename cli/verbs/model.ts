import type { Mesh } from '../../src/interface.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import { addModel, removeModel } from '../model-change.ts'
import { exportModel, importModel } from '../model-copy.ts'
import { listModels, modelCalled, showModel } from '../model-list.ts'
import { nearest } from '../nearest.ts'
import { defineVerb, withMesh, type Invocation, type Values } from '../verb.ts'

const FLAGS = {
  name: { type: 'text', value: 'NAME', summary: 'another name for what is exported, imported or added' },
  replace: { type: 'switch', summary: 'export, import: put it in the place of another model' },
  split: { type: 'text', value: 'SIZE', summary: 'export: no file larger than this, for example 4G' },
  yes: { type: 'switch', summary: 'rm: do not ask' }
} as const

type Given = Values<typeof FLAGS>

interface Action {
  /** What follows its name. */
  words: readonly string[]
  flags: readonly (keyof typeof FLAGS)[]
  run: (mesh: Mesh, invocation: Invocation<Given>, words: string[]) => Promise<number>
}

const ACTIONS: Readonly<Record<string, Action>> = {
  ls: {
    words: [],
    flags: [],
    run: async (mesh, invocation) => {
      await listModels(mesh, invocation, { alone: false })
      return EXIT.done
    }
  },
  show: {
    words: ['NAME'],
    flags: [],
    run: async (mesh, { output, interruption: { signal } }, [name = '']) => {
      showModel(modelCalled(await mesh.models({ signal }), name), output)
      return EXIT.done
    }
  },
  export: {
    words: ['NAME', 'PATH'],
    flags: ['name', 'replace', 'split'],
    run: async (mesh, invocation, [name = '', path = '']) => {
      await exportModel(mesh, invocation, [name, path], invocation.values)
      return EXIT.done
    }
  },
  import: {
    words: ['PATH'],
    flags: ['name', 'replace'],
    run: async (mesh, invocation, [path = '']) => {
      await importModel(mesh, invocation, path, invocation.values)
      return EXIT.done
    }
  },
  add: {
    words: ['FOLDER'],
    flags: ['name'],
    run: async (mesh, invocation, [folder = '']) => {
      await addModel(mesh, invocation, folder, invocation.values)
      return EXIT.done
    }
  },
  rm: {
    words: ['NAME'],
    flags: ['yes'],
    run: async (mesh, invocation, [name = '']) =>
      (await removeModel(mesh, invocation, name, invocation.values)) ? EXIT.done : EXIT.failed
  }
}

export const model = defineVerb({
  name: 'model',
  summary: 'list the models on this device and see how to add a real one',
  group: 'Models',
  usage: '[ACTION …]',
  words: { min: 0, max: 3 },
  flags: FLAGS,
  notes: (hint) => [
    `${hint('model ls')}: the models on this device; ${hint('model show NAME')}: one of them.`,
    `${hint('model export NAME PATH')}: a copy to carry, into a folder such as that of a stick, or as one file that ends in .tar. Where it was interrupted, the same command goes on.`,
    `${hint('model import PATH')}: takes such a copy in, after every byte of it was proved.`,
    `${hint('model add FOLDER')}: lists a folder in the Hugging Face layout where it lies, without copying it.`,
    `${hint('model rm NAME')}: erases a model; of an added one the folder stays.`
  ],
  async run(invocation) {
    const { doors, home, log, interruption, hint } = invocation
    const [name, ...words] = invocation.words
    const action = name === undefined ? undefined : actionCalled(name, hint)
    if (action !== undefined && name !== undefined) check(name, action, words, invocation.values, hint)
    return withMesh(doors.visitMesh({ ...home, log, signal: interruption.signal }), async (mesh) => {
      if (action !== undefined) return action.run(mesh, invocation, words)
      await listModels(mesh, invocation, { alone: true })
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

function actionCalled(name: string, hint: Invocation['hint']): Action {
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined
  if (action !== undefined) return action
  const names = Object.keys(ACTIONS)
  const near = nearest(name, names)
  throw new UsageError(
    `${hint('model')} knows ${names.join(', ')}, not “${name}”${near === undefined ? '.' : `; did you mean ${near}?`}`
  )
}

function check(name: string, { words, flags }: Action, given: string[], values: Given, hint: Invocation['hint']): void {
  if (given.length !== words.length) {
    throw new UsageError(`The form is ${hint(['model', name, ...words].join(' '))}.`)
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
  const stray = (Object.keys(FLAGS) as (keyof typeof FLAGS)[]).find((flag) => flag in values && !flags.includes(flag))
  if (stray !== undefined) {
    throw new UsageError(`${hint(`model ${name}`)} has no flag --${stray}.`)
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
