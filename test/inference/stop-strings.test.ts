import assert from 'node:assert/strict'
import fc from 'fast-check'
import { stopStrings } from '../../src/inference/stop-strings.ts'

/** What a reader sees who gets the text letter by letter: the stop string that is complete first ends it. */
function whole(text: string, stops: readonly string[]): string {
  for (let length = 1; length <= text.length; length++) {
    const seen = text.slice(0, length)
    const ended = stops.filter((stop) => seen.endsWith(stop)).map((stop) => seen.length - stop.length)
    if (ended.length > 0) return text.slice(0, Math.min(...ended))
  }
  return text
}

describe('stop strings', () => {
  it('end the text before them and show nothing after', () => {
    const stops = stopStrings(['END'])
    assert.deepEqual(stops.push('one E'), { text: 'one ', stopped: false })
    assert.deepEqual(stops.push('ND two'), { text: '', stopped: true })
  })

  it('give back what only looked like a beginning', () => {
    const stops = stopStrings(['\n\nUser:'])
    assert.deepEqual(stops.push('a\n'), { text: 'a', stopped: false })
    assert.deepEqual(stops.push('b\n\nUs'), { text: '\nb', stopped: false })
    assert.equal(stops.flush(), '\n\nUs')
  })

  it('never show any part of one, however the text is cut up', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'é'), maxLength: 12 })
    const stop = fc.string({ unit: fc.constantFrom('a', 'b', 'é'), minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(fc.array(letters), fc.array(stop, { maxLength: 3 }), (pieces, list) => {
        const stops = stopStrings(list)
        const wanted = whole(pieces.join(''), list)
        let shown = ''
        let stopped = false
        for (const piece of pieces) {
          const result = stops.push(piece)
          shown += result.text
          stopped = result.stopped
          assert.ok(wanted.startsWith(shown), `${shown} is more than ${wanted}`)
          if (stopped) break
        }
        assert.equal(stopped ? shown : shown + stops.flush(), wanted)
      }),
      { seed: 3, numRuns: 1000 }
    )
  })
})
