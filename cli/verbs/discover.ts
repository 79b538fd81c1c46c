import { reached, ways } from '../describe.ts'
import { count } from '../human.ts'
import type { Column } from '../table.ts'
import { EXIT } from '../exit-codes.ts'
import { defineVerb, withMesh } from '../verb.ts'

const COLUMNS: readonly Column[] = [
  { title: 'NAME' },
  { title: 'FOUND BY' },
  { title: 'REACHED', wrap: true },
  { title: 'ADDRESSES' },
  { title: 'ID' }
]

export const discover = defineVerb({
  name: 'discover',
  summary: 'see which devices can be reached, and by which way',
  group: 'Devices',
  usage: '',
  words: { min: 0, max: 0 },
  flags: {
    timeout: {
      type: 'number',
      value: 'SECONDS',
      summary: 'how long to listen (default 3)',
      min: 1,
      max: 300,
      whole: false
    },
    scan: { type: 'text', value: 'CIDR', summary: 'also try every address of this subnet, for example 192.168.1.0/24' }
  },
  async run({ doors, home, log, output, interruption: { signal }, values: { timeout, scan }, hint }) {
    return withMesh(doors.visitMesh({ ...home, log, signal }), async (mesh) => {
      const seconds = timeout ?? 3
      output.status(`Listening for ${seconds} s by mDNS and beacon`)
      const found = await mesh.discover({
        signal,
        timeoutMs: seconds * 1000,
        ...(scan !== undefined && { scan })
      })
      if (output.json) {
        output.data(found)
        return EXIT.done
      }
      if (found.length === 0) {
        output.line(`Heard of no other device in ${seconds} s. ${hint('doctor')} finds what is in the way.`)
        return EXIT.done
      }
      output.table(
        COLUMNS,
        found.map((each) => {
          const [first = '–', ...more] = each.addresses
          const addresses = more.length === 0 ? first : `${first} and ${count(more.length, 'more', 'more')}`
          return [each.name, ways(each.foundBy), reached(each), addresses, each.id]
        })
      )
      return EXIT.done
    })
  }
})
