// @ts-nocheck
// Made by scripts/frames.js from frames.proto; do not edit.
/* eslint-disable require-yield */

import { decodeMessage, encodeMessage, MaxLengthError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface Frame {
  root?: Root
  ranges?: Ranges
  list?: List
  states?: States
  update?: Update
  turn?: Turn
  refused?: Refused
}

export namespace Frame {
  let _codec: Codec<Frame>

  export const codec = (): Codec<Frame> => {
    if (_codec == null) {
      _codec = message<Frame>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        obj = { ...obj }

        if (obj.refused != null) {
          obj.turn = undefined
          obj.update = undefined
          obj.states = undefined
          obj.list = undefined
          obj.ranges = undefined
          obj.root = undefined
        }

        if (obj.turn != null) {
          obj.refused = undefined
          obj.update = undefined
          obj.states = undefined
          obj.list = undefined
          obj.ranges = undefined
          obj.root = undefined
        }

        if (obj.update != null) {
          obj.refused = undefined
          obj.turn = undefined
          obj.states = undefined
          obj.list = undefined
          obj.ranges = undefined
          obj.root = undefined
        }

        if (obj.states != null) {
          obj.refused = undefined
          obj.turn = undefined
          obj.update = undefined
          obj.list = undefined
          obj.ranges = undefined
          obj.root = undefined
        }

        if (obj.list != null) {
          obj.refused = undefined
          obj.turn = undefined
          obj.update = undefined
          obj.states = undefined
          obj.ranges = undefined
          obj.root = undefined
        }

        if (obj.ranges != null) {
          obj.refused = undefined
          obj.turn = undefined
          obj.update = undefined
          obj.states = undefined
          obj.list = undefined
          obj.root = undefined
        }

        if (obj.root != null) {
          obj.refused = undefined
          obj.turn = undefined
          obj.update = undefined
          obj.states = undefined
          obj.list = undefined
          obj.ranges = undefined
        }

        if (obj.root != null) {
          w.uint32(10)
          Root.codec().encode(obj.root, w)
        }

        if (obj.ranges != null) {
          w.uint32(18)
          Ranges.codec().encode(obj.ranges, w)
        }

        if (obj.list != null) {
          w.uint32(26)
          List.codec().encode(obj.list, w)
        }

        if (obj.states != null) {
          w.uint32(34)
          States.codec().encode(obj.states, w)
        }

        if (obj.update != null) {
          w.uint32(42)
          Update.codec().encode(obj.update, w)
        }

        if (obj.turn != null) {
          w.uint32(50)
          Turn.codec().encode(obj.turn, w)
        }

        if (obj.refused != null) {
          w.uint32(58)
          Refused.codec().encode(obj.refused, w)
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
              obj.root = Root.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.root
              })
              break
            }
            case 2: {
              obj.ranges = Ranges.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.ranges
              })
              break
            }
            case 3: {
              obj.list = List.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.list
              })
              break
            }
            case 4: {
              obj.states = States.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.states
              })
              break
            }
            case 5: {
              obj.update = Update.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.update
              })
              break
            }
            case 6: {
              obj.turn = Turn.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.turn
              })
              break
            }
            case 7: {
              obj.refused = Refused.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.refused
              })
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        if (obj.refused != null) {
          delete obj.turn
          delete obj.update
          delete obj.states
          delete obj.list
          delete obj.ranges
          delete obj.root
        }

        if (obj.turn != null) {
          delete obj.refused
          delete obj.update
          delete obj.states
          delete obj.list
          delete obj.ranges
          delete obj.root
        }

        if (obj.update != null) {
          delete obj.refused
          delete obj.turn
          delete obj.states
          delete obj.list
          delete obj.ranges
          delete obj.root
        }

        if (obj.states != null) {
          delete obj.refused
          delete obj.turn
          delete obj.update
          delete obj.list
          delete obj.ranges
          delete obj.root
        }

        if (obj.list != null) {
          delete obj.refused
          delete obj.turn
          delete obj.update
          delete obj.states
          delete obj.ranges
          delete obj.root
        }

        if (obj.ranges != null) {
          delete obj.refused
          delete obj.turn
          delete obj.update
          delete obj.states
          delete obj.list
          delete obj.root
        }

        if (obj.root != null) {
          delete obj.refused
          delete obj.turn
          delete obj.update
          delete obj.states
          delete obj.list
          delete obj.ranges
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield * Root.codec().stream(reader, reader.uint32(), `${prefix}.root`, {
                limits: opts.limits?.root
              })

              break
            }
            case 2: {
              yield * Ranges.codec().stream(reader, reader.uint32(), `${prefix}.ranges`, {
                limits: opts.limits?.ranges
              })

              break
            }
            case 3: {
              yield * List.codec().stream(reader, reader.uint32(), `${prefix}.list`, {
                limits: opts.limits?.list
              })

              break
            }
            case 4: {
              yield * States.codec().stream(reader, reader.uint32(), `${prefix}.states`, {
                limits: opts.limits?.states
              })

              break
            }
            case 5: {
              yield * Update.codec().stream(reader, reader.uint32(), `${prefix}.update`, {
                limits: opts.limits?.update
              })

              break
            }
            case 6: {
              yield * Turn.codec().stream(reader, reader.uint32(), `${prefix}.turn`, {
                limits: opts.limits?.turn
              })

              break
            }
            case 7: {
              yield * Refused.codec().stream(reader, reader.uint32(), `${prefix}.refused`, {
                limits: opts.limits?.refused
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

  export interface FrameRootHashFieldEvent {
    field: '$.root.hash'
    value: Uint8Array<ArrayBuffer>
  }

  export interface FrameRootAnswerFieldEvent {
    field: '$.root.answer'
    value: boolean
  }

  export interface FrameRangesRangesFromFieldEvent {
    field: '$.ranges.ranges[].from'
    value: string
    index: number
  }

  export interface FrameRangesRangesToFieldEvent {
    field: '$.ranges.ranges[].to'
    value: string
    index: number
  }

  export interface FrameRangesRangesCountFieldEvent {
    field: '$.ranges.ranges[].count'
    value: number
    index: number
  }

  export interface FrameRangesRangesHashFieldEvent {
    field: '$.ranges.ranges[].hash'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface FrameListFromFieldEvent {
    field: '$.list.from'
    value: string
  }

  export interface FrameListToFieldEvent {
    field: '$.list.to'
    value: string
  }

  export interface FrameListDocumentsIdFieldEvent {
    field: '$.list.documents[].id'
    value: string
    index: number
  }

  export interface FrameListDocumentsHeadFieldEvent {
    field: '$.list.documents[].head'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface FrameStatesDocumentsIdFieldEvent {
    field: '$.states.documents[].id'
    value: string
    index: number
  }

  export interface FrameStatesDocumentsVectorFieldEvent {
    field: '$.states.documents[].vector'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface FrameStatesDocumentsStructureFieldEvent {
    field: '$.states.documents[].structure'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface FrameStatesDocumentsContentFieldEvent {
    field: '$.states.documents[].content'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface FrameStatesAnswerFieldEvent {
    field: '$.states.answer'
    value: boolean
  }

  export interface FrameUpdateDocumentFieldEvent {
    field: '$.update.document'
    value: string
  }

  export interface FrameUpdateUpdateFieldEvent {
    field: '$.update.update'
    value: Uint8Array<ArrayBuffer>
  }

  export interface FrameRefusedCodeFieldEvent {
    field: '$.refused.code'
    value: number
  }

  export function encode (obj: Partial<Frame>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Frame.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Frame>): Frame {
    return decodeMessage(buf, Frame.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Frame>): Generator<FrameRootHashFieldEvent | FrameRootAnswerFieldEvent | FrameRangesRangesFromFieldEvent | FrameRangesRangesToFieldEvent | FrameRangesRangesCountFieldEvent | FrameRangesRangesHashFieldEvent | FrameListFromFieldEvent | FrameListToFieldEvent | FrameListDocumentsIdFieldEvent | FrameListDocumentsHeadFieldEvent | FrameStatesDocumentsIdFieldEvent | FrameStatesDocumentsVectorFieldEvent | FrameStatesDocumentsStructureFieldEvent | FrameStatesDocumentsContentFieldEvent | FrameStatesAnswerFieldEvent | FrameUpdateDocumentFieldEvent | FrameUpdateUpdateFieldEvent | FrameRefusedCodeFieldEvent> {
    return streamMessage(buf, Frame.codec(), opts)
  }
}

export interface Root {
  hash: Uint8Array<ArrayBuffer>
  answer: boolean
}

export namespace Root {
  let _codec: Codec<Root>

  export const codec = (): Codec<Root> => {
    if (_codec == null) {
      _codec = message<Root>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.hash != null && obj.hash.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.hash)
        }

        if ((obj.answer != null && obj.answer !== false)) {
          w.uint32(16)
          w.bool(obj.answer)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          hash: uint8ArrayAlloc(0),
          answer: false
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.hash = reader.bytes()
              break
            }
            case 2: {
              obj.answer = reader.bool()
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
                field: `${prefix}.hash`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.answer`,
                value: reader.bool()
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

  export interface RootHashFieldEvent {
    field: '$.hash'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RootAnswerFieldEvent {
    field: '$.answer'
    value: boolean
  }

  export function encode (obj: Partial<Root>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Root.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Root>): Root {
    return decodeMessage(buf, Root.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Root>): Generator<RootHashFieldEvent | RootAnswerFieldEvent> {
    return streamMessage(buf, Root.codec(), opts)
  }
}

export interface Ranges {
  ranges: Range[]
}

export namespace Ranges {
  let _codec: Codec<Ranges>

  export const codec = (): Codec<Ranges> => {
    if (_codec == null) {
      _codec = message<Ranges>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.ranges != null && obj.ranges.length > 0) {
          for (const value of obj.ranges) {
            w.uint32(10)
            Range.codec().encode(value, w)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          ranges: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.ranges != null && obj.ranges.length === opts.limits.ranges) {
                throw new MaxLengthError('Decode error - repeated field "ranges" had too many elements')
              }

              obj.ranges.push(Range.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.ranges$
              }))
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
          ranges: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.ranges != null && obj.ranges === opts.limits.ranges) {
                throw new MaxLengthError('Streaming decode error - repeated field "ranges" had too many elements')
              }

              for (const evt of Range.codec().stream(reader, reader.uint32(), `${prefix}.ranges[]`, {
                limits: opts.limits?.ranges$
              })) {
                yield {
                  ...evt,
                  index: obj.ranges
                }
              }

              obj.ranges++

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

  export interface RangesRangesFromFieldEvent {
    field: '$.ranges[].from'
    value: string
    index: number
  }

  export interface RangesRangesToFieldEvent {
    field: '$.ranges[].to'
    value: string
    index: number
  }

  export interface RangesRangesCountFieldEvent {
    field: '$.ranges[].count'
    value: number
    index: number
  }

  export interface RangesRangesHashFieldEvent {
    field: '$.ranges[].hash'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export function encode (obj: Partial<Ranges>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Ranges.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Ranges>): Ranges {
    return decodeMessage(buf, Ranges.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Ranges>): Generator<RangesRangesFromFieldEvent | RangesRangesToFieldEvent | RangesRangesCountFieldEvent | RangesRangesHashFieldEvent> {
    return streamMessage(buf, Ranges.codec(), opts)
  }
}

export interface Range {
  from: string
  to?: string
  count: number
  hash: Uint8Array<ArrayBuffer>
}

export namespace Range {
  let _codec: Codec<Range>

  export const codec = (): Codec<Range> => {
    if (_codec == null) {
      _codec = message<Range>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.from != null && obj.from !== '')) {
          w.uint32(10)
          w.string(obj.from)
        }

        if (obj.to != null) {
          w.uint32(18)
          w.string(obj.to)
        }

        if ((obj.count != null && obj.count !== 0)) {
          w.uint32(24)
          w.uint32(obj.count)
        }

        if ((obj.hash != null && obj.hash.byteLength > 0)) {
          w.uint32(34)
          w.bytes(obj.hash)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          from: '',
          count: 0,
          hash: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.from = reader.string()
              break
            }
            case 2: {
              obj.to = reader.string()
              break
            }
            case 3: {
              obj.count = reader.uint32()
              break
            }
            case 4: {
              obj.hash = reader.bytes()
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
                field: `${prefix}.from`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.to`,
                value: reader.string()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.count`,
                value: reader.uint32()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.hash`,
                value: reader.bytes()
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

  export interface RangeFromFieldEvent {
    field: '$.from'
    value: string
  }

  export interface RangeToFieldEvent {
    field: '$.to'
    value: string
  }

  export interface RangeCountFieldEvent {
    field: '$.count'
    value: number
  }

  export interface RangeHashFieldEvent {
    field: '$.hash'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Range>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Range.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Range>): Range {
    return decodeMessage(buf, Range.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Range>): Generator<RangeFromFieldEvent | RangeToFieldEvent | RangeCountFieldEvent | RangeHashFieldEvent> {
    return streamMessage(buf, Range.codec(), opts)
  }
}

export interface List {
  from: string
  to?: string
  documents: Head[]
}

export namespace List {
  let _codec: Codec<List>

  export const codec = (): Codec<List> => {
    if (_codec == null) {
      _codec = message<List>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.from != null && obj.from !== '')) {
          w.uint32(10)
          w.string(obj.from)
        }

        if (obj.to != null) {
          w.uint32(18)
          w.string(obj.to)
        }

        if (obj.documents != null && obj.documents.length > 0) {
          for (const value of obj.documents) {
            w.uint32(26)
            Head.codec().encode(value, w)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          from: '',
          documents: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.from = reader.string()
              break
            }
            case 2: {
              obj.to = reader.string()
              break
            }
            case 3: {
              if (opts.limits?.documents != null && obj.documents.length === opts.limits.documents) {
                throw new MaxLengthError('Decode error - repeated field "documents" had too many elements')
              }

              obj.documents.push(Head.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.documents$
              }))
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
          documents: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.from`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.to`,
                value: reader.string()
              }
              break
            }
            case 3: {
              if (opts.limits?.documents != null && obj.documents === opts.limits.documents) {
                throw new MaxLengthError('Streaming decode error - repeated field "documents" had too many elements')
              }

              for (const evt of Head.codec().stream(reader, reader.uint32(), `${prefix}.documents[]`, {
                limits: opts.limits?.documents$
              })) {
                yield {
                  ...evt,
                  index: obj.documents
                }
              }

              obj.documents++

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

  export interface ListFromFieldEvent {
    field: '$.from'
    value: string
  }

  export interface ListToFieldEvent {
    field: '$.to'
    value: string
  }

  export interface ListDocumentsIdFieldEvent {
    field: '$.documents[].id'
    value: string
    index: number
  }

  export interface ListDocumentsHeadFieldEvent {
    field: '$.documents[].head'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export function encode (obj: Partial<List>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, List.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<List>): List {
    return decodeMessage(buf, List.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<List>): Generator<ListFromFieldEvent | ListToFieldEvent | ListDocumentsIdFieldEvent | ListDocumentsHeadFieldEvent> {
    return streamMessage(buf, List.codec(), opts)
  }
}

export interface Head {
  id: string
  head: Uint8Array<ArrayBuffer>
}

export namespace Head {
  let _codec: Codec<Head>

  export const codec = (): Codec<Head> => {
    if (_codec == null) {
      _codec = message<Head>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.id != null && obj.id !== '')) {
          w.uint32(10)
          w.string(obj.id)
        }

        if ((obj.head != null && obj.head.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.head)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          id: '',
          head: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.id = reader.string()
              break
            }
            case 2: {
              obj.head = reader.bytes()
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
                field: `${prefix}.id`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.head`,
                value: reader.bytes()
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

  export interface HeadIdFieldEvent {
    field: '$.id'
    value: string
  }

  export interface HeadHeadFieldEvent {
    field: '$.head'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Head>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Head.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Head>): Head {
    return decodeMessage(buf, Head.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Head>): Generator<HeadIdFieldEvent | HeadHeadFieldEvent> {
    return streamMessage(buf, Head.codec(), opts)
  }
}

export interface States {
  documents: State[]
  answer: boolean
}

export namespace States {
  let _codec: Codec<States>

  export const codec = (): Codec<States> => {
    if (_codec == null) {
      _codec = message<States>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.documents != null && obj.documents.length > 0) {
          for (const value of obj.documents) {
            w.uint32(10)
            State.codec().encode(value, w)
          }
        }

        if ((obj.answer != null && obj.answer !== false)) {
          w.uint32(16)
          w.bool(obj.answer)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          documents: [],
          answer: false
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.documents != null && obj.documents.length === opts.limits.documents) {
                throw new MaxLengthError('Decode error - repeated field "documents" had too many elements')
              }

              obj.documents.push(State.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.documents$
              }))
              break
            }
            case 2: {
              obj.answer = reader.bool()
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
          documents: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.documents != null && obj.documents === opts.limits.documents) {
                throw new MaxLengthError('Streaming decode error - repeated field "documents" had too many elements')
              }

              for (const evt of State.codec().stream(reader, reader.uint32(), `${prefix}.documents[]`, {
                limits: opts.limits?.documents$
              })) {
                yield {
                  ...evt,
                  index: obj.documents
                }
              }

              obj.documents++

              break
            }
            case 2: {
              yield {
                field: `${prefix}.answer`,
                value: reader.bool()
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

  export interface StatesDocumentsIdFieldEvent {
    field: '$.documents[].id'
    value: string
    index: number
  }

  export interface StatesDocumentsVectorFieldEvent {
    field: '$.documents[].vector'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface StatesDocumentsStructureFieldEvent {
    field: '$.documents[].structure'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface StatesDocumentsContentFieldEvent {
    field: '$.documents[].content'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface StatesAnswerFieldEvent {
    field: '$.answer'
    value: boolean
  }

  export function encode (obj: Partial<States>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, States.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<States>): States {
    return decodeMessage(buf, States.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<States>): Generator<StatesDocumentsIdFieldEvent | StatesDocumentsVectorFieldEvent | StatesDocumentsStructureFieldEvent | StatesDocumentsContentFieldEvent | StatesAnswerFieldEvent> {
    return streamMessage(buf, States.codec(), opts)
  }
}

export interface State {
  id: string
  vector: Uint8Array<ArrayBuffer>
  structure: Uint8Array<ArrayBuffer>
  content: Uint8Array<ArrayBuffer>
}

export namespace State {
  let _codec: Codec<State>

  export const codec = (): Codec<State> => {
    if (_codec == null) {
      _codec = message<State>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.id != null && obj.id !== '')) {
          w.uint32(10)
          w.string(obj.id)
        }

        if ((obj.vector != null && obj.vector.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.vector)
        }

        if ((obj.structure != null && obj.structure.byteLength > 0)) {
          w.uint32(26)
          w.bytes(obj.structure)
        }

        if ((obj.content != null && obj.content.byteLength > 0)) {
          w.uint32(34)
          w.bytes(obj.content)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          id: '',
          vector: uint8ArrayAlloc(0),
          structure: uint8ArrayAlloc(0),
          content: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.id = reader.string()
              break
            }
            case 2: {
              obj.vector = reader.bytes()
              break
            }
            case 3: {
              obj.structure = reader.bytes()
              break
            }
            case 4: {
              obj.content = reader.bytes()
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
                field: `${prefix}.id`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.vector`,
                value: reader.bytes()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.structure`,
                value: reader.bytes()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.content`,
                value: reader.bytes()
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

  export interface StateIdFieldEvent {
    field: '$.id'
    value: string
  }

  export interface StateVectorFieldEvent {
    field: '$.vector'
    value: Uint8Array<ArrayBuffer>
  }

  export interface StateStructureFieldEvent {
    field: '$.structure'
    value: Uint8Array<ArrayBuffer>
  }

  export interface StateContentFieldEvent {
    field: '$.content'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<State>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, State.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<State>): State {
    return decodeMessage(buf, State.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<State>): Generator<StateIdFieldEvent | StateVectorFieldEvent | StateStructureFieldEvent | StateContentFieldEvent> {
    return streamMessage(buf, State.codec(), opts)
  }
}

export interface Update {
  document: string
  update: Uint8Array<ArrayBuffer>
}

export namespace Update {
  let _codec: Codec<Update>

  export const codec = (): Codec<Update> => {
    if (_codec == null) {
      _codec = message<Update>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.document != null && obj.document !== '')) {
          w.uint32(10)
          w.string(obj.document)
        }

        if ((obj.update != null && obj.update.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.update)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          document: '',
          update: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.document = reader.string()
              break
            }
            case 2: {
              obj.update = reader.bytes()
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
                field: `${prefix}.document`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.update`,
                value: reader.bytes()
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

  export interface UpdateDocumentFieldEvent {
    field: '$.document'
    value: string
  }

  export interface UpdateUpdateFieldEvent {
    field: '$.update'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Update>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Update.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Update>): Update {
    return decodeMessage(buf, Update.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Update>): Generator<UpdateDocumentFieldEvent | UpdateUpdateFieldEvent> {
    return streamMessage(buf, Update.codec(), opts)
  }
}

export interface Turn {}

export namespace Turn {
  let _codec: Codec<Turn>

  export const codec = (): Codec<Turn> => {
    if (_codec == null) {
      _codec = message<Turn>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
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

  export function encode (obj: Partial<Turn>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Turn.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Turn>): Turn {
    return decodeMessage(buf, Turn.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Turn>): Generator<{}> {
    return streamMessage(buf, Turn.codec(), opts)
  }
}

export interface Refused {
  code: number
}

export namespace Refused {
  let _codec: Codec<Refused>

  export const codec = (): Codec<Refused> => {
    if (_codec == null) {
      _codec = message<Refused>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.code != null && obj.code !== 0)) {
          w.uint32(8)
          w.uint32(obj.code)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          code: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.code = reader.uint32()
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

  export interface RefusedCodeFieldEvent {
    field: '$.code'
    value: number
  }

  export function encode (obj: Partial<Refused>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Refused.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Refused>): Refused {
    return decodeMessage(buf, Refused.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Refused>): Generator<RefusedCodeFieldEvent> {
    return streamMessage(buf, Refused.codec(), opts)
  }
}
