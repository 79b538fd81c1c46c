import assert from 'node:assert/strict'
import type { Mesh, MeshConversations, MeshEvent, MeshMemory } from '../../src/interface.ts'

/** Of the promises of a `Mesh`, those about what it remembers. */
export function memoryCompliance(of: () => Mesh): void {
  describe('memory', () => {
    let memory: MeshMemory

    beforeEach(() => {
      memory = of().memory
    })

    it('gives back what it was given, with an id, in values that survive JSON', async () => {
      const written = await memory.remember({
        text: ' The bike key is blue ',
        kind: 'note',
        tags: ['keys'],
        source: 'Ann'
      })
      const { id, time, device, ...rest } = written
      assert.match(id, /^[0-9a-z]{16}$/)
      assert.ok(Math.abs(Date.now() - time) < 60_000)
      assert.ok(device === null || device.length > 0)
      assert.deepEqual(rest, { text: 'The bike key is blue', kind: 'note', tags: ['keys'], source: 'Ann' })
      assert.deepEqual(await memory.get({ id }), written)
      assert.deepEqual(JSON.parse(JSON.stringify(await memory.list())), [written])
      const plain = await memory.remember({ text: 'The shed is locked' })
      assert.deepEqual([plain.kind, plain.tags, plain.source], ['fact', [], null])
    })

    it('lists the newest first, by kind, by tag, and no more than is wished', async () => {
      const note = await memory.remember({ text: 'one', kind: 'note', tags: ['a', 'b'] })
      const fact = await memory.remember({ text: 'two', tags: ['b'] })
      const ids = async (options?: Parameters<MeshMemory['list']>[0]) =>
        (await memory.list(options)).map(({ id }) => id)
      assert.deepEqual(new Set(await ids()), new Set([fact.id, note.id]))
      assert.deepEqual(await ids({ kind: 'note' }), [note.id])
      assert.deepEqual(await ids({ tag: 'a' }), [note.id])
      assert.equal((await ids({ limit: 1 })).length, 1)
      assert.deepEqual(await ids({ before: note.time }), [])
    })

    it('changes the fields that are named and keeps the others', async () => {
      const { id } = await memory.remember({ text: 'The boiler is in the cellar', tags: ['house'] })
      const edited = await memory.edit({ id, text: 'The boiler is in the attic' })
      assert.deepEqual([edited.text, edited.tags], ['The boiler is in the attic', ['house']])
      const tagged = await memory.tag({ id, add: ['warm', 'house'], remove: ['cold'] })
      assert.deepEqual(tagged.tags.toSorted(), ['house', 'warm'])
      assert.deepEqual((await memory.tag({ id, remove: ['house'] })).tags, ['warm'])
      assert.deepEqual(await memory.get({ id }), { ...edited, tags: ['warm'] })
    })

    it('finds by words, the best match first, and what was forgotten no more', async () => {
      const both = await memory.remember({ text: 'The green ladder is in the garage' })
      const one = await memory.remember({ text: 'The garage door squeaks' })
      await memory.remember({ text: 'Bread is bought on Friday' })
      const found = await memory.recall({ query: 'ladder garage' })
      assert.deepEqual(
        found.map(({ id }) => id),
        [both.id, one.id]
      )
      assert.ok(found[0]!.score >= found[1]!.score)
      assert.deepEqual(await memory.recall({ query: 'submarine' }), [])
      const [forgotten] = await memory.forget({ ids: [both.id] })
      assert.equal(forgotten?.text, both.text)
      assert.deepEqual(
        (await memory.recall({ query: 'ladder garage' })).map(({ id }) => id),
        [one.id]
      )
    })

    it('tells how something came to be, and takes the last change back', async () => {
      const { id } = await memory.remember({ text: 'Tea at four' })
      await memory.edit({ id, text: 'Tea at five' })
      await memory.forget({ ids: [id] })
      const undone = await memory.undo({ id })
      assert.deepEqual([undone.count, undone.memory?.text], [1, 'Tea at five'])
      assert.equal((await memory.get({ id })).text, 'Tea at five')
      const versions = await memory.history({ id })
      assert.deepEqual(
        versions.map(({ change, memory: version }) => [change, version?.text ?? null]),
        [
          ['written', 'Tea at four'],
          ['edited', 'Tea at five'],
          ['forgotten', null],
          ['restored', 'Tea at five']
        ]
      )
      assert.deepEqual(await memory.notices(), [])
      assert.deepEqual(await memory.reindex(), { memories: 1 })
    })

    it('takes the beginning of an id, and says which it does not know', async () => {
      const { id } = await memory.remember({ text: 'one' })
      assert.equal((await memory.get({ id: id.slice(0, 16) })).id, id)
      await assert.rejects(memory.get({ id: 'zzzzzzzzzzzzzzzz' }), { name: 'UnknownMemoryError' })
      await assert.rejects(memory.edit({ id: 'zzzz', text: 'x' }), { name: 'UnknownMemoryError' })
      await assert.rejects(memory.history({ id: 'zzzz' }), { name: 'UnknownMemoryError' })
      await assert.rejects(memory.undo({ id }), { name: 'NotUndoableError' })
      await assert.rejects(memory.remember({ text: '  ' }), { name: 'InvalidRequestError' })
      await assert.rejects(memory.remember({ text: 7 } as never), { name: 'InvalidRequestError' })
    })

    it('tells of each change, and does nothing for a signal that is aborted', async () => {
      const events = of().events()[Symbol.asyncIterator]()
      const next = nextOf(events, 'memory-changed')
      // Listening begins with the first `next`; over a socket it takes a moment to get there.
      await of().status()
      const { id } = await memory.remember({ text: 'one' })
      const { added, changed, forgotten, from } = await next
      assert.deepEqual({ added, changed, forgotten, from }, { added: [id], changed: [], forgotten: [], from: null })
      await events.return?.()
      const reason = new Error('too late')
      const signal = AbortSignal.abort(reason)
      const calls = [
        () => memory.remember({ text: 'x', signal }),
        () => memory.list({ signal }),
        () => memory.get({ id, signal }),
        () => memory.edit({ id, text: 'x', signal }),
        () => memory.tag({ id, add: ['x'], signal }),
        () => memory.forget({ ids: [id], signal }),
        () => memory.recall({ query: 'x', signal }),
        () => memory.history({ id, signal }),
        () => memory.undo({ id, signal }),
        () => memory.notices({ signal }),
        () => memory.reindex({ signal }),
        () => of().conversations.list({ signal }),
        () => of().conversations.create({ signal })
      ]
      for (const call of calls) await assert.rejects(call(), (error) => error === reason)
      assert.equal((await memory.list()).length, 1)
    })
  })

  describe('conversations', () => {
    let conversations: MeshConversations

    beforeEach(() => {
      conversations = of().conversations
    })

    it('hold messages in the order in which they were added, and are listed once they hold something', async () => {
      const { id } = await conversations.create()
      assert.deepEqual(await conversations.list(), [])
      const added = await conversations.append({
        id,
        messages: [
          { role: 'user', content: 'Hello' },
          { role: 'assistant', content: 'Hi', model: 'mini' }
        ]
      })
      await conversations.append({ id, messages: [{ role: 'user', content: 'Bye' }] })
      const messages = await conversations.messages({ id })
      assert.deepEqual(messages.slice(0, 2), added)
      assert.deepEqual(
        messages.map(({ role, content, model }) => [role, content, model]),
        [
          ['user', 'Hello', null],
          ['assistant', 'Hi', 'mini'],
          ['user', 'Bye', null]
        ]
      )
      const titled = await conversations.title({ id, title: ' Greetings ' })
      assert.deepEqual([titled.title, titled.messages], ['Greetings', 3])
      const [listed] = await conversations.list()
      assert.deepEqual(listed, await conversations.get({ id: id.slice(0, 16) }))
      assert.deepEqual(JSON.parse(JSON.stringify(messages)), messages)
    })

    it('begin with a title where that is wished, and are forgotten whole', async () => {
      const { id, title } = await conversations.create({ title: 'Holidays' })
      assert.equal(title, 'Holidays')
      assert.equal((await conversations.list()).length, 1)
      await conversations.append({ id, messages: [{ role: 'user', content: 'Where to?' }] })
      await conversations.forget({ id, sure: true })
      assert.deepEqual(await conversations.list(), [])
      await assert.rejects(conversations.messages({ id }), { name: 'UnknownMemoryError' })
      await assert.rejects(conversations.get({ id: 'zzzz' }), { name: 'UnknownMemoryError' })
    })

    it('refuse what is no message and no title', async () => {
      const { id } = await conversations.create({ title: 'One' })
      await assert.rejects(conversations.title({ id, title: ' ' }), { name: 'InvalidRequestError' })
      const messages = [{ role: 'user', content: 5 }] as never
      await assert.rejects(conversations.append({ id, messages }), { name: 'InvalidRequestError' })
      assert.deepEqual(await conversations.messages({ id }), [])
    })
  })
}

async function nextOf<T extends MeshEvent['type']>(
  events: AsyncIterator<MeshEvent>,
  type: T
): Promise<Extract<MeshEvent, { type: T }>> {
  for (let next = await events.next(); next.done !== true; next = await events.next()) {
    if (next.value.type === type) return next.value as Extract<MeshEvent, { type: T }>
  }
  throw new Error('the events ended')
}
