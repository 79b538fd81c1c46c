// @ts-nocheck
// Made by scripts/frames.js from frames.proto; do not edit.
import { decodeMessage, encodeMessage, MaxLengthError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface Frame {
  capability?: Capability
  beat?: number
  echo?: number
}

export namespace Frame {
  let _codec: Codec<Frame>

  export const codec = (): Codec<Frame> => {
    if (_codec == null) {
      _codec = message<Frame>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.capability != null) {
          w.uint32(10)
          Capability.codec().encode(obj.capability, w)
        }

        if (obj.beat != null) {
          w.uint32(16)
          w.uint32(obj.beat)
        }

        if (obj.echo != null) {
          w.uint32(24)
          w.uint32(obj.echo)
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
              obj.capability = Capability.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.capability
              })
              break
            }
            case 2: {
              obj.beat = reader.uint32()
              break
            }
            case 3: {
              obj.echo = reader.uint32()
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
              yield * Capability.codec().stream(reader, reader.uint32(), `${prefix}.capability`, {
                limits: opts.limits?.capability
              })

              break
            }
            case 2: {
              yield {
                field: `${prefix}.beat`,
                value: reader.uint32()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.echo`,
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

  export interface FrameCapabilityNameFieldEvent {
    field: '$.capability.name'
    value: string
  }

  export interface FrameCapabilityInstanceFieldEvent {
    field: '$.capability.instance'
    value: string
  }

  export interface FrameCapabilityVersionFieldEvent {
    field: '$.capability.version'
    value: string
  }

  export interface FrameCapabilitySequenceFieldEvent {
    field: '$.capability.sequence'
    value: number
  }

  export interface FrameCapabilityAnsweringFieldEvent {
    field: '$.capability.answering'
    value: number
  }

  export interface FrameCapabilityModelsNameFieldEvent {
    field: '$.capability.models[].name'
    value: string
    index: number
  }

  export interface FrameCapabilityModelsHashFieldEvent {
    field: '$.capability.models[].hash'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface FrameCapabilityModelsParametersFieldEvent {
    field: '$.capability.models[].parameters'
    value: number
    index: number
  }

  export interface FrameCapabilityModelsQuantizationFieldEvent {
    field: '$.capability.models[].quantization'
    value: string
    index: number
  }

  export interface FrameCapabilityModelsContextLengthFieldEvent {
    field: '$.capability.models[].contextLength'
    value: number
    index: number
  }

  export interface FrameCapabilityModelsBuiltInFieldEvent {
    field: '$.capability.models[].builtIn'
    value: boolean
    index: number
  }

  export interface FrameCapabilityModelsPrefillRateFieldEvent {
    field: '$.capability.models[].prefillRate'
    value: number
    index: number
  }

  export interface FrameCapabilityModelsDecodeRateFieldEvent {
    field: '$.capability.models[].decodeRate'
    value: number
    index: number
  }

  export interface FrameCapabilityModelsStartsOnlyFieldEvent {
    field: '$.capability.models[].startsOnly'
    value: boolean
    index: number
  }

  export interface FrameCapabilityModelsLoadMsFieldEvent {
    field: '$.capability.models[].loadMs'
    value: number
    index: number
  }

  export interface FrameCapabilityModelsChosenFieldEvent {
    field: '$.capability.models[].chosen'
    value: boolean
    index: number
  }

  export interface FrameCapabilityQueueFieldEvent {
    field: '$.capability.queue'
    value: number
  }

  export interface FrameCapabilityHardwareFieldEvent {
    field: '$.capability.hardware'
    value: string
  }

  export interface FrameCapabilityAddressesFieldEvent {
    field: '$.capability.addresses[]'
    index: number
    value: string
  }

  export interface FrameCapabilityRosterFieldEvent {
    field: '$.capability.roster'
    value: Uint8Array<ArrayBuffer>
  }

  export interface FrameCapabilityResumesInMsFieldEvent {
    field: '$.capability.resumesInMs'
    value: number
  }

  export interface FrameBeatFieldEvent {
    field: '$.beat'
    value: number
  }

  export interface FrameEchoFieldEvent {
    field: '$.echo'
    value: number
  }

  export function encode (obj: Partial<Frame>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Frame.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Frame>): Frame {
    return decodeMessage(buf, Frame.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Frame>): Generator<FrameCapabilityNameFieldEvent | FrameCapabilityInstanceFieldEvent | FrameCapabilityVersionFieldEvent | FrameCapabilitySequenceFieldEvent | FrameCapabilityAnsweringFieldEvent | FrameCapabilityModelsNameFieldEvent | FrameCapabilityModelsHashFieldEvent | FrameCapabilityModelsParametersFieldEvent | FrameCapabilityModelsQuantizationFieldEvent | FrameCapabilityModelsContextLengthFieldEvent | FrameCapabilityModelsBuiltInFieldEvent | FrameCapabilityModelsPrefillRateFieldEvent | FrameCapabilityModelsDecodeRateFieldEvent | FrameCapabilityModelsStartsOnlyFieldEvent | FrameCapabilityModelsLoadMsFieldEvent | FrameCapabilityModelsChosenFieldEvent | FrameCapabilityQueueFieldEvent | FrameCapabilityHardwareFieldEvent | FrameCapabilityAddressesFieldEvent | FrameCapabilityRosterFieldEvent | FrameCapabilityResumesInMsFieldEvent | FrameBeatFieldEvent | FrameEchoFieldEvent> {
    return streamMessage(buf, Frame.codec(), opts)
  }
}

export interface Capability {
  name: string
  instance: string
  version: string
  sequence: number
  answering: number
  models: ModelOffer[]
  queue: number
  hardware?: string
  addresses: string[]
  roster?: Uint8Array<ArrayBuffer>
  resumesInMs?: number
}

export namespace Capability {
  let _codec: Codec<Capability>

  export const codec = (): Codec<Capability> => {
    if (_codec == null) {
      _codec = message<Capability>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.name != null && obj.name !== '')) {
          w.uint32(10)
          w.string(obj.name)
        }

        if ((obj.instance != null && obj.instance !== '')) {
          w.uint32(18)
          w.string(obj.instance)
        }

        if ((obj.version != null && obj.version !== '')) {
          w.uint32(26)
          w.string(obj.version)
        }

        if ((obj.sequence != null && obj.sequence !== 0)) {
          w.uint32(32)
          w.uint32(obj.sequence)
        }

        if ((obj.answering != null && obj.answering !== 0)) {
          w.uint32(40)
          w.uint32(obj.answering)
        }

        if (obj.models != null && obj.models.length > 0) {
          for (const value of obj.models) {
            w.uint32(50)
            ModelOffer.codec().encode(value, w)
          }
        }

        if ((obj.queue != null && obj.queue !== 0)) {
          w.uint32(56)
          w.uint32(obj.queue)
        }

        if (obj.hardware != null) {
          w.uint32(66)
          w.string(obj.hardware)
        }

        if (obj.addresses != null && obj.addresses.length > 0) {
          for (const value of obj.addresses) {
            w.uint32(74)
            w.string(value)
          }
        }

        if (obj.roster != null) {
          w.uint32(82)
          w.bytes(obj.roster)
        }

        if (obj.resumesInMs != null) {
          w.uint32(89)
          w.double(obj.resumesInMs)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          name: '',
          instance: '',
          version: '',
          sequence: 0,
          answering: 0,
          models: [],
          queue: 0,
          addresses: []
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
              obj.instance = reader.string()
              break
            }
            case 3: {
              obj.version = reader.string()
              break
            }
            case 4: {
              obj.sequence = reader.uint32()
              break
            }
            case 5: {
              obj.answering = reader.uint32()
              break
            }
            case 6: {
              if (opts.limits?.models != null && obj.models.length === opts.limits.models) {
                throw new MaxLengthError('Decode error - repeated field "models" had too many elements')
              }

              obj.models.push(ModelOffer.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.models$
              }))
              break
            }
            case 7: {
              obj.queue = reader.uint32()
              break
            }
            case 8: {
              obj.hardware = reader.string()
              break
            }
            case 9: {
              if (opts.limits?.addresses != null && obj.addresses.length === opts.limits.addresses) {
                throw new MaxLengthError('Decode error - repeated field "addresses" had too many elements')
              }

              obj.addresses.push(reader.string())
              break
            }
            case 10: {
              obj.roster = reader.bytes()
              break
            }
            case 11: {
              obj.resumesInMs = reader.double()
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
          models: 0,
          addresses: 0
        }

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
                field: `${prefix}.instance`,
                value: reader.string()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.version`,
                value: reader.string()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.sequence`,
                value: reader.uint32()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.answering`,
                value: reader.uint32()
              }
              break
            }
            case 6: {
              if (opts.limits?.models != null && obj.models === opts.limits.models) {
                throw new MaxLengthError('Streaming decode error - repeated field "models" had too many elements')
              }

              for (const evt of ModelOffer.codec().stream(reader, reader.uint32(), `${prefix}.models[]`, {
                limits: opts.limits?.models$
              })) {
                yield {
                  ...evt,
                  index: obj.models
                }
              }

              obj.models++

              break
            }
            case 7: {
              yield {
                field: `${prefix}.queue`,
                value: reader.uint32()
              }
              break
            }
            case 8: {
              yield {
                field: `${prefix}.hardware`,
                value: reader.string()
              }
              break
            }
            case 9: {
              if (opts.limits?.addresses != null && obj.addresses === opts.limits.addresses) {
                throw new MaxLengthError('Streaming decode error - repeated field "addresses" had too many elements')
              }

              yield {
                field: `${prefix}.addresses[]`,
                index: obj.addresses,
                value: reader.string()
              }

              obj.addresses++

              break
            }
            case 10: {
              yield {
                field: `${prefix}.roster`,
                value: reader.bytes()
              }
              break
            }
            case 11: {
              yield {
                field: `${prefix}.resumesInMs`,
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

  export interface CapabilityNameFieldEvent {
    field: '$.name'
    value: string
  }

  export interface CapabilityInstanceFieldEvent {
    field: '$.instance'
    value: string
  }

  export interface CapabilityVersionFieldEvent {
    field: '$.version'
    value: string
  }

  export interface CapabilitySequenceFieldEvent {
    field: '$.sequence'
    value: number
  }

  export interface CapabilityAnsweringFieldEvent {
    field: '$.answering'
    value: number
  }

  export interface CapabilityModelsNameFieldEvent {
    field: '$.models[].name'
    value: string
    index: number
  }

  export interface CapabilityModelsHashFieldEvent {
    field: '$.models[].hash'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface CapabilityModelsParametersFieldEvent {
    field: '$.models[].parameters'
    value: number
    index: number
  }

  export interface CapabilityModelsQuantizationFieldEvent {
    field: '$.models[].quantization'
    value: string
    index: number
  }

  export interface CapabilityModelsContextLengthFieldEvent {
    field: '$.models[].contextLength'
    value: number
    index: number
  }

  export interface CapabilityModelsBuiltInFieldEvent {
    field: '$.models[].builtIn'
    value: boolean
    index: number
  }

  export interface CapabilityModelsPrefillRateFieldEvent {
    field: '$.models[].prefillRate'
    value: number
    index: number
  }

  export interface CapabilityModelsDecodeRateFieldEvent {
    field: '$.models[].decodeRate'
    value: number
    index: number
  }

  export interface CapabilityModelsStartsOnlyFieldEvent {
    field: '$.models[].startsOnly'
    value: boolean
    index: number
  }

  export interface CapabilityModelsLoadMsFieldEvent {
    field: '$.models[].loadMs'
    value: number
    index: number
  }

  export interface CapabilityModelsChosenFieldEvent {
    field: '$.models[].chosen'
    value: boolean
    index: number
  }

  export interface CapabilityQueueFieldEvent {
    field: '$.queue'
    value: number
  }

  export interface CapabilityHardwareFieldEvent {
    field: '$.hardware'
    value: string
  }

  export interface CapabilityAddressesFieldEvent {
    field: '$.addresses[]'
    index: number
    value: string
  }

  export interface CapabilityRosterFieldEvent {
    field: '$.roster'
    value: Uint8Array<ArrayBuffer>
  }

  export interface CapabilityResumesInMsFieldEvent {
    field: '$.resumesInMs'
    value: number
  }

  export function encode (obj: Partial<Capability>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Capability.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Capability>): Capability {
    return decodeMessage(buf, Capability.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Capability>): Generator<CapabilityNameFieldEvent | CapabilityInstanceFieldEvent | CapabilityVersionFieldEvent | CapabilitySequenceFieldEvent | CapabilityAnsweringFieldEvent | CapabilityModelsNameFieldEvent | CapabilityModelsHashFieldEvent | CapabilityModelsParametersFieldEvent | CapabilityModelsQuantizationFieldEvent | CapabilityModelsContextLengthFieldEvent | CapabilityModelsBuiltInFieldEvent | CapabilityModelsPrefillRateFieldEvent | CapabilityModelsDecodeRateFieldEvent | CapabilityModelsStartsOnlyFieldEvent | CapabilityModelsLoadMsFieldEvent | CapabilityModelsChosenFieldEvent | CapabilityQueueFieldEvent | CapabilityHardwareFieldEvent | CapabilityAddressesFieldEvent | CapabilityRosterFieldEvent | CapabilityResumesInMsFieldEvent> {
    return streamMessage(buf, Capability.codec(), opts)
  }
}

export interface ModelOffer {
  name: string
  hash: Uint8Array<ArrayBuffer>
  parameters?: number
  quantization?: string
  contextLength: number
  builtIn: boolean
  prefillRate: number
  decodeRate: number
  startsOnly: boolean
  loadMs?: number
  chosen: boolean
}

export namespace ModelOffer {
  let _codec: Codec<ModelOffer>

  export const codec = (): Codec<ModelOffer> => {
    if (_codec == null) {
      _codec = message<ModelOffer>((obj, w, opts = {}) => {
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

        if (obj.parameters != null) {
          w.uint32(25)
          w.double(obj.parameters)
        }

        if (obj.quantization != null) {
          w.uint32(34)
          w.string(obj.quantization)
        }

        if ((obj.contextLength != null && obj.contextLength !== 0)) {
          w.uint32(40)
          w.uint32(obj.contextLength)
        }

        if ((obj.builtIn != null && obj.builtIn !== false)) {
          w.uint32(48)
          w.bool(obj.builtIn)
        }

        if ((obj.prefillRate != null && obj.prefillRate !== 0)) {
          w.uint32(57)
          w.double(obj.prefillRate)
        }

        if ((obj.decodeRate != null && obj.decodeRate !== 0)) {
          w.uint32(65)
          w.double(obj.decodeRate)
        }

        if ((obj.startsOnly != null && obj.startsOnly !== false)) {
          w.uint32(72)
          w.bool(obj.startsOnly)
        }

        if (obj.loadMs != null) {
          w.uint32(81)
          w.double(obj.loadMs)
        }

        if ((obj.chosen != null && obj.chosen !== false)) {
          w.uint32(88)
          w.bool(obj.chosen)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          name: '',
          hash: uint8ArrayAlloc(0),
          contextLength: 0,
          builtIn: false,
          prefillRate: 0,
          decodeRate: 0,
          startsOnly: false,
          chosen: false
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
              obj.parameters = reader.double()
              break
            }
            case 4: {
              obj.quantization = reader.string()
              break
            }
            case 5: {
              obj.contextLength = reader.uint32()
              break
            }
            case 6: {
              obj.builtIn = reader.bool()
              break
            }
            case 7: {
              obj.prefillRate = reader.double()
              break
            }
            case 8: {
              obj.decodeRate = reader.double()
              break
            }
            case 9: {
              obj.startsOnly = reader.bool()
              break
            }
            case 10: {
              obj.loadMs = reader.double()
              break
            }
            case 11: {
              obj.chosen = reader.bool()
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
                field: `${prefix}.parameters`,
                value: reader.double()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.quantization`,
                value: reader.string()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.contextLength`,
                value: reader.uint32()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.builtIn`,
                value: reader.bool()
              }
              break
            }
            case 7: {
              yield {
                field: `${prefix}.prefillRate`,
                value: reader.double()
              }
              break
            }
            case 8: {
              yield {
                field: `${prefix}.decodeRate`,
                value: reader.double()
              }
              break
            }
            case 9: {
              yield {
                field: `${prefix}.startsOnly`,
                value: reader.bool()
              }
              break
            }
            case 10: {
              yield {
                field: `${prefix}.loadMs`,
                value: reader.double()
              }
              break
            }
            case 11: {
              yield {
                field: `${prefix}.chosen`,
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

  export interface ModelOfferNameFieldEvent {
    field: '$.name'
    value: string
  }

  export interface ModelOfferHashFieldEvent {
    field: '$.hash'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ModelOfferParametersFieldEvent {
    field: '$.parameters'
    value: number
  }

  export interface ModelOfferQuantizationFieldEvent {
    field: '$.quantization'
    value: string
  }

  export interface ModelOfferContextLengthFieldEvent {
    field: '$.contextLength'
    value: number
  }

  export interface ModelOfferBuiltInFieldEvent {
    field: '$.builtIn'
    value: boolean
  }

  export interface ModelOfferPrefillRateFieldEvent {
    field: '$.prefillRate'
    value: number
  }

  export interface ModelOfferDecodeRateFieldEvent {
    field: '$.decodeRate'
    value: number
  }

  export interface ModelOfferStartsOnlyFieldEvent {
    field: '$.startsOnly'
    value: boolean
  }

  export interface ModelOfferLoadMsFieldEvent {
    field: '$.loadMs'
    value: number
  }

  export interface ModelOfferChosenFieldEvent {
    field: '$.chosen'
    value: boolean
  }

  export function encode (obj: Partial<ModelOffer>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, ModelOffer.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ModelOffer>): ModelOffer {
    return decodeMessage(buf, ModelOffer.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ModelOffer>): Generator<ModelOfferNameFieldEvent | ModelOfferHashFieldEvent | ModelOfferParametersFieldEvent | ModelOfferQuantizationFieldEvent | ModelOfferContextLengthFieldEvent | ModelOfferBuiltInFieldEvent | ModelOfferPrefillRateFieldEvent | ModelOfferDecodeRateFieldEvent | ModelOfferStartsOnlyFieldEvent | ModelOfferLoadMsFieldEvent | ModelOfferChosenFieldEvent> {
    return streamMessage(buf, ModelOffer.codec(), opts)
  }
}
