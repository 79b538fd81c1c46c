import assert from 'node:assert/strict'
import fc from 'fast-check'
import { cut, printable, widthOf, wrap } from '../../cli/columns.ts'
import { table } from '../../cli/table.ts'

const columns = [{ title: 'NAME' }, { title: 'QUEUE', align: 'right' }, { title: 'REASON', wrap: true }] as const
const ENDLESS = Number.POSITIVE_INFINITY

describe('a table', () => {
  it('aligns its columns with spaces', () => {
    assert.deepEqual(
      table(
        columns,
        [
          ['desktop', '2', 'strongest'],
          ['日本', '10', 'slow']
        ],
        ENDLESS
      ),
      ['NAME     QUEUE  REASON', 'desktop      2  strongest', '日本        10  slow']
    )
  })

  it('cuts what is too wide and wraps the last column', () => {
    const rows = [['a-very-long-name-of-a-device', '2', 'the reason is long too']]
    assert.deepEqual(table(columns, rows, 34), [
      'NAME           QUEUE  REASON',
      'a-very-long-…      2  the reason',
      '                      is long too'
    ])
  })

  it('is never wider than the terminal, whatever stands in it', () => {
    const cell = fc.string({ unit: 'grapheme', maxLength: 40 })
    const rows = fc.array(fc.tuple(cell, cell, cell), { maxLength: 5 })
    fc.assert(
      fc.property(rows, fc.integer({ min: 28, max: 120 }), (cells, width) => {
        for (const line of table(columns, cells, width)) {
          assert.ok(widthOf(line) <= width, `${widthOf(line)} > ${width}: ${line}`)
        }
      }),
      { seed: 1, numRuns: 300 }
    )
  })
})

describe('text on a terminal', () => {
  it('is cut with an ellipsis, a wide character never in half', () => {
    assert.equal(cut('desktop', 7), 'desktop')
    assert.equal(cut('desktop', 6), 'deskt…')
    assert.equal(cut('日本語', 4), '日…')
    assert.equal(widthOf(cut('日本語日本語', 6)), 5)
  })

  it('is wrapped without losing a letter', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 4, max: 40 }), (text, width) => {
        const lines = wrap(text, width)
        assert.equal(lines.join('').replaceAll(' ', ''), text.replaceAll(' ', ''))
        assert.ok(lines.every((line) => widthOf(line) <= width))
      }),
      { seed: 1, numRuns: 300 }
    )
  })

  it('loses what could move the cursor or rename the window', () => {
    assert.equal(printable('a\u001b]0;owned\u0007b\u009b2Jc\r\td\ne'), 'a]0;ownedb2Jc\td\ne')
  })
})
