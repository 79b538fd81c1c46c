import assert from 'node:assert/strict'
import type { BenchEvent, BenchProvider } from '../../src/interface.ts'
import { commandLine } from './command-line.ts'
import { SmallFake } from './small-fake.ts'

const figure = (median: number) => ({ median, lowest: median * 0.9, highest: median * 1.1, runs: 5 })
const NONE = { loadMs: null, memoryBytes: null, prefill: null, decode: null, sameAnswer: null, software: null }
const RESULTS: BenchProvider[] = [
  {
    ...{ type: 'provider', provider: 'cpu', state: 'measured', reason: null, software: null, loadMs: 120.4 },
    ...{ memoryBytes: 12_000_000, prefill: figure(8000), decode: figure(640), sameAnswer: true }
  },
  {
    ...{ type: 'provider', provider: 'webgpu', state: 'measured', reason: null, software: 'lavapipe', loadMs: 420 },
    ...{ memoryBytes: 40_000_000, prefill: figure(500), decode: figure(9.25), sameAnswer: false }
  },
  {
    ...NONE,
    type: 'provider',
    provider: 'cuda',
    state: 'failed',
    reason: 'it is not installed',
    mend: 'node install.js'
  }
]

function fake(busy: string | null = null): SmallFake {
  const mesh = new SmallFake()
  mesh.benched = [
    {
      ...{ type: 'started', model: 'qwen', hash: 'ab'.repeat(32), bytes: 400_000_000, parameters: 600_000_000 },
      ...{ quantization: 'q4', hardware: 'cpu, 8 cores', providers: ['cpu'], promptTokens: 256, answerTokens: 32 }
    },
    ...RESULTS.flatMap((result): BenchEvent[] => [
      { type: 'progress', provider: result.provider, step: 'loading', run: 0, runs: 5 },
      result
    ]),
    { type: 'done', used: 'cpu', reason: 'the fastest: 640 tokens/s, webgpu 9.3', busy }
  ]
  return mesh
}

describe('mesh bench', () => {
  it('prints a table: rates with their range, who answers and why, and the command for what is missing', async () => {
    const mesh = fake()
    const { code, stdout, stderr } = await commandLine(['bench', '--model', 'qwen'], { mesh })
    assert.equal(code, 0)
    assert.equal(mesh.benches[0]?.model, 'qwen')
    assert.match(stdout, /^qwen: 600 M parameters, q4, 400 MB\n/)
    assert.match(stdout, /\ncpu +8000 \(7200–8800\) +640 \(576–704\) +0\.12 s +12 MB +answers\n/)
    assert.match(
      stdout,
      /\nwebgpu .* 9\.3 \(8\.3–10\) .* computed in software by lavapipe, not by a GPU, ANOTHER ANSWER THAN CPU\n/
    )
    assert.match(stdout, /\ncuda +it is not installed\n/)
    assert.match(stdout, /\ncpu answers: the fastest: 640 tokens\/s, webgpu 9\.3\.\n/)
    assert.match(stdout, /What cuda lacks comes with:\n {4}node install\.js\n$/)
    assert.deepEqual(
      stderr
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { provider: string }).provider),
      ['cpu', 'webgpu', 'cuda']
    )
  })

  it('says when the device was not idle', async () => {
    const { stdout } = await commandLine(['bench', '--quiet'], { mesh: fake('the load was 6.0 on 8 cores') })
    assert.match(stdout, /! This device was not idle: the load was 6\.0 on 8 cores\. Repeat it when/)
  })

  it('gives programs one object, and nothing else', async () => {
    const { stdout, stderr } = await commandLine(['bench', '--json'], { mesh: fake() })
    const { model, providers, used, busy, type, ...rest } = JSON.parse(stdout) as Record<string, unknown>
    assert.deepEqual(
      [model, used, busy, type, rest.reason],
      ['qwen', 'cpu', null, undefined, 'the fastest: 640 tokens/s, webgpu 9.3']
    )
    const untyped = RESULTS.map((result) =>
      Object.fromEntries(Object.entries(result).filter(([name]) => name !== 'type'))
    )
    assert.deepEqual(providers, untyped)
    assert.equal(stderr, '')
  })

  it('fails where the node ends before it is through', async () => {
    const mesh = fake()
    mesh.benched.pop()
    const { code, stderr } = await commandLine(['bench', '--quiet'], { mesh })
    assert.notEqual(code, 0)
    assert.match(stderr, /node ended before the measurement did/)
  })
})
