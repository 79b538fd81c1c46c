import assert from 'node:assert/strict'
import type { AskEvent, MemberInfo, Mesh } from '../../../src/interface.ts'
import { Devices } from '../devices.ts'
import { underLoad } from '../goals.ts'
import { addressOf, OutsideDevice } from './outside-device.ts'
import { identityOf } from '../homes.ts'
import { agree, comparing, dataOf, lists, told, untilTrue } from './codes.ts'

/** From the removal until an answer of, or for, the removed device is over. */
const HUNG_UP_MS = 5000
const SILENT = ['--answer', 'no']
/** So slow that it runs for as long as anything here takes. */
const LONG = { model: 'plain', maxTokens: 500 } as const
const SLOW = ['--max-rate', '5']

describe('a device that is removed', function () {
  this.timeout(90_000)
  let devices: Devices

  beforeEach(async () => {
    devices = await Devices.create()
  })

  afterEach(async () => {
    await devices.remove()
  })

  it('loses what it was telling and what it was told within 5 s, and finds no member again with its old key', async () => {
    const stays = await devices.start({ name: 'stays', models: ['plain'], flags: SLOW })
    const lost = await devices.start({ name: 'lost', models: ['plain'], flags: SLOW })
    const third = await devices.start({ name: 'third', flags: SILENT })
    await Promise.all([
      stays.sees('lost', { answersWith: 'plain' }),
      lost.sees('stays', { answersWith: 'plain' }),
      third.sees('lost', { model: false })
    ])
    await third.kill()

    const [here, there] = await Promise.all([stays.attach(), lost.attach()])
    const answers = [ending(here, 'lost'), ending(there, 'stays')]
    await Promise.all(answers.map(({ begun }) => begun))
    const removedAt = performance.now()
    const removed = dataOf<MemberInfo>(await stays.mesh('remove', '--json', 'lost', '--yes'))
    assert.deepEqual([removed.name, removed.state, removed.removedBy], ['lost', 'removed', 'stays'])
    const ends = await Promise.all(answers.map(({ ended }) => ended))
    for (const { at, error } of ends) {
      assert.ok(error !== null, 'the answer came to an end as if nothing had happened')
      assert.ok(at - removedAt <= underLoad(HUNG_UP_MS), `it took ${at - removedAt} ms`)
    }
    const gone = await told(lost, 'mesh')
    assert.deepEqual([gone.mesh, gone.how], [null, 'removed'])
    await Promise.all([here.stop(), there.stop()])

    // Away meanwhile, it still takes the lost one for a member, until it meets one that knows better.
    await third.start()
    await untilTrue(third, (mesh) => lists(mesh, 'lost', 'removed'))
    const outside = await OutsideDevice.create(identityOf(lost.home).privateKey)
    try {
      for (const device of [stays, third]) {
        await assert.rejects(async () => {
          const connection = await outside.connect(addressOf(device))
          // The one who dials learns only by the first stream that nobody is there for it.
          await connection.newStream('/mesh/capability/1.0.0', { signal: AbortSignal.timeout(3000) })
        }, device.name)
      }
    } finally {
      await outside.stop()
    }

    // With a new key it is a new device, for people to let in.
    await lost.kill()
    await stays.mesh('approve')
    const again = performance.now()
    await lost.start('--new-key')
    await agree(await comparing([stays, lost], again))
    await Promise.all([
      stays.sees('lost', { after: again, model: false }),
      third.sees('lost', { after: again, model: false })
    ])
    const members = dataOf<MemberInfo[]>(await third.mesh('members', '--json', '--all'))
    assert.deepEqual(
      members.map(({ name, state }) => [name, state === 'removed']),
      [
        ['stays', false],
        ['third', false],
        ['lost', false],
        ['lost-2', true]
      ]
    )
  })
})

interface Ending {
  /** Settles with the first text. */
  begun: Promise<void>
  ended: Promise<{ at: number; error: unknown }>
}

/** A long answer of that device, and how it ends. */
function ending(mesh: Mesh, peer: string): Ending {
  let begin = (): void => undefined
  const begun = new Promise<void>((resolve) => (begin = resolve))
  const read = async (events: AsyncIterable<AskEvent>): Promise<{ at: number; error: unknown }> => {
    try {
      for await (const event of events) if (event.type === 'text') begin()
      return { at: performance.now(), error: null }
    } catch (error) {
      return { at: performance.now(), error }
    } finally {
      begin()
    }
  }
  return { begun, ended: read(mesh.ask('bb', { ...LONG, peer })) }
}
