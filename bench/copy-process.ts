/**
 * One side of a copy over a bare socket, in a process of its own; told what to do by its parent.
 *
 * `tcp`: the file is read here and written there, and nothing else is done. `tls`: as a side channel for models would do
 * it, TLS 1.3 with a key that only both sides have, and each piece, then the file, proved by SHA-256.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { once } from 'node:events'
import { takeInPieces } from '../src/packages/index.ts'
import type { SharedFile } from '../src/protocols/model/index.ts'

export type Way = 'tcp' | 'tls'

export type CopyTask =
  /** Answered by `CopyOffer`, and by `CopyReport` at the end. */
  | { role: 'give'; way: Way; source: string; key: string }
  /** Answered by `CopyReport`. `folder` is there and keeps nothing. */
  | { role: 'take'; way: Way; port: number; folder: string; file: SharedFile; key: string; pieceBytes: number }

export interface CopyOffer {
  port: number
}

export interface CopyReport {
  ms: number
  /** Of processor time. */
  cpuMs: number
}

const CHUNK = 2 ** 20
const IDENTITY = 'bench'

process.on('message', (task: CopyTask) => {
  void (task.role === 'give' ? give(task) : take(task)).then((report) => process.send?.(report))
})

async function give({ way, source, key }: Extract<CopyTask, { role: 'give' }>): Promise<CopyReport> {
  const psk = Buffer.from(key, 'hex')
  const server =
    way === 'tcp'
      ? createServer()
      : createTlsServer({ pskCallback: () => psk, ciphers: 'TLS_AES_128_GCM_SHA256', minVersion: 'TLSv1.3' })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const offer: CopyOffer = { port: (server.address() as { port: number }).port }
  process.send?.(offer)
  const [socket] = (await once(server, way === 'tcp' ? 'connection' : 'secureConnection')) as [Socket]
  const used = begin()
  const file = await open(source)
  // A buffer is written from until it is sent, so each chunk has one of its own.
  for (let at = 0; ;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, at)
    if (bytesRead === 0) break
    at += bytesRead
    if (!socket.write(buffer.subarray(0, bytesRead))) await once(socket, 'drain')
  }
  await file.close()
  socket.end()
  await once(socket, 'close')
  server.close()
  return used()
}

async function take(task: Extract<CopyTask, { role: 'take' }>): Promise<CopyReport> {
  const { way, port, folder, file, key, pieceBytes } = task
  const into = mkdtempSync(join(folder, 'taken-'))
  const used = begin()
  const psk = Buffer.from(key, 'hex')
  const address = { port, host: '127.0.0.1' }
  const socket: Socket =
    way === 'tcp'
      ? connect(address)
      : connectTls({
          ...address,
          pskCallback: () => ({ psk, identity: IDENTITY }),
          // There is no certificate: whoever has the key is the other side.
          checkServerIdentity: () => undefined,
          ...{ ciphers: 'TLS_AES_128_GCM_SHA256', minVersion: 'TLSv1.3' }
        })
  if (way === 'tcp') await writeRaw(socket, join(into, 'file'))
  else {
    const fetch = () => inPieces(socket, pieceBytes)
    const wrong = ({ path }: SharedFile) => new Error(`${path} is wrong`)
    for await (const step of takeInPieces(into, { files: [file], pieceBytes, fetch, wrong })) void step
  }
  const report = used()
  rmSync(into, { recursive: true })
  return report
}

async function writeRaw(socket: Socket, path: string): Promise<void> {
  const file = await open(path, 'w')
  for await (const chunk of socket as AsyncIterable<Buffer>) await file.write(chunk)
  await file.sync()
  await file.close()
  const folder = await open(dirname(path))
  await folder.sync()
  await folder.close()
}

async function* inPieces(socket: Socket, pieceBytes: number): AsyncGenerator<Buffer> {
  const piece = Buffer.allocUnsafe(pieceBytes)
  let filled = 0
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    for (let rest = chunk; rest.length > 0;) {
      const taken = rest.copy(piece, filled)
      filled += taken
      rest = rest.subarray(taken)
      if (filled < pieceBytes) continue
      yield piece
      filled = 0
    }
  }
  if (filled > 0) yield piece.subarray(0, filled)
}

function begin(): () => CopyReport {
  const [since, before] = [performance.now(), process.cpuUsage()]
  return () => {
    const { user, system } = process.cpuUsage(before)
    return { ms: performance.now() - since, cpuMs: (user + system) / 1000 }
  }
}
