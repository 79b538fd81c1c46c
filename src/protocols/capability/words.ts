import { ProtocolError } from '../../errors.ts'
import type { Answering, Capability, ModelOffer } from '../../interface.ts'
import { atMost, bytesOf, decoded, hexOf, integer, label, present, real } from '../checks.ts'
import {
  MAX_ADDRESS_LENGTH,
  MAX_ADDRESSES,
  MAX_HARDWARE_LENGTH,
  MAX_KNOWN,
  MAX_LOST,
  MAX_MODELS,
  MAX_NAME_LENGTH,
  MAX_NOTICE_BYTES
} from '../limits.ts'
import * as frames from './frames.ts'

/** Between the frames of `capability` and the words of interface.ts. What decodes is valid. */

const ANSWERING: readonly Answering[] = ['yes', 'no', 'paused', 'draining']
const HASH_BYTES = 32
const MAX_UINT32 = 2 ** 32 - 1
/** For the release, the instance and the quantization: all are a word. */
const MAX_WORD_LENGTH = 64
/** A thousand times the largest model there is. */
const MAX_PARAMETERS = 1e15
const MAX_CONTEXT = 100_000_000
/** A day. */
const MAX_LOAD_MS = 24 * 3_600_000
/** Tokens a second; the fastest data centre stays far below. */
const MAX_RATE = 1e9
/** A year: no pause that is worth telling of lasts longer. */
const MAX_PAUSE_MS = 365 * 24 * 3600 * 1000
/** Of the decoder; the lists are checked once more below, because it counts without naming. */
const LIMITS = { models: MAX_MODELS, addresses: MAX_ADDRESSES, lost: MAX_LOST }

/** What the sender knows of another member that it is not. */
export interface Known {
  /** PeerId in base58. */
  peer: string
  capability: Capability
  /** Milliseconds since the sender heard that of it, by the sender's clock. */
  agoMs: number
}

/** A process that no longer answers its neighbour: a hint, which that process can refute by a later notice. */
export interface Lost {
  /** PeerId in base58. */
  peer: string
  instance: string
  /** Of the last notice of it that the sender knows. */
  sequence: number
}

/** What one frame of the kept-open stream says: any of these. */
export interface Words {
  capability?: Capability
  /** The number of a heartbeat. */
  beat?: number
  /** The number of the latest heartbeat that came; it answers all before it too. */
  echo?: number
  /** Whether the sender can do without this connection. */
  spare?: boolean
  /** The sender wants to know who else is there. @default false */
  asks?: boolean
  /** Who else is there, some at a time. */
  known?: Known[]
}

/** @throws {ProtocolError} when this device says of itself what the others would refuse */
export function encodeWords({ capability, asks = false, known = [], ...same }: Words): Uint8Array {
  return frames.Frame.encode({
    ...same,
    asks,
    known: known.map(({ peer, capability: its, agoMs }) => ({
      peer,
      capability: frameFrom(its),
      ago: Math.min(Math.max(0, Math.round(agoMs)), MAX_UINT32)
    })),
    ...(capability === undefined ? {} : { capability: frameFrom(capability) })
  })
}

/** @throws {ProtocolError} */
export function decodeWords(bytes: Uint8Array): Words {
  return decoded('The notice', () => {
    const { capability, beat, echo, spare, asks, known } = frames.Frame.decode(bytes, {
      limits: { capability: LIMITS, known: MAX_KNOWN, known$: { capability: LIMITS } }
    })
    return {
      ...(capability === undefined ? {} : { capability: capabilityFrom(capability) }),
      ...(beat === undefined ? {} : { beat }),
      ...(echo === undefined ? {} : { echo }),
      ...(spare === undefined ? {} : { spare }),
      ...(asks && { asks }),
      ...(known.length > 0 && { known: atMost('known', known, MAX_KNOWN).map(knownFrom) })
    }
  })
}

/** What goes over gossip. @throws {ProtocolError} */
export function encodeNotice(capability: Capability, lost: readonly Lost[] = []): Uint8Array {
  return frames.Capability.encode({ ...frameFrom(capability), lost: lost.slice(0, MAX_LOST) })
}

