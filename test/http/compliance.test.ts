import { meshCompliance } from '../compliance/mesh.ts'
import type { Specimen } from '../compliance/mesh.ts'
import { FakeMesh } from '../fixtures/fake-mesh.ts'
import { Home } from './home.ts'

/** Sums that the fake answers in three pieces. */
function scripted(fake: FakeMesh): Pick<Specimen, 'question' | 'happen'> {
  return {
    question(number) {
      const prompt = `What is 7 times ${String(number)}?`
      fake.script(prompt, 'It is ', String(7 * number), '.')
      return { prompt, contains: String(7 * number) }
    },
    happen: () => fake.emit({ type: 'warning', message: 'The cable was pulled.' })
  }
}

meshCompliance('the fake', () => {
  const fake = new FakeMesh()
  return Promise.resolve({ mesh: fake, ...scripted(fake), close: () => fake.stop() })
})

meshCompliance('over the control socket', async () => {
  const home = await Home.create()
  await home.serve()
  return { mesh: await home.connect(), ...scripted(home.fake), close: () => home.close() }
})
