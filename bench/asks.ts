/** One question, asked by every way there is to the same model. All are warm: connected, loaded, and asked before. */
import { randomBytes } from 'node:crypto'
import { createMesh, type Mesh } from '../src/index.ts'
import { createEngine, type LocalEngine } from '../src/inference/index.ts'
import type { GenerateEvent, Message } from '../src/interface.ts'
import { BUILT_IN_MODEL } from '../src/node/paths.ts'
import { Devices } from '../test/integration/devices.ts'
import type { Device } from '../test/integration/device.ts'

/** The built-in model answers it with a sentence. */
export const QUESTION = 'How do I add my laptop to the mesh?'
/** Eight answers of different lengths. */
export const QUESTIONS = [
  QUESTION,
  'How do I see which devices are connected?',
  'What is 12 + 30?',
  'How do I ask a question?',
  'What can you do?',
  'How do I stop the node?',
  'How do I add a bigger model?',
  'Who would answer my question?'
]

export interface Asked {
  /** From the call to the first text. */
  firstMs: number
  /** From the call to the end. */
  totalMs: number
  tokens: number
  text: string
}

export type AskIt = (question: string) => Promise<Asked>

const THERE_MS = 30_000

/** One model, by default the built-in one, in a child of this process, with no mesh around it. */
export class DirectEngine {
  readonly #engine: LocalEngine
  readonly #hash: string

  private constructor(engine: LocalEngine, hash: string) {
    this.#engine = engine
    this.#hash = hash
  }

  static async start(path = BUILT_IN_MODEL): Promise<DirectEngine> {
    const kept = new Map<string, string>()
    const engine = createEngine({
      modelFolders: () => [{ path, name: 'mini', builtIn: true }],
      userFolder: `${BUILT_IN_MODEL}-none`,
      measurements: { get: (key) => kept.get(key), set: (key, value) => void kept.set(key, value) },
      log: { debug: () => undefined, info: () => undefined, warn: () => undefined }
    })
    const [model] = await engine.models()
    if (model === undefined) throw new Error(`there is no model in ${path}`)
    await engine.measure(model.hash)
    return new DirectEngine(engine, model.hash)
  }

  /** Of the child. */
  get pid(): number {
    const pid = this.#engine.pid()
    if (pid === null) throw new Error('the engine does not run')
    return pid
  }

  generate(messages: Message[], maxTokens?: number): AsyncIterable<GenerateEvent> {
    const sampling = maxTokens === undefined ? {} : { maxTokens, temperature: 0 }
    return this.#engine.generate({ id: randomBytes(16).toString('hex'), model: this.#hash, messages, sampling })
  }

  readonly ask: AskIt = async (question) => {
    const startedAt = performance.now()
    let [firstMs, tokens, text] = [NaN, 0, '']
    for await (const event of this.generate([{ role: 'user', content: question }])) {
      if (event.type === 'tokens' && event.text !== '') {
        if (text === '') firstMs = performance.now() - startedAt
        text += event.text
      } else if (event.type === 'done') tokens = event.answerTokens
    }
    return { firstMs, totalMs: performance.now() - startedAt, tokens, text }
  }

  stop(): Promise<void> {
    return this.#engine.stop()
  }
}

/** Asks a mesh for an answer by one device. @param model by default that device's strongest */
export function through(mesh: Mesh, peer: string, model?: string): AskIt {
  return async (question) => {
    const startedAt = performance.now()
    let [firstMs, tokens, text] = [NaN, 0, '']
    for await (const event of mesh.ask(question, model === undefined ? { peer } : { peer, model })) {
      if (event.type === 'text') {
        if (text === '') firstMs = performance.now() - startedAt
        text += event.text
      } else if (event.type === 'done') tokens = event.answerTokens
    }
    return { firstMs, totalMs: performance.now() - startedAt, tokens, text }
  }
}

/** A mesh in this process that asks and does not answer, and finds those devices. */
export async function meshAmong(devices: Devices): Promise<Mesh> {
  const beaconPort = Number(devices.apart.MESH_BEACON_PORT)
  return createMesh({
    home: await devices.memberHome('here'),
    name: 'here',
    listen: ['127.0.0.1'],
    port: 0,
    answer: 'no',
    discovery: ['beacon'],
    beaconPort
  })
}

/** Waits until a device is connected and has a model to answer with. */
export async function answers(mesh: Mesh, name: string): Promise<void> {
  const events = mesh.events({ signal: AbortSignal.timeout(THERE_MS) })[Symbol.asyncIterator]()
  try {
    let next = events.next()
    while (
      !(await mesh.peers()).some((peer) => peer.name === name && peer.state === 'connected' && peer.model !== null)
    ) {
      await next
      next = events.next()
    }
    next.catch(() => undefined)
  } finally {
    void events.return?.()
  }
}

export interface Bed {
  /** Answers, in a process of its own. */
  answerer: Device
  answererId: string
  /** In this process, connected to it. */
  mesh: Mesh
  /** Whose control socket is asked, in a process of its own, connected to it. */
  asker: Device
  direct: DirectEngine
}

/** Two devices, a mesh here and an engine here, for the length of `use`. */
export async function withBed<T>(use: (bed: Bed) => Promise<T>): Promise<T> {
  const devices = await Devices.create()
  const ends: (() => Promise<unknown>)[] = [() => devices.remove()]
  try {
    const answerer = devices.device({ name: 'answerer' })
    const { peerId } = await answerer.start()
    const asker = await devices.start({ name: 'asker', flags: ['--answer', 'no'] })
    await asker.sees('answerer')
    const mesh = await meshAmong(devices)
    ends.unshift(() => mesh.stop())
    await answers(mesh, 'answerer')
    const direct = await DirectEngine.start()
    ends.unshift(() => direct.stop())
    return await use({ answerer, answererId: peerId, mesh, asker, direct })
  } finally {
    for (const end of ends) await end()
  }
}
