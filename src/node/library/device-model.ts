import { PeerUnreachableError, ProtocolError, WrongPieceError } from '../../errors.ts'
import { modelHashOf } from '../../inference/index.ts'
import type { PeerLabel } from '../../interface.ts'
import { filesProblem, takeInPieces, type Copied } from '../../packages/index.ts'
import type { Clock } from '../../protocols/clock.ts'
import { PIECE_BYTES, type SharedFile } from '../../protocols/model/index.ts'
import type { OtherDevices } from './devices.ts'
import { shelves, type Found } from './nearby.ts'
import type { Pulled, Pullable } from './pull.ts'
import { afterFailure, newSource, nextStep, type PullSource } from './pull-sources.ts'

/** How long a pull waits for a device to come back: a laptop that moves to another room, a router that starts anew. */
export const PATIENCE_MS = 10 * 60_000

/** A device that gives the model now, and what it has of it. */
interface Giver {
  source: PullSource
  files: readonly SharedFile[]
}

/** Another device has taken over, and what it has differs from what was being copied. */
class OtherFiles extends Error {}

/** A model on other devices, which take each other's place when one fails. */
export class DeviceModel implements Pullable {
  readonly name: string
  readonly hash: string
  readonly #devices: OtherDevices
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #patienceMs: number
  #sources: PullSource[]
  #giver: Giver | null = null
  /** The last one that gave something, or was to. */
  #from: PeerLabel
  /** When something last came. */
  #since: number
  #lastError: unknown

  constructor(
    { model, peers: [first, ...others] }: Found,
    init: { devices: OtherDevices; clock: Pick<Clock, 'monotonic'>; patienceMs: number }
  ) {
    if (first === undefined) throw new PeerUnreachableError('No device has the model.')
    this.name = model.name
    this.hash = model.hash
    this.#devices = init.devices
    this.#clock = init.clock
    this.#patienceMs = init.patienceMs
    this.#sources = [first, ...others].map(newSource)
    this.#from = first
    this.#since = init.clock.monotonic()
  }

  get from(): PeerLabel {
    return this.#from
  }

  async *files(signal: AbortSignal): AsyncGenerator<string, readonly SharedFile[]> {
    return (yield* this.#give(signal)).files
  }

  async *copy(into: string, signal: AbortSignal): AsyncGenerator<Copied | Pulled | string, readonly SharedFile[]> {
    while (true) {
      const { files } = yield* this.#give(signal)
      yield { files }
      try {
        yield* takeInPieces(
          into,
          {
            files,
            pieceBytes: PIECE_BYTES,
            fetch: (file, first, count) => this.#fetch(file, { first, count }, signal),
            wrong: ({ path }) => new WrongPieceError(`${path} is not the file that ${this.#from.name} promised.`)
          },
          { signal }
        )
        return files
      } catch (err) {
        if (!(err instanceof OtherFiles)) yield* this.#failed(err)
      }
    }
  }

  /** Pieces from whoever gives now, until all have come. A wrong one is asked for once more. */
  async *#fetch(
    file: SharedFile,
    { first, count }: { first: number; count: number },
    signal: AbortSignal
  ): AsyncGenerator<Buffer | string, void> {
    const end = first + count
    let wrongAt = -1
    for (let at = first; at < end;) {
      const { source, files } = yield* this.#give(signal)
      const same = files.find(({ path, sha256 }) => path === file.path && sha256 === file.sha256)
      // A list of pieces is that device's word until the whole file was seen.
      if (same !== file && same?.pieces.join() !== file.pieces.join()) throw new OtherFiles()
      try {
        const wanted = { model: this.hash, file, first: at, count: end - at }
        for await (const { index, bytes } of this.#devices.pieces(source.peer.id, wanted, { signal })) {
          this.#since = this.#clock.monotonic()
          source.failures = 0
          at = index + 1
          yield bytes
        }
      } catch (err) {
        signal.throwIfAborted()
        if (err instanceof WrongPieceError && wrongAt !== at) {
          wrongAt = at
          yield `${source.peer.name} sent a wrong piece of ${file.path}; it is asked for it again.`
        } else yield* this.#failed(err)
      }
    }
  }

  /** Whoever gives now; else the next one, once it has said what it has. */
  async *#give(signal: AbortSignal): AsyncGenerator<string, Giver> {
    while (this.#giver === null) {
      signal.throwIfAborted()
      const now = this.#clock.monotonic()
      const there = new Set(this.#devices.there().map(({ id }) => id))
      const step = nextStep(this.#sources, there, { now, since: this.#since, patienceMs: this.#patienceMs })
      if (step.type === 'give-up') throw this.#givingUp(step.why)
      if (step.type === 'wait') {
        await this.#devices.changed(step.ms, { signal })
        await this.#lookForOthers(signal)
        continue
      }
      const { source } = step
      if (source.peer.id !== this.#from.id) yield `It goes on from ${source.peer.name}.`
      this.#from = source.peer
      try {
        const files = await this.#devices.manifest(source.peer.id, this.hash, { signal })
        checkFiles(files, this.hash)
        this.#giver = { source, files }
      } catch (err) {
        signal.throwIfAborted()
        yield* this.#failed(err, source)
      }
    }
    return this.#giver
  }

  /** @throws what is no failure of a device */
  async *#failed(err: unknown, source = this.#giver?.source): AsyncGenerator<string, void> {
    const after = source === undefined ? null : afterFailure(source, err, this.#clock.monotonic())
    if (source === undefined || after === null) throw err
    const isFirst = source.failures === 0
    this.#giver = null
    this.#lastError = err
    this.#sources = this.#sources.map((each) => (each === source ? after : each))
    const reason = err instanceof Error ? err.message : String(err)
    if (after.aside) yield `${source.peer.name} is not asked any more: ${reason}`
    else if (isFirst) {
      yield `${source.peer.name} does not give any more: ${reason} What came is kept; it goes on when that is over, within ${minutes(this.#patienceMs)}.`
    }
    await Promise.resolve()
  }

  /** A device that has come meanwhile may have the same model. */
  async #lookForOthers(signal: AbortSignal): Promise<void> {
    for (const { peer, models } of await shelves(this.#devices, signal)) {
      const isKnown = this.#sources.some((source) => source.peer.id === peer.id)
      if (!isKnown && models.some(({ hash }) => hash === this.hash)) this.#sources.push(newSource(peer))
    }
  }

  #givingUp(why: 'nobody' | 'time'): unknown {
    if (why === 'nobody') return this.#lastError
    const { name } = this.#from
    return new PeerUnreachableError(
      `${name} did not come back within ${minutes(this.#patienceMs)}. What came is kept: the same command goes on from there.`,
      { cause: this.#lastError }
    )
  }
}

/** That the files are such as may lie in a home, and make the model. @throws {ProtocolError} */
function checkFiles(files: readonly SharedFile[], hash: string): void {
  const problem = filesProblem(files, null)
  if (problem !== null) throw new ProtocolError(`Its list of files cannot be used: ${problem}.`)
  if (modelHashOf(files.filter(({ extra }) => !extra)) !== hash) {
    throw new ProtocolError('Its list of files is not that of the model.')
  }
}

function minutes(ms: number): string {
  return `${ms / 60_000} minutes`
}
