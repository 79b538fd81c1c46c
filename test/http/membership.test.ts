import assert from 'node:assert/strict'
import type { Control } from '../../src/http/index.ts'
import type { Membership } from '../../src/interface.ts'
import { Home } from './home.ts'

const SECRET = 'abandon ability able about above absent'

describe('membership over the control socket', () => {
  let home: Home
  let control: Control
  let membership: Membership

  beforeEach(async () => {
    home = await Home.create()
    control = await home.serve()
    membership = (await home.connect()).membership
  })

  afterEach(async () => {
    await home.close()
  })

  it('carries bytes of every value both ways', async () => {
    const every = Uint8Array.from({ length: 256 }, (_, index) => index)
    const seen: Uint8Array[] = []
    home.fake.membership.admit = async ({ request }) => {
      seen.push(request)
      const [member] = await home.fake.membership.list()
      return { member: member!, admission: request }
    }
    const { admission } = await membership.admit({ request: every })
    assert.deepEqual(seen, [every])
    assert.deepEqual(admission, every)
  })

  it('carries an admission of four megabytes, and no larger one', async () => {
    const sizes: number[] = []
    home.fake.membership.import = ({ admission }) => {
      sizes.push(admission.length)
      return Promise.resolve({ mesh: 'amber-otter', new: 1 })
    }
    const most = 4 * 2 ** 20
    await membership.import({ admission: new Uint8Array(most) })
    await assert.rejects(membership.import({ admission: new Uint8Array(2 * most) }), { name: 'InvalidFileError' })
    assert.deepEqual(sizes, [most])
    home.fake.membership.admit = async () => {
      const [member] = await home.fake.membership.list()
      return { member: member!, admission: new Uint8Array(most) }
    }
    assert.equal((await membership.admit({ request: new Uint8Array(1) })).admission.length, most)
  })

  it('sends no request and no name that are longer than any', async () => {
    await assert.rejects(membership.admit({ request: new Uint8Array(2 ** 18) }), { name: 'InvalidFileError' })
    await assert.rejects(membership.rename({ peer: 'here', name: 'x'.repeat(2 ** 17) }), {
      name: 'InvalidRequestError'
    })
  })

  it('refuses what should be bytes and is not', async () => {
    for (const request of ['no base64', 5, undefined, [1, 2]]) {
      await assert.rejects(membership.admit({ request: request as never }), { name: 'ProtocolError' })
    }
  })

  it('has left when the node has ended of it', async () => {
    home.fake.onShutdown = () => control.close({ drain: false })
    await membership.leave()
    await assert.rejects(membership.list(), { name: 'NodeUnreachableError' })
  })

  it('keeps secrets out of the log, and out of the words of an inner error', async () => {
    const broken = ({ phrase }: { phrase?: string }): Promise<never> =>
      Promise.reject(new TypeError(`cannot read ${phrase ?? 'nothing'}`))
    home.fake.membership.recover = broken
    home.fake.membership.makePhrase = (options) => broken(options ?? {})
    home.fake.membership.redeem = ({ invite }) => broken({ phrase: invite })
    for (const call of [
      () => membership.recover({ phrase: SECRET }),
      () => membership.makePhrase({ phrase: SECRET }),
      () => membership.redeem({ invite: SECRET })
    ]) {
      await assert.rejects(call, (error: Error) => {
        assert.equal(error.name, 'MeshError')
        assert.doesNotMatch(`${error.message}${error.stack ?? ''}`, /abandon/)
        return true
      })
    }
    assert.equal(home.logged.filter((line) => line.includes('cannot read (secret)')).length, 3)
    assert.doesNotMatch(home.logged.join('\n'), /abandon/)
  })
})
