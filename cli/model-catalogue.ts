import type { CatalogueEntry, Mesh, ModelFit } from '../src/interface.ts'
import { bytes, parameters } from './human.ts'
import { tableNearby } from './model-pull.ts'
import type { Column } from './table.ts'
import type { Invocation } from './verb.ts'

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

/** `mesh model pull` without a name: what there is. */
export async function listPullable(mesh: Mesh, invocation: Invocation): Promise<void> {
  const { output, interruption, hint } = invocation
  const { signal } = interruption
  const [nearby, entries] = [await mesh.library.nearby({ signal }), await mesh.library.catalogue({ signal })]
  if (output.json) {
    output.data({ nearby, catalogue: entries })
    return
  }
  if (nearby.length > 0) {
    tableNearby(nearby, invocation)
    output.line()
  }
  output.heading('On the Hugging Face hub')
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
