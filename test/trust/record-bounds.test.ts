import assert from 'node:assert/strict'
import { encode, rfc8949EncodeOptions } from 'cborg'
import { describe, it } from 'mocha'
import { decodeRecord, evaluate, Roster, type RosterRecord } from '../../src/trust/index.ts'
import { signRecord } from '../../src/trust/record-encoding.ts'
import { cheapSigner, cheapVerify, keyOf, Writer } from './writing.ts'

const PURPOSE = Buffer.from('ownmesh roster record 1\n')
const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))

/** A record of whatever fields, signed as a right one would be. */
function forged(fields: unknown[], { options = rfc8949EncodeOptions, signer = 'founder' } = {}): Uint8Array {
  const signature = cheapSigner(signer).sign(Buffer.concat([PURPOSE, encode(fields, options)]))
  return encode([...fields, Uint8Array.from(signature)], options)
}

/** The fields of a right removal, but for what the test wants otherwise. */
function fields(writer: Writer, otherwise: Readonly<Record<number, unknown>> = {}): unknown[] {
  const right: unknown[] = [
    1,
    bytesOf(writer.mesh),
    [bytesOf(writer.mesh)],
    bytesOf(keyOf('founder')),
    'remove',
    encode({ device: bytesOf(keyOf('anna')) })
  ]
  return right.map((field, at) => (at in otherwise ? otherwise[at] : field))
}

function reasonOf(bytes: Uint8Array, verify = cheapVerify): unknown {
  try {
    decodeRecord(bytes, verify)
    return null
  } catch (error) {
    assert.ok(error instanceof Error && error.name === 'InvalidRecordError', String(error))
    return (error as Error & { details: { reason: unknown } }).details.reason
  }
}

