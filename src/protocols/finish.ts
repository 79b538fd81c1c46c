import type { Stream } from '@libp2p/interface'
import { PeerUnreachableError } from '../errors.ts'
import { limited } from './limited.ts'
import { CLOSE_TIMEOUT_MS } from './limits.ts'

/** Closes our half, and gives the other side a little time for its own. */
export async function finish(stream: Stream): Promise<void> {
  await limited(CLOSE_TIMEOUT_MS, (signal) => stream.close({ signal }))
  if (stream.status !== 'open' && stream.status !== 'closing') return
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer)
      stream.removeEventListener('close', end)
      resolve()
    }
    const timer = setTimeout(end, CLOSE_TIMEOUT_MS)
    stream.addEventListener('close', end)
    // What the other side still sends is at most a frame or two, which libp2p holds unread until the stream has ended.
  })
  stream.abort(new PeerUnreachableError('The other device kept its half of the stream open.'))
}
