import './nodes.ts'
import assert from 'node:assert/strict'
import type { Libp2p } from '@libp2p/interface'
import type { GenerateEvent } from '../../src/interface.ts'
import { ask, type Answer, type Ask, type AskInit } from '../../src/protocols/ask/index.ts'
import { testNode } from './nodes.ts'
import { accepted, answerOf, collect, done, request, token } from './requests.ts'

type Node = Libp2p<{ ask: Ask }>

describe('ask between two nodes', () => {
  let nodes: Node[] = []
  let answer: Answer = () => answerOf(accepted, done)

  async function pair(init: Partial<AskInit> = {}): Promise<[asker: Node, answerer: Node]> {
    const service = ask({ answer: (asked, options) => answer(asked, options), ...init })
    const [asker, answerer] = await Promise.all([testNode({ ask: service }), testNode({ ask: service })])
    nodes.push(asker, answerer)
    await asker.dial(answerer.getMultiaddrs())
    return [asker, answerer]
  }

  afterEach(async () => {
    for (const node of nodes) await node.stop()
    nodes = []
  })

  it('brings the request there and the events back, unchanged', async () => {
    const [asker, answerer] = await pair()
    const events: GenerateEvent[] = [
      accepted,
      { type: 'waiting', place: 2, loaded: null, prefilled: null },
      { type: 'waiting', place: 0, loaded: 1, prefilled: 0.5 },
      token(1),
      token(2, ' 🦦'),
      done
    ]
    answer = async function* (asked, { peer }) {
      assert.deepEqual(asked, request)
      assert.equal(peer, asker.peerId.toString())
      yield* answerOf(...events)
    }
    assert.deepEqual(await collect(asker.services.ask.ask(answerer.peerId, request)), events)
  })
})
