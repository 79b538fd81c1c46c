import assert from 'node:assert/strict'
import {
  AnswerInterruptedError,
  BusyError,
  EngineFailedError,
  InvalidRequestError,
  NobodyCanAnswerError,
  PromptTooLongError,
  ModelTooLargeError,
  ServedEngineError
} from '../../src/errors.ts'
import type { AskDone } from '../../src/interface.ts'
import type { Candidate } from '../../src/node/candidate.ts'
import { device } from './candidates.ts'
import { FakeDevices } from './fake-devices.ts'
import type { Asked, Fault } from './fake-devices.ts'
import { asideAfterFailure, NOT_ASIDE } from '../../src/node/setting-aside.ts'
import { FakeModel } from './fake-model.ts'

/** Every second character takes more than one token. */
const LAYOUT = Array.from({ length: 40 }, (_, index) => index % 4)
let turn = 0
const pick = (below: number) => turn++ % below

const BIG = new FakeModel({ name: 'big', parameters: 8e9 }, LAYOUT, pick)
const ALIKE = new FakeModel({ name: 'alike', parameters: 8.1e9, decodeRate: 20 }, LAYOUT, pick)
const SMALL = new FakeModel({ name: 'small', parameters: 1e9 }, LAYOUT, pick)
const MINI = new FakeModel({ name: 'mini', parameters: 1e6, builtIn: true }, LAYOUT, pick)

function devices(...rows: [name: string, models: FakeModel[], changes?: Parameters<typeof device>[2]][]): FakeDevices {
  return new FakeDevices(
    rows.map(([name, models, changes]): [Candidate, FakeModel[]] => [
      device(
        name,
        models.map(({ offer }) => offer),
        changes
      ),
      models
    ])
  )
}

const idOf = (name: string) => `12D3KooW${name}`

/** Faults by device, each for its first attempt there. */
function failing(mesh: FakeDevices, faults: Record<string, Fault>): FakeDevices {
  const left = new Map(Object.entries(faults).map(([name, fault]) => [idOf(name), fault]))
  mesh.fault = (_, peer) => {
    const fault = left.get(peer)
    left.delete(peer)
    return fault
  }
  return mesh
}

function kinds({ events }: Asked): string[] {
  return events.map(({ type }) => type).filter((type, index, all) => type !== 'text' || all[index - 1] !== 'text')
}

function asked(mesh: FakeDevices): string[] {
  return mesh.runs.map(({ peer }) => peer.slice(idOf('').length))
}

function doneOf({ events }: Asked): AskDone {
  const done = events.at(-1)
  assert.equal(done?.type, 'done')
  return done
}

