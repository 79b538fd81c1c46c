import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { InvalidInviteError } from '../../src/errors.ts'
import { decodeInvite, encodeInvite, type InviteTicket } from '../../src/trust/index.ts'
import { MEMBER, MESH } from './pairing-side.ts'
import { below, oneOf, randomFrom, randomHex } from './random.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const LETTERS = Array.from(ALPHABET)
const SCHEME = 'mesh://'

const random = randomFrom(7)
const ticket: InviteTicket = {
  seed: Uint8Array.from(Buffer.from(randomHex(16, random), 'hex')),
  inviter: randomHex(32, random),
  mesh: randomHex(32, random),
  addresses: ['/ip4/192.168.1.20/tcp/4001', '/ip6/fe80::1%25eth0/tcp/4001', '/dns4/büro.example/tcp/4001']
}
const text = encodeInvite(ticket)

/** Why the text is refused. */
function reasonOf(given: string): unknown {
  try {
    decodeInvite(given)
  } catch (error) {
    assert.ok(error instanceof InvalidInviteError, String(error))
    assert.ok(error.message.length > 20)
    return error.details.reason
  }
  return 'accepted'
}

/** An invite that says of itself what it is not: its checksum is right. */
function forged(change: (body: Buffer) => Buffer): string {
  const bytes = change(Buffer.from(text.slice(SCHEME.length), 'base64url').subarray(0, -4))
  return (
    SCHEME + Buffer.concat([bytes, createHash('sha256').update(bytes).digest().subarray(0, 4)]).toString('base64url')
  )
}