/** @throws {ProtocolError} */
export function decodeNotice(bytes: Uint8Array): { capability: Capability; lost: Lost[] } {
  return decoded('The notice', () => {
    const frame = frames.Capability.decode(bytes, { limits: LIMITS })
    return { capability: capabilityFrom(frame), lost: atMost('lost', frame.lost, MAX_LOST).map(lostFrom) }
  })
}

function knownFrom({ peer, capability, ago }: frames.Known): Known {
  return {
    peer: label('peer', peer, MAX_WORD_LENGTH),
    capability: capabilityFrom(present('capability', capability)),
    agoMs: integer('ago', ago, 0, MAX_UINT32)
  }
}

function lostFrom({ peer, instance, sequence }: frames.Lost): Lost {
  return {
    peer: label('peer', peer, MAX_WORD_LENGTH),
    instance: label('instance', instance, MAX_WORD_LENGTH),
    sequence: integer('sequence', sequence, 0, MAX_UINT32)
  }
}

function frameFrom(capability: Capability): frames.Capability {
  const { answering, models, hardware, addresses, roster, ...same } = capability
  const frame: frames.Capability = {
    ...same,
    answering: ANSWERING.indexOf(answering) + 1,
    models: models.map(({ hash, parameters, quantization, startsOnly = false, chosen = false, ...offer }) => ({
      ...offer,
      hash: bytesOf('hash', hash, HASH_BYTES),
      startsOnly,
      chosen,
      ...(parameters === null ? {} : { parameters }),
      ...(quantization === null ? {} : { quantization })
    })),
    ...(hardware === null ? {} : { hardware }),
    // A host with many interfaces has many addresses; the first ones are the best known.
    addresses: addresses.slice(0, MAX_ADDRESSES),
    ...(roster === null ? {} : { roster: bytesOf('roster', roster, HASH_BYTES) }),
    lost: []
  }
  capabilityFrom(frame)
  const { byteLength } = frames.Capability.encode(frame)
  if (byteLength > MAX_NOTICE_BYTES) throw new ProtocolError(`The notice has ${byteLength} bytes.`)
  return frame
}

function capabilityFrom(frame: frames.Capability): Capability {
  if (frame.answering === 0) throw new ProtocolError('answering is missing.')
  return {
    name: label('name', frame.name, MAX_NAME_LENGTH),
    instance: label('instance', frame.instance, MAX_WORD_LENGTH),
    version: label('version', frame.version, MAX_WORD_LENGTH),
    sequence: integer('sequence', frame.sequence, 0, MAX_UINT32),
    // A state of a later release: whatever it means, it is not a plain yes.
    answering: ANSWERING[frame.answering - 1] ?? 'no',
    models: atMost('models', frame.models, MAX_MODELS).map(offerFrom),
    queue: integer('queue', frame.queue, 0, MAX_UINT32),
    hardware: frame.hardware === undefined ? null : label('hardware', frame.hardware, MAX_HARDWARE_LENGTH),
    addresses: atMost('addresses', frame.addresses, MAX_ADDRESSES).map((address) =>
      label('address', address, MAX_ADDRESS_LENGTH)
    ),
    roster: frame.roster === undefined ? null : hexOf('roster', frame.roster, HASH_BYTES),
    ...(frame.resumesInMs === undefined ? {} : { resumesInMs: real('resumesInMs', frame.resumesInMs, 0, MAX_PAUSE_MS) })
  }
}

function offerFrom(frame: frames.ModelOffer): ModelOffer {
  const { parameters, quantization, loadMs } = frame
  return {
    name: label('model name', frame.name, MAX_NAME_LENGTH),
    hash: hexOf('hash', frame.hash, HASH_BYTES),
    parameters: parameters === undefined ? null : integer('parameters', parameters, 0, MAX_PARAMETERS),
    quantization: quantization === undefined ? null : label('quantization', quantization, MAX_WORD_LENGTH),
    contextLength: integer('contextLength', frame.contextLength, 1, MAX_CONTEXT),
    builtIn: frame.builtIn,
    prefillRate: real('prefillRate', frame.prefillRate, 0, MAX_RATE),
    decodeRate: real('decodeRate', frame.decodeRate, 0, MAX_RATE),
    ...(frame.startsOnly && { startsOnly: true }),
    ...(loadMs === undefined ? {} : { loadMs: real('loadMs', loadMs, 0, MAX_LOAD_MS) }),
    ...(frame.chosen && { chosen: true })
  }
}
