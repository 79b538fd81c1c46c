import { PairingFailedError } from '../src/errors.ts'
import type { AbortOptions, Comparison, Mesh, MeshEvent, Newcomer, OpenDoor } from '../src/interface.ts'
import { readWords, spaced } from './code.ts'
import { doorName, hostOf } from './describe.ts'
import { isYes } from './dialogue.ts'
import { waitingAdvice } from './narrator.ts'

/** No question to a model begins so. */
const OPEN_DOOR = '/door'
const INVITE = /^mesh:\/\//i

/** What stands on the screen and may be answered by the next line. */
type Request =
  | { type: 'newcomer'; newcomer: Newcomer }
  | { type: 'comparing'; comparison: Comparison }
  | { type: 'doors'; doors: OpenDoor[] }

export interface DeskInit {
  mesh: Mesh
  /** Shows what a person is asked. */
  request: (text: string) => void
  /** Shows what a person may want to know. */
  notice: (text: string) => void
  hint: (line: string) => string
  signal: AbortSignal
}

/**
 * What the prompt of `join` asks about membership: newcomers and codes to compare, one at a time, and which of several
 * meshes to join. Only a line that was typed after the request could be seen is taken for its answer.
 */
export class Desk {
  readonly #init: DeskInit
  #asking: Request | undefined
  readonly #waiting: Request[] = []
  /** The last request was taken back before it was answered: a yes to it must not be asked of a model. */
  #takenBack = false

  constructor(init: DeskInit) {
    this.#init = init
  }

  /** Whether the event is this desk's matter and needs no line elsewhere. */
  handle(event: MeshEvent): boolean {
    const { notice } = this.#init
    switch (event.type) {
      case 'newcomer':
        if (event.newcomer.state === 'comparing') {
          this.#ask(event)
        }
        return true
      case 'newcomer-gone':
        if (this.#takeBack((request) => request.type === 'newcomer' && request.newcomer.id === event.id)) {
          notice(`The device that asked to be let in is no longer there: ${event.reason}`)
        }
        return true
      case 'member-admitted':
        // It was let in elsewhere, which is told as such.
        this.#takeBack((request) => request.type === 'newcomer' && request.newcomer.id === event.member.id)
        return false
      case 'comparing':
        this.#takeBack(({ type }) => type !== 'newcomer')
        this.#ask(event)
        return true
      case 'not-joined':
        this.#takeBack(({ type }) => type === 'comparing')
        return false
      case 'mesh':
        this.#takeBack(({ type }) => type !== 'newcomer')
        return false
      case 'doors':
        this.#takeBack(({ type }) => type === 'doors')
        if (event.doors.length === 0) {
          this.#init.request(waitingAdvice(this.#init.hint))
        } else {
          this.#ask(event)
        }
        return true
      case 'knock':
        notice(`A device nearby looks for a mesh. To let it in, type ${OPEN_DOOR} and then compare the code.`)
        return true
      default:
        return false
    }
  }

  /** Whether the line was for this desk. @throws what opening the door or redeeming throws */
  async take(line: string, { signal, ahead }: Required<AbortOptions> & { ahead: boolean }): Promise<boolean> {
    const { mesh, notice } = this.#init
    if (line === OPEN_DOOR) {
      await mesh.membership.openDoor({ signal })
      return true
    }
    if (INVITE.test(line)) {
      const { mesh: words } = await mesh.membership.redeem({ signal, invite: line })
      notice(`The invite to ${words} was taken.`)
      return true
    }
    const takenBack = this.#takenBack
    this.#takenBack = false
    if (ahead) {
      return false
    }
    const request = this.#asking
    if (request === undefined) {
      if (takenBack && isYes(line) !== undefined) {
        notice('There is nothing to answer any more.')
        return true
      }
      return false
    }
    return request.type === 'doors' ? this.#choose(request.doors, line) : this.#verdict(request, isYes(line))
  }

  #verdict(request: Exclude<Request, { type: 'doors' }>, yes: boolean | undefined): boolean {
    if (yes === undefined) {
      return false
    }
    const { mesh, notice, signal } = this.#init
    if (request.type === 'newcomer') {
      const { code } = request.newcomer
      if (yes) {
        notice('Accepted here. It is a member when the other device has confirmed too.')
      }
      this.#inBackground(yes ? mesh.membership.approve({ code, signal }) : mesh.membership.refuse({ code, signal }))
    } else {
      const { code } = request.comparison
      if (yes) {
        notice('Confirmed here. This device is a member when the other side has accepted too.')
      }
      this.#inBackground(yes ? mesh.membership.confirm({ code, signal }) : mesh.membership.deny({ signal }))
    }
    this.#next()
    return true
  }

  #choose(doors: readonly OpenDoor[], line: string): boolean {
    const chosen = doors.find((door) => doorName(door) === line || doorName(door) === readWords(line))
    if (chosen === undefined) {
      return false
    }
    const { mesh, signal } = this.#init
    this.#next()
    this.#inBackground(mesh.membership.knock({ door: doorName(chosen), signal }))
    return true
  }

  /** The prompt takes other questions meanwhile. How a pairing failed is told by its event. */
  #inBackground(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (!this.#init.signal.aborted && !(error instanceof PairingFailedError)) {
        this.#init.request(error instanceof Error ? error.message : String(error))
      }
    })
  }

  #ask(request: Request): void {
    if (this.#asking === undefined) {
      this.#asking = request
      this.#takenBack = false
      this.#init.request(this.#words(request))
    } else {
      this.#waiting.push(request)
    }
  }

  #next(): void {
    this.#asking = undefined
    const next = this.#waiting.shift()
    if (next !== undefined) {
      this.#ask(next)
    }
  }

  /** Whether there was such a request. */
  #takeBack(fits: (request: Request) => boolean): boolean {
    const waiting = this.#waiting.findIndex(fits)
    if (waiting !== -1) {
      this.#waiting.splice(waiting, 1)
      return true
    }
    if (this.#asking === undefined || !fits(this.#asking)) {
      return false
    }
    this.#takenBack = this.#asking.type !== 'doors'
    this.#next()
    return true
  }

  #words(request: Request): string {
    switch (request.type) {
      case 'newcomer':
        return `A device at ${hostOf(request.newcomer.address)} asks to be let in. Does its screen show ${spaced(request.newcomer.code)}? Type y or n.`
      case 'comparing': {
        const { mesh, address, code } = request.comparison
        return `${mesh} (at ${hostOf(address)}) is ready to let this device in. Does the other screen show ${spaced(code)}? Type y or n.`
      }
      case 'doors':
        return request.doors.length === 1
          ? `The mesh ${request.doors.map(doorName).join()} lets devices in now. Type its words to ask there again.`
          : `Several meshes nearby let devices in: ${request.doors.map(doorName).join(', ')}. Type the words of yours.`
    }
  }
}
