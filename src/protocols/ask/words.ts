import { EngineFailedError, InvalidRequestError, ProtocolError } from '../../errors.ts'
import type { GenerateEvent, GenerateRequest, Message, ResolvedSampling, SamplingOptions } from '../../interface.ts'
import { atMost, bytesOf, decoded, hexOf, integer, label, present, real } from '../checks.ts'
import {
  MAX_ANSWER_TOKENS,
  MAX_EVENT_BYTES,
  MAX_FRAME_BYTES,
  MAX_MESSAGES,
  MAX_NAME_LENGTH,
  MAX_STOP_LENGTH,
  MAX_STOP_STRINGS,
  MAX_TOKEN_ID
} from '../limits.ts'
import { failedFrame, failureOf, type Failure } from './codes.ts'
import * as frames from './frames.ts'

/**
 * Between the frames of `ask` and the words of interface.ts. What decodes is valid: every number in its range, every
 * list and string within its limit. Anything else is a ProtocolError.
 */

const ROLES: readonly Message['role'][] = ['system', 'user', 'assistant']
const FINISH_REASONS = ['stop', 'length'] as const
const ID_BYTES = 16
const HASH_BYTES = 32
const MAX_UINT32 = 2 ** 32 - 1
/** Temperatures and penalties beyond it give the same tokens as it does. */
const MAX_FACTOR = 100
/** A queue longer than this is not waited for. */
const MAX_PLACE = 1_000_000
/** No answer takes a year. */
const MAX_DURATION_MS = 365 * 24 * 3600 * 1000

/** @throws {InvalidRequestError} when the request could not be understood, or is too long for a frame */
export function encodeRequest(request: GenerateRequest): Uint8Array {
  try {
    const { id, model, messages, sampling, continuation } = request
    const frame: frames.Request = {
      id: bytesOf('id', id, ID_BYTES),
      model: bytesOf('model', model, HASH_BYTES),
      messages: messages.map(({ role, content }) => ({ role: ROLES.indexOf(role) + 1, content })),
      sampling: { ...sampling, stop: sampling.stop ?? [] },
      ...(continuation === undefined ? {} : { continuation })
    }
    requestFrom(frame)
    const bytes = frames.Request.encode(frame)
    if (bytes.byteLength <= MAX_FRAME_BYTES) return bytes
  } catch (error) {
    if (error instanceof ProtocolError) throw new InvalidRequestError(`The request's ${error.message}`)
    throw error
  }
  throw new InvalidRequestError(`The messages are longer than ${MAX_FRAME_BYTES} bytes together; send less of them.`)
}

/** @throws {ProtocolError} */
export function decodeRequest(bytes: Uint8Array): GenerateRequest {
  return decoded('The request', () =>
    requestFrom(
      frames.Request.decode(bytes, {
        limits: {
          messages: MAX_MESSAGES,
          sampling: { stop: MAX_STOP_STRINGS },
          continuation: { tokens: MAX_ANSWER_TOKENS }
        }
      })
    )
  )
}

function requestFrom(frame: frames.Request): GenerateRequest {
  const messages = atMost('messages', frame.messages, MAX_MESSAGES).map(({ role, content }): Message => {
    // Only ever thrown away with the whole request: a message said by nobody we know must not be answered.
    return { role: present(`role ${role}`, ROLES[role - 1]), content }
  })
  if (messages.length === 0) throw new ProtocolError('messages is empty.')
  return {
    id: hexOf('id', frame.id, ID_BYTES),
    model: hexOf('model', frame.model, HASH_BYTES),
    messages,
    sampling: samplingFrom(frame.sampling ?? { stop: [] }),
    ...(frame.continuation === undefined
      ? {}
      : {
          continuation: {
            tokens: tokenIds(frame.continuation.tokens, MAX_ANSWER_TOKENS),
            text: frame.continuation.text
          }
        })
  }
}

function samplingFrom(frame: frames.Sampling): SamplingOptions {
  const { maxTokens, temperature, topP, topK, repetitionPenalty, seed } = frame
  const stop = atMost('stop', frame.stop, MAX_STOP_STRINGS)
  for (const text of stop) integer('the length of a stop string', text.length, 1, MAX_STOP_LENGTH)
  return {
    ...(maxTokens === undefined ? {} : { maxTokens: integer('maxTokens', maxTokens, 1, MAX_ANSWER_TOKENS) }),
    ...(temperature === undefined ? {} : { temperature: real('temperature', temperature, 0, MAX_FACTOR) }),
    ...(topP === undefined ? {} : { topP: real('topP', topP, 0, 1) }),
    ...(topK === undefined ? {} : { topK: integer('topK', topK, 0, MAX_TOKEN_ID) }),
    ...(repetitionPenalty === undefined
      ? {}
      : { repetitionPenalty: real('repetitionPenalty', repetitionPenalty, 0, MAX_FACTOR) }),
    ...(seed === undefined ? {} : { seed: integer('seed', seed, 0, MAX_UINT32) }),
    ...(stop.length === 0 ? {} : { stop })
  }
}

