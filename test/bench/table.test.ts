import assert from 'node:assert/strict'
import { withTable, type Entry } from '../../bench/table.ts'

const EMPTY = 'before\n<!-- measured: begin -->\n\n<!-- measured: end -->\nafter\n'
const NAMES = ['start', 'gap', 'memory']

function entry(what: string, measured: string): Entry {
  return { what, goal: '≤ 3 s', measured, verdict: 'met', date: '2026-01-31', load: '0.4', command: '`npm run bench`' }
}

describe('the table of the benchmarks', () => {
  it('is put between the marks, with the machine above it', () => {
    const document = withTable(EMPTY, 'a machine', [entry('gap', '12 ms')], NAMES)
    assert.match(document, /^before\n/)
    assert.match(document, /\nafter\n$/)
    assert.match(
      document,
      /\n\na machine\n\n\| what \|.*\n\| --- \|.*\n\| gap \| ≤ 3 s \| 12 ms \| met \| 2026-01-31 \| 0.4 \|/
    )
  })

  it('keeps the other rows, in the order of the names, when some are measured again', () => {
    const first = withTable(EMPTY, 'a machine', [entry('memory', '90 MB'), entry('gap', '12 ms')], NAMES)
    const second = withTable(first, 'a machine', [entry('gap', '13 ms'), entry('start', '1 s')], NAMES)
    const cells = [...second.matchAll(/^\| (\w+) \| ≤ 3 s \| ([^|]+) \|/gm)].map(([, what, measured]) => [
      what,
      measured
    ])
    assert.deepEqual(cells, [
      ['start', '1 s'],
      ['gap', '13 ms'],
      ['memory', '90 MB']
    ])
  })

  it('forgets the rows of another machine', () => {
    const first = withTable(EMPTY, 'a machine', [entry('gap', '12 ms')], NAMES)
    const second = withTable(first, 'another one', [entry('start', '1 s')], NAMES)
    assert.doesNotMatch(second, /a machine|12 ms/)
  })

  it('stays as it is when the same is put in twice', () => {
    const once = withTable(EMPTY, 'a machine', [entry('gap', '12 ms')], NAMES)
    assert.equal(withTable(once, 'a machine', [entry('gap', '12 ms')], NAMES), once)
  })

  it('is refused by a document without marks', () => {
    assert.throws(() => withTable('nothing', 'a machine', [], NAMES), /there is no/)
  })
})
