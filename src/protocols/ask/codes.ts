import {
  BrokenModelError,
  BusyError,
  EngineFailedError,
  EngineUnavailableError,
  InvalidRequestError,
  MeshError,
  ModelTooLargeError,
  NotAnsweringError,
  PromptTooLongError,
  ProtocolError,
  RemoteError,
  ServedEngineError,
  UnknownModelError
} from '../../errors.ts'
import { forPerson } from '../checks.ts'
import { MAX_ERROR_MESSAGE_LENGTH } from '../limits.ts'
import type * as frames from './frames.ts'

/** The end of an ask that failed, as it crosses the wire. */
export interface Failure {
  type: 'failed'
  /** From the table below; 1 to 2³² − 1. */
  code: number
  /** For a person; empty with the generic code. */
  message: string
}

/** The generic code: what went wrong is nobody else's business. */
const FAILED = 1

/** The closed table of PROTOCOL.md. A number is never used for anything else again. */
const TABLE: readonly (readonly [code: number, ErrorClass: typeof MeshError])[] = [
  [2, InvalidRequestError],
  [3, PromptTooLongError],
  [4, UnknownModelError],
  [5, EngineUnavailableError],
  [6, EngineFailedError],
  [7, BrokenModelError],
  [8, NotAnsweringError],
  [9, BusyError],
  [10, ProtocolError],
  [11, ServedEngineError],
  [12, ModelTooLargeError]
]

/** What may be told of an error: those in the table with their message, all others as "failed". */
export function failureFor(error: unknown): Failure {
  const row = TABLE.find(([, ErrorClass]) => error instanceof ErrorClass)
  if (row === undefined || !(error instanceof MeshError)) return { type: 'failed', code: FAILED, message: '' }
  return { type: 'failed', code: row[0], message: forPerson(error.message, MAX_ERROR_MESSAGE_LENGTH) }
}

/** The error that a failure stands for. */
export function errorFor({ code, message }: Failure): MeshError {
  const ErrorClass = TABLE.find(([known]) => known === code)?.[1]
  if (ErrorClass !== undefined) return new ErrorClass(message)
  if (code === FAILED) {
    return new RemoteError('The other device failed and gave no reason; what it writes with --verbose says more.')
  }
  return new RemoteError(
    `The other device failed for a reason (${code}) that this release does not know: ${message} Update ownmesh here.`
  )
}

export function failedFrame({ code, message }: Failure): frames.Failed {
  return { code, message }
}

export function failureOf({ code, message }: frames.Failed): Failure {
  if (code === 0) throw new ProtocolError('code is missing.')
  return { type: 'failed', code, message: forPerson(message, MAX_ERROR_MESSAGE_LENGTH) }
}
