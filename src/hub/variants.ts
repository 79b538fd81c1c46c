import { NotOnnxError, UnknownQuantizationError } from '../errors.ts'
import type { HubFile, HubModel } from './index.ts'

/** A form of a model's weights, in the layout of the hub's ONNX models. */
export interface Variant {
  /** `fp32`, `q4`, `q4f16`, `q8`, `int8`, …: what stands in the graph's name. */
  quantization: string
  /** The graph, and the files that hold its weights. */
  files: HubFile[]
  /** Of them together. */
  bytes: number
}

const GRAPH = /^onnx\/model(?:_([a-z0-9]+))?\.onnx$/

/** The names that the layout leaves out or spells in another way. */
const NAMES: Readonly<Record<string, string>> = { '': 'fp32', quantized: 'q8' }

/** Without these no model runs. */
const NEEDED = ['config.json', 'tokenizer.json']
/** What the engine reads where it is there. */
const READ = ['generation_config.json', 'tokenizer_config.json', 'chat_template.jinja']
/** What a licence wants to be passed on with a copy, and the card that says whose model it is. */
const TERMS = /^(licen[cs]e|notice|use_policy|readme)(\.(md|txt))?$/i
/** A card with pictures in it is not worth its bytes. */
const MOST_TERMS_BYTES = 2 ** 20

/** The forms in which a model is there. */
export function variantsOf(files: readonly HubFile[]): Variant[] {
  return files.flatMap((graph) => {
    const suffix = GRAPH.exec(graph.path)
    if (suffix === null) return []
    const name = suffix[1] ?? ''
    const weights = files.filter(({ path }) => isWeightsOf(path, graph.path))
    const all = [graph, ...weights]
    return [{ quantization: NAMES[name] ?? name, files: all, bytes: bytesOf(all) }]
  })
}

/** `model_q4.onnx_data`, `model_q4.onnx_data_1`, …; some write a dot. */
function isWeightsOf(path: string, graph: string): boolean {
  return path.startsWith(graph) && /^[._]data(_\d+)?$/.test(path.slice(graph.length))
}

/**
 * The forms to choose from.
 *
 * @throws {NotOnnxError} when the model cannot be run here from what is there
 * @throws {UnknownQuantizationError} when it is not there in the one that is wanted
 */
export function usableVariants({ repository, files }: HubModel, wanted?: string): Variant[] {
  const variants = variantsOf(files)
  const paths = files.map(({ path }) => path)
  if (variants.length === 0) throw otherForm(repository, paths)
  const missing = NEEDED.find((path) => !paths.includes(path))
  if (missing !== undefined) throw notOnnx(repository, `it has ONNX graphs, and no ${missing}`)
  if (wanted === undefined) return variants
  const chosen = variants.filter(({ quantization }) => quantization === wanted)
  if (chosen.length > 0) return chosen
  const names = variants.map(({ quantization }) => quantization).sort()
  throw new UnknownQuantizationError(`${repository} is not there as ${wanted}. It is there as ${names.join(', ')}.`)
}

/** What a variant needs to run, and the model's terms. */
export function filesFor({ files }: Pick<HubModel, 'files'>, variant: Variant): HubFile[] {
  const beside = files.filter(
    ({ path, bytes }) => NEEDED.includes(path) || READ.includes(path) || (TERMS.test(path) && bytes <= MOST_TERMS_BYTES)
  )
  return [...beside, ...variant.files]
}

export function bytesOf(files: readonly HubFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0)
}

function otherForm(repository: string, paths: readonly string[]): NotOnnxError {
  const has = (test: RegExp): boolean => paths.some((path) => test.test(path))
  if (has(/^onnx\/(decoder|encoder|embed)/)) {
    return notOnnx(
      repository,
      'its graph is in several parts (encoder, decoder, embedding), and one model.onnx is run here'
    )
  }
  if (has(/\.gguf$/i)) return notOnnx(repository, 'it is there as GGUF only')
  if (has(/\.onnx$/)) return notOnnx(repository, 'its graph lies in another place')
  if (has(/\.safetensors$|\.bin$|\.pth?$/)) return notOnnx(repository, 'it is there as weights for other programs only')
  return notOnnx(repository, 'it has no graph')
}

function notOnnx(repository: string, found: string): NotOnnxError {
  return new NotOnnxError(
    `${repository} cannot be run here: ${found}. Needed are config.json, tokenizer.json and onnx/model.onnx (or onnx/model_q4.onnx, …), as the models of onnx-community have them; most names are there too. ` +
      'Another engine may run it, such as Ollama, llama.cpp or vLLM; mesh engine add lets that answer in your mesh.'
  )
}
