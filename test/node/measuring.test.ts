import assert from 'node:assert/strict'
import { setMaxListeners } from 'node:events'
import type { Engine, ModelInfo, Rates } from '../../src/interface.ts'
import { Measuring } from '../../src/node/measuring.ts'
import { OwnCapability } from '../../src/node/own-capability.ts'
import { ManualClock } from '../protocols/manual-clock.ts'
import { offer } from './candidates.ts'

const TEN_MINUTES = 10 * 60_000

function model(name: string, changes: Partial<ModelInfo> = {}): ModelInfo {
  return { ...offer({ name, parameters: 1e9 }), bytes: 1, loaded: false, broken: null, ...changes }
}

/** An engine that measures what the test says, one measurement after the other. */
class FakeEngine implements Pick<Engine, 'models' | 'measure' | 'hardware'> {
  held: ModelInfo[] = [model('small')]
  /** Rates, or why a model does not run. */
  readonly results = new Map<string, Rates | Error>()
  readonly measured: { name: string; again: boolean | undefined }[] = []
  /** What each measurement waits for. */
  gate: Promise<void> = Promise.resolve()

  models(): Promise<ModelInfo[]> {
    return Promise.resolve([...this.held])
  }

  async measure(hash: string, { signal, again }: { signal?: AbortSignal; again?: boolean } = {}): Promise<Rates> {
    const { name } = this.held.find((each) => each.hash === hash)!
    this.measured.push({ name, again })
    await Promise.race([this.gate, aborted(signal)])
    const result = this.results.get(name) ?? { prefillRate: 1000, decodeRate: 100 }
    if (result instanceof Error) throw result
    return result
  }

  hardware(): string {
    return 'a CPU'
  }
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    // Each measurement of a long round listens.
    if (signal !== undefined) setMaxListeners(Infinity, signal)
    signal?.addEventListener('abort', () => {
      reject(new Error('the measurement was stopped'))
    })
  })
}

