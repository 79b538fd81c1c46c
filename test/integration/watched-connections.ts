/** Loaded before a command with `--import`: writes down every address that its process connects to, a line each. */
import { appendFileSync } from 'node:fs'
import { Socket } from 'node:net'

const file = process.env.CONNECTIONS ?? '/dev/null'

type Connect = (this: Socket, ...args: unknown[]) => Socket
const sockets = Socket.prototype as unknown as { connect: Connect }
const { connect } = sockets

sockets.connect = function (...args) {
  // Node passes normalised arguments, an array, from its own callers.
  const [first] = (Array.isArray(args[0]) ? args[0] : args) as unknown[]
  const { host, port, path } = (typeof first === 'object' ? first : {}) as Record<string, unknown>
  if (typeof path !== 'string') appendFileSync(file, `${String(host)}:${String(port)}\n`)
  return connect.apply(this, args)
}
