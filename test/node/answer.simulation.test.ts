import assert from 'node:assert/strict'
import { BusyError, EngineFailedError, NotAnsweringError } from '../../src/errors.ts'
import { device } from './candidates.ts'
import { FakeDevices } from './fake-devices.ts'
import type { Asked, Fault } from './fake-devices.ts'
import { FakeModel } from './fake-model.ts'
import type { Pick } from './fake-model.ts'

const SCHEDULES = 1_000
const KINDS: Fault['kind'][] = ['error', 'error', 'end', 'hang', 'lost', 'lost', 'deaf']

/** Mulberry32 (Tommy Ettinger, public domain): the same schedule for the same seed. */
function seeded(seed: number): Pick {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

interface Schedule {
  mesh: FakeDevices
  models: FakeModel[]
  maxTokens: number
  /** After which event the asker cancels or leaves. */
  leaves: { at: number; how: 'cancel' | 'leave' } | undefined
}

function schedule(seed: number): Schedule {
  const pick = seeded(seed)
  const chance = (percent: number) => pick(100) < percent
  const layout = Array.from({ length: 5 + pick(60) }, () => pick(4))
  const models = [
    new FakeModel({ name: 'big', parameters: 8e9 }, layout, pick),
    new FakeModel({ name: 'alike', parameters: 8.1e9, decodeRate: 30 }, layout, pick),
    new FakeModel({ name: 'mini', parameters: 1e6, builtIn: true }, layout, pick)
  ] as const
  const [big, alike, mini] = models
  const mesh = new FakeDevices(
    ['a', 'b', 'c', 'd', 'e'].map((name, index) => {
      const held = [big, alike, mini].filter((_, at) => chance([60, 35, 25][at]!))
      const here = index === 0
      const state = chance(15) && !here ? 'silent' : 'connected'
      const answering = chance(10) ? 'paused' : 'yes'
      const offers = held.map(({ offer }) => offer)
      return [device(name, offers, { here, state, answering, queue: pick(3) }), held]
    })
  )
  const faulty = 20 + pick(75)
  mesh.fault = () => {
    // Devices come and go between attempts.
    for (const one of mesh.devices) if (one.state !== 'connected' && chance(30)) one.state = 'connected'
    if (!chance(faulty)) return undefined
    const refusals = [
      new BusyError('full'),
      new NotAnsweringError('paused'),
      new EngineFailedError('crashed'),
      new Error('?')
    ]
    if (chance(20)) return { after: 0, kind: 'error', error: refusals[pick(4)]! }
    return { after: pick(30), kind: KINDS[pick(KINDS.length)]! }
  }
  mesh.delay = ({ type }) => (type === 'waiting' ? 1_000 : 1 + pick(400))
  mesh.waitings = pick(8)
  const maxTokens = chance(40) ? 1 + pick(60) : 512
  const leaves = chance(10) ? { at: pick(20), how: chance(50) ? ('cancel' as const) : ('leave' as const) } : undefined
  return { mesh, models: [...models], maxTokens, leaves }
}

async function play({ mesh, maxTokens, leaves }: Schedule): Promise<Asked> {
  const controller = new AbortController()
  let count = 0
  return mesh.ask({ maxTokens, signal: controller.signal }, () => {
    if (leaves === undefined || count++ !== leaves.at) return false
    if (leaves.how === 'cancel') controller.abort(new Error('cancelled'))
    return leaves.how === 'leave'
  })
}

/** The text that those models would have given that the reader was told of, or an error. */
function expectedText({ events }: Asked, models: FakeModel[], maxTokens: number): string {
  let text = ''
  let model: FakeModel | undefined
  let moved = false
  for (const event of events) {
    if (event.type === 'moved') moved ||= text !== '' && !event.sameModel
    if (event.type === 'accepted') model = models.find(({ offer }) => offer.hash === event.model.hash)
    if (event.type !== 'text') continue
    // After a change of model the budget is no longer that of one model's tokens.
    const whole = moved ? model!.text : model!.answer(maxTokens)
    const next = whole.slice(text.length, text.length + event.text.length)
    // Cut at the budget in the middle of a character: only then may anything but the model's text come.
    text += moved && event.text.endsWith('�') ? next.slice(0, -1) + '�' : next
  }
  return text
}

describe(`in ${SCHEDULES} schedules of deaths, silences and refusals over five devices`, function () {
  this.timeout(60_000)
  const played: { seed: number; plan: Schedule; result: Asked }[] = []
  before(async () => {
    for (let seed = 1; seed <= SCHEDULES; seed++) {
      const plan = schedule(seed)
      played.push({ seed, plan, result: await play(plan) })
    }
  })

  it('the text is always a beginning of what the models would have said, nothing lost and nothing doubled', () => {
    for (const { seed, plan, result } of played) {
      assert.equal(result.text, expectedText(result, plan.models, plan.maxTokens), `schedule ${seed}`)
    }
  })

  it('an answer that stayed with one model and came to its end is the whole uninterrupted answer', () => {
    let continued = 0
    for (const { seed, plan, result } of played) {
      if (result.events.at(-1)?.type !== 'done') continue
      const names = result.events.flatMap((event) => (event.type === 'accepted' ? [event.model.name] : []))
      const model = plan.models.find(({ offer }) => offer.name === names.at(-1))!
      if (names.some((name) => name !== model.offer.name)) continue
      assert.equal(result.text, model.answer(plan.maxTokens), `schedule ${seed}`)
      continued += Number(plan.mesh.runs.some(({ request }) => (request.continuation?.tokens.length ?? 0) > 0))
    }
    assert.ok(continued > 100, `only ${continued} were carried on exactly`)
  })

  it('what does not come to its end says why: nobody could begin, nobody could carry on, or the asker left', () => {
    const endings = new Map<string, number>()
    for (const { seed, plan, result } of played) {
      const { error, text, events } = result
      let ending = 'done'
      if (error instanceof Error) ending = error.message === 'cancelled' ? 'cancelled' : error.name
      else if (events.at(-1)?.type !== 'done') ending = 'left'
      endings.set(ending, (endings.get(ending) ?? 0) + 1)
      if (ending === 'AnswerInterruptedError') assert.notEqual(text, '', `schedule ${seed}`)
      if (ending === 'NobodyCanAnswerError') assert.equal(text, '', `schedule ${seed}`)
      if (ending === 'left' || ending === 'cancelled') assert.ok(plan.leaves !== undefined, `schedule ${seed}`)
    }
    const known = ['done', 'AnswerInterruptedError', 'NobodyCanAnswerError', 'cancelled', 'left']
    assert.deepEqual([...endings.keys()].sort(), known.sort())
  })

  it('nobody is asked to go on from ids or a text that are not exactly what came, or beyond the budget', () => {
    for (const { seed, plan } of played) assert.deepEqual(plan.mesh.wrongRequests, [], `schedule ${seed}`)
  })

  it('no id is run twice', () => {
    for (const { seed, plan } of played) {
      const ids = plan.mesh.runs.map(({ request }) => request.id)
      assert.equal(new Set(ids).size, ids.length, `schedule ${seed}`)
    }
  })

  it('every attempt is aborted and closed in the end, and counts as in flight no longer', () => {
    for (const { seed, plan } of played) {
      for (const run of plan.mesh.runs) {
        assert.ok(run.signal.aborted, `schedule ${seed}`)
        assert.equal(run.state, 'closed', `schedule ${seed}`)
        assert.equal(plan.mesh.inFlight.count(run.peer), 0, `schedule ${seed}`)
      }
    }
  })

  it('the reader is told of each device before its text, and every failure is reported once', () => {
    for (const { seed, plan, result } of played) {
      let named: string | undefined
      for (const event of result.events) {
        if (event.type === 'moved') assert.equal(event.from.id, named, `schedule ${seed}`)
        if (event.type === 'accepted') named = event.peer.id
        if (event.type === 'text') assert.ok(named !== undefined)
      }
      const { runs, failures, successes } = plan.mesh
      const unfinished = Number(plan.leaves !== undefined && successes.length + failures.length < runs.length)
      assert.equal(failures.length + successes.length + unfinished, runs.length, `schedule ${seed}`)
    }
  })

  it('the built-in model never takes over from a real one once the reader has text', () => {
    for (const { seed, plan, result } of played) {
      const [, , mini] = plan.models
      let real = false
      let model = ''
      for (const event of result.events) {
        if (event.type === 'accepted') model = event.model.name
        if (event.type !== 'text') continue
        assert.ok(!(real && model === mini?.offer.name), `schedule ${seed}`)
        real ||= model !== mini?.offer.name
      }
    }
  })
})
