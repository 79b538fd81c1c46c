// @ts-nocheck
// Made by scripts/frames.js from frames.proto; do not edit.
import { decodeMessage, encodeMessage, MaxLengthError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface Request {
  id: Uint8Array<ArrayBuffer>
  model: Uint8Array<ArrayBuffer>
  messages: Message[]
  sampling?: Sampling
  continuation?: Continuation
}

export namespace Request {
  let _codec: Codec<Request>

  export const codec = (): Codec<Request> => {
    if (_codec == null) {
      _codec = message<Request>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.id != null && obj.id.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.id)
        }

        if ((obj.model != null && obj.model.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.model)
        }

        if (obj.messages != null && obj.messages.length > 0) {
          for (const value of obj.messages) {
            w.uint32(26)
            Message.codec().encode(value, w)
          }
        }

        if (obj.sampling != null) {
          w.uint32(34)
          Sampling.codec().encode(obj.sampling, w)
        }

        if (obj.continuation != null) {
          w.uint32(42)
          Continuation.codec().encode(obj.continuation, w)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          id: uint8ArrayAlloc(0),
          model: uint8ArrayAlloc(0),
          messages: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.id = reader.bytes()
              break
            }
            case 2: {
              obj.model = reader.bytes()
              break
            }
            case 3: {
              if (opts.limits?.messages != null && obj.messages.length === opts.limits.messages) {
                throw new MaxLengthError('Decode error - repeated field "messages" had too many elements')
              }

              obj.messages.push(Message.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.messages$
              }))
              break
            }
            case 4: {
              obj.sampling = Sampling.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.sampling
              })
              break
            }
            case 5: {
              obj.continuation = Continuation.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.continuation
              })
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const obj = {
          messages: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.id`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.model`,
                value: reader.bytes()
              }
              break
            }
            case 3: {
              if (opts.limits?.messages != null && obj.messages === opts.limits.messages) {
                throw new MaxLengthError('Streaming decode error - repeated field "messages" had too many elements')
              }

              for (const evt of Message.codec().stream(reader, reader.uint32(), `${prefix}.messages[]`, {
                limits: opts.limits?.messages$
              })) {
                yield {
                  ...evt,
                  index: obj.messages
                }
              }

              obj.messages++

              break
            }
            case 4: {
              yield * Sampling.codec().stream(reader, reader.uint32(), `${prefix}.sampling`, {
                limits: opts.limits?.sampling
              })

              break
            }
            case 5: {
              yield * Continuation.codec().stream(reader, reader.uint32(), `${prefix}.continuation`, {
                limits: opts.limits?.continuation
              })

              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface RequestIdFieldEvent {
    field: '$.id'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RequestModelFieldEvent {
    field: '$.model'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RequestMessagesRoleFieldEvent {
    field: '$.messages[].role'
    value: number
    index: number
  }

  export interface RequestMessagesContentFieldEvent {
    field: '$.messages[].content'
    value: string
    index: number
  }

  export interface RequestSamplingMaxTokensFieldEvent {
    field: '$.sampling.maxTokens'
    value: number
  }

  export interface RequestSamplingTemperatureFieldEvent {
    field: '$.sampling.temperature'
    value: number
  }

  export interface RequestSamplingTopPFieldEvent {
    field: '$.sampling.topP'
    value: number
  }

  export interface RequestSamplingTopKFieldEvent {
    field: '$.sampling.topK'
    value: number
  }

  export interface RequestSamplingRepetitionPenaltyFieldEvent {
    field: '$.sampling.repetitionPenalty'
    value: number
  }

  export interface RequestSamplingSeedFieldEvent {
    field: '$.sampling.seed'
    value: number
  }

  export interface RequestSamplingStopFieldEvent {
    field: '$.sampling.stop[]'
    index: number
    value: string
  }

  export interface RequestContinuationTokensFieldEvent {
    field: '$.continuation.tokens[]'
    index: number
    value: number
  }

  export interface RequestContinuationTextFieldEvent {
    field: '$.continuation.text'
    value: string
  }

  export function encode (obj: Partial<Request>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Request.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Request>): Request {
    return decodeMessage(buf, Request.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Request>): Generator<RequestIdFieldEvent | RequestModelFieldEvent | RequestMessagesRoleFieldEvent | RequestMessagesContentFieldEvent | RequestSamplingMaxTokensFieldEvent | RequestSamplingTemperatureFieldEvent | RequestSamplingTopPFieldEvent | RequestSamplingTopKFieldEvent | RequestSamplingRepetitionPenaltyFieldEvent | RequestSamplingSeedFieldEvent | RequestSamplingStopFieldEvent | RequestContinuationTokensFieldEvent | RequestContinuationTextFieldEvent> {
    return streamMessage(buf, Request.codec(), opts)
  }
}

export interface Message {
  role: number
  content: string
}

export namespace Message {
  let _codec: Codec<Message>

  export const codec = (): Codec<Message> => {
    if (_codec == null) {
      _codec = message<Message>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.role != null && obj.role !== 0)) {
          w.uint32(8)
          w.uint32(obj.role)
        }

        if ((obj.content != null && obj.content !== '')) {
          w.uint32(18)
          w.string(obj.content)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          role: 0,
          content: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.role = reader.uint32()
              break
            }
            case 2: {
              obj.content = reader.string()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.role`,
                value: reader.uint32()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.content`,
                value: reader.string()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface MessageRoleFieldEvent {
    field: '$.role'
    value: number
  }

  export interface MessageContentFieldEvent {
    field: '$.content'
    value: string
  }

  export function encode (obj: Partial<Message>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Message.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Message>): Message {
    return decodeMessage(buf, Message.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Message>): Generator<MessageRoleFieldEvent | MessageContentFieldEvent> {
    return streamMessage(buf, Message.codec(), opts)
  }
}

export interface Sampling {
  maxTokens?: number
  temperature?: number
  topP?: number
  topK?: number
  repetitionPenalty?: number
  seed?: number
  stop: string[]
}

export namespace Sampling {
  let _codec: Codec<Sampling>

  export const codec = (): Codec<Sampling> => {
    if (_codec == null) {
      _codec = message<Sampling>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.maxTokens != null) {
          w.uint32(8)
          w.uint32(obj.maxTokens)
        }

        if (obj.temperature != null) {
          w.uint32(17)
          w.double(obj.temperature)
        }

        if (obj.topP != null) {
          w.uint32(25)
          w.double(obj.topP)
        }

        if (obj.topK != null) {
          w.uint32(32)
          w.uint32(obj.topK)
        }

        if (obj.repetitionPenalty != null) {
          w.uint32(41)
          w.double(obj.repetitionPenalty)
        }

        if (obj.seed != null) {
          w.uint32(48)
          w.uint32(obj.seed)
        }

        if (obj.stop != null && obj.stop.length > 0) {
          for (const value of obj.stop) {
            w.uint32(58)
            w.string(value)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          stop: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.maxTokens = reader.uint32()
              break
            }
            case 2: {
              obj.temperature = reader.double()
              break
            }
            case 3: {
              obj.topP = reader.double()
              break
            }
            case 4: {
              obj.topK = reader.uint32()
              break
            }
            case 5: {
              obj.repetitionPenalty = reader.double()
              break
            }
            case 6: {
              obj.seed = reader.uint32()
              break
            }
            case 7: {
              if (opts.limits?.stop != null && obj.stop.length === opts.limits.stop) {
                throw new MaxLengthError('Decode error - repeated field "stop" had too many elements')
              }

              obj.stop.push(reader.string())
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const obj = {
          stop: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.maxTokens`,
                value: reader.uint32()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.temperature`,
                value: reader.double()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.topP`,
                value: reader.double()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.topK`,
                value: reader.uint32()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.repetitionPenalty`,
                value: reader.double()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.seed`,
                value: reader.uint32()
              }
              break
            }
            case 7: {
              if (opts.limits?.stop != null && obj.stop === opts.limits.stop) {
                throw new MaxLengthError('Streaming decode error - repeated field "stop" had too many elements')
              }

              yield {
                field: `${prefix}.stop[]`,
                index: obj.stop,
                value: reader.string()
              }

              obj.stop++

              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface SamplingMaxTokensFieldEvent {
    field: '$.maxTokens'
    value: number
  }

  export interface SamplingTemperatureFieldEvent {
    field: '$.temperature'
    value: number
  }

  export interface SamplingTopPFieldEvent {
    field: '$.topP'
    value: number
  }

  export interface SamplingTopKFieldEvent {
    field: '$.topK'
    value: number
  }

  export interface SamplingRepetitionPenaltyFieldEvent {
    field: '$.repetitionPenalty'
    value: number
  }

  export interface SamplingSeedFieldEvent {
    field: '$.seed'
    value: number
  }

  export interface SamplingStopFieldEvent {
    field: '$.stop[]'
    index: number
    value: string
  }

  export function encode (obj: Partial<Sampling>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Sampling.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Sampling>): Sampling {
    return decodeMessage(buf, Sampling.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Sampling>): Generator<SamplingMaxTokensFieldEvent | SamplingTemperatureFieldEvent | SamplingTopPFieldEvent | SamplingTopKFieldEvent | SamplingRepetitionPenaltyFieldEvent | SamplingSeedFieldEvent | SamplingStopFieldEvent> {
    return streamMessage(buf, Sampling.codec(), opts)
  }
}

export interface Continuation {
  tokens: number[]
  text: string
}

export namespace Continuation {
  let _codec: Codec<Continuation>

  export const codec = (): Codec<Continuation> => {
    if (_codec == null) {
      _codec = message<Continuation>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.tokens != null && obj.tokens.length > 0) {
          for (const value of obj.tokens) {
            w.uint32(8)
            w.uint32(value)
          }
        }

        if ((obj.text != null && obj.text !== '')) {
          w.uint32(18)
          w.string(obj.text)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          tokens: [],
          text: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.tokens != null && obj.tokens.length === opts.limits.tokens) {
                throw new MaxLengthError('Decode error - repeated field "tokens" had too many elements')
              }

              obj.tokens.push(reader.uint32())
              break
            }
            case 2: {
              obj.text = reader.string()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const obj = {
          tokens: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.tokens != null && obj.tokens === opts.limits.tokens) {
                throw new MaxLengthError('Streaming decode error - repeated field "tokens" had too many elements')
              }

              yield {
                field: `${prefix}.tokens[]`,
                index: obj.tokens,
                value: reader.uint32()
              }

              obj.tokens++

              break
            }
            case 2: {
              yield {
                field: `${prefix}.text`,
                value: reader.string()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface ContinuationTokensFieldEvent {
    field: '$.tokens[]'
    index: number
    value: number
  }

  export interface ContinuationTextFieldEvent {
    field: '$.text'
    value: string
  }

  export function encode (obj: Partial<Continuation>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Continuation.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Continuation>): Continuation {
    return decodeMessage(buf, Continuation.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Continuation>): Generator<ContinuationTokensFieldEvent | ContinuationTextFieldEvent> {
    return streamMessage(buf, Continuation.codec(), opts)
  }
}

export interface Event {
  accepted?: Accepted
  waiting?: Waiting
  tokens?: Tokens
  done?: Done
  failed?: Failed
  queued?: Queued
}

export namespace Event {
  let _codec: Codec<Event>

  export const codec = (): Codec<Event> => {
    if (_codec == null) {
      _codec = message<Event>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        obj = { ...obj }

        if (obj.queued != null) {
          obj.failed = undefined
          obj.done = undefined
          obj.tokens = undefined
          obj.waiting = undefined
          obj.accepted = undefined
        }

        if (obj.failed != null) {
          obj.queued = undefined
          obj.done = undefined
          obj.tokens = undefined
          obj.waiting = undefined
          obj.accepted = undefined
        }

        if (obj.done != null) {
          obj.queued = undefined
          obj.failed = undefined
          obj.tokens = undefined
          obj.waiting = undefined
          obj.accepted = undefined
        }

        if (obj.tokens != null) {
          obj.queued = undefined
          obj.failed = undefined
          obj.done = undefined
          obj.waiting = undefined
          obj.accepted = undefined
        }

        if (obj.waiting != null) {
          obj.queued = undefined
          obj.failed = undefined
          obj.done = undefined
          obj.tokens = undefined
          obj.accepted = undefined
        }

        if (obj.accepted != null) {
          obj.queued = undefined
          obj.failed = undefined
          obj.done = undefined
          obj.tokens = undefined
          obj.waiting = undefined
        }

        if (obj.accepted != null) {
          w.uint32(10)
          Accepted.codec().encode(obj.accepted, w)
        }

        if (obj.waiting != null) {
          w.uint32(18)
          Waiting.codec().encode(obj.waiting, w)
        }

        if (obj.tokens != null) {
          w.uint32(26)
          Tokens.codec().encode(obj.tokens, w)
        }

        if (obj.done != null) {
          w.uint32(34)
          Done.codec().encode(obj.done, w)
        }

        if (obj.failed != null) {
          w.uint32(42)
          Failed.codec().encode(obj.failed, w)
        }

        if (obj.queued != null) {
          w.uint32(50)
          Queued.codec().encode(obj.queued, w)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {}

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.accepted = Accepted.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.accepted
              })
              break
            }
            case 2: {
              obj.waiting = Waiting.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.waiting
              })
              break
            }
            case 3: {
              obj.tokens = Tokens.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.tokens
              })
              break
            }
            case 4: {
              obj.done = Done.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.done
              })
              break
            }
            case 5: {
              obj.failed = Failed.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.failed
              })
              break
            }
            case 6: {
              obj.queued = Queued.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.queued
              })
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        if (obj.queued != null) {
          delete obj.failed
          delete obj.done
          delete obj.tokens
          delete obj.waiting
          delete obj.accepted
        }

        if (obj.failed != null) {
          delete obj.queued
          delete obj.done
          delete obj.tokens
          delete obj.waiting
          delete obj.accepted
        }

        if (obj.done != null) {
          delete obj.queued
          delete obj.failed
          delete obj.tokens
          delete obj.waiting
          delete obj.accepted
        }

        if (obj.tokens != null) {
          delete obj.queued
          delete obj.failed
          delete obj.done
          delete obj.waiting
          delete obj.accepted
        }

        if (obj.waiting != null) {
          delete obj.queued
          delete obj.failed
          delete obj.done
          delete obj.tokens
          delete obj.accepted
        }

        if (obj.accepted != null) {
          delete obj.queued
          delete obj.failed
          delete obj.done
          delete obj.tokens
          delete obj.waiting
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield * Accepted.codec().stream(reader, reader.uint32(), `${prefix}.accepted`, {
                limits: opts.limits?.accepted
              })

              break
            }
            case 2: {
              yield * Waiting.codec().stream(reader, reader.uint32(), `${prefix}.waiting`, {
                limits: opts.limits?.waiting
              })

              break
            }
            case 3: {
              yield * Tokens.codec().stream(reader, reader.uint32(), `${prefix}.tokens`, {
                limits: opts.limits?.tokens
              })

              break
            }
            case 4: {
              yield * Done.codec().stream(reader, reader.uint32(), `${prefix}.done`, {
                limits: opts.limits?.done
              })

              break
            }
            case 5: {
              yield * Failed.codec().stream(reader, reader.uint32(), `${prefix}.failed`, {
                limits: opts.limits?.failed
              })

              break
            }
            case 6: {
              yield * Queued.codec().stream(reader, reader.uint32(), `${prefix}.queued`, {
                limits: opts.limits?.queued
              })

              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface EventAcceptedNameFieldEvent {
    field: '$.accepted.name'
    value: string
  }

  export interface EventAcceptedModelFieldEvent {
    field: '$.accepted.model'
    value: Uint8Array<ArrayBuffer>
  }

  export interface EventAcceptedSamplingMaxTokensFieldEvent {
    field: '$.accepted.sampling.maxTokens'
    value: number
  }

  export interface EventAcceptedSamplingTemperatureFieldEvent {
    field: '$.accepted.sampling.temperature'
    value: number
  }

  export interface EventAcceptedSamplingTopPFieldEvent {
    field: '$.accepted.sampling.topP'
    value: number
  }

  export interface EventAcceptedSamplingTopKFieldEvent {
    field: '$.accepted.sampling.topK'
    value: number
  }

  export interface EventAcceptedSamplingRepetitionPenaltyFieldEvent {
    field: '$.accepted.sampling.repetitionPenalty'
    value: number
  }

  export interface EventAcceptedSamplingSeedFieldEvent {
    field: '$.accepted.sampling.seed'
    value: number
  }

  export interface EventAcceptedSamplingStopFieldEvent {
    field: '$.accepted.sampling.stop[]'
    index: number
    value: string
  }

  export interface EventWaitingPlaceFieldEvent {
    field: '$.waiting.place'
    value: number
  }

  export interface EventWaitingLoadedFieldEvent {
    field: '$.waiting.loaded'
    value: number
  }

  export interface EventWaitingPrefilledFieldEvent {
    field: '$.waiting.prefilled'
    value: number
  }

  export interface EventTokensTokensFieldEvent {
    field: '$.tokens.tokens[]'
    index: number
    value: number
  }

  export interface EventTokensTextFieldEvent {
    field: '$.tokens.text'
    value: string
  }

  export interface EventDoneFinishReasonFieldEvent {
    field: '$.done.finishReason'
    value: number
  }

  export interface EventDonePromptTokensFieldEvent {
    field: '$.done.promptTokens'
    value: number
  }

  export interface EventDoneAnswerTokensFieldEvent {
    field: '$.done.answerTokens'
    value: number
  }

  export interface EventDoneQueueMsFieldEvent {
    field: '$.done.queueMs'
    value: number
  }

  export interface EventDonePrefillMsFieldEvent {
    field: '$.done.prefillMs'
    value: number
  }

  export interface EventDoneDecodeMsFieldEvent {
    field: '$.done.decodeMs'
    value: number
  }

  export interface EventDoneReusedTokensFieldEvent {
    field: '$.done.reusedTokens'
    value: number
  }

  export interface EventFailedCodeFieldEvent {
    field: '$.failed.code'
    value: number
  }

  export interface EventFailedMessageFieldEvent {
    field: '$.failed.message'
    value: string
  }

  export interface EventQueuedPlaceFieldEvent {
    field: '$.queued.place'
    value: number
  }

  export function encode (obj: Partial<Event>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Event.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Event>): Event {
    return decodeMessage(buf, Event.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Event>): Generator<EventAcceptedNameFieldEvent | EventAcceptedModelFieldEvent | EventAcceptedSamplingMaxTokensFieldEvent | EventAcceptedSamplingTemperatureFieldEvent | EventAcceptedSamplingTopPFieldEvent | EventAcceptedSamplingTopKFieldEvent | EventAcceptedSamplingRepetitionPenaltyFieldEvent | EventAcceptedSamplingSeedFieldEvent | EventAcceptedSamplingStopFieldEvent | EventWaitingPlaceFieldEvent | EventWaitingLoadedFieldEvent | EventWaitingPrefilledFieldEvent | EventTokensTokensFieldEvent | EventTokensTextFieldEvent | EventDoneFinishReasonFieldEvent | EventDonePromptTokensFieldEvent | EventDoneAnswerTokensFieldEvent | EventDoneQueueMsFieldEvent | EventDonePrefillMsFieldEvent | EventDoneDecodeMsFieldEvent | EventDoneReusedTokensFieldEvent | EventFailedCodeFieldEvent | EventFailedMessageFieldEvent | EventQueuedPlaceFieldEvent> {
    return streamMessage(buf, Event.codec(), opts)
  }
}

export interface Accepted {
  name: string
  model: Uint8Array<ArrayBuffer>
  sampling?: Sampling
}

export namespace Accepted {
  let _codec: Codec<Accepted>

  export const codec = (): Codec<Accepted> => {
    if (_codec == null) {
      _codec = message<Accepted>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.name != null && obj.name !== '')) {
          w.uint32(10)
          w.string(obj.name)
        }

        if ((obj.model != null && obj.model.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.model)
        }

        if (obj.sampling != null) {
          w.uint32(26)
          Sampling.codec().encode(obj.sampling, w)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          name: '',
          model: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.name = reader.string()
              break
            }
            case 2: {
              obj.model = reader.bytes()
              break
            }
            case 3: {
              obj.sampling = Sampling.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.sampling
              })
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.name`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.model`,
                value: reader.bytes()
              }
              break
            }
            case 3: {
              yield * Sampling.codec().stream(reader, reader.uint32(), `${prefix}.sampling`, {
                limits: opts.limits?.sampling
              })

              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface AcceptedNameFieldEvent {
    field: '$.name'
    value: string
  }

  export interface AcceptedModelFieldEvent {
    field: '$.model'
    value: Uint8Array<ArrayBuffer>
  }

  export interface AcceptedSamplingMaxTokensFieldEvent {
    field: '$.sampling.maxTokens'
    value: number
  }

  export interface AcceptedSamplingTemperatureFieldEvent {
    field: '$.sampling.temperature'
    value: number
  }

  export interface AcceptedSamplingTopPFieldEvent {
    field: '$.sampling.topP'
    value: number
  }

  export interface AcceptedSamplingTopKFieldEvent {
    field: '$.sampling.topK'
    value: number
  }

  export interface AcceptedSamplingRepetitionPenaltyFieldEvent {
    field: '$.sampling.repetitionPenalty'
    value: number
  }

  export interface AcceptedSamplingSeedFieldEvent {
    field: '$.sampling.seed'
    value: number
  }

  export interface AcceptedSamplingStopFieldEvent {
    field: '$.sampling.stop[]'
    index: number
    value: string
  }

  export function encode (obj: Partial<Accepted>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Accepted.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Accepted>): Accepted {
    return decodeMessage(buf, Accepted.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Accepted>): Generator<AcceptedNameFieldEvent | AcceptedModelFieldEvent | AcceptedSamplingMaxTokensFieldEvent | AcceptedSamplingTemperatureFieldEvent | AcceptedSamplingTopPFieldEvent | AcceptedSamplingTopKFieldEvent | AcceptedSamplingRepetitionPenaltyFieldEvent | AcceptedSamplingSeedFieldEvent | AcceptedSamplingStopFieldEvent> {
    return streamMessage(buf, Accepted.codec(), opts)
  }
}

export interface Waiting {
  place: number
  loaded?: number
  prefilled?: number
}

export namespace Waiting {
  let _codec: Codec<Waiting>

  export const codec = (): Codec<Waiting> => {
    if (_codec == null) {
      _codec = message<Waiting>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.place != null && obj.place !== 0)) {
          w.uint32(8)
          w.uint32(obj.place)
        }

        if (obj.loaded != null) {
          w.uint32(17)
          w.double(obj.loaded)
        }

        if (obj.prefilled != null) {
          w.uint32(25)
          w.double(obj.prefilled)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          place: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.place = reader.uint32()
              break
            }
            case 2: {
              obj.loaded = reader.double()
              break
            }
            case 3: {
              obj.prefilled = reader.double()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.place`,
                value: reader.uint32()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.loaded`,
                value: reader.double()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.prefilled`,
                value: reader.double()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface WaitingPlaceFieldEvent {
    field: '$.place'
    value: number
  }

  export interface WaitingLoadedFieldEvent {
    field: '$.loaded'
    value: number
  }

  export interface WaitingPrefilledFieldEvent {
    field: '$.prefilled'
    value: number
  }

  export function encode (obj: Partial<Waiting>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Waiting.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Waiting>): Waiting {
    return decodeMessage(buf, Waiting.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Waiting>): Generator<WaitingPlaceFieldEvent | WaitingLoadedFieldEvent | WaitingPrefilledFieldEvent> {
    return streamMessage(buf, Waiting.codec(), opts)
  }
}

export interface Tokens {
  tokens: number[]
  text: string
}

export namespace Tokens {
  let _codec: Codec<Tokens>

  export const codec = (): Codec<Tokens> => {
    if (_codec == null) {
      _codec = message<Tokens>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.tokens != null && obj.tokens.length > 0) {
          for (const value of obj.tokens) {
            w.uint32(8)
            w.uint32(value)
          }
        }

        if ((obj.text != null && obj.text !== '')) {
          w.uint32(18)
          w.string(obj.text)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          tokens: [],
          text: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.tokens != null && obj.tokens.length === opts.limits.tokens) {
                throw new MaxLengthError('Decode error - repeated field "tokens" had too many elements')
              }

              obj.tokens.push(reader.uint32())
              break
            }
            case 2: {
              obj.text = reader.string()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const obj = {
          tokens: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.tokens != null && obj.tokens === opts.limits.tokens) {
                throw new MaxLengthError('Streaming decode error - repeated field "tokens" had too many elements')
              }

              yield {
                field: `${prefix}.tokens[]`,
                index: obj.tokens,
                value: reader.uint32()
              }

              obj.tokens++

              break
            }
            case 2: {
              yield {
                field: `${prefix}.text`,
                value: reader.string()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface TokensTokensFieldEvent {
    field: '$.tokens[]'
    index: number
    value: number
  }

  export interface TokensTextFieldEvent {
    field: '$.text'
    value: string
  }

  export function encode (obj: Partial<Tokens>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Tokens.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Tokens>): Tokens {
    return decodeMessage(buf, Tokens.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Tokens>): Generator<TokensTokensFieldEvent | TokensTextFieldEvent> {
    return streamMessage(buf, Tokens.codec(), opts)
  }
}

export interface Done {
  finishReason: number
  promptTokens: number
  answerTokens: number
  queueMs: number
  prefillMs: number
  decodeMs: number
  reusedTokens: number
}

export namespace Done {
  let _codec: Codec<Done>

  export const codec = (): Codec<Done> => {
    if (_codec == null) {
      _codec = message<Done>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.finishReason != null && obj.finishReason !== 0)) {
          w.uint32(8)
          w.uint32(obj.finishReason)
        }

        if ((obj.promptTokens != null && obj.promptTokens !== 0)) {
          w.uint32(16)
          w.uint32(obj.promptTokens)
        }

        if ((obj.answerTokens != null && obj.answerTokens !== 0)) {
          w.uint32(24)
          w.uint32(obj.answerTokens)
        }

        if ((obj.queueMs != null && obj.queueMs !== 0)) {
          w.uint32(33)
          w.double(obj.queueMs)
        }

        if ((obj.prefillMs != null && obj.prefillMs !== 0)) {
          w.uint32(41)
          w.double(obj.prefillMs)
        }

        if ((obj.decodeMs != null && obj.decodeMs !== 0)) {
          w.uint32(49)
          w.double(obj.decodeMs)
        }

        if ((obj.reusedTokens != null && obj.reusedTokens !== 0)) {
          w.uint32(56)
          w.uint32(obj.reusedTokens)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          finishReason: 0,
          promptTokens: 0,
          answerTokens: 0,
          queueMs: 0,
          prefillMs: 0,
          decodeMs: 0,
          reusedTokens: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.finishReason = reader.uint32()
              break
            }
            case 2: {
              obj.promptTokens = reader.uint32()
              break
            }
            case 3: {
              obj.answerTokens = reader.uint32()
              break
            }
            case 4: {
              obj.queueMs = reader.double()
              break
            }
            case 5: {
              obj.prefillMs = reader.double()
              break
            }
            case 6: {
              obj.decodeMs = reader.double()
              break
            }
            case 7: {
              obj.reusedTokens = reader.uint32()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.finishReason`,
                value: reader.uint32()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.promptTokens`,
                value: reader.uint32()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.answerTokens`,
                value: reader.uint32()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.queueMs`,
                value: reader.double()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.prefillMs`,
                value: reader.double()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.decodeMs`,
                value: reader.double()
              }
              break
            }
            case 7: {
              yield {
                field: `${prefix}.reusedTokens`,
                value: reader.uint32()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface DoneFinishReasonFieldEvent {
    field: '$.finishReason'
    value: number
  }

  export interface DonePromptTokensFieldEvent {
    field: '$.promptTokens'
    value: number
  }

  export interface DoneAnswerTokensFieldEvent {
    field: '$.answerTokens'
    value: number
  }

  export interface DoneQueueMsFieldEvent {
    field: '$.queueMs'
    value: number
  }

  export interface DonePrefillMsFieldEvent {
    field: '$.prefillMs'
    value: number
  }

  export interface DoneDecodeMsFieldEvent {
    field: '$.decodeMs'
    value: number
  }

  export interface DoneReusedTokensFieldEvent {
    field: '$.reusedTokens'
    value: number
  }

  export function encode (obj: Partial<Done>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Done.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Done>): Done {
    return decodeMessage(buf, Done.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Done>): Generator<DoneFinishReasonFieldEvent | DonePromptTokensFieldEvent | DoneAnswerTokensFieldEvent | DoneQueueMsFieldEvent | DonePrefillMsFieldEvent | DoneDecodeMsFieldEvent | DoneReusedTokensFieldEvent> {
    return streamMessage(buf, Done.codec(), opts)
  }
}

export interface Queued {
  place: number
}

export namespace Queued {
  let _codec: Codec<Queued>

  export const codec = (): Codec<Queued> => {
    if (_codec == null) {
      _codec = message<Queued>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.place != null && obj.place !== 0)) {
          w.uint32(8)
          w.uint32(obj.place)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          place: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.place = reader.uint32()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.place`,
                value: reader.uint32()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface QueuedPlaceFieldEvent {
    field: '$.place'
    value: number
  }

  export function encode (obj: Partial<Queued>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Queued.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Queued>): Queued {
    return decodeMessage(buf, Queued.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Queued>): Generator<QueuedPlaceFieldEvent> {
    return streamMessage(buf, Queued.codec(), opts)
  }
}

export interface Failed {
  code: number
  message: string
}

export namespace Failed {
  let _codec: Codec<Failed>

  export const codec = (): Codec<Failed> => {
    if (_codec == null) {
      _codec = message<Failed>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.code != null && obj.code !== 0)) {
          w.uint32(8)
          w.uint32(obj.code)
        }

        if ((obj.message != null && obj.message !== '')) {
          w.uint32(18)
          w.string(obj.message)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          code: 0,
          message: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.code = reader.uint32()
              break
            }
            case 2: {
              obj.message = reader.string()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.code`,
                value: reader.uint32()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.message`,
                value: reader.string()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface FailedCodeFieldEvent {
    field: '$.code'
    value: number
  }

  export interface FailedMessageFieldEvent {
    field: '$.message'
    value: string
  }

  export function encode (obj: Partial<Failed>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Failed.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Failed>): Failed {
    return decodeMessage(buf, Failed.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Failed>): Generator<FailedCodeFieldEvent | FailedMessageFieldEvent> {
    return streamMessage(buf, Failed.codec(), opts)
  }
}
