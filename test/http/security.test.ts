import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import fc from 'fast-check'
import { connectControl, serveControl } from '../../src/http/index.ts'
import { collect } from '../compliance/mesh.ts'
import { FakeMesh } from '../fixtures/fake-mesh.ts'
import { Home } from './home.ts'

const GREETING = 'mesh/1\n'

describe('the control socket against strangers', () => {
  let home: Home
  const sockets: Socket[] = []

  beforeEach(async () => {
    home = await Home.create()
  })

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await home.close()
  })

  function open(): Socket {
    const socket = connect(home.path)
    sockets.push(socket.on('error', () => undefined))
    return socket
  }

  /** All that the node says before it hangs up. */
  async function heard(socket: Socket): Promise<string> {
    let text = ''
    socket
      .setEncoding('latin1')
      .on('data', (chunk: string) => (text += chunk))
      // Who is hung up on while still sending hears the answer and then a reset.
      .on('error', () => undefined)
      .resume()
    if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
    return text
  }

  /** A connection proved by hand. */
  async function proven(token: Uint8Array = home.token): Promise<Socket> {
    const socket = open()
    const clientNonce = randomBytes(32)
    socket.write(Buffer.concat([Buffer.from(GREETING), clientNonce]))
    const serverNonce = (await read(socket, 64)).subarray(0, 32)
    socket.write(proof('client', token, clientNonce, serverNonce))
    return socket
  }

  it('tells nothing to a node that has another token', async () => {
    await home.serve()
    await assert.rejects(home.connect(randomBytes(32)), { name: 'NotAllowedError' })
    assert.equal(home.fake.asks.length, 0)
  })

  it('takes no token that is none', async () => {
    await home.serve()
    for (const token of [new Uint8Array(0), new Uint8Array(31), new Uint8Array(33)]) {
      await assert.rejects(home.connect(token), { name: 'NotAllowedError' })
      const log = { debug: () => undefined, warn: () => undefined }
      await assert.rejects(serveControl(home.fake, { path: `${home.path}2`, token, log }), { name: 'NotAllowedError' })
    }
  })

  it('sends no prompt to whoever took the place of the node', async () => {
    const heardBySquatter: Buffer[] = []
    const control = await home.serve()
    const mesh = await home.connect()
    await control.close({ drain: true })
    await home.squat((socket) => {
      socket.on('error', () => undefined)
      socket.on('data', (chunk) => {
        heardBySquatter.push(chunk)
        // As long as a proof, and as the client's own nonce sent back.
        socket.write(Buffer.concat([chunk.subarray(-32), randomBytes(32)]))
      })
    })
    await assert.rejects(collect(mesh.ask('my secret question')), { name: 'NotAllowedError' })
    const all = Buffer.concat(heardBySquatter)
    assert.equal(all.length, GREETING.length + 32)
    assert.ok(!all.includes('secret') && !all.includes(home.token))
  })

  it('speaks to no node of another home that took the place of this one, and again to this one', async () => {
    const other = new FakeMesh()
    const control = await home.serve()
    const mesh = await home.connect()
    await control.close({ drain: true })
    const log = { debug: () => undefined, warn: () => undefined }
    const intruder = await serveControl(other, { path: home.path, token: randomBytes(32), log })
    await assert.rejects(collect(mesh.ask('my secret question')), { name: 'NotAllowedError' })
    await assert.rejects(mesh.shutdown(), { name: 'NotAllowedError' })
    assert.deepEqual([other.asks, (await other.status()).state], [[], 'running'])
    await intruder.close({ drain: false })
    await home.serve()
    assert.equal((await mesh.status()).state, 'running')
  })

  it('never sends the token, in either direction, and logs none of it', async () => {
    await home.serve()
    let relayed = Buffer.alloc(0)
    const path = `${home.path}r`
    const { createServer } = await import('node:net')
    const relay = createServer((near) => {
      const far = open()
      for (const [from, to] of [
        [near, far],
        [far, near]
      ] as const) {
        from
          .on('error', () => undefined)
          .on('data', (chunk) => {
            relayed = Buffer.concat([relayed, chunk])
            to.write(chunk)
          })
        from.on('close', () => to.destroy())
      }
    }).listen(path)
    await once(relay, 'listening')
    const mesh = await connectControl({ path, token: home.token })
    await collect(mesh.ask('Hello there'))
    await heard(open().end('nonsense'))
    relay.close()
    for (const form of [home.token, home.token.toString('hex'), home.token.toString('base64')]) {
      assert.ok(!relayed.includes(form))
      assert.ok(!home.logged.join('\n').includes(form.toString()))
    }
    assert.ok(relayed.includes('Hello there'))
  })

  it('refuses whoever asks without a proof, or with a wrong one', async () => {
    await home.serve()
    const http = 'POST /status HTTP/1.1\r\nhost: mesh\r\n\r\n'
    assert.match(await heard(open().end(http)), /^HTTP\/1\.1 403 /)
    const wrong = await proven(randomBytes(32))
    wrong.write(http)
    assert.match(await heard(wrong), /^HTTP\/1\.1 403 /)
    assert.match(home.logged.join('\n'), /refused/)
  })

  it('refuses a proof that was overheard, and its own sent back', async () => {
    await home.serve()
    const clientNonce = randomBytes(32)
    const greeting = Buffer.concat([Buffer.from(GREETING), clientNonce])
    const first = open()
    first.write(greeting)
    const serverNonce = (await read(first, 64)).subarray(0, 32)
    const overheard = proof('client', home.token, clientNonce, serverNonce)
    first.write(Buffer.concat([overheard, request('status')]))
    assert.match(await heard(first), /"done"/)

    const again = open()
    again.write(Buffer.concat([greeting, overheard, request('status')]))
    assert.match(await heard(again), /HTTP\/1\.1 403 /)

    const mirror = open()
    mirror.write(greeting)
    const reflected = (await read(mirror, 64)).subarray(32)
    mirror.write(Buffer.concat([reflected, request('status')]))
    assert.match(await heard(mirror), /HTTP\/1\.1 403 /)
  })

  it('takes a proof and a request that come byte by byte, or all at once', async () => {
    await home.serve()
    const clientNonce = randomBytes(32)
    for (const size of [1, 7, 1_000]) {
      const socket = open().setNoDelay()
      const send = async (bytes: Buffer): Promise<void> => {
        for (let at = 0; at < bytes.length; at += size) {
          await new Promise((resolve) => socket.write(bytes.subarray(at, at + size), resolve))
        }
      }
      await send(Buffer.concat([Buffer.from(GREETING), clientNonce]))
      const serverNonce = (await read(socket, 64)).subarray(0, 32)
      await send(Buffer.concat([proof('client', home.token, clientNonce, serverNonce), request('status')]))
      assert.match(await heard(socket), /^HTTP\/1\.1 200 [^]*"done"/)
    }
  })

  it('holds a bounded number of connections that have not asked, and still serves its own', async () => {
    await home.serve()
    const silent = Array.from({ length: 200 }, open)
    const closed = Promise.all(silent.slice(0, 200 - 64).map((socket) => heard(socket)))
    for (const text of await closed) assert.match(text, /^HTTP\/1\.1 503 /)
    assert.equal((await (await home.connect()).status()).state, 'running')
    assert.ok(silent.filter(({ closed }) => !closed).length <= 64)
  })

  it('answers what is malformed or oversized with an error, and hangs up', async () => {
    await home.serve()
    const bad: [RegExp, Buffer][] = [
      [/^HTTP\/1\.1 400 /, Buffer.from('\0\0garbage\r\n\r\n')],
      [/^HTTP\/1\.1 431 /, Buffer.from(`POST /ask HTTP/1.1\r\nx: ${'x'.repeat(2 ** 16)}\r\n\r\n`)],
      [/^HTTP\/1\.1 400 [^]*ProtocolError/, Buffer.from('GET /status HTTP/1.1\r\nhost: mesh\r\n\r\n')],
      [/^HTTP\/1\.1 400 [^]*ProtocolError/, request('stop')],
      [/^HTTP\/1\.1 400 [^]*ProtocolError/, request('__proto__')],
      [/^HTTP\/1\.1 400 [^]*ProtocolError/, request('ask', '{')],
      [/^HTTP\/1\.1 400 [^]*ProtocolError/, request('ask', '[]')],
      [/^HTTP\/1\.1 400 [^]*ProtocolError/, request('ask', '{"prompt":5,"options":{}}')],
      [/^HTTP\/1\.1 400 [^]*ProtocolError/, request('ask', '{"prompt":[{"role":"god","content":""}],"options":{}}')],
      [/^HTTP\/1\.1 400 [^]*ProtocolError/, request('ask', `{"prompt":"${'x'.repeat(2 ** 20)}","options":{}}`)],
      [/^HTTP\/1\.1 400 [^]*ProtocolError/, request('ask', '['.repeat(2 ** 20))]
    ]
    for (const [answer, bytes] of bad) {
      const socket = await proven()
      socket.write(bytes)
      assert.match(await heard(socket), answer)
    }
    assert.equal(home.fake.asks.length, 0)
  })

  it('answers one request a connection', async () => {
    await home.serve()
    const socket = await proven()
    socket.write(Buffer.concat([request('status'), request('ask', '{"prompt":"Hi","options":{}}')]))
    assert.equal((await heard(socket)).match(/"done"/g)?.length, 1)
    assert.equal(home.fake.asks.length, 0)
  })

  it('does not wait for ever for the rest of a request, nor for a first word', async () => {
    await home.serve(home.fake, { openingMs: 500 })
    const [mute, half, body] = [open(), await proven(), await proven()]
    half.write('POST /ask HTTP/1.1\r\nhost:')
    body.write('POST /ask HTTP/1.1\r\nhost: mesh\r\ncontent-length: 100\r\n\r\n{"prompt":')
    for (const text of await Promise.all([mute, half, body].map(heard))) assert.match(text, /^HTTP\/1\.1 408 /)
  })

  it('is given up by the client when it says nothing', async () => {
    await home.squat(() => undefined)
    await assert.rejects(home.connect(home.token, { proofMs: 100 }), {
      name: 'NodeUnreachableError',
      message: /suspended/
    })
  })

  it('stands a thousand requests of garbage, before and after the proof', async () => {
    await home.serve()
    const before = process.memoryUsage().heapUsed
    const garbage = fc.sample(fc.uint8Array({ maxLength: 200 }), { numRuns: 1_000, seed: 6373 })
    for (const [index, bytes] of garbage.entries()) {
      const socket = index % 2 === 0 ? open() : await proven()
      socket.end(Buffer.concat([Buffer.from(index % 4 === 0 ? GREETING : ''), bytes]))
      await heard(socket)
    }
    assert.equal((await (await home.connect()).status()).state, 'running')
    assert.equal(home.fake.asks.length, 0)
    const grown = process.memoryUsage().heapUsed - before
    assert.ok(grown < 2 ** 26, `the heap grew by ${String(grown)} bytes`)
  })

  it('does not let the options of a question reach the prototype or the signal of the node', async () => {
    await home.serve()
    const socket = await proven()
    const options = '{"__proto__":{"polluted":true},"signal":{"aborted":true},"maxTokens":3}'
    socket.write(request('ask', `{"prompt":"Hi","options":${options}}`))
    assert.match(await heard(socket), /"done"/)
    assert.equal(({} as { polluted?: boolean }).polluted, undefined)
    assert.ok(home.fake.asks[0]!.options.signal instanceof AbortSignal)
  })

  it('bounds the lines that a client takes, and what is no reply', async () => {
    const replies = ['x'.repeat(9 * 2 ** 20), 'no JSON\n', 'null\n', '{}\n', '{"error":5}\n']
    for (const reply of replies) {
      const impostor = await Home.create()
      const server = await impostor.squat((socket) => void answerWith(socket, impostor.token, reply))
      const mesh = await impostor.connect()
      await assert.rejects(mesh.status(), { name: 'ProtocolError' })
      server.close()
      await impostor.close()
    }
  })
})

