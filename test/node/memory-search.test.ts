import assert from 'node:assert/strict'
import { openDevice, removeHome, type TestDevice } from '../crdt/device.ts'

describe('a search of memories', () => {
  let device: TestDevice

  beforeEach(() => {
    device = openDevice()
  })

  afterEach(() => {
    device.close()
    removeHome(device.home)
  })

  const found = (query: string, limit = 10) => device.memories.search(query, limit).map(({ text }) => text)
  const write = (...texts: string[]) => device.memories.rememberAll(texts.map((text) => ({ text })))

  it('puts first what has the rarer word, has it more often, or is shorter', () => {
    write(
      'the car and the garden',
      'the car and the key',
      'the garden',
      'the key is with the key of the car, the key of the house'
    )
    assert.equal(found('garden')[0], 'the garden')
    assert.equal(found('the car key')[0], 'the car and the key')
    assert.equal(found('a key')[0], 'the key is with the key of the car, the key of the house')
    assert.deepEqual(found('garden key', 2), ['the garden', 'the key is with the key of the car, the key of the house'])
  })

  it('finds words in any case, without their accents, by their beginning, in tags and in sources', () => {
    write('Crème brûlée for six', 'ÄRGER mit dem Ärmel', 'she waters the plants', '東京の天気', 'Number 4711')
    device.memories.remember({ text: 'under the mat', tags: ['spare key'], source: 'Bob' })
    assert.deepEqual(found('CREME'), ['Crème brûlée for six'])
    assert.deepEqual(found('brulée'), ['Crème brûlée for six'])
    assert.deepEqual(found('ärmel'), ['ÄRGER mit dem Ärmel'])
    assert.deepEqual(found('water'), ['she waters the plants'])
    assert.deepEqual(found('東京の'), ['東京の天気'])
    assert.deepEqual(found('4711'), ['Number 4711'])
    assert.deepEqual(found('spare'), ['under the mat'])
    assert.deepEqual(found('bob'), ['under the mat'])
    assert.deepEqual(found('missing'), [])
    for (const query of ['', ' ', '"', 'NEAR(', '*', '^a', 'text:a', 'a AND', '-'])
      assert.doesNotThrow(() => found(query))
  })

  it('knows what was edited and forgotten', () => {
    const [first, second] = write('a blue lamp', 'a red lamp')
    device.memories.edit(first!.id, { text: 'a green lamp' })
    device.memories.forget([second!.id])
    assert.deepEqual(found('lamp'), ['a green lamp'])
    assert.deepEqual(found('blue'), [])
  })

  it('finds an old memory among thousands of the same words, where it has two of them or a rare one', () => {
    write('oldest of all, with both table and chair', 'old, about an okapi by the table')
    for (let batch = 0; batch < 6; batch++) {
      const word = batch % 2 === 0 ? 'table' : 'chair'
      write(...Array.from({ length: 1000 }, (_, index) => `number ${String(batch * 1000 + index)} of the ${word}`))
    }
    assert.equal(found('table chair')[0], 'oldest of all, with both table and chair')
    assert.equal(found('the okapi at the table')[0], 'old, about an okapi by the table')
    // Of a word that is in thousands, the newest.
    assert.match(found('the table')[0]!, /number 4\d\d\d of the table/)
    assert.equal(found('number of the table', 100).length, 100)
  })

  it('keeps half a character, a zero and a clock that is none out of its way', () => {
    write(`half \ud83d of one`, 'a zero \u0000 in it')
    assert.deepEqual(found('half'), ['half \ufffd of one'])
    assert.equal(found('zero').length, 1)
  })
})
