import { ProtocolError } from '../errors.ts'
import { fits, inspectUpdate } from './inspect-update.ts'
import { isDocumentId } from './keys.ts'
import { MAX_DOCUMENTS, MAX_KEYS } from './limits.ts'

/**
 * Looks at all updates of a snapshot before the first of them is merged (invariant 4): each within its limits, and each
 * building on nothing but those before it (invariant 5), so that none of them can be stuck half-way.
 */
export class SnapshotCheck {
  #document = ''
  #documents = 0
  #keys = 0
  #clocks = new Map<number, number>()

  /** Takes them in their order. @throws {ProtocolError} */
  check({ document, update }: { document: string; update: Uint8Array }): void {
    if (document !== this.#document) this.#begin(document)
    const inspected = inspectUpdate(update)
    this.#keys += inspected.keys.size
    if (this.#keys > MAX_KEYS) throw refusal('one of its documents has too many entries')
    if (!fits(inspected, (writer) => this.#clocks.get(writer) ?? 0)) {
      throw refusal('one of its documents builds on what it does not hold')
    }
    for (const [writer, { to }] of inspected.covers) {
      this.#clocks.set(writer, Math.max(to, this.#clocks.get(writer) ?? 0))
    }
  }

  #begin(document: string): void {
    if (!isDocumentId(document)) throw refusal('one of its documents has no such id')
    if (++this.#documents > MAX_DOCUMENTS) throw refusal(`it has more than ${MAX_DOCUMENTS} documents`)
    this.#document = document
    this.#keys = 0
    this.#clocks = new Map()
  }
}

function refusal(reason: string): ProtocolError {
  return new ProtocolError(`A snapshot was refused: ${reason}.`)
}
