import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { ServedEngineError } from '../../errors.ts'
import type { EngineKind } from '../../interface.ts'
import type { GenerationConfig } from '../model-folder.ts'
import { carriesOnInLlamaCpp, carriesOnInOllama } from './carrying-on.ts'
import { ending } from './ending.ts'
import { amount, fields, list, text } from './json.ts'
import type { Fields } from './json.ts'
import { quantizationInName, sizeInName } from './model-size.ts'
import { askJson, NotReadyError, NotThereError } from './requests.ts'
import type { Endpoint } from './requests.ts'

/** What a server says of one of its models. */
export interface SeenModel {
  /** As the server calls it, exactly. */
  id: string
  /** To be shown. */
  name: string
  hash: string
  parameters: number | null
  quantization: string | null
  /** 0 where it is not told. */
  bytes: number
  contextLength: number
  loaded: boolean
  carriesOn: boolean
  /** How the server samples by itself, as far as it tells. */
  generation: GenerationConfig
}

/** What one look at a server found. */
export interface Seen {
  kind: EngineKind
  state: 'up' | 'loading'
  models: SeenModel[]
  /** For the owner, a sentence each. */
  remarks: string[]
}

/** What is known of a model by its kind's own way; what is absent comes from the name, or is not known. */
type Told = Partial<Omit<SeenModel, 'id' | 'name' | 'hash'>> & { id: string; digest?: string }

/** More than anybody keeps; a gateway to a whole catalogue is cut here, as no notice could carry it. */
const MOST_MODELS = 32
/** The smallest default of the known servers (Ollama's, and what LM Studio loads with): safe where nothing is told. */
const ASSUMED_CONTEXT = 4096
const LONGEST_NAME = 255
/** Models that answer nothing. */
const NO_CHAT = /embed|rerank|whisper|\btts\b|\bbge\b|\bclip\b/i

/**
 * Looks at a server: what it is, and what models it has. Loads none.
 *
 * @param before what the look before found, whose details need not be asked for again
 * @throws {ServedEngineError} with a sentence that says what is wrong, also when it takes longer
 * @throws the signal's reason
 */
export async function lookWithin(
  ms: number,
  endpoint: Endpoint,
  before: Seen | null,
  signal?: AbortSignal
): Promise<Seen> {
  const reason = (): Error =>
    new ServedEngineError(`${endpoint.name} does not answer at ${endpoint.url}: it says nothing for ${ms / 1000} s.`)
  const end = ending([signal], { ms, reason })
  try {
    return await look(endpoint, before, end.signal)
  } finally {
    end.release()
  }
}

async function look(endpoint: Endpoint, before: Seen | null, signal: AbortSignal): Promise<Seen> {
  let answer: Fields
  try {
    answer = fields(await askJson(endpoint, { path: '/v1/models', signal }))
  } catch (err) {
    if (err instanceof NotReadyError)
      return { kind: before?.kind ?? 'other', state: 'loading', models: [], remarks: [] }
    if (!(err instanceof NotThereError)) throw err
    throw noSuchServer(endpoint)
  }
  if (!Array.isArray(answer.data)) throw noSuchServer(endpoint)
  const listed = list(answer.data).filter(({ id }) => text(id) !== null)
  const kind = await kindOf(endpoint, listed, signal)
  const known = new Map(before?.kind === kind ? before.models.map((model) => [model.hash, model]) : [])
  const { told, remarks } = await READERS[kind]({ endpoint, listed, known, signal })
  const fitting = told.filter(({ id }) => !NO_CHAT.test(id)).map((each) => describe(kind, each))
  const models = fitting.filter(({ name }) => isShowable(name))
  return {
    kind,
    state: 'up',
    models: models.slice(0, MOST_MODELS),
    remarks: [
      ...remarks,
      ...(models.length > MOST_MODELS ? [`Of its ${models.length} models the first ${MOST_MODELS} are offered.`] : [])
    ]
  }
}

function noSuchServer({ name, url }: Endpoint): ServedEngineError {
  return new ServedEngineError(
    `What listens at ${url} (${name}) has no OpenAI API: it does not list its models at ${url}/v1/models.`
  )
}

async function kindOf(endpoint: Endpoint, listed: readonly Fields[], signal: AbortSignal): Promise<EngineKind> {
  const owner = listed.map(({ owned_by: owner }) => owner)[0]
  if (owner === 'llamacpp') return 'llama.cpp'
  if (owner === 'vllm') return 'vllm'
  const ask = (path: string): Promise<Fields> => optional({ endpoint, signal, path })
  if (text((await ask('/api/version')).version) !== null) return 'ollama'
  if (list((await ask('/api/v0/models')).data).some(({ type }) => text(type) !== null)) return 'lm-studio'
  if (text((await ask('/ollama/api/version')).version)?.startsWith('exo') === true) return 'exo'
  return owner === 'exo' ? 'exo' : 'other'
}

