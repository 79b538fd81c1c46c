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
  spare?: boolean
  asks: boolean
  known: Known[]
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

        if (obj.spare != null) {
          w.uint32(32)
          w.bool(obj.spare)
        }

        if ((obj.asks != null && obj.asks !== false)) {
          w.uint32(40)
          w.bool(obj.asks)
        }

        if (obj.known != null && obj.known.length > 0) {
          for (const value of obj.known) {
            w.uint32(50)
            Known.codec().encode(value, w)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          asks: false,
          known: []
        }

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
            case 4: {
              obj.spare = reader.bool()
              break
            }
            case 5: {
              obj.asks = reader.bool()
              break
            }
            case 6: {
              if (opts.limits?.known != null && obj.known.length === opts.limits.known) {
                throw new MaxLengthError('Decode error - repeated field "known" had too many elements')
              }

              obj.known.push(Known.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.known$
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
          known: 0
        }

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
            case 4: {
              yield {
                field: `${prefix}.spare`,
                value: reader.bool()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.asks`,
                value: reader.bool()
              }
              break
            }
            case 6: {
              if (opts.limits?.known != null && obj.known === opts.limits.known) {
                throw new MaxLengthError('Streaming decode error - repeated field "known" had too many elements')
              }

              for (const evt of Known.codec().stream(reader, reader.uint32(), `${prefix}.known[]`, {
                limits: opts.limits?.known$
              })) {
                yield {
                  ...evt,
                  index: obj.known
                }
              }

              obj.known++

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

  export interface FrameCapabilityLostPeerFieldEvent {
    field: '$.capability.lost[].peer'
    value: string
    index: number
  }

  export interface FrameCapabilityLostInstanceFieldEvent {
    field: '$.capability.lost[].instance'
    value: string
    index: number
  }

  export interface FrameCapabilityLostSequenceFieldEvent {
    field: '$.capability.lost[].sequence'
    value: number
    index: number
  }

  export interface FrameBeatFieldEvent {
    field: '$.beat'
    value: number
  }

  export interface FrameEchoFieldEvent {
    field: '$.echo'
    value: number
  }

  export interface FrameSpareFieldEvent {
    field: '$.spare'
    value: boolean
  }

  export interface FrameAsksFieldEvent {
    field: '$.asks'
    value: boolean
  }

  export interface FrameKnownPeerFieldEvent {
    field: '$.known[].peer'
    value: string
    index: number
  }

  export interface FrameKnownCapabilityNameFieldEvent {
    field: '$.known[].capability.name'
    value: string
    index: number
  }

  export interface FrameKnownCapabilityInstanceFieldEvent {
    field: '$.known[].capability.instance'
    value: string
    index: number
  }

  export interface FrameKnownCapabilityVersionFieldEvent {
    field: '$.known[].capability.version'
    value: string
    index: number
  }

  export interface FrameKnownCapabilitySequenceFieldEvent {
    field: '$.known[].capability.sequence'
    value: number
    index: number
  }

  export interface FrameKnownCapabilityAnsweringFieldEvent {
    field: '$.known[].capability.answering'
    value: number
    index: number
  }

  export interface FrameKnownCapabilityModelsNameFieldEvent {
    field: '$.known[].capability.models[].name'
    value: string
    index: number
  }

  export interface FrameKnownCapabilityModelsHashFieldEvent {
    field: '$.known[].capability.models[].hash'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface FrameKnownCapabilityModelsParametersFieldEvent {
    field: '$.known[].capability.models[].parameters'
    value: number
    index: number
  }

  export interface FrameKnownCapabilityModelsQuantizationFieldEvent {
    field: '$.known[].capability.models[].quantization'
    value: string
    index: number
  }

  export interface FrameKnownCapabilityModelsContextLengthFieldEvent {
    field: '$.known[].capability.models[].contextLength'
    value: number
    index: number
  }

  export interface FrameKnownCapabilityModelsBuiltInFieldEvent {
    field: '$.known[].capability.models[].builtIn'
    value: boolean
    index: number
  }

  export interface FrameKnownCapabilityModelsPrefillRateFieldEvent {
    field: '$.known[].capability.models[].prefillRate'
    value: number
    index: number
  }

  export interface FrameKnownCapabilityModelsDecodeRateFieldEvent {
    field: '$.known[].capability.models[].decodeRate'
    value: number
    index: number
  }

  export interface FrameKnownCapabilityModelsStartsOnlyFieldEvent {
    field: '$.known[].capability.models[].startsOnly'
    value: boolean
    index: number
  }

  export interface FrameKnownCapabilityModelsLoadMsFieldEvent {
    field: '$.known[].capability.models[].loadMs'
    value: number
    index: number
  }

  export interface FrameKnownCapabilityModelsChosenFieldEvent {
    field: '$.known[].capability.models[].chosen'
    value: boolean
    index: number
  }

  export interface FrameKnownCapabilityQueueFieldEvent {
    field: '$.known[].capability.queue'
    value: number
    index: number
  }

  export interface FrameKnownCapabilityHardwareFieldEvent {
    field: '$.known[].capability.hardware'
    value: string
    index: number
  }

  export interface FrameKnownCapabilityAddressesFieldEvent {
    field: '$.known[].capability.addresses[]'
    index: number
    value: string
  }

  export interface FrameKnownCapabilityRosterFieldEvent {
    field: '$.known[].capability.roster'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface FrameKnownCapabilityResumesInMsFieldEvent {
    field: '$.known[].capability.resumesInMs'
    value: number
    index: number
  }

  export interface FrameKnownCapabilityLostPeerFieldEvent {
    field: '$.known[].capability.lost[].peer'
    value: string
    index: number
  }

  export interface FrameKnownCapabilityLostInstanceFieldEvent {
    field: '$.known[].capability.lost[].instance'
    value: string
    index: number
  }

  export interface FrameKnownCapabilityLostSequenceFieldEvent {
    field: '$.known[].capability.lost[].sequence'
    value: number
    index: number
  }

  export interface FrameKnownAgoFieldEvent {
    field: '$.known[].ago'
    value: number
    index: number
  }

  export function encode (obj: Partial<Frame>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Frame.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Frame>): Frame {
    return decodeMessage(buf, Frame.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Frame>): Generator<FrameCapabilityNameFieldEvent | FrameCapabilityInstanceFieldEvent | FrameCapabilityVersionFieldEvent | FrameCapabilitySequenceFieldEvent | FrameCapabilityAnsweringFieldEvent | FrameCapabilityModelsNameFieldEvent | FrameCapabilityModelsHashFieldEvent | FrameCapabilityModelsParametersFieldEvent | FrameCapabilityModelsQuantizationFieldEvent | FrameCapabilityModelsContextLengthFieldEvent | FrameCapabilityModelsBuiltInFieldEvent | FrameCapabilityModelsPrefillRateFieldEvent | FrameCapabilityModelsDecodeRateFieldEvent | FrameCapabilityModelsStartsOnlyFieldEvent | FrameCapabilityModelsLoadMsFieldEvent | FrameCapabilityModelsChosenFieldEvent | FrameCapabilityQueueFieldEvent | FrameCapabilityHardwareFieldEvent | FrameCapabilityAddressesFieldEvent | FrameCapabilityRosterFieldEvent | FrameCapabilityResumesInMsFieldEvent | FrameCapabilityLostPeerFieldEvent | FrameCapabilityLostInstanceFieldEvent | FrameCapabilityLostSequenceFieldEvent | FrameBeatFieldEvent | FrameEchoFieldEvent | FrameSpareFieldEvent | FrameAsksFieldEvent | FrameKnownPeerFieldEvent | FrameKnownCapabilityNameFieldEvent | FrameKnownCapabilityInstanceFieldEvent | FrameKnownCapabilityVersionFieldEvent | FrameKnownCapabilitySequenceFieldEvent | FrameKnownCapabilityAnsweringFieldEvent | FrameKnownCapabilityModelsNameFieldEvent | FrameKnownCapabilityModelsHashFieldEvent | FrameKnownCapabilityModelsParametersFieldEvent | FrameKnownCapabilityModelsQuantizationFieldEvent | FrameKnownCapabilityModelsContextLengthFieldEvent | FrameKnownCapabilityModelsBuiltInFieldEvent | FrameKnownCapabilityModelsPrefillRateFieldEvent | FrameKnownCapabilityModelsDecodeRateFieldEvent | FrameKnownCapabilityModelsStartsOnlyFieldEvent | FrameKnownCapabilityModelsLoadMsFieldEvent | FrameKnownCapabilityModelsChosenFieldEvent | FrameKnownCapabilityQueueFieldEvent | FrameKnownCapabilityHardwareFieldEvent | FrameKnownCapabilityAddressesFieldEvent | FrameKnownCapabilityRosterFieldEvent | FrameKnownCapabilityResumesInMsFieldEvent | FrameKnownCapabilityLostPeerFieldEvent | FrameKnownCapabilityLostInstanceFieldEvent | FrameKnownCapabilityLostSequenceFieldEvent | FrameKnownAgoFieldEvent> {
    return streamMessage(buf, Frame.codec(), opts)
  }
}

export interface Known {
  peer: string
  capability?: Capability
  ago: number
}

export namespace Known {
  let _codec: Codec<Known>

  export const codec = (): Codec<Known> => {
    if (_codec == null) {
      _codec = message<Known>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.peer != null && obj.peer !== '')) {
          w.uint32(10)
          w.string(obj.peer)
        }

        if (obj.capability != null) {
          w.uint32(18)
          Capability.codec().encode(obj.capability, w)
        }

        if ((obj.ago != null && obj.ago !== 0)) {
          w.uint32(24)
          w.uint32(obj.ago)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          peer: '',
          ago: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.peer = reader.string()
              break
            }
            case 2: {
              obj.capability = Capability.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.capability
              })
              break
            }
            case 3: {
              obj.ago = reader.uint32()
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
                field: `${prefix}.peer`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield * Capability.codec().stream(reader, reader.uint32(), `${prefix}.capability`, {
                limits: opts.limits?.capability
              })

              break
            }
            case 3: {
              yield {
                field: `${prefix}.ago`,
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

  export interface KnownPeerFieldEvent {
    field: '$.peer'
    value: string
  }

  export interface KnownCapabilityNameFieldEvent {
    field: '$.capability.name'
    value: string
  }

  export interface KnownCapabilityInstanceFieldEvent {
    field: '$.capability.instance'
    value: string
  }

  export interface KnownCapabilityVersionFieldEvent {
    field: '$.capability.version'
    value: string
  }

  export interface KnownCapabilitySequenceFieldEvent {
    field: '$.capability.sequence'
    value: number
  }

  export interface KnownCapabilityAnsweringFieldEvent {
    field: '$.capability.answering'
    value: number
  }

  export interface KnownCapabilityModelsNameFieldEvent {
    field: '$.capability.models[].name'
    value: string
    index: number
  }

  export interface KnownCapabilityModelsHashFieldEvent {
    field: '$.capability.models[].hash'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface KnownCapabilityModelsParametersFieldEvent {
    field: '$.capability.models[].parameters'
    value: number
    index: number
  }

  export interface KnownCapabilityModelsQuantizationFieldEvent {
    field: '$.capability.models[].quantization'
    value: string
    index: number
  }

  export interface KnownCapabilityModelsContextLengthFieldEvent {
    field: '$.capability.models[].contextLength'
    value: number
    index: number
  }

  export interface KnownCapabilityModelsBuiltInFieldEvent {
    field: '$.capability.models[].builtIn'
    value: boolean
    index: number
  }

  export interface KnownCapabilityModelsPrefillRateFieldEvent {
    field: '$.capability.models[].prefillRate'
    value: number
    index: number
  }

  export interface KnownCapabilityModelsDecodeRateFieldEvent {
    field: '$.capability.models[].decodeRate'
    value: number
    index: number
  }

  export interface KnownCapabilityModelsStartsOnlyFieldEvent {
    field: '$.capability.models[].startsOnly'
    value: boolean
    index: number
  }

  export interface KnownCapabilityModelsLoadMsFieldEvent {
    field: '$.capability.models[].loadMs'
    value: number
    index: number
  }

  export interface KnownCapabilityModelsChosenFieldEvent {
    field: '$.capability.models[].chosen'
    value: boolean
    index: number
  }

  export interface KnownCapabilityQueueFieldEvent {
    field: '$.capability.queue'
    value: number
  }

  export interface KnownCapabilityHardwareFieldEvent {
    field: '$.capability.hardware'
    value: string
  }

  export interface KnownCapabilityAddressesFieldEvent {
    field: '$.capability.addresses[]'
    index: number
    value: string
  }

  export interface KnownCapabilityRosterFieldEvent {
    field: '$.capability.roster'
    value: Uint8Array<ArrayBuffer>
  }

  export interface KnownCapabilityResumesInMsFieldEvent {
    field: '$.capability.resumesInMs'
    value: number
  }

  export interface KnownCapabilityLostPeerFieldEvent {
    field: '$.capability.lost[].peer'
    value: string
    index: number
  }

  export interface KnownCapabilityLostInstanceFieldEvent {
    field: '$.capability.lost[].instance'
    value: string
    index: number
  }

  export interface KnownCapabilityLostSequenceFieldEvent {
    field: '$.capability.lost[].sequence'
    value: number
    index: number
  }

  export interface KnownAgoFieldEvent {
    field: '$.ago'
    value: number
  }

  export function encode (obj: Partial<Known>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Known.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Known>): Known {
    return decodeMessage(buf, Known.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Known>): Generator<KnownPeerFieldEvent | KnownCapabilityNameFieldEvent | KnownCapabilityInstanceFieldEvent | KnownCapabilityVersionFieldEvent | KnownCapabilitySequenceFieldEvent | KnownCapabilityAnsweringFieldEvent | KnownCapabilityModelsNameFieldEvent | KnownCapabilityModelsHashFieldEvent | KnownCapabilityModelsParametersFieldEvent | KnownCapabilityModelsQuantizationFieldEvent | KnownCapabilityModelsContextLengthFieldEvent | KnownCapabilityModelsBuiltInFieldEvent | KnownCapabilityModelsPrefillRateFieldEvent | KnownCapabilityModelsDecodeRateFieldEvent | KnownCapabilityModelsStartsOnlyFieldEvent | KnownCapabilityModelsLoadMsFieldEvent | KnownCapabilityModelsChosenFieldEvent | KnownCapabilityQueueFieldEvent | KnownCapabilityHardwareFieldEvent | KnownCapabilityAddressesFieldEvent | KnownCapabilityRosterFieldEvent | KnownCapabilityResumesInMsFieldEvent | KnownCapabilityLostPeerFieldEvent | KnownCapabilityLostInstanceFieldEvent | KnownCapabilityLostSequenceFieldEvent | KnownAgoFieldEvent> {
    return streamMessage(buf, Known.codec(), opts)
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
  lost: Lost[]
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

        if (obj.lost != null && obj.lost.length > 0) {
          for (const value of obj.lost) {
            w.uint32(98)
            Lost.codec().encode(value, w)
          }
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
          addresses: [],
          lost: []
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
            case 12: {
              if (opts.limits?.lost != null && obj.lost.length === opts.limits.lost) {
                throw new MaxLengthError('Decode error - repeated field "lost" had too many elements')
              }

              obj.lost.push(Lost.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.lost$
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
          models: 0,
          addresses: 0,
          lost: 0
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
            case 12: {
              if (opts.limits?.lost != null && obj.lost === opts.limits.lost) {
                throw new MaxLengthError('Streaming decode error - repeated field "lost" had too many elements')
              }

              for (const evt of Lost.codec().stream(reader, reader.uint32(), `${prefix}.lost[]`, {
                limits: opts.limits?.lost$
              })) {
                yield {
                  ...evt,
                  index: obj.lost
                }
              }

              obj.lost++

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

  export interface CapabilityLostPeerFieldEvent {
    field: '$.lost[].peer'
    value: string
    index: number
  }

  export interface CapabilityLostInstanceFieldEvent {
    field: '$.lost[].instance'
    value: string
    index: number
  }

  export interface CapabilityLostSequenceFieldEvent {
    field: '$.lost[].sequence'
    value: number
    index: number
  }

  export function encode (obj: Partial<Capability>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Capability.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Capability>): Capability {
    return decodeMessage(buf, Capability.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Capability>): Generator<CapabilityNameFieldEvent | CapabilityInstanceFieldEvent | CapabilityVersionFieldEvent | CapabilitySequenceFieldEvent | CapabilityAnsweringFieldEvent | CapabilityModelsNameFieldEvent | CapabilityModelsHashFieldEvent | CapabilityModelsParametersFieldEvent | CapabilityModelsQuantizationFieldEvent | CapabilityModelsContextLengthFieldEvent | CapabilityModelsBuiltInFieldEvent | CapabilityModelsPrefillRateFieldEvent | CapabilityModelsDecodeRateFieldEvent | CapabilityModelsStartsOnlyFieldEvent | CapabilityModelsLoadMsFieldEvent | CapabilityModelsChosenFieldEvent | CapabilityQueueFieldEvent | CapabilityHardwareFieldEvent | CapabilityAddressesFieldEvent | CapabilityRosterFieldEvent | CapabilityResumesInMsFieldEvent | CapabilityLostPeerFieldEvent | CapabilityLostInstanceFieldEvent | CapabilityLostSequenceFieldEvent> {
    return streamMessage(buf, Capability.codec(), opts)
  }
}

export interface Lost {
  peer: string
  instance: string
  sequence: number
}

export namespace Lost {
  let _codec: Codec<Lost>

  export const codec = (): Codec<Lost> => {
    if (_codec == null) {
      _codec = message<Lost>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.peer != null && obj.peer !== '')) {
          w.uint32(10)
          w.string(obj.peer)
        }

        if ((obj.instance != null && obj.instance !== '')) {
          w.uint32(18)
          w.string(obj.instance)
        }

        if ((obj.sequence != null && obj.sequence !== 0)) {
          w.uint32(24)
          w.uint32(obj.sequence)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          peer: '',
          instance: '',
          sequence: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.peer = reader.string()
              break
            }
            case 2: {
              obj.instance = reader.string()
              break
            }
            case 3: {
              obj.sequence = reader.uint32()
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
                field: `${prefix}.peer`,
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
                field: `${prefix}.sequence`,
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

  export interface LostPeerFieldEvent {
    field: '$.peer'
    value: string
  }

  export interface LostInstanceFieldEvent {
    field: '$.instance'
    value: string
  }

  export interface LostSequenceFieldEvent {
    field: '$.sequence'
    value: number
  }

  export function encode (obj: Partial<Lost>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Lost.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Lost>): Lost {
    return decodeMessage(buf, Lost.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Lost>): Generator<LostPeerFieldEvent | LostInstanceFieldEvent | LostSequenceFieldEvent> {
    return streamMessage(buf, Lost.codec(), opts)
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
