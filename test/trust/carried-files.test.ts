import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { encode } from 'cborg'
import { InvalidFileError } from '../../src/errors.ts'
import {
  decodeAdmission,
  decodeRequest,
  encodeAdmission,
  encodeRequest,
  type AdmissionFile
} from '../../src/trust/index.ts'
import { BOX, MESH, NEWCOMER } from './pairing-side.ts'
import { below, randomFrom } from './random.ts'
import { signerOf, verify } from './signing.ts'

const signer = signerOf(1)
const request = encodeRequest({ signer, box: BOX, name: 'Küche' })
const admitted: AdmissionFile = {
  mesh: MESH,
  device: NEWCOMER,
  records: Array.from({ length: 20 }, (_, index) => new Uint8Array(150).fill(index))
}
const admission = encodeAdmission(admitted)

const readers = {
  request: { file: request, read: (file: Uint8Array) => decodeRequest(file, verify) },
  admission: { file: admission, read: decodeAdmission }
}

/** Why the file is refused. */
function reasonOf(read: (file: Uint8Array) => unknown, file: Uint8Array): unknown {
  try {
    read(file)
  } catch (error) {
    assert.ok(error instanceof InvalidFileError, String(error))
    assert.ok(error.message.length > 20)
    return error.details.reason
  }
  return 'accepted'
}

/** A file with a right checksum and whatever content. */
function forged(line: string, content: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(line), content])
  return Buffer.concat([body, createHash('sha256').update(body).digest()])
}

describe('a request that is carried by hand', () => {
  const fields = {
    device: Buffer.from(signer.key, 'hex'),
    box: Buffer.from(BOX, 'hex'),
    name: 'Küche',
    signature: signer.sign(
      Buffer.concat([
        Buffer.from('ownmesh request 1\n'),
        encode({ device: Buffer.from(signer.key, 'hex'), box: Buffer.from(BOX, 'hex'), name: 'Küche' })
      ])
    )
  }
  const line = 'ownmesh request 1\n'

  it('says which device it is, and how it is called', () => {
    assert.deepEqual(decodeRequest(request, verify), { device: signer.key, box: BOX, name: 'Küche' })
    assert.ok(request.length < 400)
    // The same to the byte as what this test puts together.
    assert.deepEqual(Buffer.from(request), Buffer.from(forged(line, encode(fields))))
  })

  it('is refused when another device signed it, or when one of its fields was exchanged', () => {
    const thief = signerOf(2)
    const exchanged = {
      signature: thief.sign(new Uint8Array(8)),
      device: Buffer.from(thief.key, 'hex'),
      box: Buffer.from('e5'.repeat(32), 'hex'),
      name: 'Kueche'
    }
    for (const [field, value] of Object.entries(exchanged)) {
      const file = forged(line, encode({ ...fields, [field]: value }))
      assert.equal(reasonOf(readers.request.read, file), 'forged', field)
    }
    const mine = encodeRequest({ signer: { ...thief, key: signer.key }, box: BOX, name: 'Küche' })
    assert.equal(reasonOf(readers.request.read, mine), 'forged')
    assert.equal(
      reasonOf(readers.request.read, forged(line, encode({ ...fields, signature: new Uint8Array(0) }))),
      'forged'
    )
  })

  it('is refused when a field is missing, too long, or of another kind', () => {
    const { device, box, name, signature } = fields
    for (const wrong of [
      { box, name, signature },
      { device, name, signature },
      { device, box, signature },
      { device, box, name },
      { ...fields, device: device.subarray(1) },
      { ...fields, device: signer.key },
      { ...fields, box: Buffer.concat([box, box]) },
      { ...fields, name: '' },
      { ...fields, name: 'a\u001b[2J' },
      { ...fields, name: 'x'.repeat(300) },
      { ...fields, name: 7 },
      { ...fields, signature: 'x' },
      [device, box, name, signature],
      'text',
      7,
      null
    ]) {
      assert.equal(reasonOf(readers.request.read, forged(line, encode(wrong))), 'malformed', JSON.stringify(wrong))
    }
  })

  it('is refused when it says the same in another encoding', () => {
    const longer = Buffer.from(encode(fields))
    // The name's length, 6, in two bytes instead of in the first one.
    const at = longer.indexOf(Buffer.concat([Buffer.of(0x66), Buffer.from('Küche')]))
    const stretched = Buffer.concat([longer.subarray(0, at), Buffer.of(0x78, 6), longer.subarray(at + 1)])
    assert.equal(reasonOf(readers.request.read, forged(line, stretched)), 'malformed')
    const unsorted = Buffer.concat([
      Buffer.of(0xa4),
      ...(['signature', 'device', 'box', 'name'] as const).flatMap((key) => [encode(key), encode(fields[key])])
    ])
    assert.equal(reasonOf(readers.request.read, forged(line, unsorted)), 'malformed')
  })
})