describe('an answer', () => {
  it('comes from the best device, and says who gave it and how fast', async () => {
    const mesh = devices(['desktop', [BIG]], ['laptop', [SMALL], { here: true }])
    const result = await mesh.ask()
    assert.deepEqual(kinds(result), ['accepted', 'text', 'done'])
    assert.equal(result.text, BIG.text)
    assert.deepEqual(doneOf(result), {
      type: 'done',
      model: 'big',
      peer: { name: 'desktop', id: idOf('desktop') },
      finishReason: 'stop',
      promptTokens: 9,
      answerTokens: BIG.ids.length - 1,
      timeToFirstTokenMs: 20,
      tokensPerSecond: ((BIG.ids.length - 1) * 1000) / 100,
      failovers: 0
    })
    assert.deepEqual(mesh.successes, [idOf('desktop')])
  })

  it('hands over the prompt with its system message and the options that were given', async () => {
    const mesh = devices(['desktop', [BIG]])
    await mesh.ask({ system: 'Be brief.', temperature: 0.5, stop: ['\n'] })
    assert.deepEqual(mesh.runs[0]?.request.messages, [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'What is it?' }
    ])
    assert.deepEqual(mesh.runs[0].request.sampling, { temperature: 0.5, stop: ['\n'] })
  })

  it('shows how the device is waiting, with its name, and takes that for no silence, however long', async () => {
    const mesh = devices(['desktop', [BIG]])
    mesh.waitings = 300
    mesh.delay = ({ type }) => (type === 'waiting' ? 1000 : 10)
    const result = await mesh.ask()
    assert.equal(result.events.filter((event) => event.type === 'waiting' && event.peer.name === 'desktop').length, 300)
    assert.equal(doneOf(result).failovers, 0)
  })

  it('asks the device and the model that were named', async () => {
    const mesh = devices(['desktop', [BIG, SMALL]], ['laptop', [BIG, SMALL], { here: true }])
    assert.equal(doneOf(await mesh.ask({ peer: 'desktop', model: 'small' })).model, 'small')
    assert.equal(doneOf(await mesh.ask({ peer: 'here' })).peer.name, 'laptop')
    assert.deepEqual(asked(mesh), ['desktop', 'laptop'])
  })

  it('counts as in flight until it ends', async () => {
    const mesh = devices(['desktop', [BIG]])
    const counts = new Set<number>()
    await mesh.ask({}, ({ type }) => {
      if (type !== 'done') counts.add(mesh.inFlight.count(idOf('desktop')))
      return false
    })
    assert.deepEqual([...counts], [1])
    assert.equal(mesh.inFlight.count(idOf('desktop')), 0)
  })

  describe('that fails before its first token', () => {
    for (const [title, fault] of Object.entries({
      'refuses because it is full': { after: 0, kind: 'error', error: new BusyError('full') },
      'dies after accepting': { after: 1, kind: 'error' },
      'ends without a word': { after: 0, kind: 'end' },
      'is lost': { after: 1, kind: 'lost' },
      'says nothing': { after: 1, kind: 'hang' }
    } satisfies Record<string, Fault>)) {
      it(`comes whole from the next device when the first one ${title}`, async () => {
        const mesh = failing(devices(['desktop', [BIG]], ['laptop', [SMALL], { here: true }]), { desktop: fault })
        const result = await mesh.ask()
        assert.equal(result.text, SMALL.text)
        assert.deepEqual(asked(mesh), ['desktop', 'laptop'])
        assert.equal(doneOf(result).failovers, 1)
        assert.equal(mesh.runs[1]?.request.continuation, undefined)
      })
    }

    it('goes on at once when the device is lost, and within 4.1 s when it is silent', async () => {
      for (const [kind, limit] of [
        ['lost', 0],
        ['error', 0],
        ['hang', 4_100]
      ] as const) {
        const mesh = failing(devices(['a', [BIG]], ['b', [BIG]]), { a: { after: 1, kind } })
        const { timeToFirstTokenMs } = doneOf(await mesh.ask())
        assert.ok(timeToFirstTokenMs <= 30 + limit, `${kind}: ${timeToFirstTokenMs} ms`)
      }
    })

    it('comes from another model of the same device when one is damaged', async () => {
      const error = Object.assign(new Error('model.onnx is missing'), { name: 'BrokenModelError' })
      const mesh = failing(devices(['desktop', [BIG, SMALL]]), { desktop: { after: 0, kind: 'error', error } })
      assert.equal((await mesh.ask()).text, SMALL.text)
    })

    it('says who carries on only when the first was named', async () => {
      const refused = failing(devices(['a', [BIG]], ['b', [BIG]]), { a: { after: 0, kind: 'error' } })
      assert.deepEqual(kinds(await refused.ask()), ['accepted', 'text', 'done'])
      const died = failing(devices(['a', [BIG]], ['b', [BIG]]), { a: { after: 1, kind: 'error' } })
      assert.deepEqual(kinds(await died.ask()), ['accepted', 'moved', 'accepted', 'text', 'done'])
    })

    it('is given back to the asker at once when the request itself is wrong', async () => {
      const error = new InvalidRequestError('temperature is -1')
      const mesh = failing(devices(['a', [BIG]], ['b', [BIG]]), { a: { after: 0, kind: 'error', error } })
      assert.equal((await mesh.ask()).error, error)
      assert.deepEqual(asked(mesh), ['a'])
    })

    it('looks for a longer context when the prompt is too long, and says so when there is none', async () => {
      const error = new PromptTooLongError('3000 tokens do not fit 2048')
      const fault: Fault = { after: 0, kind: 'error', error }
      const some = failing(devices(['a', [BIG]], ['b', [BIG]], ['c', [SMALL]]), { a: fault })
      assert.equal((await some.ask()).text, SMALL.text)
      assert.deepEqual(asked(some), ['a', 'c'])
      const none = failing(devices(['a', [BIG]], ['b', [BIG]]), { a: fault })
      assert.equal((await none.ask()).error, error)
    })

    it('is not sent at all when it is too long for every device that is there', async () => {
      const mesh = failing(devices(['a', [BIG]], ['b', [BIG], { answering: 'paused' }]), {})
      const { error } = await mesh.ask({ system: 'x '.repeat(BIG.offer.contextLength * 4) })
      assert.ok(error instanceof PromptTooLongError)
      assert.match(error.message, /a: its context of \d+ tokens is too short/)
      assert.deepEqual(asked(mesh), [])
    })

    it('gives every device’s reason when nobody is left', async () => {
      const mesh = failing(
        devices(['a', [BIG]], ['b', [BIG], { answering: 'paused' }], ['c', [SMALL], { here: true, answering: 'no' }]),
        { a: { after: 0, kind: 'error', error: new EngineFailedError('out of memory') } }
      )
      const { error } = await mesh.ask()
      assert.ok(error instanceof NobodyCanAnswerError)
      assert.match(error.message, /a: failed in this ask: out of memory/)
      assert.match(error.message, /b: paused; |b: paused\./)
      assert.match(error.message, /c: set not to answer/)
      assert.equal((error.details.candidates as unknown[]).length, 3)
      assert.ok(error.cause instanceof EngineFailedError)
    })

    it('does not go elsewhere when one device was asked for', async () => {
      const mesh = failing(devices(['a', [BIG]], ['b', [BIG]]), { a: { after: 0, kind: 'error' } })
      const { error } = await mesh.ask({ peer: 'a' })
      assert.ok(error instanceof NobodyCanAnswerError)
      assert.doesNotMatch(error.message, /b:/)
    })
  })

  describe('that breaks off', () => {
    it('goes on with the same model from every id that came, and reads as if nothing had happened', async () => {
      for (let after = 1; after < 2 * BIG.ids.length; after++) {
        const mesh = failing(devices(['a', [BIG]], ['b', [BIG]]), { a: { after, kind: 'error' } })
        const result = await mesh.ask({ seed: 42 })
        assert.equal(result.text, BIG.text)
        // The id that ends the answer may have come before the failure, and then it counts.
        assert.ok([BIG.ids.length - 1, BIG.ids.length].includes(doneOf(result).answerTokens))
      }
    })

    it('takes the seed, the options and the budget of the whole answer with it', async () => {
      const mesh = failing(devices(['a', [BIG]], ['b', [BIG]]), { a: { after: 6, kind: 'error' } })
      const result = await mesh.ask({ maxTokens: 20 })
      const { sampling, continuation, id } = mesh.runs[1]!.request
      assert.equal(sampling.seed, 7)
      assert.ok(continuation !== undefined && continuation.tokens.length > 0)
      assert.equal(sampling.maxTokens, 20)
      assert.equal(result.text, BIG.answer(20))
      assert.equal(doneOf(result).finishReason, 'length')
      assert.notEqual(id, mesh.runs[0]!.request.id)
      assert.match(id, /^[0-9a-f]{32}$/)
    })

    it('needs nobody when its budget is used up and only "done" is missing', async () => {
      const endings = new Set<boolean>()
      for (let after = 2; after < 14; after++) {
        const mesh = devices(['a', [BIG]])
        mesh.fault = () => ({ after, kind: 'error' })
        const { text, error } = await mesh.ask({ maxTokens: 12 })
        const whole = text === BIG.answer(12)
        assert.equal(error === undefined, whole)
        assert.ok(BIG.answer(12).startsWith(text))
        endings.add(whole)
      }
      assert.equal(endings.size, 2)
    })

    it('goes on with another model of its size from the text, and tells the reader', async () => {
      const mesh = failing(devices(['a', [BIG]], ['b', [ALIKE]], ['c', [SMALL]]), { a: { after: 12, kind: 'lost' } })
      const result = await mesh.ask()
      const { continuation } = mesh.runs[1]!.request
      assert.deepEqual(continuation?.tokens, [])
      const had = continuation.text
      assert.equal(result.text, had + ALIKE.text.slice(had.length))
      assert.ok(BIG.text.startsWith(had) && had.length > 0)
      const moved = result.events.find(({ type }) => type === 'moved')
      assert.deepEqual(moved, {
        type: 'moved',
        from: { name: 'a', id: idOf('a') },
        to: { name: 'b', id: idOf('b') },
        reason: 'The cable was pulled.',
        sameModel: false
      })
    })

    it('still goes on exactly when another model was tried and failed without a word', async () => {
      const mesh = devices(['a', [BIG]], ['b', [ALIKE]], ['c', [BIG], { state: 'away' }])
      mesh.fault = (attempt) => {
        if (attempt === 1) mesh.devices[2]!.state = 'connected'
        return attempt === 0 ? { after: 12, kind: 'lost' } : attempt === 1 ? { after: 1, kind: 'error' } : undefined
      }
      const result = await mesh.ask()
      assert.deepEqual(asked(mesh), ['a', 'b', 'c'])
      assert.equal(result.text, BIG.text)
    })

    it('still goes on exactly when another model gave nothing but ids before it failed', async () => {
      const mesh = devices(['a', [BIG]], ['b', [ALIKE]], ['c', [BIG], { state: 'away' }])
      mesh.fault = (attempt) => (attempt === 0 ? { after: 12, kind: 'lost' } : undefined)
      const proper = mesh.generate.bind(mesh)
      mesh.generate = async function* (peer, request, options) {
        for await (const event of proper(peer, request, options)) {
          if (peer !== idOf('b') || event.type !== 'tokens') yield event
          else {
            yield { ...event, text: '' }
            mesh.devices[2]!.state = 'connected'
            throw new EngineFailedError('crashed')
          }
        }
      }
      const result = await mesh.ask()
      assert.deepEqual(asked(mesh), ['a', 'b', 'c'])
      assert.ok(mesh.runs[2]!.request.continuation!.tokens.length > 0)
      assert.equal(result.text, BIG.text)
    })

    it('is carried on by the next when one calls the continuation wrong', async () => {
      const mesh = devices(['a', [BIG]], ['b', [BIG]], ['c', [BIG]])
      const error = new InvalidRequestError('continuation is not known to this release')
      mesh.fault = (attempt) =>
        [
          { after: 12, kind: 'error' },
          { after: 0, kind: 'error', error }
        ][attempt] as Fault
      assert.equal((await mesh.ask()).text, BIG.text)
      assert.deepEqual(asked(mesh), ['a', 'b', 'c'])
    })

    it('goes on by its text where the engine knows no ids, with the same seed and budget, and loses no character', async () => {
      const served = new FakeModel({ name: 'served', parameters: 8e9 }, LAYOUT, pick, { tellsIds: false })
      const mesh = failing(devices(['a', [served]], ['b', [served]]), { a: { after: 12, kind: 'lost' } })
      const result = await mesh.ask({ maxTokens: 200 })
      assert.equal(result.text, served.text)
      const moved = result.events.find(({ type }) => type === 'moved')
      assert.ok(moved?.type === 'moved' && moved.sameModel)
      const { continuation, sampling } = mesh.runs[1]!.request
      assert.deepEqual(continuation?.tokens, [])
      assert.ok(continuation.text.length > 0 && served.text.startsWith(continuation.text))
      assert.deepEqual([sampling.seed, sampling.maxTokens], [7, 200])
      assert.deepEqual(mesh.wrongRequests, [])
    })

    it('is never begun anew: an engine that cannot carry on is passed over, and the answer is interrupted without another', async () => {
      const whole = new FakeModel({ name: 'big', parameters: 8e9, startsOnly: true }, LAYOUT, pick, { tellsIds: false })
      const carried = failing(devices(['a', [whole]], ['b', [whole]], ['c', [ALIKE]]), {
        a: { after: 12, kind: 'lost' }
      })
      assert.equal((await carried.ask()).error, undefined)
      assert.deepEqual(asked(carried), ['a', 'c'])
      const alone = failing(devices(['a', [whole]], ['b', [whole]]), { a: { after: 12, kind: 'lost' } })
      const { error } = await alone.ask()
      assert.ok(error instanceof AnswerInterruptedError)
      assert.match(error.message, /b: its engine cannot carry on from a begun answer/)
      assert.deepEqual(asked(alone), ['a'])
      assert.deepEqual([carried.wrongRequests, alone.wrongRequests], [[], []])
    })

    it('leaves the device its other models when another engine there fails', async () => {
      const mesh = failing(devices(['a', [BIG, SMALL]]), {
        a: { after: 0, kind: 'error', error: new ServedEngineError('ollama does not answer') }
      })
      assert.equal((await mesh.ask()).text, SMALL.text)
      assert.deepEqual(asked(mesh), ['a', 'a'])
    })

    it('goes on elsewhere at once when a model turns out to be too large there, and holds nothing against the device', async () => {
      const mesh = failing(devices(['a', [BIG]], ['b', [BIG]]), {
        a: { after: 0, kind: 'error', error: new ModelTooLargeError('qwen3-8b needs 5.0 GB') }
      })
      assert.equal((await mesh.ask()).text, BIG.text)
      assert.deepEqual(asked(mesh), ['a', 'b'])
      const failure = asideAfterFailure(NOT_ASIDE, new ModelTooLargeError('too large'), 0, 1)
      assert.deepEqual(failure, NOT_ASIDE)
    })

    it('is interrupted when only smaller models and the built-in one are left', async () => {
      const mesh = failing(devices(['a', [BIG]], ['b', [SMALL]], ['c', [MINI], { here: true }]), {
        a: { after: 12, kind: 'lost' }
      })
      const { error, text } = await mesh.ask()
      assert.ok(error instanceof AnswerInterruptedError)
      assert.ok(text.length > 0 && BIG.text.startsWith(text))
      assert.equal(error.details.received, text.length)
      assert.match(error.message, /a: .*cable was pulled/)
      assert.match(error.message, /b: has neither the model that was answering nor another of its size/)
      assert.deepEqual(asked(mesh), ['a'])
    })

    it('may come back to a device that failed, once the answer has moved on', async () => {
      const mesh = devices(['a', [BIG]], ['b', [BIG]])
      mesh.fault = (attempt) => (attempt < 3 ? { after: 8, kind: 'error' } : undefined)
      const result = await mesh.ask()
      assert.deepEqual(asked(mesh), ['a', 'b', 'a', 'b'])
      assert.equal(result.text, BIG.text)
    })
  })

  describe('that is silent', () => {
    it('for as long as its rhythm suggests is still waited for', async () => {
      const mesh = devices(['a', [BIG]], ['b', [BIG]])
      let tokens = 0
      mesh.delay = ({ type }) => (type !== 'tokens' ? 10 : tokens++ === 6 ? 7_000 : 1_500)
      assert.equal(doneOf(await mesh.ask()).failovers, 0)
    })

    it('because this device itself slept is still waited for', async () => {
      const mesh = devices(['a', [BIG]], ['b', [BIG]])
      let slept = false
      const result = await mesh.ask({}, ({ type }) => {
        if (type === 'text' && !slept) {
          slept = true
          void mesh.clock.sleep(1).then(() => {
            mesh.clock.oversleep(3_600_000)
          })
        }
        return false
      })
      assert.equal(doneOf(result).failovers, 0)
    })
  })

  describe('that nobody wants any more', () => {
    it('ends with the signal’s reason and reaches the engine at once', async () => {
      const controller = new AbortController()
      const mesh = devices(['a', [BIG]], ['b', [BIG]])
      const reason = new Error('enough')
      const result = await mesh.ask({ signal: controller.signal }, ({ type }) => {
        if (type === 'text') controller.abort(reason)
        return false
      })
      assert.equal(result.error, reason)
      assert.deepEqual(asked(mesh), ['a'])
      assert.ok(mesh.runs[0]?.signal.aborted)
      assert.deepEqual(mesh.failures, [])
    })

    it('frees the engine when the reader leaves', async () => {
      const mesh = devices(['a', [BIG]])
      await mesh.ask({}, ({ type }) => type === 'text')
      assert.ok(mesh.runs[0]?.signal.aborted)
      assert.equal(mesh.runs[0].state, 'closed')
      assert.equal(mesh.inFlight.count(idOf('a')), 0)
      assert.deepEqual(mesh.failures, [])
    })

    it('asks nobody when the signal was aborted before', async () => {
      const mesh = devices(['a', [BIG]])
      assert.equal((await mesh.ask({ signal: AbortSignal.abort('no') })).error, 'no')
      assert.deepEqual(mesh.runs, [])
    })
  })

  it('refuses an empty prompt, unknown names and ambiguous ids before asking anybody', async () => {
    const mesh = devices(['a', [BIG]], ['b', [BIG]])
    for (const [options, name] of [
      [{ peer: 'phone' }, 'UnknownPeerError'],
      [{ peer: '12D3' }, 'AmbiguousPeerError'],
      [{ model: 'gpt' }, 'UnknownModelError']
    ] as const) {
      assert.equal(((await mesh.ask(options)).error as Error).name, name)
    }
    assert.deepEqual(mesh.runs, [])
  })

  it('is not taken from a device that speaks out of order, or for another model', async () => {
    const mesh = devices(['a', [BIG]], ['b', [BIG]])
    const proper = mesh.generate.bind(mesh)
    mesh.generate = async function* (peer, request, options) {
      const events = proper(peer, request, options)
      if (peer === idOf('a')) await events.next()
      yield* events
    }
    const result = await mesh.ask()
    assert.equal(result.text, BIG.text)
    assert.equal((mesh.failures[0]?.error as Error).name, 'ProtocolError')
  })
})
