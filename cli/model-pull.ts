import { InvalidRequestError, UnknownModelError } from '../src/errors.ts'
import type { Mesh, NearbyModel } from '../src/interface.ts'
import { bytes } from './human.ts'
import { follow, keptInWords } from './model-copy.ts'
import type { Column } from './table.ts'
import type { Invocation } from './verb.ts'

const COLUMNS: readonly Column[] = [
  { title: 'NAME' },
  { title: 'SIZE', align: 'right' },
  { title: 'ON' },
  { title: 'COPY IT HERE', wrap: true }
]

export interface PullFlags {
  from?: string
  name?: string
  quantization?: string
  replace?: true
}

/** `mesh model pull NAME` */
export async function pullModel(
  mesh: Mesh,
  invocation: Invocation,
  wanted: string,
  { from, name: as, quantization, replace }: PullFlags
): Promise<void> {
  const { output, hint, hub, interruption } = invocation
  output.status(`Looking for ${wanted}`)
  const done = await follow(
    mesh.library.pull({
      ...{ name: wanted, replace: replace === true, signal: interruption.signal },
      ...(Object.keys(hub).length > 0 && { hub }),
      ...(from !== undefined && { from }),
      ...(as !== undefined && { as }),
      ...(quantization !== undefined && { quantization })
    }),
    invocation
  )
  if (output.json) return
  if (done.outcome === 'known') {
    output.line(`This model is here already, as ${done.name}. Nothing was copied.`)
    return
  }
  const giver = done.from === undefined ? '' : ` from ${done.from.name}`
  output.line(`Pulled ${done.name}${giver}: ${bytes(done.bytes)}${keptInWords(done)}.`)
  output.line(`Ask it: ${hint(`ask --model ${done.name} "…"`)}`)
}

/** Under the models of this device, for people: those of the others. */
export async function showNearby(mesh: Mesh, invocation: Invocation): Promise<void> {
  const models = await mesh.library.nearby({ signal: invocation.interruption.signal })
  if (models.length === 0) return
  invocation.output.line()
  tableNearby(models, invocation)
}

/** What the other devices would give, for people. */
export function tableNearby(models: readonly NearbyModel[], { output, hint }: Invocation): void {
  output.heading('On your other devices')
  output.table(
    COLUMNS,
    models.map((model) => [model.name, bytes(model.bytes), names(model), hint(command(model))])
  )
}

/**
 * Does something with a model of this device; where it is not here and another device has it, the error says how to get
 * it.
 */
export async function orElsewhere<T>(
  mesh: Mesh,
  { hint, interruption: { signal } }: Invocation,
  name: string,
  work: () => T | Promise<T>
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const isUnknown = error instanceof UnknownModelError || error instanceof InvalidRequestError
    if (!isUnknown || signal.aborted) throw error
    const found = (await mesh.library.nearby({ signal })).find((model) => model.name === name)
    if (found === undefined) throw error
    throw new UnknownModelError(`There is no model “${name}” here. It is on ${names(found)}: ${hint(command(found))}`, {
      cause: error
    })
  }
}

function names({ peers }: NearbyModel): string {
  return peers.map(({ name }) => name).join(', ')
}

/** What another device says of itself is put into a command line only where no shell could read it otherwise. */
const PLAIN = /^[\p{L}\p{N}][\p{L}\p{N}._+-]*$/u

function command({ name, hash, peers: [first] }: NearbyModel): string {
  const model = PLAIN.test(name) ? name : `${hash.slice(0, 12)} --name NAME`
  if (first === undefined) return `model pull ${model}`
  return `model pull ${model} --from ${PLAIN.test(first.name) ? first.name : first.id}`
}
