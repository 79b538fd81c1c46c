import assert from 'node:assert/strict'
import { UsageError } from '../../cli/exit-codes.ts'
import { nearest } from '../../cli/nearest.ts'
import { findVerb, parse } from '../../cli/parse.ts'
import { startArguments } from '../../cli/start-arguments.ts'

const verb = {
  name: 'ask',
  usage: 'PROMPT…',
  words: { min: 0, max: 9 },
  flags: {
    name: { type: 'text', value: 'NAME', summary: '' },
    connect: { type: 'texts', value: 'ADDR', summary: '' },
    port: { type: 'number', value: 'N', summary: '', min: 0, max: 65_535, whole: true },
    prefer: { type: 'choice', choices: ['quality', 'speed'], summary: '' }
  }
} as const

function refusal(...args: string[]): string {
  try {
    parse(verb, args)
  } catch (error) {
    assert.ok(error instanceof UsageError)
    return error.message
  }
  return 'accepted'
}

describe('parsing a command line', () => {
  it('reads words and flags in any order', () => {
    assert.deepEqual(parse(verb, ['what', '--name', 'desk', 'is', '--connect=a', '--json', '--connect', 'b']), {
      words: ['what', 'is'],
      values: { name: 'desk', connect: ['a', 'b'], json: true }
    })
  })

  it('takes numbers below zero and everything after -- for words', () => {
    assert.deepEqual(parse(verb, ['7', 'minus', '-12', '--', '--json', '-3']).words, [
      '7',
      'minus',
      '-12',
      '--json',
      '-3'
    ])
  })

  it('names the nearest flag for one that does not exist', () => {
    assert.equal(refusal('--nmae', 'x'), 'mesh ask has no flag --nmae; did you mean --name?')
    assert.equal(refusal('--zzzz'), 'mesh ask has no flag --zzzz.')
    assert.equal(refusal('--constructor'), 'mesh ask has no flag --constructor.')
  })

  it('says what a flag needs', () => {
    assert.equal(refusal('--name'), '--name needs a value: --name NAME.')
    assert.equal(refusal('--name', '--json'), '--name needs a value: --name NAME.')
    assert.equal(refusal('--json=yes'), '--json takes no value.')
    assert.equal(refusal('--port', '65536'), '--port is a whole number from 0 to 65535, not “65536”.')
    assert.equal(refusal('--port', '1.5'), '--port is a whole number from 0 to 65535, not “1.5”.')
    assert.equal(refusal('--port', 'high'), '--port is a whole number from 0 to 65535, not “high”.')
    assert.equal(refusal('--prefer', 'price'), '--prefer is quality or speed, not “price”.')
  })

  it('says which word is too many or missing', () => {
    const strict = { ...verb, usage: 'NAME', words: { min: 1, max: 1 } }
    assert.throws(() => parse(strict, ['a', 'b']), {
      message: 'mesh ask does not know what to do with “b”: mesh ask NAME.'
    })
    assert.throws(() => parse(strict, []), { message: 'Something is missing: mesh ask NAME.' })
    assert.equal(parse(strict, ['--help']).values.help, true)
  })

  it('finds the verb behind flags that every verb takes', () => {
    assert.deepEqual(findVerb(['--home', '/h', '--json', 'peers', '--quiet']), {
      name: 'peers',
      rest: ['--home', '/h', '--json', '--quiet']
    })
    assert.equal(findVerb(['--name', 'peers']).name, undefined)
  })

  it('turns `npm start` into join unless another command is named', () => {
    assert.deepEqual(startArguments([]), ['join'])
    assert.deepEqual(startArguments(['--name', 'desk']), ['join', '--name', 'desk'])
    assert.deepEqual(startArguments(['--home', '/h']), ['join', '--home', '/h'])
    assert.deepEqual(startArguments(['--home', '/h', 'peers']), ['--home', '/h', 'peers'])
    assert.deepEqual(startArguments(['peers', '--json']), ['peers', '--json'])
    assert.deepEqual(startArguments(['--version']), ['--version'])
  })
})

describe('the nearest word', () => {
  it('forgives a third of the letters, swaps and beginnings', () => {
    const verbs = ['join', 'ask', 'status', 'peers', 'doctor', 'help']
    assert.equal(nearest('stauts', verbs), 'status')
    assert.equal(nearest('pears', verbs), 'peers')
    assert.equal(nearest('doc', verbs), 'doctor')
    assert.equal(nearest('jion', verbs), 'join')
    assert.equal(nearest('banana', verbs), undefined)
  })
})