interface Reading {
  endpoint: Endpoint
  /** What `/v1/models` says. */
  listed: readonly Fields[]
  /** By hash, from the look before. */
  known: ReadonlyMap<string, SeenModel>
  signal: AbortSignal
}

interface Read {
  told: Told[]
  remarks: string[]
}

/** JSON that may be missing: not every release has every endpoint. */
async function optional({
  endpoint,
  signal,
  path,
  body
}: Pick<Reading, 'endpoint' | 'signal'> & { path: string; body?: unknown }): Promise<Fields> {
  try {
    return fields(await askJson(endpoint, { path, signal, ...(body !== undefined && { body }) }))
  } catch (err) {
    signal.throwIfAborted()
    if (err instanceof ServedEngineError) return {}
    throw err
  }
}

const READERS: Readonly<Record<EngineKind, (reading: Reading) => Promise<Read>>> = {
  ollama: readOllama,
  'llama.cpp': readLlamaCpp,
  'lm-studio': readLmStudio,
  vllm: ({ listed }) =>
    Promise.resolve({
      told: listed.map((model) => ({
        id: String(model.id),
        ...contextOf(model.max_model_len),
        loaded: true,
        // `continue_final_message`; a release that does not know it refuses the request.
        carriesOn: true
      })),
      remarks: []
    }),
  exo: readExo,
  other: ({ listed }) =>
    Promise.resolve({
      told: listed.map((model) => ({
        id: String(model.id),
        ...contextOf(model.max_model_len ?? model.context_length ?? model.context_window)
      })),
      remarks: []
    })
}

function contextOf(value: unknown): { contextLength?: number } {
  const length = amount(value)
  return length === null ? {} : { contextLength: Math.floor(length) }
}

/** https://github.com/ollama/ollama/blob/main/docs/api.md */
async function readOllama({ endpoint, known, signal }: Reading): Promise<Read> {
  const [tags, running] = await Promise.all([
    optional({ endpoint, signal, path: '/api/tags' }),
    optional({ endpoint, signal, path: '/api/ps' })
  ])
  const loaded = new Map(list(running.models).map((model) => [text(model.name), model]))
  const all = list(tags.models).filter(({ name }) => text(name) !== null)
  const local = all.filter((model) => text(model.remote_host) === null && text(model.remote_model) === null)
  const told: Told[] = []
  for (const model of local.slice(0, MOST_MODELS)) {
    const id = String(model.name)
    const digest = text(model.digest) ?? ''
    const { parameter_size: size, quantization_level: quantization } = fields(model.details)
    const base: Told = {
      id,
      digest,
      parameters: sizeInName(text(size) ?? ''),
      quantization: text(quantization),
      bytes: amount(model.size) ?? 0,
      loaded: loaded.has(id)
    }
    const before = known.get(describe('ollama', base).hash)
    const shown =
      before === undefined ? await optional({ endpoint, signal, path: '/api/show', body: { model: id } }) : undefined
    if (shown !== undefined && !answers(shown)) continue
    told.push({
      ...base,
      ...(before ?? ollamaDetails(shown ?? {}, base)),
      ...contextInUse(loaded.get(id)),
      loaded: loaded.has(id)
    })
  }
  const away = all.length - local.length
  return {
    told,
    remarks:
      away === 0
        ? []
        : [
            `${away === 1 ? 'A model' : `${away} models`} that it runs in a cloud ${away === 1 ? 'is' : 'are'} left out.`
          ]
  }
}

function answers({ capabilities }: Fields): boolean {
  return !Array.isArray(capabilities) || capabilities.includes('completion')
}

/** What a loaded model was given, which the API cannot change; told by releases since 0.9. */
function contextInUse(model: Fields | undefined): { contextLength?: number } {
  return contextOf(model?.context_length)
}

function ollamaDetails(shown: Fields, base: Told): Omit<Told, 'id'> {
  const info = fields(shown.model_info)
  const parameters = text(shown.parameters) ?? ''
  const own = new Map(parameters.split('\n').map((line) => line.trim().split(/\s+/, 2) as [string, string]))
  const longest = Object.entries(info).find(([key]) => key.endsWith('.context_length'))?.[1]
  const setting = (name: string): number | null => amount(Number(own.get(name) ?? Number.NaN))
  return {
    parameters: amount(info['general.parameter_count']) ?? base.parameters ?? null,
    // Its own default, unless the model's file says otherwise; never beyond what the model can.
    contextLength: Math.min(setting('num_ctx') ?? ASSUMED_CONTEXT, amount(longest) ?? Infinity),
    carriesOn: carriesOnInOllama({
      template: text(shown.template) ?? '',
      modelfile: text(shown.modelfile) ?? '',
      capabilities: Array.isArray(shown.capabilities) ? shown.capabilities : []
    }),
    // Its defaults, https://github.com/ollama/ollama/blob/main/docs/modelfile.mdx
    generation: sampled(setting('temperature') ?? 0.8, setting('top_p') ?? 0.9, setting('top_k') ?? 40)
  }
}