/** A node that knows the token and does not know its manners. */
async function answerWith(socket: Socket, token: Uint8Array, reply: string): Promise<void> {
  socket.on('error', () => undefined)
  const clientNonce = (await read(socket, GREETING.length + 32)).subarray(GREETING.length)
  const serverNonce = randomBytes(32)
  socket.write(Buffer.concat([serverNonce, proof('server', token, clientNonce, serverNonce)]))
  await read(socket, 32)
  socket.end(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${reply}`)
}

/** Written out here once more, so that a change of the protocol is seen. */
function proof(prover: 'client' | 'server', token: Uint8Array, clientNonce: Buffer, serverNonce: Buffer): Buffer {
  const transcript = Buffer.concat([Buffer.from(`ownmesh control 1 ${prover}`), clientNonce, serverNonce])
  return createHmac('sha256', token).update(transcript).digest()
}

function request(method: string, body = '{"options":{}}'): Buffer {
  const head = `POST /${method} HTTP/1.1\r\nhost: mesh\r\ncontent-length: ${String(Buffer.byteLength(body))}\r\n\r\n`
  return Buffer.from(head + body)
}

async function read(socket: Socket, bytes: number): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    const attempt = (): void => {
      const chunk = socket.read(bytes) as Buffer | null
      if (chunk?.length === bytes) {
        socket.off('readable', attempt)
        resolve(chunk)
      } else if (socket.destroyed) reject(new Error('hung up'))
    }
    socket.on('readable', attempt).once('close', attempt)
    attempt()
  })
}