describe('a record', () => {
  const writer = new Writer()
  const removal = forged(fields(writer))

  it('is read as it was written, and knows of no time', () => {
    const record = decodeRecord(removal, cheapVerify)
    assert.deepEqual(record, {
      hash: record.hash,
      mesh: writer.mesh,
      parents: [writer.mesh],
      signer: keyOf('founder'),
      body: { type: 'remove', device: keyOf('anna') },
      bytes: new Uint8Array(removal)
    })
    // The same statement at another time is the same record, to the bit.
    assert.deepEqual(writer.write('founder', { remove: 'anna' }, writer.genesis), record)
  })

  it('is refused when any of its fields is not what it has to be', () => {
    const hash = bytesOf(writer.mesh)
    const many = Array.from({ length: 33 }, (_, i) => bytesOf(i.toString(16).padStart(64, '0')))
    const wrong: [otherwise: Readonly<Record<number, unknown>>, reason: RegExp][] = [
      [{ 0: 2 }, /another version/],
      [{ 0: '1' }, /another version/],
      [{ 1: hash.subarray(1) }, /mesh is not a hash/],
      [{ 1: null }, /no mesh or no parents/],
      [{ 2: [] }, /no mesh or no parents/],
      [{ 2: many }, /more than 32 parents/],
      [{ 2: 'x' }, /parents/],
      [{ 2: [hash, hash] }, /ascending/],
      [{ 2: [many[2], many[1]] }, /ascending/],
      [{ 2: [hash.subarray(1)] }, /not a hash/],
      [{ 3: hash.subarray(1) }, /signer is not a key/],
      [{ 3: writer.mesh }, /signer is not a key/],
      [{ 4: 7 }, /type is not a word/],
      [{ 4: '' }, /type is not a word/],
      [{ 4: 'Remove' }, /type is not a word/],
      [{ 4: 'a'.repeat(33) }, /type is not a word/],
      [{ 4: '__proto__' }, /type is not a word/],
      [{ 5: { device: hash } }, /body is not a byte string/],
      [{ 5: new Uint8Array() }, /not deterministic/],
      [{ 5: encode([1]) }, /not a map/],
      [{ 5: encode(null) }, /not a map/],
      [{ 5: encode({}) }, /device is not a string of 32 bytes/],
      [{ 5: encode({ device: hash.subarray(1) }) }, /device is not a string of 32 bytes/],
      [{ 5: encode({ device: hash, more: [] }) }, /not a map of plain values/],
      [{ 5: Buffer.concat([encode({ device: hash }), Buffer.of(0)]) }, /not deterministic/],
      [{ 4: 'rename', 5: encode({ device: hash, name: '' }) }, /name is not a line/],
      [{ 4: 'rename', 5: encode({ device: hash, name: 'a'.repeat(256) }) }, /name is not a line/],
      [{ 4: 'rename', 5: encode({ device: hash, name: 'clear\u001b[2J' }) }, /name is not a line/],
      [{ 4: 'admit', 5: encode({ device: hash, box: hash, name: 'x' }) }, /role is not a line/],
      [{ 4: 'genesis', 5: encode({}) }, /device is not a string/]
    ]
    for (const [otherwise, reason] of wrong) {
      assert.match(String(reasonOf(forged(fields(writer, otherwise)))), reason, JSON.stringify(otherwise))
    }
    assert.equal(reasonOf(forged(fields(writer, { 2: many.slice(1) }))), null, '32 parents are not too many')
  })

  it('has seven fields, and no more', () => {
    const accepting = () => true
    const signature = new Uint8Array(64)
    for (const more of [[], [signature, signature], [signature, null]]) {
      const bytes = encode([...fields(writer), ...more], rfc8949EncodeOptions)
      assert.match(String(reasonOf(bytes, accepting)), /not a list of 7 fields/)
    }
    assert.match(String(reasonOf(encode({ 0: 1 }), accepting)), /not a list of 7 fields/)
  })

  it('that begins a mesh stands alone and is signed by its device', () => {
    const key = (name: string) => bytesOf(keyOf(name))
    const body = encode(
      { device: key('founder'), box: key('box'), name: 'f', recovery: key('r'), nonce: new Uint8Array(16) },
      rfc8949EncodeOptions
    )
    const genesis = { 1: null, 2: [], 4: 'genesis', 5: body }
    assert.equal(reasonOf(forged(fields(writer, genesis))), null)
    assert.match(String(reasonOf(forged(fields(writer, { ...genesis, 1: bytesOf(writer.mesh) })))), /no mesh/)
    assert.match(String(reasonOf(forged(fields(writer, { ...genesis, 2: [bytesOf(writer.mesh)] })))), /no parents/)
    const stranger = forged(fields(writer, { ...genesis, 3: key('stranger') }), { signer: 'stranger' })
    assert.match(String(reasonOf(stranger)), /by its own device/)
  })

  it('is refused with a signature that is not its signer’s', () => {
    assert.match(String(reasonOf(forged(fields(writer), { signer: 'anna' }))), /not signed by its signer/)
    assert.match(String(reasonOf(forged(fields(writer, { 3: bytesOf(keyOf('anna')) })))), /not signed by its signer/)
    const short = encode([...fields(writer), new Uint8Array(63)], rfc8949EncodeOptions)
    assert.match(String(reasonOf(short)), /signature has another length/)
    // Signed for another purpose.
    const bare = encode([...fields(writer), Uint8Array.from(cheapSigner('founder').sign(encode(fields(writer))))])
    assert.match(String(reasonOf(bare)), /not signed by its signer/)
  })

  it('has one encoding', () => {
    const accepting = () => true
    const key = bytesOf(keyOf('anna'))
    const shortest = encode({ name: 'x', device: key }, rfc8949EncodeOptions)
    assert.equal(reasonOf(forged(fields(writer, { 4: 'rename', 5: shortest })), accepting), null)
    const map = (...pairs: Uint8Array[]) => Buffer.concat([Buffer.of(0xa0 + pairs.length / 2), ...pairs])
    const [name, x, device, value] = [encode('name'), encode('x'), encode('device'), encode(key)]
    const bodies = {
      'keys in another order': map(device, value, name, x),
      'a key twice': map(name, x, name, x, device, value),
      'a long length': map(name, Buffer.from([0x78, 1, 0x78]), device, value),
      'an open end': Buffer.concat([Buffer.of(0xbf), name, x, device, value, Buffer.of(0xff)]),
      'a wide float beside': map(encode('a'), encode(0.5, { float64: true }), name, x, device, value),
      'undefined beside': map(encode('a'), Buffer.of(0xf7), name, x, device, value),
      'a broken letter': map(name, Buffer.from([0x61, 0xff]), device, value)
    }
    for (const [what, body] of Object.entries(bodies)) {
      const bytes = forged(fields(writer, { 4: 'rename', 5: Uint8Array.from(body) }))
      assert.notEqual(reasonOf(bytes, accepting), null, what)
    }
    const long = Buffer.concat([removal.subarray(0, 1), Buffer.of(0x18, 1), removal.subarray(2)])
    assert.match(String(reasonOf(long, accepting)), /not deterministic/)
    assert.match(String(reasonOf(Buffer.concat([removal, Buffer.of(0)]), accepting)), /not deterministic/)
  })

  it('of an unknown type may hold any bytes, and a known one values that a later release added', () => {
    const unknown = forged(fields(writer, { 4: 'greeting', 5: Uint8Array.of(0xff, 0xff, 0xff) }))
    assert.deepEqual(decodeRecord(unknown, cheapVerify).body, { type: 'unknown', name: 'greeting' })
    const more = encode({ device: bytesOf(keyOf('anna')), why: 'lost' }, rfc8949EncodeOptions)
    const body = { type: 'remove', device: keyOf('anna') }
    assert.deepEqual(decodeRecord(forged(fields(writer, { 5: more })), cheapVerify).body, body)
    const inherited = forged(fields(writer, { 4: 'constructor', 5: more }))
    assert.deepEqual(decodeRecord(inherited, cheapVerify).body, { type: 'unknown', name: 'constructor' })

    const roster = Roster.from({ verify: cheapVerify, records: [writer.genesis.bytes] })
    assert.equal(roster.merge([unknown]).added.length, 1)
    assert.deepEqual(roster.records()[1], new Uint8Array(unknown))
  })

  it('of 10 MB, or nested without an end, is refused', () => {
    assert.match(String(reasonOf(forged(fields(writer, { 5: new Uint8Array(10_000_000) })))), /more than 4096 bytes/)
    assert.match(String(reasonOf(new Uint8Array(10_000_000).fill(0x81))), /more than 4096 bytes/)
    for (const opening of [0x81, 0xa1, 0x9f, 0xc6, 0x9b, 0xbb, 0x5b, 0x7b]) {
      assert.notEqual(reasonOf(new Uint8Array(4096).fill(opening)), null)
      const body = forged(fields(writer, { 5: new Uint8Array(3500).fill(opening) }))
      assert.notEqual(reasonOf(body), null)
    }
    assert.notEqual(reasonOf(new Uint8Array()), null)
  })
})

