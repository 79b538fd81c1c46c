/** A device of nobody in a process of its own, or of whoever has the private key that is its argument. */
import { privateKeyFromProtobuf } from '@libp2p/crypto/keys'
import { OutsideDevice } from './outside-device.ts'
import { obey, type Orders } from './remote.ts'
import { trespass, type Tries } from './trespass.ts'

const [, , key] = process.argv
const device = await OutsideDevice.create(
  key === undefined ? undefined : privateKeyFromProtobuf(Buffer.from(key, 'hex'))
)
let told: string[] = []

const orders = {
  id: () => Promise.resolve(device.id),
  listen: async (protocols: string[]) => {
    told = await device.listenToEverything(protocols)
  },
  trespass: (tries: Tries) => trespass(device, tries),
  told: () => Promise.resolve(told)
} satisfies Orders

export type StrangerOrders = typeof orders

obey(orders)
process.send!({ id: 0 })
