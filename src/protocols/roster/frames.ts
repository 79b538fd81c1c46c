// @ts-nocheck
// Made by scripts/frames.js from frames.proto; do not edit.
import { decodeMessage, encodeMessage, MaxLengthError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface Frame {
  state?: State
  hashes?: Hashes
  records?: Records
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
          obj.records = undefined
          obj.hashes = undefined
          obj.state = undefined
        }

        if (obj.records != null) {
          obj.refused = undefined
          obj.hashes = undefined
          obj.state = undefined
        }

        if (obj.hashes != null) {
          obj.refused = undefined
          obj.records = undefined
          obj.state = undefined
        }

        if (obj.state != null) {
          obj.refused = undefined
          obj.records = undefined
          obj.hashes = undefined
        }

        if (obj.state != null) {
          w.uint32(10)
          State.codec().encode(obj.state, w)
        }

        if (obj.hashes != null) {
          w.uint32(18)
          Hashes.codec().encode(obj.hashes, w)
        }

        if (obj.records != null) {
          w.uint32(26)
          Records.codec().encode(obj.records, w)
        }

        if (obj.refused != null) {
          w.uint32(34)
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
              obj.state = State.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.state
              })
              break
            }
            case 2: {
              obj.hashes = Hashes.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.hashes
              })
              break
            }
            case 3: {
              obj.records = Records.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.records
              })
              break
            }
            case 4: {
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
          delete obj.records
          delete obj.hashes
          delete obj.state
        }

        if (obj.records != null) {
          delete obj.refused
          delete obj.hashes
          delete obj.state
        }

        if (obj.hashes != null) {
          delete obj.refused
          delete obj.records
          delete obj.state
        }

        if (obj.state != null) {
          delete obj.refused
          delete obj.records
          delete obj.hashes
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield * State.codec().stream(reader, reader.uint32(), `${prefix}.state`, {
                limits: opts.limits?.state
              })

              break
            }
            case 2: {
              yield * Hashes.codec().stream(reader, reader.uint32(), `${prefix}.hashes`, {
                limits: opts.limits?.hashes
              })

              break
            }
            case 3: {
              yield * Records.codec().stream(reader, reader.uint32(), `${prefix}.records`, {
                limits: opts.limits?.records
              })

              break
            }
            case 4: {
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

  export interface FrameStateDigestFieldEvent {
    field: '$.state.digest'
    value: Uint8Array<ArrayBuffer>
  }

  export interface FrameHashesHashesFieldEvent {
    field: '$.hashes.hashes'
    value: Uint8Array<ArrayBuffer>
  }

  export interface FrameHashesLastFieldEvent {
    field: '$.hashes.last'
    value: boolean
  }

  export interface FrameRecordsRecordsFieldEvent {
    field: '$.records.records[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export interface FrameRecordsLastFieldEvent {
    field: '$.records.last'
    value: boolean
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

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Frame>): Generator<FrameStateDigestFieldEvent | FrameHashesHashesFieldEvent | FrameHashesLastFieldEvent | FrameRecordsRecordsFieldEvent | FrameRecordsLastFieldEvent | FrameRefusedCodeFieldEvent> {
    return streamMessage(buf, Frame.codec(), opts)
  }
}

export interface State {
  digest: Uint8Array<ArrayBuffer>
}

export namespace State {
  let _codec: Codec<State>

  export const codec = (): Codec<State> => {
    if (_codec == null) {
      _codec = message<State>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.digest != null && obj.digest.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.digest)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          digest: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.digest = reader.bytes()
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
                field: `${prefix}.digest`,
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

  export interface StateDigestFieldEvent {
    field: '$.digest'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<State>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, State.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<State>): State {
    return decodeMessage(buf, State.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<State>): Generator<StateDigestFieldEvent> {
    return streamMessage(buf, State.codec(), opts)
  }
}

export interface Hashes {
  hashes: Uint8Array<ArrayBuffer>
  last: boolean
}

export namespace Hashes {
  let _codec: Codec<Hashes>

  export const codec = (): Codec<Hashes> => {
    if (_codec == null) {
      _codec = message<Hashes>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.hashes != null && obj.hashes.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.hashes)
        }

        if ((obj.last != null && obj.last !== false)) {
          w.uint32(16)
          w.bool(obj.last)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          hashes: uint8ArrayAlloc(0),
          last: false
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.hashes = reader.bytes()
              break
            }
            case 2: {
              obj.last = reader.bool()
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
                field: `${prefix}.hashes`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.last`,
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

  export interface HashesHashesFieldEvent {
    field: '$.hashes'
    value: Uint8Array<ArrayBuffer>
  }

  export interface HashesLastFieldEvent {
    field: '$.last'
    value: boolean
  }

  export function encode (obj: Partial<Hashes>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Hashes.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Hashes>): Hashes {
    return decodeMessage(buf, Hashes.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Hashes>): Generator<HashesHashesFieldEvent | HashesLastFieldEvent> {
    return streamMessage(buf, Hashes.codec(), opts)
  }
}

export interface Records {
  records: Uint8Array<ArrayBuffer>[]
  last: boolean
}

export namespace Records {
  let _codec: Codec<Records>

  export const codec = (): Codec<Records> => {
    if (_codec == null) {
      _codec = message<Records>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.records != null && obj.records.length > 0) {
          for (const value of obj.records) {
            w.uint32(10)
            w.bytes(value)
          }
        }

        if ((obj.last != null && obj.last !== false)) {
          w.uint32(16)
          w.bool(obj.last)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          records: [],
          last: false
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.records != null && obj.records.length === opts.limits.records) {
                throw new MaxLengthError('Decode error - repeated field "records" had too many elements')
              }

              obj.records.push(reader.bytes())
              break
            }
            case 2: {
              obj.last = reader.bool()
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
          records: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.records != null && obj.records === opts.limits.records) {
                throw new MaxLengthError('Streaming decode error - repeated field "records" had too many elements')
              }

              yield {
                field: `${prefix}.records[]`,
                index: obj.records,
                value: reader.bytes()
              }

              obj.records++

              break
            }
            case 2: {
              yield {
                field: `${prefix}.last`,
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

  export interface RecordsRecordsFieldEvent {
    field: '$.records[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export interface RecordsLastFieldEvent {
    field: '$.last'
    value: boolean
  }

  export function encode (obj: Partial<Records>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Records.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Records>): Records {
    return decodeMessage(buf, Records.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Records>): Generator<RecordsRecordsFieldEvent | RecordsLastFieldEvent> {
    return streamMessage(buf, Records.codec(), opts)
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