describe('the bounds of a roster', () => {
  it('are told to whoever brings records of another mesh, damaged ones, or forged ones', () => {
    const writer = new Writer()
    const roster = Roster.from({ verify: cheapVerify, records: [writer.genesis.bytes] })
    const other = new Writer({ nonce: 1 })
    const foreign = other.write('founder', { admit: 'anna' }, other.genesis)
    const good = writer.write('founder', { admit: 'anna' }, writer.genesis)
    const broken = Uint8Array.from(good.bytes)
    broken[broken.length - 1]! ^= 1
    const { added, refused } = roster.merge([foreign.bytes, other.genesis.bytes, broken, new Uint8Array(9), good.bytes])
    assert.deepEqual(added, [good])
    assert.deepEqual(
      refused.map(({ reason }) => reason),
      [
        'it is of another mesh',
        'it is of another mesh',
        'it is not signed by its signer',
        'it is not deterministic CBOR'
      ]
    )
    assert.equal(refused[0]?.hash, foreign.hash)
  })

  it('let 1,000 records wait for their parents, and the oldest go', () => {
    const writer = new Writer()
    const parent = writer.write('founder', { admit: 'anna' }, writer.genesis)
    const children = Array.from({ length: 1200 }, (_, i) =>
      signRecord(cheapSigner('founder'), {
        mesh: writer.mesh,
        parents: [parent.hash],
        body: { type: 'rename', device: keyOf('anna'), name: `name ${i}` }
      })
    )
    let verified = 0
    const counting: typeof cheapVerify = (...all) => {
      verified++
      return cheapVerify(...all)
    }
    const roster = Roster.from({ verify: counting, records: [writer.genesis.bytes] })
    const bytes = children.map((child) => child.bytes)
    assert.deepEqual(roster.merge(bytes.slice(0, 700)), { added: [], refused: [] })
    const { refused } = roster.merge(bytes.slice(700))
    assert.deepEqual(
      refused.map(({ hash }) => hash),
      children.slice(0, 200).map(({ hash }) => hash)
    )
    assert.deepEqual(roster.merge(bytes.slice(300)), { added: [], refused: [] })
    assert.equal(verified, 1201, 'what waits already is not verified again')
    assert.equal(roster.hashes().length, 1)
    assert.equal(roster.merge([parent.bytes]).added.length, 1001)
    assert.equal(roster.merge(bytes).added.length, 200)
  })

  it('let 1 MiB wait', () => {
    const writer = new Writer()
    const parent = writer.write('founder', { admit: 'anna' }, writer.genesis)
    const children = Array.from({ length: 400 }, (_, i) => {
      const body = new Uint8Array(3800)
      body[0] = i & 255
      body[1] = i >> 8
      return forged(fields(writer, { 2: [bytesOf(parent.hash)], 4: 'large', 5: body }))
    })
    const roster = Roster.from({ verify: cheapVerify, records: [writer.genesis.bytes] })
    const { refused } = roster.merge(children)
    const fitting = Math.floor((1024 * 1024) / children[0]!.length)
    assert.equal(refused.length, children.length - fitting)
    assert.equal(roster.merge([parent.bytes]).added.length, fitting + 1)
  })

  it('are 10,000 records, the last 500 for the recovery key; beyond, nothing is taken and nothing lost', () => {
    const writer = new Writer()
    const named = (by: string, i: number, parents = [writer.mesh]) =>
      signRecord(cheapSigner(by), {
        mesh: writer.mesh,
        parents,
        body: { type: 'rename', device: keyOf('founder'), name: `name ${i}` }
      })
    const many = Array.from({ length: 19_999 }, (_, i) => named('founder', i).bytes)
    const full = { name: 'InvalidRecordError', message: /full/ }
    assert.throws(() => Roster.from({ verify: cheapVerify, records: [writer.genesis.bytes, ...many] }), full)

    let verified = 0
    const counting: typeof cheapVerify = (...all) => {
      verified++
      return cheapVerify(...all)
    }
    const roster = Roster.from({ verify: counting, records: [writer.genesis.bytes] })
    const { added, refused } = roster.merge(many.slice(0, 12_000))
    assert.deepEqual([added.length, refused.length], [9499, 2501])
    assert.equal(verified, 9500, 'there is no work for what there is no room for')
    assert.throws(() => roster.rename(cheapSigner('founder'), keyOf('founder'), 'one more'), full)
    assert.deepEqual(roster.merge([named('recovery', 1).bytes]).added.length, 1)
    assert.deepEqual(roster.merge([named('founder', 20_000).bytes]).added.length, 0)
    roster.remove(cheapSigner('recovery'), keyOf('founder'))
    assert.equal(roster.state.members.size, 0)
    assert.deepEqual(
      Roster.from({ verify: cheapVerify, records: roster.records() }).state,
      roster.state,
      'a full roster is read again'
    )
    const rest = Array.from({ length: 600 }, (_, i) => named('recovery', 100 + i).bytes)
    roster.merge(rest)
    assert.equal(roster.hashes().length, 10_000)
  })
})

