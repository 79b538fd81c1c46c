import { createServer } from 'node:net'
import { ListenError } from '../errors.ts'

/** 6374 and 6375 are kept for HTTP and HTTPS of the same node. */
const RESERVED: readonly number[] = [6374, 6375]
/** Sixteen nodes on one machine are more than anybody runs; after them the system chooses. */
const TRIES = 16
const HIGHEST_PORT = 65_535

/**
 * The port that a node listens on: the wanted one, or the next free one unless somebody chose it. The answer may be
 * taken by another process a moment later; then listening fails with the error that libp2p gives.
 *
 * @throws {ListenError} when a chosen port is in use or may not be used
 */
export async function choosePort(hosts: readonly string[], wanted: number, chosen: boolean): Promise<number> {
  if (wanted === 0) return 0
  for (let port = wanted; port < wanted + TRIES && port <= HIGHEST_PORT; port++) {
    if (port !== wanted && RESERVED.includes(port)) continue
    const refusal = await firstRefusal(hosts, port)
    if (refusal === null) return port
    if (chosen || refusal.code !== 'EADDRINUSE') throw new ListenError(sentence(refusal, port))
  }
  return 0
}

async function firstRefusal(hosts: readonly string[], port: number): Promise<NodeJS.ErrnoException | null> {
  for (const host of hosts) {
    const refusal = await tryListening(host, port)
    if (refusal !== null) return refusal
  }
  return null
}

function tryListening(host: string, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', resolve)
    server.listen({ host, port, exclusive: true }, () =>
      server.close(() => {
        resolve(null)
      })
    )
  })
}

function sentence(refusal: NodeJS.ErrnoException, port: number): string {
  switch (refusal.code) {
    case 'EADDRINUSE':
      return `Port ${port} is in use by another program. Choose another with --port, or leave --port out.`
    case 'EACCES':
      return `This user may not listen on port ${port}. Choose one above 1024 with --port.`
    case 'EADDRNOTAVAIL':
      return `This device does not have that address to listen on. Choose another with --listen.`
    default:
      return `Cannot listen on port ${port}: ${refusal.message}.`
  }
}