describe('an admission that is carried by hand', () => {
  const line = 'ownmesh admission 1\n'
  const fields = { mesh: Buffer.from(MESH, 'hex'), device: Buffer.from(NEWCOMER, 'hex'), records: admitted.records }

  it('has the roster in it, for one device or for any', () => {
    assert.deepEqual(decodeAdmission(admission), admitted)
    const forAny = { ...admitted, device: null }
    assert.deepEqual(decodeAdmission(encodeAdmission(forAny)), forAny)
    assert.deepEqual(Buffer.from(admission), Buffer.from(forged(line, encode(fields))))
  })

  it('holds the largest roster', () => {
    const records = Array.from({ length: 10_000 }, (_, index) => new Uint8Array(400).fill(index))
    assert.equal(decodeAdmission(encodeAdmission({ ...admitted, records })).records.length, 10_000)
  })

  it('is not written when it could not be read again', () => {
    const records = Array.from({ length: 10_000 }, () => new Uint8Array(500))
    assert.equal(
      reasonOf(() => encodeAdmission({ ...admitted, records }), new Uint8Array()),
      'too-large'
    )
  })

  it('is refused when a field is missing, too long, too many, or of another kind', () => {
    const { mesh, device, records } = fields
    for (const wrong of [
      { mesh, device },
      { mesh, records },
      { device, records },
      { ...fields, mesh: mesh.subarray(1) },
      { ...fields, mesh: null },
      { ...fields, device: MESH },
      { ...fields, device: new Uint8Array(33) },
      { ...fields, records: [] },
      { ...fields, records: {} },
      { ...fields, records: ['text'] },
      { ...fields, records: [new Uint8Array(0)] },
      { ...fields, records: [new Uint8Array(4097)] },
      { ...fields, records: Array.from({ length: 10_001 }, () => Uint8Array.of(1)) },
      { ...fields, records: Array.from({ length: 200_000 }, () => []) }
    ]) {
      assert.equal(reasonOf(decodeAdmission, forged(line, encode(wrong))), 'malformed')
    }
  })

  it('is refused before a mountain of empty lists is made of it', () => {
    const lists = Buffer.concat([Buffer.of(0x9a, 0, 0x3d, 9, 0), Buffer.alloc(4_000_000, 0x80)])
    assert.throws(
      () => decodeAdmission(forged(line, lists)),
      ({ cause }: Error) => cause instanceof RangeError && cause.message === 'too many parts'
    )
  })

  it('is refused when lists lie in lists without end', () => {
    for (const depth of [100, 10_000, 4_000_000]) {
      assert.equal(reasonOf(decodeAdmission, forged(line, Buffer.alloc(depth, 0x81))), 'malformed')
    }
    // It says that a text of four gigabytes follows, or as many lists.
    for (const head of [0x7a, 0x9a, 0xba]) {
      assert.equal(reasonOf(decodeAdmission, forged(line, Buffer.of(head, 255, 255, 255, 255))), 'malformed')
    }
  })
})

for (const [kind, { file, read }] of Object.entries(readers)) {
  describe(`a file with ${kind === 'request' ? 'a request' : 'an admission'}`, () => {
    it('is refused when a byte of it is damaged', () => {
      const random = randomFrom(5)
      for (let at = 0; at < file.length; at++) {
        const damaged = Uint8Array.from(file)
        damaged[at] = damaged[at]! ^ (1 + below(255, random))
        const isFirstLine = at < file.indexOf(0x0a) + 1
        assert.match(String(reasonOf(read, damaged)), isFirstLine ? /^(not-one|damaged)$/ : /^damaged$/, `byte ${at}`)
      }
    })

    it('is refused when its end is missing, at each length, or when something was put behind it', () => {
      const firstLine = file.indexOf(0x0a) + 1
      for (let length = 0; length < file.length; length++) {
        const expected = length < firstLine ? 'not-one' : 'damaged'
        assert.equal(reasonOf(read, file.subarray(0, length)), expected, `${length} bytes`)
      }
      assert.equal(reasonOf(read, Buffer.concat([file, Buffer.of(0)])), 'damaged')
      assert.equal(reasonOf(read, Buffer.concat([file, file])), 'damaged')
    })

    it('is refused when it is far too large, before anything in it is read', () => {
      const large = Buffer.concat([file, Buffer.alloc(10 * 1024 * 1024)])
      assert.equal(reasonOf(read, large), 'too-large')
      assert.equal(reasonOf(read, Buffer.alloc(10 * 1024 * 1024)), 'too-large')
    })

    it('is refused when it is something else', () => {
      for (const other of ['', 'hello', '{"device":1}', 'ownmesh snapshot 1\nabc', `ownmesh ${kind}\n`, ' ownmesh']) {
        assert.equal(reasonOf(read, Buffer.from(other)), 'not-one', other)
      }
    })

    it('is told from the file that belongs on the other device', () => {
      assert.equal(reasonOf(read, kind === 'request' ? admission : request), 'other-kind')
    })

    it('is told from one of a later release', () => {
      assert.equal(reasonOf(read, forged(`ownmesh ${kind} 2\n`, encode({ anything: 1 }))), 'newer')
    })
  })
}