describe('a roster of 10,000 records', () => {
  // Each shape is the worst for another part of the work. Half of the limit is reached on a slow machine.
  const LIMIT_MS = 1000
  const key = (name: string | number) => keyOf(String(name))
  let count = 0

  /** As though it had been decoded. */
  function record(on: readonly RosterRecord[], signer: string, body: RosterRecord['body']): RosterRecord {
    const parents = on.map(({ hash }) => hash).sort()
    return { hash: keyOf(`record ${count++}`), mesh: 'mesh', parents, signer, body, bytes: new Uint8Array() }
  }
  const genesis = (): RosterRecord => {
    const founder = key('founder')
    const body = { type: 'genesis', device: founder, box: founder, name: 'f', recovery: key('r'), nonce: '' } as const
    return { ...record([], founder, body), mesh: null }
  }
  const admit = (on: readonly RosterRecord[], by: string, device: string) =>
    record(on, key(by), { type: 'admit', device: key(device), box: key(device), role: 'member', name: device })
  const remove = (on: readonly RosterRecord[], by: string, device: string) =>
    record(on, key(by), { type: 'remove', device: key(device) })
  const rename = (on: readonly RosterRecord[], by: string) =>
    record(on, key(by), { type: 'rename', device: key('founder'), name: 'x' })
  /** As many as fit, made one after the other from what is there. */
  function grown(first: readonly RosterRecord[], next: (records: RosterRecord[]) => RosterRecord[], most = 10_000) {
    const records = [...first]
    while (records.length < most) records.push(...next(records))
    return records.slice(0, 10_000)
  }

  const shapes: Record<string, () => RosterRecord[]> = {
    'a chain': () => grown([genesis()], (records) => [rename(records.slice(-1), 'founder')]),
    'layers of 32 parents each': () =>
      grown([genesis()], (records) => {
        const layer = records.slice(-32)
        return Array.from({ length: 32 }, () => rename(layer, 'founder'))
      }),
    '5,000 devices that remove each other at the same time': () => {
      const members = grown([genesis()], (all) => [admit(all.slice(-1), 'founder', `d${all.length}`)], 5000)
      const last = members.slice(-1)
      return [...members, ...members.slice(1).map((_, i) => remove(last, `d${i + 1}`, `d${4999 - i}`))]
    },
    '5,000 removals in a chain, the last by the most senior': () => {
      const members = grown([genesis()], (all) => [admit(all.slice(-1), 'founder', `d${all.length}`)], 5000)
      return grown(members, (all) => [remove(all.slice(-1), `d${10_000 - all.length}`, `x${all.length}`)])
    },
    '5,000 admissions of one device, and 5,000 records by it': () => {
      const admissions = grown([genesis()], (all) => [admit(all.slice(-1), 'founder', 'anna')], 5000)
      return grown(admissions, () => [rename(admissions.slice(-1), 'anna')])
    },
    '5,000 removals of one device, and 5,000 records by it': () => {
      const first = [genesis()]
      const anna = admit(first, 'founder', 'anna')
      const records = grown([...first, anna], () => [rename([anna], 'anna')], 5000)
      return grown(records, () => [remove([anna], 'founder', 'anna')])
    },
    'a chain of admissions that falls': () => {
      const first = genesis()
      const chain = grown([first, admit([first], 'founder', '1')], (all) => [
        admit(all.slice(-1), `${all.length - 1}`, `${all.length}`)
      ])
      return [...chain.slice(0, -1), remove([chain[1]!], 'founder', '1')]
    },
    '2,000 ranks that sink one after the other': () => {
      const first = genesis()
      const each = <T>(make: (i: number) => T) => Array.from({ length: 1999 }, (_, i) => make(i))
      const thieves = each((i) => admit([first], 'founder', `t${i}`))
      const early = thieves.map((thief, i) => admit([thief], `t${i}`, `e${i}`))
      const late = each(() => first)
      late.forEach((_, i) => (late[i] = admit([late[i - 1] ?? first], 'founder', `e${i}`)))
      const removals = thieves.map((thief, i) => remove([thief], 'founder', `t${i}`))
      return [
        first,
        ...thieves,
        ...early,
        ...late,
        ...removals,
        ...each((i) => remove(late.slice(-1), `e${i}`, `z${i}`))
      ]
    }
  }
  for (const [shape, make] of Object.entries(shapes)) {
    it(`that is ${shape} is evaluated in less than ${LIMIT_MS} ms of the processor`, () => {
      count = 0
      const records = make()
      assert.ok(records.length > 9990, `${records.length} records`)
      const before = process.cpuUsage()
      const { members } = evaluate(records)
      const { user, system } = process.cpuUsage(before)
      assert.ok(members.size > 0)
      assert.ok((user + system) / 1000 < LIMIT_MS, `${(user + system) / 1000} ms`)
    })
  }
})
