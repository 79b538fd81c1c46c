import { createSocket } from 'node:dgram'
import { once } from 'node:events'

/** One that the system had to give away just now: test runs side by side do not hear each other. */
export async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0)
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}
