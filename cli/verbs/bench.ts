import { NodeUnreachableError } from '../../src/errors.ts'
import type { BenchDone, BenchEvent, BenchProvider, BenchStarted } from '../../src/interface.ts'
import { BENCH_COLUMNS, benchCells } from '../bench-table.ts'
import { EXIT } from '../exit-codes.ts'
import { bytes, parameters } from '../human.ts'
import type { Output } from '../output.ts'
import { defineVerb, withMesh } from '../verb.ts'

export const bench = defineVerb({
  name: 'bench',
  summary: 'measure this device and see which provider answers, and why',
  group: 'Models',
  usage: '',
  words: { min: 0, max: 0 },
  flags: { model: { type: 'text', value: 'NAME', summary: 'with this model instead of the strongest' } },
  notes: () => [
    'Each provider loads the model in a process of its own and answers the same prompt up to five times.',
    'Rates are tokens a second: the median, and the slowest and fastest run.'
  ],
  async run({ doors, home, log, output, interruption: { signal }, values: { model } }) {
    return withMesh(doors.visitMesh({ ...home, log, signal }), async (mesh) => {
      output.status('Measuring')
      const found = await follow(mesh.bench({ signal, ...(model !== undefined && { model }) }), output)
      if (output.json) output.data(asOne(found))
      else print(found, output)
      return EXIT.done
    })
  }
})

interface Found {
  started: BenchStarted
  results: BenchProvider[]
  done: BenchDone
}

/** What programs get: one object without the events it came in. */
function asOne({ started, results, done }: Found): object {
  const rest = (event: object): object => Object.fromEntries(Object.entries(event).filter(([name]) => name !== 'type'))
  return { ...rest(started), providers: results.map(rest), ...rest(done) }
}

/** Shows how far it is until it is through. */
async function follow(events: AsyncIterable<BenchEvent>, output: Output): Promise<Found> {
  let started: BenchStarted | undefined
  const results: BenchProvider[] = []
  for await (const event of events) {
    if (event.type === 'started') started = event
    if (event.type === 'progress') {
      const { provider, step, run, runs } = event
      output.status(step === 'loading' ? `Loading with ${provider}` : `Measuring ${provider}, run ${run} of ${runs}`)
      // Standard output holds one object in the end.
      if (!output.json) output.report({ event: 'progress', provider, step, run, runs })
    }
    if (event.type === 'provider') results.push(event)
    if (event.type === 'done' && started !== undefined) return { started, results, done: event }
  }
  throw new NodeUnreachableError('The node ended before the measurement did. Repeat the command.')
}

function print({ started, results, done }: Found, output: Output): void {
  const { model, quantization, hardware, promptTokens, answerTokens } = started
  output.heading(
    `${model}: ${parameters(started.parameters)} parameters, ${quantization ?? '?'}, ${bytes(started.bytes)}`
  )
  output.line(`${hardware}; a prompt of ${promptTokens} tokens, an answer of ${answerTokens}`)
  output.line()
  output.table(
    BENCH_COLUMNS,
    results.map((result) => benchCells(result, done.used))
  )
  output.line()
  output.paragraph(`${done.used} answers: ${done.reason}.`)
  for (const { provider, mend } of results) {
    if (mend === undefined) continue
    output.paragraph(`What ${provider} lacks comes with:`)
    output.line(`    ${mend}`)
  }
  if (done.busy !== null) {
    output.paragraph(`This device was not idle: ${done.busy}. Repeat it when nothing else runs.`, '! ')
  }
}
