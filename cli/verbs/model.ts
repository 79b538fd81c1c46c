import type { Mesh } from '../../src/interface.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import { addModel, removeModel, useModel } from '../model-change.ts'
import { exportModel, importModel } from '../model-copy.ts'
import { listPullable } from '../model-catalogue.ts'
import { listModels, modelCalled, showModel } from '../model-list.ts'
import { orElsewhere, pullModel } from '../model-pull.ts'
import { nearest } from '../nearest.ts'
import { defineVerb, withMesh, type Invocation, type Values } from '../verb.ts'

const FLAGS = {
  from: { type: 'text', value: 'SOURCE', summary: 'pull: the device to copy it from, or hub (default: who has it)' },
  name: { type: 'text', value: 'NAME', summary: 'another name for what is exported, imported, pulled or added' },
  quantization: {
    type: 'text',
    value: 'KIND',
    summary: 'pull: q4, q4f16, q8, int8, fp16, fp32, … (default: the best that fits)'
  },
  replace: { type: 'switch', summary: 'export, import, pull: put it in the place of another model' },
  split: { type: 'text', value: 'SIZE', summary: 'export: no file larger than this, for example 4G' },
  auto: { type: 'switch', summary: 'use: leave it to their strength again' },
  yes: { type: 'switch', summary: 'rm: do not ask' }
} as const

type Given = Values<typeof FLAGS>

interface Action {
  /** What follows its name; in brackets what may be left out. */
  words: readonly string[]
  /** The switch that stands in place of these words. */
  instead?: keyof typeof FLAGS
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
    run: async (mesh, invocation, [name = '']) => {
      const { signal } = invocation.interruption
      const models = await mesh.models({ signal })
      await orElsewhere(mesh, invocation, name, () => {
        showModel(modelCalled(models, name), invocation.output)
      })
      return EXIT.done
    }
  },
  pull: {
    words: ['[NAME]'],
    flags: ['from', 'name', 'quantization', 'replace'],
    run: async (mesh, invocation, [name]) => {
      if (name === undefined) await listPullable(mesh, invocation)
      else await pullModel(mesh, invocation, name, invocation.values)
      return EXIT.done
    }
  },
  export: {
    words: ['NAME', 'PATH'],
    flags: ['name', 'replace', 'split'],
    run: async (mesh, invocation, [name = '', path = '']) => {
      await orElsewhere(mesh, invocation, name, () => exportModel(mesh, invocation, [name, path], invocation.values))
      return EXIT.done
    }
  },
  import: {
    words: ['PATH'],
    flags: ['name', 'replace'],
    run: async (mesh, invocation, [path = '']) => {
      await orElsewhere(mesh, invocation, path, () => importModel(mesh, invocation, path, invocation.values))
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
  use: {
    words: ['NAME'],
    instead: 'auto',
    flags: ['auto'],
    run: async (mesh, invocation, [name = null]) => {
      await useModel(mesh, invocation, name)
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
  usage: '[ACTION [WORD…]]',
  words: { min: 0, max: 3 },
  flags: FLAGS,
  notes: (hint) => [
    `${hint('model ls')}: the models on this device; ${hint('model show NAME')}: one of them.`,
    `${hint('model pull')}: what your other devices have, and chosen models of the Hugging Face hub, with what fits this device.`,
    `${hint('model pull OWNER/NAME')}: brings a model of the hub here, any in its ONNX layout; from another of your devices where one has it (--from hub: not from there). HF_TOKEN, HF_HOME and HF_ENDPOINT count as for the hub's own tools.`,
    `${hint('model pull NAME --from DEVICE')}: copies a model of another of your devices to this one, without the internet. Where a pull was interrupted, the same command goes on.`,
    `${hint('model export NAME PATH')}: a copy to carry, into a folder such as that of a stick, or as one file that ends in .tar. Where it was interrupted, the same command goes on.`,
    `${hint('model import PATH')}: takes such a copy in, after every byte of it was proved.`,
    `${hint('model add FOLDER')}: lists a folder in the Hugging Face layout where it lies, without copying it.`,
    `${hint('model use NAME')}: it answers here where no model is named; the others are there by name. ${hint('model use --auto')} leaves it to their strength again.`,
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

function check(name: string, action: Action, given: string[], values: Given, hint: Invocation['hint']): void {
  const { words, instead, flags } = action
  const isReplaced = instead !== undefined && values[instead] !== undefined
  const least = isReplaced ? 0 : words.filter((word) => !word.startsWith('[')).length
  const most = isReplaced ? 0 : words.length
  if (given.length < least || given.length > most) {
    const other = instead === undefined ? '' : ` or ${hint(`model ${name} --${instead}`)}`
    throw new UsageError(`The form is ${hint(['model', name, ...words].join(' '))}${other}.`)
  }
  const stray = (Object.keys(FLAGS) as (keyof typeof FLAGS)[]).find((flag) => flag in values && !flags.includes(flag))
  if (stray !== undefined) {
    throw new UsageError(`${hint(`model ${name}`)} has no flag --${stray}.`)
  }
}