/** Lets everything that is ready to happen happen. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('measuring', () => {
  const engine = () => new FakeEngine()

  function begin(
    fake: FakeEngine,
    maxRate: number | null = null,
    mark: (models: ModelInfo[]) => ModelInfo[] = (models) => models
  ) {
    const clock = new ManualClock()
    const warnings: string[] = []
    /** The names of the models at each change. */
    const offered: string[][] = []
    const capability: OwnCapability = new OwnCapability({
      name: 'pi',
      version: '0.1.0',
      answering: 'yes',
      changed: () => offered.push(capability.get().models.map(({ name }) => name))
    })
    const measuring = new Measuring({
      engine: fake as unknown as Engine,
      capability,
      maxRate,
      mark,
      warn: (message) => warnings.push(message),
      clock
    })
    return { clock, warnings, offered, capability, measuring }
  }

  it('begins with the strongest model and tells of each as soon as it is measured', async () => {
    const fake = engine()
    fake.held = [
      model('mini', { builtIn: true, parameters: 1e6 }),
      model('small'),
      model('large', { parameters: 8e9 }),
      model('damaged', { broken: 'no tokenizer.json' })
    ]
    const { measuring, offered, capability } = begin(fake)
    await measuring.first
    assert.deepEqual(
      fake.measured.map(({ name }) => name),
      ['large', 'small', 'mini']
    )
    assert.deepEqual(offered, [['large'], ['large', 'small'], ['large', 'small', 'mini']])
    assert.equal(capability.get().hardware, 'a CPU')
    measuring.stop()
  })

  it('looks again when the models change: offers no more what is gone at once, and what is new once it is measured', async () => {
    const fake = engine()
    fake.held = [model('large', { parameters: 8e9 }), model('small')]
    const { measuring, offered, clock } = begin(fake)
    await measuring.first
    offered.length = 0
    fake.held = [model('new', { parameters: 9e9 }), model('small')]
    let open: () => void = () => undefined
    fake.gate = new Promise((resolve) => (open = resolve))
    const looked = measuring.look()
    await turn()
    assert.deepEqual(offered, [['small']])
    open()
    await looked
    // What did not change stays on offer meanwhile.
    assert.deepEqual(offered, [['small'], ['new', 'small']])
    assert.deepEqual(
      fake.measured.slice(2).map(({ name, again }) => [name, again]),
      [
        ['new', false],
        ['small', false]
      ]
    )
    // And the next round comes when it would have come.
    clock.advance(TEN_MINUTES)
    await turn()
    assert.equal(fake.measured.length, 6)
    measuring.stop()
  })

  it('looks one time after the other, and not after its end', async () => {
    const fake = engine()
    const { measuring } = begin(fake)
    await Promise.all([measuring.first, measuring.look(), measuring.look()])
    assert.equal(fake.measured.length, 3)
    measuring.stop()
    await measuring.look()
    assert.equal(fake.measured.length, 3)
  })

  it('tells of a model that does not run, leaves it out, and gives the reason where none runs', async () => {
    const fake = engine()
    fake.held = [model('large', { parameters: 8e9 }), model('small')]
    fake.results.set('large', new Error('out of memory'))
    const { measuring, warnings, capability, clock } = begin(fake)
    await measuring.first
    assert.deepEqual(
      capability.get().models.map(({ name }) => name),
      ['small']
    )
    assert.deepEqual([warnings.length, measuring.engineError], [1, null])
    assert.match(warnings[0]!, /large does not run here: out of memory/)
    fake.results.set('small', new Error('no engine'))
    clock.advance(TEN_MINUTES)
    await turn()
    assert.deepEqual(capability.get().models, [])
    assert.equal(measuring.engineError, 'no engine')
    // The reason that is known already is not told again.
    assert.deepEqual(warnings.slice(1), ['The model small does not run here: no engine'])
    measuring.stop()
  })

  it('publishes on the ladder, no more than the owner allows, and does not move for noise', async () => {
    const fake = engine()
    fake.results.set('small', { prefillRate: 1000, decodeRate: 100 })
    const { measuring, capability, clock, offered } = begin(fake, 20)
    await measuring.first
    const [published] = capability.get().models
    assert.ok(published!.decodeRate > 20 / 1.5 && published!.decodeRate < 20 * 1.5, String(published!.decodeRate))
    fake.results.set('small', { prefillRate: 1200, decodeRate: 13.5 })
    clock.advance(TEN_MINUTES)
    await turn()
    assert.equal(fake.measured.length, 2)
    assert.deepEqual(capability.get().models, [published])
    assert.equal(offered.length, 1)
    measuring.stop()
  })

  it('measures again every ten minutes of idleness, never while it answers and never twice at once', async () => {
    const fake = engine()
    const { measuring, capability, clock } = begin(fake)
    await measuring.first
    clock.advance(TEN_MINUTES - 1)
    assert.equal(fake.measured.length, 1)
    let open = (): void => undefined
    fake.gate = new Promise((resolve) => (open = resolve))
    clock.advance(1)
    await turn()
    clock.advance(5 * TEN_MINUTES)
    await turn()
    assert.deepEqual(fake.measured.slice(1), [{ name: 'small', again: true }])
    open()
    await turn()
    capability.update({ queue: 1 })
    clock.advance(TEN_MINUTES)
    await turn()
    assert.equal(fake.measured.length, 2)
    capability.update({ queue: 0 })
    clock.advance(TEN_MINUTES)
    await turn()
    assert.equal(fake.measured.length, 3)
    measuring.stop()
  })

  it('offers what other engines have as soon as it is told, while the first measurement still runs, and no longer when it is gone', async () => {
    const fake = engine()
    let open = (): void => undefined
    fake.gate = new Promise((resolve) => (open = resolve))
    const { measuring, capability } = begin(fake)
    const names = () => capability.get().models.map(({ name }) => name)
    await turn()
    fake.gate = Promise.resolve()
    const served = { ...model('served', { parameters: 8e9 }), engine: 'ollama', startsOnly: true }
    fake.held = [model('small'), served]
    await measuring.refresh()
    assert.deepEqual(names(), ['served'])
    assert.equal(capability.get().models[0]!.startsOnly, true)
    open()
    await measuring.first
    assert.deepEqual(names(), ['served', 'small'])
    fake.held = [model('small'), { ...served, broken: 'it failed' }]
    await measuring.refresh()
    assert.deepEqual(names(), ['small'])
    fake.held = [model('small'), served]
    fake.results.set('served', { prefillRate: 10, decodeRate: 1 })
    await measuring.refresh()
    assert.ok(capability.get().models[0]!.decodeRate < 2)
    // The device's own models are measured by their own rounds alone.
    assert.deepEqual(
      fake.measured.map(({ name }) => name),
      ['small', 'served', 'served']
    )
    measuring.stop()
    await measuring.refresh()
  })

  it('offers no more models than a notice can carry, and the built-in one among them', async () => {
    const fake = engine()
    fake.held = [model('mini', { builtIn: true }), ...Array.from({ length: 80 }, (_, index) => model(`m${index}`))]
    const { measuring, capability } = begin(fake)
    await measuring.first
    const { models } = capability.get()
    assert.deepEqual([models.length, models.at(-1)!.name], [64, 'mini'])
    measuring.stop()
  })

  it('is silent when it is stopped in the middle, and measures no more', async () => {
    const fake = engine()
    fake.held = [model('large', { parameters: 8e9 }), model('small')]
    fake.gate = new Promise(() => undefined)
    const { measuring, warnings, offered, clock } = begin(fake)
    await turn()
    measuring.stop()
    await measuring.first
    clock.advance(2 * TEN_MINUTES)
    await turn()
    assert.deepEqual([warnings, offered, fake.measured.length, measuring.engineError], [[], [], 1, null])
  })

  it('offers no model that is too large, says which is loaded and which was chosen, and follows each change', async () => {
    const fake = engine()
    const large = model('large', { parameters: 8e9, tooLarge: 'large needs 5.0 GB' })
    fake.held = [large, model('small', { loadMs: 800 }), model('other', { parameters: 2e9, loaded: true })]
    let chosen = ''
    const { measuring, capability } = begin(fake, null, (all) =>
      all.map((each) => (each.name === chosen ? { ...each, chosen: true } : each))
    )
    await measuring.first
    const offers = () => capability.get().models.map(({ name, loadMs, chosen }) => [name, loadMs, chosen])
    assert.deepEqual(offers(), [
      ['other', undefined, undefined],
      ['small', 800, undefined]
    ])
    chosen = 'small'
    fake.held = fake.held.map((each) => ({ ...each, loaded: each.name === 'small' }))
    await measuring.refresh()
    assert.deepEqual(offers(), [
      ['small', undefined, true],
      ['other', 1, undefined]
    ])
    assert.deepEqual(
      fake.measured.map(({ name }) => name),
      ['other', 'small']
    )
    measuring.stop()
  })

  it('says why the models could not be read, and tries again', async () => {
    const fake = engine()
    const models = fake.models.bind(fake)
    fake.models = () => Promise.reject(new Error('permission denied'))
    const { measuring, warnings, capability, clock } = begin(fake)
    await measuring.first
    assert.deepEqual(warnings, ['Models could not be read: permission denied'])
    fake.models = models
    clock.advance(TEN_MINUTES)
    await turn()
    assert.equal(capability.get().models.length, 1)
    measuring.stop()
  })
})
