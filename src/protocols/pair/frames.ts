// @ts-nocheck
// Made by scripts/frames.js from frames.proto; do not edit.
import { decodeMessage, encodeMessage, MaxLengthError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface Message {
  hello?: Hello
  commitment?: Commitment
  reveal?: Reveal
  confirmed?: Confirmed
  records?: Records
  admitted?: Admitted
  refused?: Refused
}

export namespace Message {
  let _codec: Codec<Message>

  export const codec = (): Codec<Message> => {
    if (_codec == null) {
      _codec = message<Message>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        obj = { ...obj }

        if (obj.refused != null) {
          obj.admitted = undefined
          obj.records = undefined
          obj.confirmed = undefined
          obj.reveal = undefined
          obj.commitment = undefined
          obj.hello = undefined
        }

        if (obj.admitted != null) {
          obj.refused = undefined
          obj.records = undefined
          obj.confirmed = undefined
          obj.reveal = undefined
          obj.commitment = undefined
          obj.hello = undefined
        }

        if (obj.records != null) {
          obj.refused = undefined
          obj.admitted = undefined
          obj.confirmed = undefined
          obj.reveal = undefined
          obj.commitment = undefined
          obj.hello = undefined
        }

        if (obj.confirmed != null) {
          obj.refused = undefined
          obj.admitted = undefined
          obj.records = undefined
          obj.reveal = undefined
          obj.commitment = undefined
          obj.hello = undefined
        }

        if (obj.reveal != null) {
          obj.refused = undefined
          obj.admitted = undefined
          obj.records = undefined
          obj.confirmed = undefined
          obj.commitment = undefined
          obj.hello = undefined
        }

        if (obj.commitment != null) {
          obj.refused = undefined
          obj.admitted = undefined
          obj.records = undefined
          obj.confirmed = undefined
          obj.reveal = undefined
          obj.hello = undefined
        }

        if (obj.hello != null) {
          obj.refused = undefined
          obj.admitted = undefined
          obj.records = undefined
          obj.confirmed = undefined
          obj.reveal = undefined
          obj.commitment = undefined
        }

        if (obj.hello != null) {
          w.uint32(10)
          Hello.codec().encode(obj.hello, w)
        }

        if (obj.commitment != null) {
          w.uint32(18)
          Commitment.codec().encode(obj.commitment, w)
        }

        if (obj.reveal != null) {
          w.uint32(26)
          Reveal.codec().encode(obj.reveal, w)
        }

        if (obj.confirmed != null) {
          w.uint32(34)
          Confirmed.codec().encode(obj.confirmed, w)
        }

        if (obj.records != null) {
          w.uint32(42)
          Records.codec().encode(obj.records, w)
        }

        if (obj.admitted != null) {
          w.uint32(50)
          Admitted.codec().encode(obj.admitted, w)
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
              obj.hello = Hello.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.hello
              })
              break
            }
            case 2: {
              obj.commitment = Commitment.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.commitment
              })
              break
            }
            case 3: {
              obj.reveal = Reveal.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.reveal
              })
              break
            }
            case 4: {
              obj.confirmed = Confirmed.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.confirmed
              })
              break
            }
            case 5: {
              obj.records = Records.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.records
              })
              break
            }
            case 6: {
              obj.admitted = Admitted.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.admitted
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
          delete obj.admitted
          delete obj.records
          delete obj.confirmed
          delete obj.reveal
          delete obj.commitment
          delete obj.hello
        }

        if (obj.admitted != null) {
          delete obj.refused
          delete obj.records
          delete obj.confirmed
          delete obj.reveal
          delete obj.commitment
          delete obj.hello
        }

        if (obj.records != null) {
          delete obj.refused
          delete obj.admitted
          delete obj.confirmed
          delete obj.reveal
          delete obj.commitment
          delete obj.hello
        }

        if (obj.confirmed != null) {
          delete obj.refused
          delete obj.admitted
          delete obj.records
          delete obj.reveal
          delete obj.commitment
          delete obj.hello
        }

        if (obj.reveal != null) {
          delete obj.refused
          delete obj.admitted
          delete obj.records
          delete obj.confirmed
          delete obj.commitment
          delete obj.hello
        }

        if (obj.commitment != null) {
          delete obj.refused
          delete obj.admitted
          delete obj.records
          delete obj.confirmed
          delete obj.reveal
          delete obj.hello
        }

        if (obj.hello != null) {
          delete obj.refused
          delete obj.admitted
          delete obj.records
          delete obj.confirmed
          delete obj.reveal
          delete obj.commitment
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield * Hello.codec().stream(reader, reader.uint32(), `${prefix}.hello`, {
                limits: opts.limits?.hello
              })

              break
            }
            case 2: {
              yield * Commitment.codec().stream(reader, reader.uint32(), `${prefix}.commitment`, {
                limits: opts.limits?.commitment
              })

              break
            }
            case 3: {
              yield * Reveal.codec().stream(reader, reader.uint32(), `${prefix}.reveal`, {
                limits: opts.limits?.reveal
              })

              break
            }
            case 4: {
              yield * Confirmed.codec().stream(reader, reader.uint32(), `${prefix}.confirmed`, {
                limits: opts.limits?.confirmed
              })

              break
            }
            case 5: {
              yield * Records.codec().stream(reader, reader.uint32(), `${prefix}.records`, {
                limits: opts.limits?.records
              })

              break
            }
            case 6: {
              yield * Admitted.codec().stream(reader, reader.uint32(), `${prefix}.admitted`, {
                limits: opts.limits?.admitted
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

  export interface MessageHelloSessionFieldEvent {
    field: '$.hello.session'
    value: Uint8Array<ArrayBuffer>
  }

  export interface MessageHelloTicketIdFieldEvent {
    field: '$.hello.ticket.id'
    value: Uint8Array<ArrayBuffer>
  }

  export interface MessageHelloTicketProofFieldEvent {
    field: '$.hello.ticket.proof'
    value: Uint8Array<ArrayBuffer>
  }

  export interface MessageCommitmentCommitmentFieldEvent {
    field: '$.commitment.commitment'
    value: Uint8Array<ArrayBuffer>
  }

  export interface MessageCommitmentMeshFieldEvent {
    field: '$.commitment.mesh'
    value: Uint8Array<ArrayBuffer>
  }

  export interface MessageRevealNonceFieldEvent {
    field: '$.reveal.nonce'
    value: Uint8Array<ArrayBuffer>
  }

  export interface MessageConfirmedNameFieldEvent {
    field: '$.confirmed.name'
    value: string
  }

  export interface MessageConfirmedBoxFieldEvent {
    field: '$.confirmed.box'
    value: Uint8Array<ArrayBuffer>
  }

  export interface MessageRecordsRecordsFieldEvent {
    field: '$.records.records[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export interface MessageAdmittedMeshFieldEvent {
    field: '$.admitted.mesh'
    value: Uint8Array<ArrayBuffer>
  }

  export interface MessageAdmittedProofFieldEvent {
    field: '$.admitted.proof'
    value: Uint8Array<ArrayBuffer>
  }

  export interface MessageRefusedReasonFieldEvent {
    field: '$.refused.reason'
    value: number
  }

  export function encode (obj: Partial<Message>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Message.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Message>): Message {
    return decodeMessage(buf, Message.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Message>): Generator<MessageHelloSessionFieldEvent | MessageHelloTicketIdFieldEvent | MessageHelloTicketProofFieldEvent | MessageCommitmentCommitmentFieldEvent | MessageCommitmentMeshFieldEvent | MessageRevealNonceFieldEvent | MessageConfirmedNameFieldEvent | MessageConfirmedBoxFieldEvent | MessageRecordsRecordsFieldEvent | MessageAdmittedMeshFieldEvent | MessageAdmittedProofFieldEvent | MessageRefusedReasonFieldEvent> {
    return streamMessage(buf, Message.codec(), opts)
  }
}

export interface Hello {
  session: Uint8Array<ArrayBuffer>
  ticket?: Ticket
}

export namespace Hello {
  let _codec: Codec<Hello>

  export const codec = (): Codec<Hello> => {
    if (_codec == null) {
      _codec = message<Hello>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.session != null && obj.session.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.session)
        }

        if (obj.ticket != null) {
          w.uint32(18)
          Ticket.codec().encode(obj.ticket, w)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          session: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.session = reader.bytes()
              break
            }
            case 2: {
              obj.ticket = Ticket.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.ticket
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
                field: `${prefix}.session`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield * Ticket.codec().stream(reader, reader.uint32(), `${prefix}.ticket`, {
                limits: opts.limits?.ticket
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

  export interface HelloSessionFieldEvent {
    field: '$.session'
    value: Uint8Array<ArrayBuffer>
  }

  export interface HelloTicketIdFieldEvent {
    field: '$.ticket.id'
    value: Uint8Array<ArrayBuffer>
  }

  export interface HelloTicketProofFieldEvent {
    field: '$.ticket.proof'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Hello>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Hello.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Hello>): Hello {
    return decodeMessage(buf, Hello.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Hello>): Generator<HelloSessionFieldEvent | HelloTicketIdFieldEvent | HelloTicketProofFieldEvent> {
    return streamMessage(buf, Hello.codec(), opts)
  }
}

export interface Ticket {
  id: Uint8Array<ArrayBuffer>
  proof: Uint8Array<ArrayBuffer>
}

export namespace Ticket {
  let _codec: Codec<Ticket>

  export const codec = (): Codec<Ticket> => {
    if (_codec == null) {
      _codec = message<Ticket>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.id != null && obj.id.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.id)
        }

        if ((obj.proof != null && obj.proof.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.proof)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          id: uint8ArrayAlloc(0),
          proof: uint8ArrayAlloc(0)
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
              obj.proof = reader.bytes()
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
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.proof`,
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

  export interface TicketIdFieldEvent {
    field: '$.id'
    value: Uint8Array<ArrayBuffer>
  }

  export interface TicketProofFieldEvent {
    field: '$.proof'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Ticket>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Ticket.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Ticket>): Ticket {
    return decodeMessage(buf, Ticket.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Ticket>): Generator<TicketIdFieldEvent | TicketProofFieldEvent> {
    return streamMessage(buf, Ticket.codec(), opts)
  }
}

export interface Commitment {
  commitment: Uint8Array<ArrayBuffer>
  mesh?: Uint8Array<ArrayBuffer>
}

export namespace Commitment {
  let _codec: Codec<Commitment>

  export const codec = (): Codec<Commitment> => {
    if (_codec == null) {
      _codec = message<Commitment>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.commitment != null && obj.commitment.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.commitment)
        }

        if (obj.mesh != null) {
          w.uint32(18)
          w.bytes(obj.mesh)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          commitment: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.commitment = reader.bytes()
              break
            }
            case 2: {
              obj.mesh = reader.bytes()
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
                field: `${prefix}.commitment`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.mesh`,
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

  export interface CommitmentCommitmentFieldEvent {
    field: '$.commitment'
    value: Uint8Array<ArrayBuffer>
  }

  export interface CommitmentMeshFieldEvent {
    field: '$.mesh'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Commitment>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Commitment.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Commitment>): Commitment {
    return decodeMessage(buf, Commitment.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Commitment>): Generator<CommitmentCommitmentFieldEvent | CommitmentMeshFieldEvent> {
    return streamMessage(buf, Commitment.codec(), opts)
  }
}

export interface Reveal {
  nonce: Uint8Array<ArrayBuffer>
}

export namespace Reveal {
  let _codec: Codec<Reveal>

  export const codec = (): Codec<Reveal> => {
    if (_codec == null) {
      _codec = message<Reveal>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.nonce != null && obj.nonce.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.nonce)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          nonce: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.nonce = reader.bytes()
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
                field: `${prefix}.nonce`,
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

  export interface RevealNonceFieldEvent {
    field: '$.nonce'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Reveal>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Reveal.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Reveal>): Reveal {
    return decodeMessage(buf, Reveal.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Reveal>): Generator<RevealNonceFieldEvent> {
    return streamMessage(buf, Reveal.codec(), opts)
  }
}

export interface Confirmed {
  name: string
  box: Uint8Array<ArrayBuffer>
}

export namespace Confirmed {
  let _codec: Codec<Confirmed>

  export const codec = (): Codec<Confirmed> => {
    if (_codec == null) {
      _codec = message<Confirmed>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.name != null && obj.name !== '')) {
          w.uint32(10)
          w.string(obj.name)
        }

        if ((obj.box != null && obj.box.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.box)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          name: '',
          box: uint8ArrayAlloc(0)
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
              obj.box = reader.bytes()
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
                field: `${prefix}.box`,
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

  export interface ConfirmedNameFieldEvent {
    field: '$.name'
    value: string
  }

  export interface ConfirmedBoxFieldEvent {
    field: '$.box'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Confirmed>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Confirmed.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Confirmed>): Confirmed {
    return decodeMessage(buf, Confirmed.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Confirmed>): Generator<ConfirmedNameFieldEvent | ConfirmedBoxFieldEvent> {
    return streamMessage(buf, Confirmed.codec(), opts)
  }
}

export interface Records {
  records: Uint8Array<ArrayBuffer>[]
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

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          records: []
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

  export function encode (obj: Partial<Records>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Records.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Records>): Records {
    return decodeMessage(buf, Records.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Records>): Generator<RecordsRecordsFieldEvent> {
    return streamMessage(buf, Records.codec(), opts)
  }
}

export interface Admitted {
  mesh: Uint8Array<ArrayBuffer>
  proof?: Uint8Array<ArrayBuffer>
}

export namespace Admitted {
  let _codec: Codec<Admitted>

  export const codec = (): Codec<Admitted> => {
    if (_codec == null) {
      _codec = message<Admitted>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.mesh != null && obj.mesh.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.mesh)
        }

        if (obj.proof != null) {
          w.uint32(18)
          w.bytes(obj.proof)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          mesh: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.mesh = reader.bytes()
              break
            }
            case 2: {
              obj.proof = reader.bytes()
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
                field: `${prefix}.mesh`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.proof`,
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

  export interface AdmittedMeshFieldEvent {
    field: '$.mesh'
    value: Uint8Array<ArrayBuffer>
  }

  export interface AdmittedProofFieldEvent {
    field: '$.proof'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Admitted>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Admitted.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Admitted>): Admitted {
    return decodeMessage(buf, Admitted.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Admitted>): Generator<AdmittedMeshFieldEvent | AdmittedProofFieldEvent> {
    return streamMessage(buf, Admitted.codec(), opts)
  }
}

export interface Refused {
  reason: number
}

export namespace Refused {
  let _codec: Codec<Refused>

  export const codec = (): Codec<Refused> => {
    if (_codec == null) {
      _codec = message<Refused>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.reason != null && obj.reason !== 0)) {
          w.uint32(8)
          w.uint32(obj.reason)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          reason: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.reason = reader.uint32()
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
                field: `${prefix}.reason`,
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

  export interface RefusedReasonFieldEvent {
    field: '$.reason'
    value: number
  }

  export function encode (obj: Partial<Refused>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Refused.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Refused>): Refused {
    return decodeMessage(buf, Refused.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Refused>): Generator<RefusedReasonFieldEvent> {
    return streamMessage(buf, Refused.codec(), opts)
  }
}
