// @ts-nocheck
// Made by scripts/frames.js from frames.proto; do not edit.
/* eslint-disable require-yield */

import { decodeMessage, encodeMessage, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface Request {
  list?: List
  manifest?: Manifest
  pieces?: Pieces
}

export namespace Request {
  let _codec: Codec<Request>

  export const codec = (): Codec<Request> => {
    if (_codec == null) {
      _codec = message<Request>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        obj = { ...obj }

        if (obj.pieces != null) {
          obj.manifest = undefined
          obj.list = undefined
        }

        if (obj.manifest != null) {
          obj.pieces = undefined
          obj.list = undefined
        }

        if (obj.list != null) {
          obj.pieces = undefined
          obj.manifest = undefined
        }

        if (obj.list != null) {
          w.uint32(10)
          List.codec().encode(obj.list, w)
        }

        if (obj.manifest != null) {
          w.uint32(18)
          Manifest.codec().encode(obj.manifest, w)
        }

        if (obj.pieces != null) {
          w.uint32(26)
          Pieces.codec().encode(obj.pieces, w)
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
              obj.list = List.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.list
              })
              break
            }
            case 2: {
              obj.manifest = Manifest.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.manifest
              })
              break
            }
            case 3: {
              obj.pieces = Pieces.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.pieces
              })
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        if (obj.pieces != null) {
          delete obj.manifest
          delete obj.list
        }

        if (obj.manifest != null) {
          delete obj.pieces
          delete obj.list
        }

        if (obj.list != null) {
          delete obj.pieces
          delete obj.manifest
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield * List.codec().stream(reader, reader.uint32(), `${prefix}.list`, {
                limits: opts.limits?.list
              })

              break
            }
            case 2: {
              yield * Manifest.codec().stream(reader, reader.uint32(), `${prefix}.manifest`, {
                limits: opts.limits?.manifest
              })

              break
            }
            case 3: {
              yield * Pieces.codec().stream(reader, reader.uint32(), `${prefix}.pieces`, {
                limits: opts.limits?.pieces
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

  export interface RequestManifestModelFieldEvent {
    field: '$.manifest.model'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RequestPiecesModelFieldEvent {
    field: '$.pieces.model'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RequestPiecesFileFieldEvent {
    field: '$.pieces.file'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RequestPiecesFirstFieldEvent {
    field: '$.pieces.first'
    value: number
  }

  export interface RequestPiecesCountFieldEvent {
    field: '$.pieces.count'
    value: number
  }

  export function encode (obj: Partial<Request>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Request.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Request>): Request {
    return decodeMessage(buf, Request.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Request>): Generator<RequestManifestModelFieldEvent | RequestPiecesModelFieldEvent | RequestPiecesFileFieldEvent | RequestPiecesFirstFieldEvent | RequestPiecesCountFieldEvent> {
    return streamMessage(buf, Request.codec(), opts)
  }
}

export interface List {}

export namespace List {
  let _codec: Codec<List>

  export const codec = (): Codec<List> => {
    if (_codec == null) {
      _codec = message<List>((obj, w, opts = {}) => {
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

  export function encode (obj: Partial<List>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, List.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<List>): List {
    return decodeMessage(buf, List.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<List>): Generator<{}> {
    return streamMessage(buf, List.codec(), opts)
  }
}

export interface Manifest {
  model: Uint8Array<ArrayBuffer>
}

export namespace Manifest {
  let _codec: Codec<Manifest>

  export const codec = (): Codec<Manifest> => {
    if (_codec == null) {
      _codec = message<Manifest>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.model != null && obj.model.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.model)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          model: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.model = reader.bytes()
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
                field: `${prefix}.model`,
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

  export interface ManifestModelFieldEvent {
    field: '$.model'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Manifest>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Manifest.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Manifest>): Manifest {
    return decodeMessage(buf, Manifest.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Manifest>): Generator<ManifestModelFieldEvent> {
    return streamMessage(buf, Manifest.codec(), opts)
  }
}

export interface Pieces {
  model: Uint8Array<ArrayBuffer>
  file: Uint8Array<ArrayBuffer>
  first: number
  count: number
}

export namespace Pieces {
  let _codec: Codec<Pieces>

  export const codec = (): Codec<Pieces> => {
    if (_codec == null) {
      _codec = message<Pieces>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.model != null && obj.model.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.model)
        }

        if ((obj.file != null && obj.file.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.file)
        }

        if ((obj.first != null && obj.first !== 0)) {
          w.uint32(24)
          w.uint32(obj.first)
        }

        if ((obj.count != null && obj.count !== 0)) {
          w.uint32(32)
          w.uint32(obj.count)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          model: uint8ArrayAlloc(0),
          file: uint8ArrayAlloc(0),
          first: 0,
          count: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.model = reader.bytes()
              break
            }
            case 2: {
              obj.file = reader.bytes()
              break
            }
            case 3: {
              obj.first = reader.uint32()
              break
            }
            case 4: {
              obj.count = reader.uint32()
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
                field: `${prefix}.model`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.file`,
                value: reader.bytes()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.first`,
                value: reader.uint32()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.count`,
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

  export interface PiecesModelFieldEvent {
    field: '$.model'
    value: Uint8Array<ArrayBuffer>
  }

  export interface PiecesFileFieldEvent {
    field: '$.file'
    value: Uint8Array<ArrayBuffer>
  }

  export interface PiecesFirstFieldEvent {
    field: '$.first'
    value: number
  }

  export interface PiecesCountFieldEvent {
    field: '$.count'
    value: number
  }

  export function encode (obj: Partial<Pieces>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Pieces.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Pieces>): Pieces {
    return decodeMessage(buf, Pieces.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Pieces>): Generator<PiecesModelFieldEvent | PiecesFileFieldEvent | PiecesFirstFieldEvent | PiecesCountFieldEvent> {
    return streamMessage(buf, Pieces.codec(), opts)
  }
}

export interface Reply {
  model?: Model
  file?: File
  hashes?: Hashes
  data?: Data
  end?: End
  failed?: Failed
}

export namespace Reply {
  let _codec: Codec<Reply>

  export const codec = (): Codec<Reply> => {
    if (_codec == null) {
      _codec = message<Reply>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        obj = { ...obj }

        if (obj.failed != null) {
          obj.end = undefined
          obj.data = undefined
          obj.hashes = undefined
          obj.file = undefined
          obj.model = undefined
        }

        if (obj.end != null) {
          obj.failed = undefined
          obj.data = undefined
          obj.hashes = undefined
          obj.file = undefined
          obj.model = undefined
        }

        if (obj.data != null) {
          obj.failed = undefined
          obj.end = undefined
          obj.hashes = undefined
          obj.file = undefined
          obj.model = undefined
        }

        if (obj.hashes != null) {
          obj.failed = undefined
          obj.end = undefined
          obj.data = undefined
          obj.file = undefined
          obj.model = undefined
        }

        if (obj.file != null) {
          obj.failed = undefined
          obj.end = undefined
          obj.data = undefined
          obj.hashes = undefined
          obj.model = undefined
        }

        if (obj.model != null) {
          obj.failed = undefined
          obj.end = undefined
          obj.data = undefined
          obj.hashes = undefined
          obj.file = undefined
        }

        if (obj.model != null) {
          w.uint32(10)
          Model.codec().encode(obj.model, w)
        }

        if (obj.file != null) {
          w.uint32(18)
          File.codec().encode(obj.file, w)
        }

        if (obj.hashes != null) {
          w.uint32(26)
          Hashes.codec().encode(obj.hashes, w)
        }

        if (obj.data != null) {
          w.uint32(34)
          Data.codec().encode(obj.data, w)
        }

        if (obj.end != null) {
          w.uint32(42)
          End.codec().encode(obj.end, w)
        }

        if (obj.failed != null) {
          w.uint32(50)
          Failed.codec().encode(obj.failed, w)
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
              obj.model = Model.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.model
              })
              break
            }
            case 2: {
              obj.file = File.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.file
              })
              break
            }
            case 3: {
              obj.hashes = Hashes.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.hashes
              })
              break
            }
            case 4: {
              obj.data = Data.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.data
              })
              break
            }
            case 5: {
              obj.end = End.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.end
              })
              break
            }
            case 6: {
              obj.failed = Failed.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.failed
              })
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        if (obj.failed != null) {
          delete obj.end
          delete obj.data
          delete obj.hashes
          delete obj.file
          delete obj.model
        }

        if (obj.end != null) {
          delete obj.failed
          delete obj.data
          delete obj.hashes
          delete obj.file
          delete obj.model
        }

        if (obj.data != null) {
          delete obj.failed
          delete obj.end
          delete obj.hashes
          delete obj.file
          delete obj.model
        }

        if (obj.hashes != null) {
          delete obj.failed
          delete obj.end
          delete obj.data
          delete obj.file
          delete obj.model
        }

        if (obj.file != null) {
          delete obj.failed
          delete obj.end
          delete obj.data
          delete obj.hashes
          delete obj.model
        }

        if (obj.model != null) {
          delete obj.failed
          delete obj.end
          delete obj.data
          delete obj.hashes
          delete obj.file
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield * Model.codec().stream(reader, reader.uint32(), `${prefix}.model`, {
                limits: opts.limits?.model
              })

              break
            }
            case 2: {
              yield * File.codec().stream(reader, reader.uint32(), `${prefix}.file`, {
                limits: opts.limits?.file
              })

              break
            }
            case 3: {
              yield * Hashes.codec().stream(reader, reader.uint32(), `${prefix}.hashes`, {
                limits: opts.limits?.hashes
              })

              break
            }
            case 4: {
              yield * Data.codec().stream(reader, reader.uint32(), `${prefix}.data`, {
                limits: opts.limits?.data
              })

              break
            }
            case 5: {
              yield * End.codec().stream(reader, reader.uint32(), `${prefix}.end`, {
                limits: opts.limits?.end
              })

              break
            }
            case 6: {
              yield * Failed.codec().stream(reader, reader.uint32(), `${prefix}.failed`, {
                limits: opts.limits?.failed
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

  export interface ReplyModelNameFieldEvent {
    field: '$.model.name'
    value: string
  }

  export interface ReplyModelHashFieldEvent {
    field: '$.model.hash'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ReplyModelBytesFieldEvent {
    field: '$.model.bytes'
    value: number
  }

  export interface ReplyModelParametersFieldEvent {
    field: '$.model.parameters'
    value: number
  }

  export interface ReplyModelQuantizationFieldEvent {
    field: '$.model.quantization'
    value: string
  }

  export interface ReplyModelRepositoryFieldEvent {
    field: '$.model.repository'
    value: string
  }

  export interface ReplyModelVariantFieldEvent {
    field: '$.model.variant'
    value: string
  }

  export interface ReplyFilePathFieldEvent {
    field: '$.file.path'
    value: string
  }

  export interface ReplyFileBytesFieldEvent {
    field: '$.file.bytes'
    value: number
  }

  export interface ReplyFileSha256FieldEvent {
    field: '$.file.sha256'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ReplyFileExtraFieldEvent {
    field: '$.file.extra'
    value: boolean
  }

  export interface ReplyHashesHashesFieldEvent {
    field: '$.hashes.hashes'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ReplyDataBytesFieldEvent {
    field: '$.data.bytes'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ReplyFailedCodeFieldEvent {
    field: '$.failed.code'
    value: number
  }

  export function encode (obj: Partial<Reply>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Reply.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Reply>): Reply {
    return decodeMessage(buf, Reply.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Reply>): Generator<ReplyModelNameFieldEvent | ReplyModelHashFieldEvent | ReplyModelBytesFieldEvent | ReplyModelParametersFieldEvent | ReplyModelQuantizationFieldEvent | ReplyModelRepositoryFieldEvent | ReplyModelVariantFieldEvent | ReplyFilePathFieldEvent | ReplyFileBytesFieldEvent | ReplyFileSha256FieldEvent | ReplyFileExtraFieldEvent | ReplyHashesHashesFieldEvent | ReplyDataBytesFieldEvent | ReplyFailedCodeFieldEvent> {
    return streamMessage(buf, Reply.codec(), opts)
  }
}

export interface Model {
  name: string
  hash: Uint8Array<ArrayBuffer>
  bytes: number
  parameters?: number
  quantization?: string
  repository?: string
  variant?: string
}

export namespace Model {
  let _codec: Codec<Model>

  export const codec = (): Codec<Model> => {
    if (_codec == null) {
      _codec = message<Model>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.name != null && obj.name !== '')) {
          w.uint32(10)
          w.string(obj.name)
        }

        if ((obj.hash != null && obj.hash.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.hash)
        }

        if ((obj.bytes != null && obj.bytes !== 0)) {
          w.uint32(25)
          w.double(obj.bytes)
        }

        if (obj.parameters != null) {
          w.uint32(33)
          w.double(obj.parameters)
        }

        if (obj.quantization != null) {
          w.uint32(42)
          w.string(obj.quantization)
        }

        if (obj.repository != null) {
          w.uint32(50)
          w.string(obj.repository)
        }

        if (obj.variant != null) {
          w.uint32(58)
          w.string(obj.variant)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          name: '',
          hash: uint8ArrayAlloc(0),
          bytes: 0
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
              obj.hash = reader.bytes()
              break
            }
            case 3: {
              obj.bytes = reader.double()
              break
            }
            case 4: {
              obj.parameters = reader.double()
              break
            }
            case 5: {
              obj.quantization = reader.string()
              break
            }
            case 6: {
              obj.repository = reader.string()
              break
            }
            case 7: {
              obj.variant = reader.string()
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
                field: `${prefix}.hash`,
                value: reader.bytes()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.bytes`,
                value: reader.double()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.parameters`,
                value: reader.double()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.quantization`,
                value: reader.string()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.repository`,
                value: reader.string()
              }
              break
            }
            case 7: {
              yield {
                field: `${prefix}.variant`,
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

  export interface ModelNameFieldEvent {
    field: '$.name'
    value: string
  }

  export interface ModelHashFieldEvent {
    field: '$.hash'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ModelBytesFieldEvent {
    field: '$.bytes'
    value: number
  }

  export interface ModelParametersFieldEvent {
    field: '$.parameters'
    value: number
  }

  export interface ModelQuantizationFieldEvent {
    field: '$.quantization'
    value: string
  }

  export interface ModelRepositoryFieldEvent {
    field: '$.repository'
    value: string
  }

  export interface ModelVariantFieldEvent {
    field: '$.variant'
    value: string
  }

  export function encode (obj: Partial<Model>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Model.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Model>): Model {
    return decodeMessage(buf, Model.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Model>): Generator<ModelNameFieldEvent | ModelHashFieldEvent | ModelBytesFieldEvent | ModelParametersFieldEvent | ModelQuantizationFieldEvent | ModelRepositoryFieldEvent | ModelVariantFieldEvent> {
    return streamMessage(buf, Model.codec(), opts)
  }
}

export interface File {
  path: string
  bytes: number
  sha256: Uint8Array<ArrayBuffer>
  extra: boolean
}

export namespace File {
  let _codec: Codec<File>

  export const codec = (): Codec<File> => {
    if (_codec == null) {
      _codec = message<File>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.path != null && obj.path !== '')) {
          w.uint32(10)
          w.string(obj.path)
        }

        if ((obj.bytes != null && obj.bytes !== 0)) {
          w.uint32(17)
          w.double(obj.bytes)
        }

        if ((obj.sha256 != null && obj.sha256.byteLength > 0)) {
          w.uint32(26)
          w.bytes(obj.sha256)
        }

        if ((obj.extra != null && obj.extra !== false)) {
          w.uint32(32)
          w.bool(obj.extra)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          path: '',
          bytes: 0,
          sha256: uint8ArrayAlloc(0),
          extra: false
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.path = reader.string()
              break
            }
            case 2: {
              obj.bytes = reader.double()
              break
            }
            case 3: {
              obj.sha256 = reader.bytes()
              break
            }
            case 4: {
              obj.extra = reader.bool()
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
                field: `${prefix}.path`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.bytes`,
                value: reader.double()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.sha256`,
                value: reader.bytes()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.extra`,
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

  export interface FilePathFieldEvent {
    field: '$.path'
    value: string
  }

  export interface FileBytesFieldEvent {
    field: '$.bytes'
    value: number
  }

  export interface FileSha256FieldEvent {
    field: '$.sha256'
    value: Uint8Array<ArrayBuffer>
  }

  export interface FileExtraFieldEvent {
    field: '$.extra'
    value: boolean
  }

  export function encode (obj: Partial<File>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, File.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<File>): File {
    return decodeMessage(buf, File.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<File>): Generator<FilePathFieldEvent | FileBytesFieldEvent | FileSha256FieldEvent | FileExtraFieldEvent> {
    return streamMessage(buf, File.codec(), opts)
  }
}

export interface Hashes {
  hashes: Uint8Array<ArrayBuffer>
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

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          hashes: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.hashes = reader.bytes()
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

  export function encode (obj: Partial<Hashes>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Hashes.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Hashes>): Hashes {
    return decodeMessage(buf, Hashes.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Hashes>): Generator<HashesHashesFieldEvent> {
    return streamMessage(buf, Hashes.codec(), opts)
  }
}

export interface Data {
  bytes: Uint8Array<ArrayBuffer>
}

export namespace Data {
  let _codec: Codec<Data>

  export const codec = (): Codec<Data> => {
    if (_codec == null) {
      _codec = message<Data>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.bytes != null && obj.bytes.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.bytes)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          bytes: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.bytes = reader.bytes()
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
                field: `${prefix}.bytes`,
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

  export interface DataBytesFieldEvent {
    field: '$.bytes'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Data>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Data.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Data>): Data {
    return decodeMessage(buf, Data.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Data>): Generator<DataBytesFieldEvent> {
    return streamMessage(buf, Data.codec(), opts)
  }
}

export interface End {}

export namespace End {
  let _codec: Codec<End>

  export const codec = (): Codec<End> => {
    if (_codec == null) {
      _codec = message<End>((obj, w, opts = {}) => {
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

  export function encode (obj: Partial<End>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, End.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<End>): End {
    return decodeMessage(buf, End.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<End>): Generator<{}> {
    return streamMessage(buf, End.codec(), opts)
  }
}

export interface Failed {
  code: number
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

  export interface FailedCodeFieldEvent {
    field: '$.code'
    value: number
  }

  export function encode (obj: Partial<Failed>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Failed.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Failed>): Failed {
    return decodeMessage(buf, Failed.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Failed>): Generator<FailedCodeFieldEvent> {
    return streamMessage(buf, Failed.codec(), opts)
  }
}
