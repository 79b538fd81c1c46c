import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { InvalidFileError, InvalidInviteError } from '../../src/errors.ts'
import {
  decodeAdmission,
  decodeInvite,
  decodeRequest,
  encodeAdmission,
  encodeInvite,
  encodeRequest
} from '../../src/trust/index.ts'
import { BOX, MEMBER, MESH, NEWCOMER } from './pairing-side.ts'
import { below, mutated, randomFrom } from './random.ts'
import { signerOf, verify } from './signing.ts'

const INPUTS = 100_000

const invite = encodeInvite({
  seed: new Uint8Array(16).fill(9),
  mesh: MESH,
  inviter: MEMBER,
  addresses: ['/ip4/192.168.1.20/tcp/4001']
})
const request = encodeRequest({ signer: signerOf(1), box: BOX, name: 'phone' })
const admission = encodeAdmission({
  mesh: MESH,
  device: NEWCOMER,
  records: [new Uint8Array(40).fill(1), new Uint8Array(60).fill(2)]
})

/** The checksum of what was changed is put right in half of the inputs, so that what lies behind it is reached. */
function resealed(bytes: Uint8Array, checksumBytes: number): Uint8Array {
  const body = bytes.subarray(0, Math.max(0, bytes.length - checksumBytes))
  return Buffer.concat([body, createHash('sha256').update(body).digest().subarray(0, checksumBytes)])
}

interface Target {
  valid: Uint8Array
  checksumBytes: number
  decode: (bytes: Uint8Array) => unknown
  ErrorClass: typeof InvalidFileError
}

const targets: Record<string, Target> = {
  'an invite': {
    valid: Buffer.from(invite.slice('mesh://'.length), 'base64url'),
    checksumBytes: 4,
    decode: (bytes) => decodeInvite(`mesh://${Buffer.from(bytes).toString('base64url')}`),
    ErrorClass: InvalidInviteError
  },
  'the letters of an invite': {
    valid: Buffer.from(invite),
    checksumBytes: 0,
    decode: (bytes) => decodeInvite(Buffer.from(bytes).toString('latin1')),
    ErrorClass: InvalidInviteError
  },
  'a request': {
    valid: request,
    checksumBytes: 32,
    decode: (bytes) => decodeRequest(bytes, verify),
    ErrorClass: InvalidFileError
  },
  'an admission': { valid: admission, checksumBytes: 32, decode: decodeAdmission, ErrorClass: InvalidFileError }
}

describe('whatever is given as', () => {
  const { stackTraceLimit } = Error
  before(() => {
    // Most inputs end in an error, and a stack trace costs more than the decoding.
    Error.stackTraceLimit = 0
  })
  after(() => {
    Error.stackTraceLimit = stackTraceLimit
  })

  for (const [name, { valid, checksumBytes, decode, ErrorClass }] of Object.entries(targets)) {
    it(`${name} is read or refused, ${INPUTS} times`, () => {
      const random = randomFrom(name.length)
      let refused = 0
      for (let i = 0; i < INPUTS; i++) {
        const changed = mutated(valid, random)
        const input = below(2, random) === 0 ? changed : resealed(changed, checksumBytes)
        try {
          decode(input)
        } catch (error) {
          refused++
          assert.ok(error instanceof ErrorClass, `${String(error)} for ${Buffer.from(input).toString('hex')}`)
        }
      }
      assert.ok(refused > INPUTS / 2, `${refused} of ${INPUTS} were refused`)
    })
  }
})