function resolvedFrom(frame: frames.Sampling): ResolvedSampling {
  const { maxTokens, temperature, topP, topK, repetitionPenalty, seed, stop = [] } = samplingFrom(frame)
  return {
    maxTokens: present('maxTokens', maxTokens),
    temperature: present('temperature', temperature),
    topP: present('topP', topP),
    topK: present('topK', topK),
    repetitionPenalty: present('repetitionPenalty', repetitionPenalty),
    seed: present('seed', seed),
    stop
  }
}

function tokenIds(tokens: number[], limit: number): number[] {
  for (const token of atMost('tokens', tokens, limit)) integer('a token id', token, 0, MAX_TOKEN_ID)
  return tokens
}

/** The place in the line before the engine: `waiting` before `accepted`, which older releases take for a sign of life. */
export interface Queued {
  type: 'queued'
  place: number
}

/** @throws {EngineFailedError} when the engine says what no frame can hold */
export function encodeEvent(event: GenerateEvent | Failure | Queued): Uint8Array {
  try {
    const frame = eventFrame(event)
    eventFrom(frame)
    const bytes = frames.Event.encode(frame)
    if (bytes.byteLength <= MAX_EVENT_BYTES) return bytes
  } catch (error) {
    if (error instanceof ProtocolError) throw new EngineFailedError(`The engine's answer is wrong: ${error.message}`)
    throw error
  }
  throw new EngineFailedError(`The engine gave more than ${MAX_EVENT_BYTES} bytes at once.`)
}

function eventFrame(event: GenerateEvent | Failure | Queued): frames.Event {
  switch (event.type) {
    case 'queued':
      return { queued: { place: event.place } }
    case 'accepted': {
      const { model, sampling } = event
      return { accepted: { name: model.name, model: bytesOf('model', model.hash, HASH_BYTES), sampling } }
    }
    case 'waiting': {
      const { place, loaded, prefilled } = event
      return {
        waiting: { place, ...(loaded === null ? {} : { loaded }), ...(prefilled === null ? {} : { prefilled }) }
      }
    }
    case 'tokens':
      return { tokens: { tokens: event.tokens, text: event.text } }
    case 'done': {
      const { finishReason, promptTokens, answerTokens, queueMs, prefillMs, decodeMs, reusedTokens = 0 } = event
      const code = FINISH_REASONS.indexOf(finishReason) + 1
      return { done: { finishReason: code, promptTokens, answerTokens, queueMs, prefillMs, decodeMs, reusedTokens } }
    }
    case 'failed':
      return { failed: failedFrame(event) }
  }
}

/**
 * The event in a frame; undefined for an empty one, and for a kind that this release does not know: both are signs
 * of life.
 *
 * @throws {ProtocolError}
 */
export function decodeEvent(bytes: Uint8Array): GenerateEvent | Failure | undefined {
  return decoded('The event', () =>
    eventFrom(
      frames.Event.decode(bytes, {
        limits: {
          accepted: { sampling: { stop: MAX_STOP_STRINGS } },
          tokens: { tokens: MAX_EVENT_BYTES }
        }
      })
    )
  )
}

function eventFrom(frame: frames.Event): GenerateEvent | Failure | undefined {
  const { accepted, waiting, tokens, done, failed, queued } = frame
  if (queued !== undefined) {
    return { type: 'waiting', place: integer('place', queued.place, 0, MAX_PLACE), loaded: null, prefilled: null }
  }
  if (accepted !== undefined) {
    return {
      type: 'accepted',
      model: {
        name: label('name', accepted.name, MAX_NAME_LENGTH),
        hash: hexOf('model', accepted.model, HASH_BYTES)
      },
      sampling: resolvedFrom(present('sampling', accepted.sampling))
    }
  }
  if (waiting !== undefined) {
    return {
      type: 'waiting',
      place: integer('place', waiting.place, 0, MAX_PLACE),
      loaded: waiting.loaded === undefined ? null : real('loaded', waiting.loaded, 0, 1),
      prefilled: waiting.prefilled === undefined ? null : real('prefilled', waiting.prefilled, 0, 1)
    }
  }
  if (tokens !== undefined) {
    return { type: 'tokens', tokens: tokenIds(tokens.tokens, MAX_EVENT_BYTES), text: tokens.text }
  }
  if (done !== undefined) {
    if (done.finishReason === 0) throw new ProtocolError('finishReason is missing.')
    return {
      type: 'done',
      // The answer is whole whatever the reason: one of a later release is shown as the ordinary end.
      finishReason: FINISH_REASONS[done.finishReason - 1] ?? 'stop',
      promptTokens: integer('promptTokens', done.promptTokens, 0, MAX_UINT32),
      answerTokens: integer('answerTokens', done.answerTokens, 0, MAX_UINT32),
      queueMs: real('queueMs', done.queueMs, 0, MAX_DURATION_MS),
      prefillMs: real('prefillMs', done.prefillMs, 0, MAX_DURATION_MS),
      decodeMs: real('decodeMs', done.decodeMs, 0, MAX_DURATION_MS),
      // 0 stands for none, and for a device that does not tell.
      ...(done.reusedTokens > 0 && { reusedTokens: integer('reusedTokens', done.reusedTokens, 0, MAX_UINT32) })
    }
  }
  return failed === undefined ? undefined : failureOf(failed)
}
