/** A process with an engine, to be killed by `orphan.test.ts`: prints the pid of its child at the first token. */
import { ask, hashOf, place, testEngine } from './fixture.ts'

const engine = testEngine({ places: [place('plain')] })
const model = await hashOf(engine, 'plain')
const long = { temperature: 0, maxTokens: 200 }
let told = false
for (;;) {
  for await (const event of engine.generate(ask(model, 'hello', { sampling: long }))) {
    if (event.type !== 'tokens' || told) continue
    told = true
    process.stdout.write(`${String(engine.pid())}\n`)
  }
}