function sampled(temperature: number, topP: number, topK: number): GenerationConfig {
  return { do_sample: true, temperature, top_p: Math.min(topP, 1), top_k: Math.round(topK) }
}

/** https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md */
async function readLlamaCpp({ endpoint, listed, known, signal }: Reading): Promise<Read> {
  const told: Told[] = []
  // A router lists what it could load; what it has loaded answers at once.
  const isRouter = listed.some(({ status }) => text(fields(status).value) !== null)
  const props = isRouter ? {} : await optional({ endpoint, signal, path: '/props' })
  const { n_ctx: context, params } = fields(props.default_generation_settings)
  const own = fields(params)
  for (const model of listed.slice(0, MOST_MODELS)) {
    const id = String(model.id)
    const meta = fields(model.meta)
    const base: Told = {
      id,
      parameters: amount(meta.n_params) ?? sizeInName(id),
      bytes: amount(meta.size) ?? 0,
      ...contextOf(context ?? meta.n_ctx ?? meta.n_ctx_train),
      loaded: !isRouter || fields(model.status).value === 'loaded',
      generation: isRouter
        ? {}
        : sampled(amount(own.temperature) ?? 0.8, amount(own.top_p) ?? 0.95, amount(own.top_k) ?? 40)
    }
    const before = known.get(describe('llama.cpp', base).hash)
    const carriesOn = before?.carriesOn ?? (!isRouter && (await carriesOnInLlamaCpp(endpoint, signal)))
    told.push({ ...base, carriesOn })
  }
  return { told, remarks: [] }
}

/** https://lmstudio.ai/docs/developer/rest/endpoints */
async function readLmStudio({ endpoint, signal }: Reading): Promise<Read> {
  const { data } = await optional({ endpoint, signal, path: '/api/v0/models' })
  const told = list(data)
    .filter(({ id, type }) => text(id) !== null && type !== 'embeddings')
    .map((model): Told => ({
      id: String(model.id),
      quantization: text(model.quantization),
      // What it loads a model with by itself is its owner's setting, which it does not tell.
      contextLength: Math.floor(
        amount(model.loaded_context_length) ?? Math.min(amount(model.max_context_length) ?? Infinity, ASSUMED_CONTEXT)
      ),
      loaded: model.state === 'loaded'
    }))
  return { told, remarks: [] }
}

/** https://github.com/exo-explore/exo/blob/main/docs/api.md: it lists all that it knows; only instances answer. */
async function readExo({ endpoint, listed, signal }: Reading): Promise<Read> {
  const running = await optional({ endpoint, signal, path: '/ollama/api/ps' })
  const names = new Set(list(running.models).flatMap(({ name, model }) => [name, model]))
  const instances = Array.isArray(running.models) ? listed.filter(({ id }) => names.has(id)) : listed
  return {
    told: instances.map((model) => ({ id: String(model.id), ...contextOf(model.context_length), loaded: true })),
    remarks:
      instances.length === 0 && listed.length > 0
        ? ['It runs no instance of a model yet: start one on its dashboard.']
        : []
  }
}

function describe(kind: EngineKind, told: Told): SeenModel {
  const { id, digest = null } = told
  // llama.cpp without an alias calls a model by its path.
  const name = kind === 'llama.cpp' ? posix.basename(id).replace(/\.gguf$/i, '') : id
  const parameters = told.parameters ?? sizeInName(name)
  const quantization = told.quantization ?? quantizationInName(name)
  // A digest says all; without one, what else tells two models of one name apart.
  const identity = digest === null ? [told.bytes ?? 0, told.parameters ?? 0, told.quantization ?? ''] : [digest]
  return {
    id,
    name,
    hash: createHash('sha256')
      .update(JSON.stringify(['served', kind, name, ...identity]))
      .digest('hex'),
    parameters,
    quantization: quantization === null || quantization.length > 64 ? null : quantization,
    bytes: told.bytes ?? 0,
    contextLength: told.contextLength ?? ASSUMED_CONTEXT,
    loaded: told.loaded ?? true,
    carriesOn: told.carriesOn ?? false,
    generation: told.generation ?? {}
  }
}

/** Whether it can go into a notice, and onto a terminal. */
function isShowable(name: string): boolean {
  return name.length <= LONGEST_NAME && !/[\u0000-\u001f\u007f-\u009f]/.test(name)
}
