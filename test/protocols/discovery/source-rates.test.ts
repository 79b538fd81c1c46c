import assert from 'node:assert/strict'
import { HeardDevices } from '../../../src/protocols/discovery/heard-devices.ts'
import { SourceRates, Tellings } from '../../../src/protocols/discovery/source-rates.ts'

const RATE = { each: { capacity: 2, perSecond: 1 }, all: { capacity: 5, perSecond: 1 } }

describe('the rates of what strangers cause', () => {
  it('hold for each source and for all together', () => {
    const rates = new SourceRates(RATE)
    const taken = ['a', 'a', 'a', 'b', 'b', 'b', 'c', 'c'].map((source) => rates.take(source, 0))
    assert.deepEqual(taken, [true, true, false, true, true, false, true, false])
    assert.ok(rates.take('d', 1000))
    assert.ok(!rates.take('e', 1000))
  })

  it('tell of one thing once in a while, and again after clearing', () => {
    const tellings = new Tellings({ everyMs: 60_000, ...RATE })
    assert.deepEqual(
      [0, 1000, 59_999, 60_000].map((now) => tellings.tell('knock', 'a', now)),
      [true, false, false, true]
    )
    tellings.clear()
    assert.ok(tellings.tell('knock', 'a', 60_001))
  })

  it('tell later what they had no room for', () => {
    const tellings = new Tellings({ everyMs: Infinity, ...RATE })
    const flood = Array.from({ length: 100 }, (_, index) => tellings.tell(`forged ${index}`, 'a', 0))
    assert.equal(flood.filter(Boolean).length, 2)
    assert.ok(!tellings.tell('true', 'a', 0))
    assert.ok(tellings.tell('true', 'a', 1000))
    assert.ok(!tellings.tell('true', 'a', 9000))
  })

  it('keep a table of bounded size: the oldest gives way', () => {
    const tellings = new Tellings({
      everyMs: Infinity,
      each: { capacity: 1000, perSecond: 0 },
      all: { capacity: 1000, perSecond: 0 }
    })
    for (let index = 0; index <= 256; index++) assert.ok(tellings.tell(String(index), 'a', 0))
    assert.ok(tellings.tell('0', 'a', 0))
    assert.ok(!tellings.tell('200', 'a', 0))
  })
})

describe('the devices that were heard', () => {
  const one = { id: 'pi', instance: 'i', said: '/ip4/192.168.1.6/tcp/6373', source: '192.168.1.6' }

  it('are new at first, after a restart and after a silence; unchanged they are news once a second', () => {
    const devices = new HeardDevices(30_000)
    const hear = (changes: Partial<typeof one>, now: number): object => devices.hear({ ...one, ...changes }, now)
    assert.deepEqual(hear({}, 0), { isNew: true, isNews: true })
    assert.deepEqual(hear({}, 999), { isNew: false, isNews: false })
    assert.deepEqual(hear({}, 1000), { isNew: false, isNews: true })
    assert.deepEqual(hear({ said: 'on another network' }, 1001), { isNew: false, isNews: true })
    assert.deepEqual(hear({}, 1002), { isNew: false, isNews: false })
    assert.deepEqual(hear({ instance: 'j' }, 1003), { isNew: true, isNews: true })
    assert.deepEqual(hear({ instance: 'j' }, 31_004), { isNew: true, isNews: true })
  })

  it('are as many as fit: who was quiet longest gives way', () => {
    const devices = new HeardDevices(30_000)
    for (let index = 0; index < 256; index++) devices.hear({ ...one, id: String(index) }, index)
    devices.hear({ ...one, id: '0' }, 300)
    devices.hear({ ...one, id: 'late' }, 301)
    const ids = devices.list(301).map(({ id }) => id)
    assert.equal(ids.length, 256)
    assert.ok(ids.includes('0') && ids.includes('late') && !ids.includes('1'))
    assert.deepEqual(devices.list(400).at(-1), { id: 'late', source: one.source, agoMs: 99 })
    devices.clear()
    assert.deepEqual(devices.list(400), [])
  })
})
