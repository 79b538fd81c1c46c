/** A server that does what a test says: JSON at some paths, and chat completions by script. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** A question to `/v1/chat/completions`, as it came. */
export interface ChatCall {
  body: ChatBody
  headers: IncomingMessage['headers']
  /** Aborts when the asker closes the request. */
  closed: AbortSignal
}

export interface ChatBody {
  model: string
  messages: { role: string; content: string }[]
  max_tokens: number
  temperature: number
  stream_options: { include_usage: boolean }
  [more: string]: unknown
}

export type Reply = { status?: number; headers?: Record<string, string>; body: unknown }
/** By path; a value is sent as JSON. A function may answer as it likes. */
export type Paths = Record<string, unknown>
type Handler = (request: IncomingMessage, response: ServerResponse, body: unknown) => unknown

export class ScriptedServer {
  paths: Paths
  /** Answers a question; what it throws is the test's own failure. */
  chat: (call: ChatCall, response: ServerResponse) => unknown
  readonly calls: ChatCall[] = []
  /** Every path that was asked for. */
  readonly asked: string[] = []
  #server: Server
  #port: number
  readonly #sockets = new Set<Socket>()

  private constructor(paths: Paths, chat: ScriptedServer['chat'], port: number) {
    this.paths = paths
    this.chat = chat
    this.#port = port
    this.#server = this.#make()
  }

  static async start({
    paths = vllm('Qwen3-4B'),
    chat = (_call, response) => {
      answerWith(response, 'Hello', ' there', '.')
    },
    port = 0,
    host = '127.0.0.1'
  }: { paths?: Paths; chat?: ScriptedServer['chat']; port?: number; host?: string } = {}): Promise<ScriptedServer> {
    const server = new ScriptedServer(paths, chat, port)
    await server.open(host)
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get port(): number {
    return this.#port
  }

  /** Listens, a second time at the same port. */
  async open(host = '127.0.0.1'): Promise<void> {
    this.#server = this.#make()
    this.#server.listen(this.#port, host)
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** As when its process dies. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  #make(): Server {
    const server = createServer((request, response) => {
      void this.#answer(request, response)
    })
    server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => {
        this.#sockets.delete(socket)
      })
      socket.on('error', () => undefined)
    })
    return server
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? ''
    this.asked.push(path)
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    const body: unknown = text === '' ? undefined : JSON.parse(text)
    if (path === '/v1/chat/completions') {
      const closed = new AbortController()
      response.once('close', () => {
        closed.abort()
      })
      const call = { body: body as ChatBody, headers: request.headers, closed: closed.signal }
      this.calls.push(call)
      await this.chat(call, response)
      return
    }
    const value = this.paths[path]
    if (typeof value === 'function') await (value as Handler)(request, response, body)
    else if (value === undefined) send(response, { status: 404, body: { error: { message: 'no such path' } } })
    else send(response, { body: value })
  }
}

export function send(response: ServerResponse, { status = 200, headers = {}, body }: Reply): void {
  const isText = typeof body === 'string'
  response.writeHead(status, { 'content-type': isText ? 'text/html' : 'application/json', ...headers })
  response.end(isText ? body : JSON.stringify(body))
}

export function beginStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
  response.flushHeaders()
}

