import { AnswerInterruptedError, InvalidRequestError, NobodyCanAnswerError, NotAllowedError } from '../src/errors.ts'

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
  return error instanceof NotAllowedError ? EXIT.notAllowed : EXIT.failed
}
