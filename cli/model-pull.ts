import type { CatalogueEntry, Mesh, ModelFit } from '../src/interface.ts'
import { bytes, parameters } from './human.ts'
import { follow, keptInWords } from './model-copy.ts'
import type { Column } from './table.ts'
import type { Invocation } from './verb.ts'

export interface PullFlags {
  from?: string
  name?: string
  quantization?: string
  replace?: true
}

const COLUMNS: readonly Column[] = [
  { title: 'MODEL' },
  { title: 'PARAMETERS', align: 'right' },
  { title: 'KIND' },
  { title: 'DOWNLOAD', align: 'right' },
  { title: 'MEMORY', align: 'right' },
  { title: 'LICENSE' },
  { title: 'HERE', wrap: true }
]

const FITS: Readonly<Record<ModelFit, string>> = {
  fits: 'fits',
  tight: 'tight',
  'too-large': 'too large',
  'no-room': 'no room'
}

/** `mesh model pull` */
export async function listCatalogue(mesh: Mesh, { output, interruption, hint }: Invocation): Promise<void> {
  const entries = await mesh.library.catalogue({ signal: interruption.signal })
  if (output.json) {
    output.data(entries)
    return
  }
  output.table(
    COLUMNS,
    entries.map((each) => [
      each.repository,
      parameters(each.parameters),
      each.quantization,
      bytes(each.bytes),
      bytes(each.memory),
      each.license,
      here(each)
    ])
  )
  const best = bestOf(entries)
  output.line()
  if (best !== undefined) output.line(`Pull the largest that fits: ${hint(`model pull ${best.repository}`)}`)
  output.line(`Any other in the ONNX layout of the Hugging Face hub: ${hint('model pull OWNER/NAME')}`)
  output.line(`Larger ones, by Ollama, llama.cpp, LM Studio, vLLM or exo: ${hint('engine --help')}`)
}

function here({ here: name, fit, reason }: CatalogueEntry): string {
  if (name !== null) return `here, as ${name}`
  return fit === 'fits' ? FITS.fits : `${FITS[fit]}: ${reason}`
}

/** The entries come the smallest first. */
function bestOf(entries: readonly CatalogueEntry[]): CatalogueEntry | undefined {
  return entries.findLast(({ fit, here: name }) => fit === 'fits' && name === null)
}

/** `mesh model pull OWNER/NAME` */
export async function pullModel(
  mesh: Mesh,
  invocation: Invocation,
  name: string,
  { from, name: as, quantization, replace }: PullFlags
): Promise<void> {
  const { hub, interruption, output, hint } = invocation
  const done = await follow(
    mesh.library.pull({
      ...{ name, replace: replace === true, hub, signal: interruption.signal },
      ...(from !== undefined && { from }),
      ...(as !== undefined && { as }),
      ...(quantization !== undefined && { quantization })
    }),
    invocation
  )
  if (output.json) return
  output.line(
    done.outcome === 'known'
      ? `This model is here already, as ${done.name}. Nothing was copied.`
      : `Pulled ${done.name}: ${bytes(done.bytes)}${keptInWords(done)}.`
  )
  output.line(`Ask it: ${hint(`ask --model ${done.name} "…"`)}`)
}
