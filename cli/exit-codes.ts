import {
  AnswerInterruptedError,
  ForeignSnapshotError,
  InvalidRequestError,
  NobodyCanAnswerError,
  NotAllowedError,
  NotForThisDeviceError,
  RemovedSignerError,
  WrongPassphraseError
} from '../src/errors.ts'

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  /** Nobody could answer, or the answer broke off. */
  unanswered: 3,
  notAllowed: 4,
  /** 128 + SIGINT, as shells count. */
  interrupted: 130
} as const

/** Thrown when a command line cannot be understood; the message names the nearest thing that can. */
export class UsageError extends Error {
  override name = 'UsageError'
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError || error instanceof InvalidRequestError) {
    return EXIT.usage
  }
  if (error instanceof NobodyCanAnswerError || error instanceof AnswerInterruptedError) {
    return EXIT.unanswered
  }
  return NOT_ALLOWED.some((kind) => error instanceof kind) ? EXIT.notAllowed : EXIT.failed
}

/** Nothing is wrong with what was given; it is not for whoever gave it. */
const NOT_ALLOWED = [
  NotAllowedError,
  ForeignSnapshotError,
  NotForThisDeviceError,
  WrongPassphraseError,
  RemovedSignerError
]
