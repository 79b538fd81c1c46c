/** What every body of `Mesh` promises, run against each of them. */
import assert from 'node:assert/strict'
import { MeshError } from '../../src/errors.ts'
import type { AskDone, AskEvent, AskOptions, Mesh, Message } from '../../src/interface.ts'
import { livingCompliance } from './living.ts'
import { libraryCompliance } from './library.ts'
import { enginesCompliance } from './engines.ts'
import { membershipCompliance } from './membership.ts'
import { memoryCompliance } from './memory.ts'
import { snapshotCompliance } from './snapshots.ts'

/** A fresh mesh, and what a test must know of it. */
export interface Specimen {
  mesh: Mesh
  /** Prompts whose answers are known, a different one for each number, each of several pieces where that can be had. */
  question(number: number): { prompt: string; contains: string }
  /** Makes an event happen once somebody listens; left out where a test cannot. */
  happen?(): Promise<void>
  /** Releases everything, after a stop too. */
  close(): Promise<void>
}

export function meshCompliance(name: string, create: () => Promise<Specimen>): void {
  describe(`the promises of a Mesh: ${name}`, () => {
    let specimen: Specimen
    let mesh: Mesh

    beforeEach(async () => {
      specimen = await create()
      mesh = specimen.mesh
    })

    afterEach(async () => {
      await specimen.close()
    })

    describe('ask', () => {
      it('begins with one accepted, ends with one done, and its texts joined are the answer', async () => {
        const { prompt, contains } = specimen.question(8)
        const events = await collect(mesh.ask(prompt))
        assert.equal(events[0]?.type, 'accepted')
        assert.equal(events.at(-1)?.type, 'done')
        assert.equal(events.filter(({ type }) => type === 'accepted' || type === 'done').length, 2)
        assert.ok(textOf(events).includes(contains), `${textOf(events)} holds ${contains}`)
      })

      it('sums up with the one who answered, and figures that are numbers', async () => {
        const events = await collect(mesh.ask(specimen.question(8).prompt))
        const [accepted, done] = [events[0], events.at(-1) as AskDone]
        assert.ok(accepted?.type === 'accepted')
        assert.deepEqual(done.peer, accepted.peer)
        assert.equal(done.model, accepted.model.name)
        assert.equal(done.failovers, 0)
        for (const figure of [done.promptTokens, done.answerTokens, done.timeToFirstTokenMs, done.tokensPerSecond]) {
          assert.ok(Number.isFinite(figure) && figure >= 0, String(figure))
        }
      })

      it('takes messages in place of a text, and answers the same', async () => {
        const { prompt } = specimen.question(8)
        const messages: Message[] = [{ role: 'user', content: prompt }]
        assert.equal(textOf(await collect(mesh.ask(messages))), textOf(await collect(mesh.ask(prompt))))
      })

      it('knows this device by `here`, by its name and by the beginning of its id', async () => {
        const { id, name } = await mesh.status()
        for (const peer of ['here', name, id]) {
          const [accepted] = await collect(mesh.ask(specimen.question(8).prompt, { peer }))
          assert.ok(accepted?.type === 'accepted')
          assert.deepEqual(accepted.peer, { id, name })
        }
      })

      it('keeps ten asks at once apart', async () => {
        const questions = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((number) => specimen.question(number))
        const answers = await Promise.all(questions.map(({ prompt }) => collect(mesh.ask(prompt))))
        for (const [index, { contains }] of questions.entries()) {
          assert.ok(textOf(answers[index]!).includes(contains), `${textOf(answers[index]!)} holds ${contains}`)
        }
      })

      it('refuses an empty prompt and options out of their range', async () => {
        const { prompt } = specimen.question(8)
        const refused: [string | Message[], AskOptions][] = [
          ['', {}],
          [' \n', {}],
          [[], {}],
          [prompt, { maxTokens: 0 }],
          [prompt, { temperature: -1 }],
          [prompt, { topP: 2 }]
        ]
        for (const [asked, options] of refused) {
          await assert.rejects(collect(mesh.ask(asked, options)), { name: 'InvalidRequestError' })
        }
      })

      it('refuses an unknown peer, naming the known ones', async () => {
        const { name } = await mesh.status()
        await assert.rejects(collect(mesh.ask(specimen.question(8).prompt, { peer: 'nobody-here' })), (error) => {
          assert.ok(error instanceof MeshError)
          assert.equal(error.name, 'UnknownPeerError')
          assert.ok(error.message.includes(name), error.message)
          return true
        })
      })

      it('refuses an unknown model, naming the known ones', async () => {
        const [model] = await mesh.models()
        await assert.rejects(collect(mesh.ask(specimen.question(8).prompt, { model: 'no-such-model' })), (error) => {
          assert.ok(error instanceof MeshError)
          assert.equal(error.name, 'UnknownModelError')
          assert.ok(error.message.includes(model!.name), error.message)
          return true
        })
      })

      it('that is aborted ends within one piece and throws the reason of its signal', async () => {
        const controller = new AbortController()
        const reason = new Error('no longer wanted')
        let after = 0
        const aborted = (async () => {
          for await (const { type } of mesh.ask(specimen.question(8).prompt, { signal: controller.signal })) {
            if (controller.signal.aborted && type === 'text') after++
            controller.abort(reason)
          }
        })()
        await assert.rejects(aborted, (error) => error === reason)
        assert.ok(after <= 1, `${String(after)} pieces came after the abort`)
        await idle(mesh)
      })

      it('that is left early runs no longer', async () => {
        for await (const { type } of mesh.ask(specimen.question(8).prompt)) {
          if (type === 'text') break
        }
        await idle(mesh)
      })
    })

    it('asks nothing of a signal that is aborted already, whatever is called', async () => {
      const reason = new Error('too late')
      const signal = AbortSignal.abort(reason)
      const calls = [
        () => collect(mesh.ask(specimen.question(8).prompt, { signal })),
        () => collect(mesh.events({ signal })),
        () => mesh.status({ signal }),
        () => mesh.peers({ signal }),
        () => mesh.discover({ signal }),
        () => mesh.why(undefined, { signal }),
        () => mesh.models({ signal }),
        () => mesh.doctor({ signal }),
        () => collect(mesh.bench({ signal }))
      ]
      for (const call of calls) await assert.rejects(call(), (error) => error === reason)
    })

    it('tells of itself what it also tells in part, in values that survive JSON', async () => {
      const [status, peers, models] = [await mesh.status(), await mesh.peers(), await mesh.models()]
      assert.deepEqual(status.peers.map(idOf).sort(), peers.map(idOf).sort())
      assert.deepEqual(
        status.models.map(({ hash }) => hash),
        models.map(({ hash }) => hash)
      )
      const all = [
        status,
        peers,
        models,
        await mesh.why(),
        await mesh.doctor(),
        await mesh.discover({ timeoutMs: 100 })
      ]
      assert.deepEqual(JSON.parse(JSON.stringify(all)), all)
    })

    it('sorts the rows of why: who can answer by expected time, then who cannot, each with a reason', async () => {
      const { prompt } = specimen.question(8)
      const rows = await mesh.why(prompt)
      const eligible = rows.filter((row) => row.eligible)
      assert.deepEqual(rows.slice(0, eligible.length), eligible)
      assert.equal(rows.filter(({ here }) => here).length, 1)
      for (const { eligible, expectedMs, reason } of rows) {
        assert.equal(expectedMs !== null, eligible)
        assert.notEqual(reason, '')
      }
      const [accepted] = await collect(mesh.ask(prompt))
      assert.ok(accepted?.type === 'accepted')
      assert.deepEqual(accepted.peer, rows[0]?.peer)
    })

    it('says of each check of the doctor how it went', async () => {
      for (const { check, state, message } of await mesh.doctor()) {
        assert.match(check, /^[a-z0-9-]+$/)
        assert.match(state, /^(ok|warning|problem)$/)
        assert.notEqual(message, '')
      }
    })

    describe('bench', () => {
      it('tells what it measures, each provider once with figures or a reason, and which is used', async function () {
        this.timeout(60_000)
        const events = await collect(mesh.bench())
        const [started, done] = [events[0], events.at(-1)]
        assert.ok(started?.type === 'started' && done?.type === 'done')
        const results = events.filter((event) => event.type === 'provider')
        assert.deepEqual(results.map(({ provider }) => provider).sort(), [...started.providers].sort())
        for (const { state, reason, decode, prefill, loadMs } of results) {
          if (state === 'failed') assert.ok(reason !== null && reason !== '' && decode === null)
          else
            for (const each of [decode, prefill])
              assert.ok(each !== null && each.lowest > 0 && each.median <= each.highest)
          assert.equal(loadMs === null, state === 'failed')
        }
        assert.ok(results.some(({ provider, state }) => provider === done.used && state === 'measured'))
        assert.deepEqual(JSON.parse(JSON.stringify(events)), events)
      })

      it('refuses a model that is not here', async () => {
        await assert.rejects(collect(mesh.bench({ model: 'no-such-model' })), { name: 'UnknownModelError' })
      })

      it('that is aborted throws the reason of its signal', async () => {
        const controller = new AbortController()
        const reason = new Error('no longer wanted')
        const measuring = (async () => {
          for await (const { type } of mesh.bench({ signal: controller.signal })) {
            if (type === 'progress') controller.abort(reason)
          }
        })()
        await assert.rejects(measuring, (error) => error === reason)
      })
    })

    describe('events', () => {
      it('tell what happens', async function () {
        if (specimen.happen === undefined) {
          this.skip()
        }
        const events = mesh.events()[Symbol.asyncIterator]()
        const [first] = await Promise.all([events.next(), specimen.happen()])
        assert.notEqual(first.done, true)
        await events.return?.()
      })

      it('end at stop', async () => {
        const events = mesh.events()[Symbol.asyncIterator]()
        const first = events.next()
        await mesh.status()
        await mesh.stop()
        for (let next = await first; next.done !== true; next = await events.next()) {
          assert.ok('type' in next.value)
        }
      })

      it('end with the reason of their signal', async () => {
        const controller = new AbortController()
        const reason = new Error('enough')
        const following = collect(mesh.events({ signal: controller.signal }))
        const ended = assert.rejects(following, (error) => error === reason)
        await mesh.status()
        controller.abort(reason)
        await ended
      })
    })

    livingCompliance(() => mesh)
    membershipCompliance(() => mesh)
    libraryCompliance(() => mesh)
    enginesCompliance(() => mesh)
    memoryCompliance(() => mesh)
    snapshotCompliance(() => mesh)

    it('takes no ask after stop, can be stopped twice, and lets none hang', async () => {
      const asking = collect(mesh.ask(specimen.question(8).prompt)).catch((error: unknown) => error)
      await mesh.stop()
      await mesh.stop()
      const result = await asking
      assert.ok(Array.isArray(result) || result instanceof MeshError, String(result))
      await assert.rejects(collect(mesh.ask(specimen.question(8).prompt)), (error) => error instanceof MeshError)
      await assert.rejects(mesh.status(), (error) => error instanceof MeshError)
    })
  })
}

export async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const event of events) all.push(event)
  return all
}

export function textOf(events: AskEvent[]): string {
  return events.map((event) => (event.type === 'text' ? event.text : '')).join('')
}

/** Until no ask runs; one that never ends is the test's timeout. */
async function idle(mesh: Mesh): Promise<void> {
  while ((await mesh.status()).asks.running > 0);
}

function idOf({ id }: { id: string }): string {
  return id
}