export function event(value: unknown): string {
  return `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
}

/** One piece of an answer. */
export function piece(content: string, more: object = {}): string {
  return event({
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta: { content }, finish_reason: null }],
    ...more
  })
}

export function finished(reason = 'stop'): string {
  return event({ choices: [{ index: 0, delta: {}, finish_reason: reason }] })
}

export function usage(prompt: number, answer: number): string {
  return event({ choices: [], usage: { prompt_tokens: prompt, completion_tokens: answer } })
}

/** A whole answer in pieces, as all known servers send it. */
export function answerWith(response: ServerResponse, ...pieces: string[]): void {
  beginStream(response)
  response.end(
    [
      event({ choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] }),
      ...pieces.map((each) => piece(each)),
      finished(),
      usage(7, pieces.length),
      event('[DONE]')
    ].join('')
  )
}

// ---------------------------------------------------------------- what each kind says of itself

export function vllm(...models: string[]): Paths {
  const data = models.map((id) => ({ id, object: 'model', owned_by: 'vllm', root: id, max_model_len: 32_768 }))
  return { '/v1/models': { object: 'list', data }, '/version': { version: '0.11.0' } }
}

export function other(...models: string[]): Paths {
  return { '/v1/models': { object: 'list', data: models.map((id) => ({ id, object: 'model', owned_by: 'me' })) } }
}

export function llamaCpp({ prefills = true }: { prefills?: boolean } = {}): Paths {
  const meta = {
    vocab_type: 2,
    n_vocab: 128_256,
    n_ctx_train: 131_072,
    n_embd: 2048,
    n_params: 1_235_814_432,
    size: 799_862_912
  }
  return {
    '/v1/models': {
      object: 'list',
      data: [{ id: '/models/Llama-3.2-1B-Instruct-Q4_K_M.gguf', object: 'model', owned_by: 'llamacpp', meta }]
    },
    '/props': {
      default_generation_settings: { n_ctx: 8192, params: { temperature: 0.7, top_p: 0.9, top_k: 20 } },
      build_info: 'b5402-abc'
    },
    '/apply-template': (_request: IncomingMessage, response: ServerResponse, body: unknown) => {
      const last = (body as ChatBody).messages.at(-1)?.content ?? ''
      send(response, {
        body: { prompt: `<user>Count.</user><assistant>${last}${prefills ? '' : '</assistant><assistant>'}` }
      })
    }
  }
}

const LLAMA3 =
  '{{- range $i, $_ := .Messages }}{{- $last := eq (len (slice $.Messages $i)) 1 }}' +
  '{{ .Content }}{{ if not $last }}<|eot_id|>{{ end }}' +
  '{{- if and (ne .Role "assistant") $last }}<|start_header_id|>assistant<|end_header_id|>{{ end }}{{- end }}'

/** Ollama with a model that carries on, one that thinks, one for embeddings, and one of its cloud. */
export function ollama({ template = LLAMA3, digest = 'aa11' }: { template?: string; digest?: string } = {}): Paths {
  const tag = (name: string, size: string, more: object = {}): object => ({
    name,
    model: name,
    size: 2_500_000_000,
    digest: `${digest}-${name}`,
    details: { parameter_size: size, quantization_level: 'Q4_K_M' },
    ...more
  })
  const shows: Record<string, object> = {
    'llama3.1:8b': {
      template,
      modelfile: 'FROM llama3.1',
      parameters:
        'num_ctx                        16384\ntemperature                    0.6\nstop                           "<|eot_id|>"',
      model_info: { 'general.parameter_count': 8_030_261_248, 'llama.context_length': 131_072 },
      capabilities: ['completion', 'tools']
    },
    'qwen3:4b': {
      template,
      modelfile: 'FROM qwen3',
      parameters: '',
      model_info: { 'general.parameter_count': 4_022_468_096, 'qwen3.context_length': 40_960 },
      capabilities: ['completion', 'thinking']
    },
    'minilm:latest': { template: '', modelfile: '', model_info: {}, capabilities: ['embedding'] }
  }
  return {
    '/v1/models': {
      object: 'list',
      data: Object.keys(shows).map((id) => ({ id, object: 'model', owned_by: 'library' }))
    },
    '/api/version': { version: '0.12.3' },
    '/api/tags': {
      models: [
        tag('llama3.1:8b', '8.0B'),
        tag('qwen3:4b', '4.0B'),
        tag('minilm:latest', '23M'),
        tag('gpt-oss:120b-cloud', '117B', { remote_host: 'https://ollama.com', remote_model: 'gpt-oss:120b' })
      ]
    },
    '/api/ps': { models: [{ name: 'qwen3:4b', model: 'qwen3:4b', context_length: 8192 }] },
    '/api/show': (_request: IncomingMessage, response: ServerResponse, body: unknown) => {
      send(response, { body: shows[(body as { model: string }).model] ?? {} })
    }
  }
}

export function lmStudio(): Paths {
  const model = (id: string, more: object): object => ({ id, object: 'model', publisher: 'p', arch: 'a', ...more })
  return {
    '/v1/models': {
      object: 'list',
      data: [{ id: 'qwen2.5-7b-instruct', object: 'model', owned_by: 'organization_owner' }]
    },
    '/api/version': { error: 'Unexpected endpoint or method. (GET /api/version)' },
    '/api/v0/models': {
      object: 'list',
      data: [
        model('qwen2.5-7b-instruct', {
          type: 'llm',
          quantization: 'Q4_K_M',
          state: 'not-loaded',
          max_context_length: 32_768
        }),
        model('gemma-3-12b-it', {
          type: 'vlm',
          quantization: '4bit',
          state: 'loaded',
          max_context_length: 131_072,
          loaded_context_length: 12_000
        }),
        model('text-embedding-nomic', {
          type: 'embeddings',
          quantization: 'Q4_0',
          state: 'loaded',
          max_context_length: 2048
        })
      ]
    }
  }
}

export function exo(...running: string[]): Paths {
  const all = ['mlx-community/Qwen3-30B-A3B-4bit', 'mlx-community/Llama-3.2-1B-Instruct-4bit']
  return {
    '/v1/models': {
      object: 'list',
      data: all.map((id) => ({ id, object: 'model', owned_by: 'exo', context_length: 32_768 }))
    },
    '/ollama/api/version': { version: 'exo v1.0' },
    '/ollama/api/ps': { models: running.map((name) => ({ name, model: name })) }
  }
}
