import assert from 'node:assert/strict'
import type { Mesh } from '../../src/interface.ts'
import { ScriptedServer } from '../inference/served/scripted-server.ts'

/** Of the promises of a `Mesh`, those about other engines. */
export function enginesCompliance(mesh: () => Mesh): void {
  describe('engines', () => {
    let server: ScriptedServer

    beforeEach(async () => {
      server = await ScriptedServer.start()
    })

    afterEach(async () => {
      await server.close()
    })

    it('are listed once they are added, in values that survive JSON, and no longer when they are removed', async () => {
      const { engines } = mesh()
      assert.deepEqual(await engines.list(), [])
      const added = await engines.add({ name: 'box', url: `${server.url}/v1`, parameters: 5e9 })
      assert.deepEqual([added.name, added.url, added.state, added.parameters], ['box', server.url, 'up', 5e9])
      assert.ok(added.remarks.some((remark) => remark.includes('logs')))
      assert.deepEqual(await engines.list(), [added])
      assert.deepEqual(JSON.parse(JSON.stringify(added)), added)
      await engines.remove({ name: 'box' })
      assert.deepEqual(await engines.list(), [])
      await assert.rejects(engines.remove({ name: 'box' }), { name: 'UnknownEngineError' })
    })

    it('are not added where the name or the address cannot be, or nobody is there', async () => {
      const { engines } = mesh()
      await assert.rejects(engines.add({ name: 'a b', url: server.url }), { name: 'InvalidRequestError' })
      await assert.rejects(engines.add({ name: 'box', url: 'gopher://x' }), { name: 'InvalidRequestError' })
      await assert.rejects(engines.add({ name: 'box', url: 'http://127.0.0.1:9' }), { name: 'ServedEngineError' })
      assert.deepEqual(await engines.list(), [])
    })

    it('are looked for, and nothing is done for a signal that is aborted', async () => {
      const { engines } = mesh()
      assert.ok(Array.isArray(await engines.look()))
      const reason = new Error('too late')
      const signal = AbortSignal.abort(reason)
      const calls = [
        () => engines.list({ signal }),
        () => engines.look({ signal }),
        () => engines.add({ name: 'box', url: server.url, signal }),
        () => engines.remove({ name: 'box', signal })
      ]
      for (const call of calls) await assert.rejects(call(), (error) => error === reason)
    })
  })
}