describe('the text of an invite', () => {
  it('says what was put into it, with no address and with many', () => {
    const longest = `/dns4/${'x'.repeat(249)}`
    for (const addresses of [[], ['/ip4/10.0.0.1/tcp/1'], Array.from({ length: 16 }, () => longest)]) {
      assert.deepEqual(decodeInvite(encodeInvite({ ...ticket, addresses })), { ...ticket, addresses })
    }
  })

  it('is short enough for a QR code of a terminal with four addresses', () => {
    const addresses = Array.from({ length: 4 }, () => '/ip4/192.168.100.200/tcp/40001')
    assert.ok(encodeInvite({ ...ticket, addresses }).length < 350)
  })

  it('is read with white space, line breaks, quotes and capitals of the scheme', () => {
    const lines = text.replace(/.{40}/g, '$&\r\n  ')
    const copied = [
      lines,
      `\n\t${text}\n`,
      `"${text}"`,
      `'${text}'`,
      `“${text}”`,
      `«${text}»`,
      `<${text}>`,
      `(${text}).`,
      '`' + text + '`',
      `"${lines}"\n`,
      text.replace('mesh', 'Mesh'),
      text.replace('mesh', 'MESH'),
      `\ufeff${text}`,
      text.replace(/.{20}/g, '$&\u200b'),
      text.replace(/.{30}/g, '$&\u00ad')
    ]
    for (const each of copied) assert.deepEqual(decodeInvite(each), ticket, JSON.stringify(each))
  })

  it('is refused as incomplete when its end is missing, at each length', () => {
    for (let length = 0; length < text.length; length++) {
      assert.equal(reasonOf(text.slice(0, length)), length < 4 ? 'not-an-invite' : 'incomplete', `${length} characters`)
    }
  })

  it('is refused as mistyped when one character is another, at each position', () => {
    for (let at = SCHEME.length; at < text.length; at++) {
      for (const wrong of [...Array.from({ length: 6 }, () => oneOf(LETTERS, random)), '!', 'é', '=']) {
        if (wrong === text[at]) continue
        const reason = reasonOf(text.slice(0, at) + wrong + text.slice(at + 1))
        assert.equal(reason, 'mistyped', `${wrong} at ${at}`)
      }
    }
  })

  it('is refused whatever the last character is changed to, though it has bits to spare', () => {
    for (const wrong of ALPHABET) {
      if (wrong !== text.at(-1)) assert.equal(reasonOf(text.slice(0, -1) + wrong), 'mistyped')
    }
  })

  it('is refused as no invite when its beginning is another', () => {
    for (let at = 0; at < SCHEME.length; at++) {
      assert.equal(reasonOf(`${text.slice(0, at)}x${text.slice(at + 1)}`), 'not-an-invite', `at ${at}`)
    }
    for (const other of [
      '',
      'hello',
      'https://example.org',
      `x${text}`,
      text.slice(SCHEME.length),
      '"""',
      'amber-otter'
    ]) {
      assert.equal(reasonOf(other), 'not-an-invite', other)
    }
  })

  it('is refused as mistyped when two neighbours are swapped, or one is missing, doubled or too many', () => {
    for (let at = SCHEME.length; at < text.length - 1; at++) {
      const [one, two] = [text[at]!, text[at + 1]!]
      if (one !== two) {
        assert.equal(reasonOf(text.slice(0, at) + two + one + text.slice(at + 2)), 'mistyped', `swapped at ${at}`)
      }
      assert.match(String(reasonOf(text.slice(0, at) + text.slice(at + 1))), /^(mistyped|incomplete)$/, `without ${at}`)
      assert.match(String(reasonOf(text.slice(0, at) + one + text.slice(at))), /^(mistyped|incomplete)$/, `twice ${at}`)
    }
    assert.equal(reasonOf(`${text}A`), 'mistyped')
    assert.equal(reasonOf(text + text), 'mistyped')
    assert.equal(reasonOf(`${text} ${text.slice(SCHEME.length)}`), 'mistyped')
  })

  it('is refused as that of a later release when it is whole, and only then', () => {
    const later = forged((body) => Buffer.concat([Buffer.of(2), body.subarray(1)]))
    assert.equal(reasonOf(later), 'newer')
    assert.equal(reasonOf(`${later.slice(0, 40)}${later[40] === 'A' ? 'B' : 'A'}${later.slice(41)}`), 'mistyped')
    assert.equal(reasonOf(later.slice(0, -1)), 'incomplete')
  })

  it('is refused when what it says of itself is not so', () => {
    const changed: ((body: Buffer) => Buffer)[] = [
      // One address more than there are, or fewer.
      (body) => Buffer.concat([body.subarray(0, 83), Buffer.of(4), body.subarray(84)]),
      (body) => Buffer.concat([body.subarray(0, 83), Buffer.of(0), body.subarray(84)]),
      // An address that goes on beyond the end, is empty, no address, or no text.
      (body) => Buffer.concat([body.subarray(0, 84), Buffer.of(255), body.subarray(85)]),
      (body) => Buffer.concat([body.subarray(0, 84), Buffer.of(0), body.subarray(85)]),
      (body) => Buffer.concat([body.subarray(0, 85), Buffer.from('x'), body.subarray(86)]),
      (body) => Buffer.concat([body.subarray(0, 86), Buffer.of(0xff), body.subarray(87)]),
      (body) => Buffer.concat([body.subarray(0, 86), Buffer.of(0x1b), body.subarray(87)]),
      // Another length than it has.
      (body) => Buffer.concat([body.subarray(0, 1), Buffer.of(0, 1), body.subarray(3)]),
      (body) => Buffer.concat([body, Buffer.of(0)]),
      (body) => body.subarray(0, 20),
      (body) => body.subarray(0, 3)
    ]
    for (const change of changed) assert.equal(reasonOf(forged(change)), 'mistyped', String(change))
  })

  it('is refused at once when it is far too long', () => {
    assert.equal(reasonOf(SCHEME + 'A'.repeat(10_000_000)), 'not-an-invite')
    assert.equal(reasonOf(`${text}${' '.repeat(10_000_000)}`), 'not-an-invite')
  })

  it('is not made of what it could not say', () => {
    const wrong: Partial<InviteTicket>[] = [
      { seed: new Uint8Array(15) },
      { inviter: MEMBER.slice(2) },
      { mesh: MESH.toUpperCase() },
      { addresses: ['192.168.1.20'] },
      { addresses: ['/ip4/10.0.0.1/tcp/1\n'] },
      { addresses: [`/${'x'.repeat(255)}`] },
      { addresses: [`/${'ü'.repeat(128)}`] },
      { addresses: Array.from({ length: 17 }, () => '/ip4/10.0.0.1/tcp/1') }
    ]
    for (const each of wrong) {
      assert.throws(() => encodeInvite({ ...ticket, ...each }), InvalidInviteError, JSON.stringify(each))
    }
  })

  it('is never taken for another when it was changed in many places', () => {
    for (let i = 0; i < 5000; i++) {
      const characters = Array.from(text)
      for (let changes = 1 + below(5, random); changes > 0; changes--) {
        characters[below(characters.length, random)] = oneOf(LETTERS, random)
      }
      const given = characters.join('')
      if (given !== text) assert.notEqual(reasonOf(given), 'accepted', given)
    }
  })
})
