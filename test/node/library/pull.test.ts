import assert from 'node:assert/strict'
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PeerUnreachableError } from '../../../src/errors.ts'
import type { ModelCopyDone, ModelCopyEvent } from '../../../src/interface.ts'
import { PIECE_BYTES } from '../../../src/protocols/model/index.ts'
import { makePaddedModel, PADDING } from '../../fixtures/padded-model.ts'
import { filesIn } from '../../packages/files.ts'
import type { FakeDevice } from './fake-other-devices.ts'
import { Shelf, done } from './shelf.ts'

const PIECES = 6
const BYTES = PIECES * PIECE_BYTES - 1000

describe('pulling a model from another device', () => {
  let shelf: Shelf
  const others: Shelf[] = []

  /** A device that has the model `qwen` in its home. */
  function other(name: string, { bytes = BYTES, seed = 0 } = {}): FakeDevice & { home: Shelf } {
    const home = new Shelf()
    others.push(home)
    makePaddedModel({ path: join(home.models, 'qwen'), bytes, seed })
    return Object.assign(shelf.devices.add(name, home.share()), { home })
  }

  async function all(events: AsyncIterable<ModelCopyEvent>): Promise<ModelCopyEvent[]> {
    const heard: ModelCopyEvent[] = []
    for await (const event of events) heard.push(event)
    return heard
  }

  function doneOf(events: readonly ModelCopyEvent[]): ModelCopyDone {
    const last = events.at(-1)
    assert.ok(last?.type === 'done')
    return last
  }

  const notices = (events: readonly ModelCopyEvent[]): string[] =>
    events.flatMap((event) => (event.type === 'notice' ? [event.message] : []))

  /** The model is here and is the one that `from` has, and nothing is left over. */
  async function assertHere(from: { home: Shelf }, name = 'qwen'): Promise<void> {
    assert.deepEqual(shelf.entries(), [name])
    const [here] = await shelf.list()
    const [there] = await from.home.list()
    assert.deepEqual([here?.broken, here?.hash], [null, there?.hash])
    assert.deepEqual(filesIn(join(shelf.models, name)), filesIn(join(from.home.models, 'qwen')))
  }

  /** What a pull leaves that was cut: everything before that piece. */
  async function cutAt(device: FakeDevice, number: number): Promise<void> {
    const before = device.onPiece
    device.onPiece = ({ path, index }) => {
      if (path === PADDING && index === number) throw new Error('cut')
    }
    await assert.rejects(done(shelf.library.pull({ name: 'qwen' })), /cut/)
    assert.deepEqual(await shelf.list(), [])
    device.onPiece = before
    device.given = 0
  }

  beforeEach(() => {
    shelf = new Shelf()
  })
  afterEach(() => {
    for (const each of [shelf, ...others.splice(0)]) each.close()
  })

  it('takes all of it, lists and offers it, and says from whom', async () => {
    const desktop = other('desktop')
    const events = await all(shelf.library.pull({ name: 'QWEN' }))
    const [started] = events
    assert.ok(started?.type === 'started')
    assert.deepEqual([started.name, started.path, started.from], ['qwen', join(shelf.models, 'qwen'), desktop.peer])
    const { outcome, from, kept, bytes } = doneOf(events)
    assert.deepEqual([outcome, from, kept, bytes], ['pulled', desktop.peer, 0, started.bytes])
    const progress = events.flatMap((event) => (event.type === 'progress' ? [event.bytes] : []))
    assert.deepEqual([progress.at(-1), progress], [bytes, [...progress].sort((a, b) => a - b)])
    assert.deepEqual(shelf.changes.at(-1), ['qwen'])
    await assertHere(desktop)
  })

  it('brings the licence along, and nothing else that lies in the folder', async () => {
    const desktop = other('desktop')
    const there = join(desktop.home.models, 'qwen')
    for (const name of ['LICENSE', 'README.md', 'letter.txt', 'onnx/model_fp16.onnx']) {
      writeFileSync(join(there, name), `of ${name}`)
    }
    await done(shelf.library.pull({ name: 'qwen' }))
    const came = Object.keys(filesIn(join(shelf.models, 'qwen')))
    assert.ok(came.includes('LICENSE') && came.includes('README.md'))
    assert.ok(!came.includes('letter.txt') && !came.includes('onnx/model_fp16.onnx'))
  })

  it('fetches only what is not there, whatever an earlier try has left', async () => {
    const desktop = other('desktop')
    await cutAt(desktop, 4)
    const [incoming] = shelf.entries()
    const padding = join(shelf.models, incoming!, PADDING)
    const there = readFileSync(padding)
    // A torn end, as after a death in the middle of a write, and a byte that the disk has turned.
    there[PIECE_BYTES + 7]! ^= 1
    writeFileSync(padding, Buffer.concat([there, Buffer.alloc(PIECE_BYTES / 2, 9)]))
    const { kept, bytes } = await done(shelf.open().pull({ name: 'qwen' }))
    await assertHere(desktop)
    // The one that was turned, and those that never came.
    assert.equal(desktop.given, 1 + (PIECES - 4))
    const small = filesIn(join(shelf.models, 'qwen'))
    const after = (small['tokenizer.json']?.length ?? 0) + (small['tokenizer_config.json']?.length ?? 0)
    assert.equal(bytes - kept, desktop.given * PIECE_BYTES - 1000 + after)
  })

  it('keeps what came when it is interrupted, and needs none of it again', async () => {
    const desktop = other('desktop')
    const stop = new AbortController()
    desktop.onPiece = ({ path, index }) => {
      if (path === PADDING && index === 3) stop.abort(new Error('enough'))
    }
    await assert.rejects(done(shelf.library.pull({ name: 'qwen', signal: stop.signal })), /enough/)
    assert.deepEqual(await shelf.list(), [])
    desktop.onPiece = () => undefined
    desktop.given = 0
    await done(shelf.library.pull({ name: 'qwen' }))
    assert.ok(desktop.given <= 3, String(desktop.given))
    await assertHere(desktop)
  })

  it('copies nothing that is here already, whatever it is called', async () => {
    const desktop = other('desktop')
    await done(shelf.library.pull({ name: 'qwen' }))
    desktop.given = 0
    const known = await done(shelf.library.pull({ name: 'qwen' }))
    assert.deepEqual([known.outcome, known.name], ['known', 'qwen'])
    assert.equal(desktop.given, 0)
    const again = await done(shelf.library.pull({ name: 'qwen', as: 'twin' }))
    assert.deepEqual([again.outcome, again.name], ['pulled', 'twin'])
  })

  it('does not write over another model of that name, unless it is told to', async () => {
    const desktop = other('desktop')
    makePaddedModel({ path: join(shelf.models, 'qwen'), bytes: 1000, seed: 9 })
    await assert.rejects(done(shelf.library.pull({ name: 'qwen' })), { name: 'ModelExistsError', message: /--replace/ })
    assert.equal(desktop.given, 0)
    await done(shelf.library.pull({ name: 'qwen', replace: true }))
    await assertHere(desktop)
  })

  it('asks for a wrong piece once more', async () => {
    const desktop = other('desktop')
    let wrong = 0
    desktop.onPiece = ({ path, index, bytes }) => {
      if (path === PADDING && index === 2 && wrong++ === 0) bytes[17]! ^= 1
    }
    const events = await all(shelf.library.pull({ name: 'qwen' }))
    assert.deepEqual(notices(events).length, 1)
    assert.match(notices(events)[0]!, /desktop sent a wrong piece of onnx\/model\.onnx_data; it is asked for it again/)
    await assertHere(desktop)
  })

  it('puts aside a device that sends it wrong again, and goes on from another one, without asking twice for what was right', async () => {
    const [liar, honest] = [other('liar'), other('honest')]
    liar.onPiece = ({ path, index, bytes }) => {
      if (path === PADDING && index >= 2) bytes[17]! ^= 1
    }
    const events = await all(shelf.library.pull({ name: 'qwen', from: 'liar' }))
    assert.deepEqual(doneOf(events).from, honest.peer)
    assert.match(notices(events).join('\n'), /liar is not asked any more: .*wrong[\s\S]*It goes on from honest\./)
    assert.equal(honest.given, PIECES - 2)
    await assertHere(honest)
  })

  it('ends with the name of the matter when nobody else has it, and keeps what was right', async () => {
    const liar = other('liar')
    liar.onPiece = ({ path, index, bytes }) => {
      if (path === PADDING && index === 4) bytes[0]! ^= 1
    }
    await assert.rejects(done(shelf.library.pull({ name: 'qwen' })), { name: 'WrongPieceError' })
    assert.deepEqual(await shelf.list(), [])
    liar.onPiece = () => undefined
    liar.given = 0
    await done(shelf.library.pull({ name: 'qwen' }))
    assert.equal(liar.given, PIECES - 4)
  })

  it('sees through a list of pieces that fits wrong data, at the file’s end', async () => {
    const [liar, honest] = [other('liar', { seed: 0 }), other('honest')]
    const decoy = new Shelf()
    others.push(decoy)
    makePaddedModel({ path: join(decoy.models, 'qwen'), bytes: BYTES, seed: 5 })
    const false_: Buffer = readFileSync(join(decoy.models, 'qwen', PADDING))
    const { createHash } = await import('node:crypto')
    liar.manifest = (files) =>
      files.map((file) =>
        file.path !== PADDING
          ? file
          : {
              ...file,
              pieces: file.pieces.map((_, index) =>
                createHash('sha256')
                  .update(false_.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES))
                  .digest('hex')
              )
            }
      )
    liar.onPiece = ({ path, index, bytes }) => {
      if (path === PADDING) false_.copy(bytes, 0, index * PIECE_BYTES)
    }
    const events = await all(shelf.library.pull({ name: 'qwen', from: 'liar' }))
    assert.deepEqual(doneOf(events).from, honest.peer)
    assert.match(notices(events).join('\n'), /liar is not asked any more: .*not the file that liar promised/)
    await assertHere(honest)
  })

  it('takes nothing by a list of files that is not the model’s, or that climbs out of the home', async () => {
    const desktop = other('desktop')
    const lies: FakeDevice['manifest'][] = [
      (files) => files.map((file) => (file.path === PADDING ? { ...file, sha256: 'ab'.repeat(32) } : file)),
      (files) => files.slice(1),
      (files) => files.map((file, index) => (index === 0 ? { ...file, path: '../../evil' } : file)),
      (files) => [...files, { ...files[0]!, path: '/etc/evil', extra: true }],
      (files) => [...files, { ...files[0]!, extra: true }]
    ]
    for (const lie of lies) {
      desktop.manifest = lie
      await assert.rejects(done(shelf.library.pull({ name: 'qwen' })), {
        name: 'ProtocolError',
        message: /list of files/
      })
      assert.equal(desktop.given, 0)
    }
    assert.deepEqual(await shelf.list(), [])
  })

  it('goes on from another device with the same model when one goes away', async () => {
    const [near, far] = [other('near'), other('far')]
    near.onPiece = ({ path, index }) => {
      if (path !== PADDING || index !== 3) return
      near.connected = false
      throw new PeerUnreachableError('It hung up.')
    }
    const events = await all(shelf.library.pull({ name: 'qwen' }))
    assert.deepEqual(doneOf(events).from, far.peer)
    assert.equal(far.given, PIECES - 3)
    assert.match(notices(events).join('\n'), /near does not give any more: It hung up\.[\s\S]*It goes on from far\./)
    await assertHere(far)
  })

  it('waits for the only device that has it, and goes on when that is back', async () => {
    const desktop = other('desktop')
    let times = 0
    desktop.onPiece = ({ path, index }) => {
      if (path !== PADDING || index !== 3 || times++ > 0) return
      desktop.connected = false
      throw new PeerUnreachableError('It hung up.')
    }
    const heard: ModelCopyEvent[] = []
    for await (const event of shelf.library.pull({ name: 'qwen' })) {
      heard.push(event)
      if (event.type !== 'notice') continue
      desktop.connected = true
      setImmediate(() => {
        shelf.devices.tell()
      })
    }
    assert.match(notices(heard)[0]!, /What came is kept; it goes on when that is over, within 1 minutes/)
    assert.equal(desktop.given, PIECES)
    await assertHere(desktop)
  })

  it('gives up after its patience, saying that what came is kept', async () => {
    const desktop = other('desktop')
    shelf.patienceMs = 30
    desktop.onPiece = ({ path, index }) => {
      if (path !== PADDING || index !== 3) return
      desktop.connected = false
      throw new PeerUnreachableError('It hung up.')
    }
    await assert.rejects(done(shelf.open().pull({ name: 'qwen' })), {
      name: 'PeerUnreachableError',
      message: /desktop did not come back .* the same command goes on/
    })
    assert.deepEqual(await shelf.list(), [])
  })

  it('says so when the model changes, or goes, on the device that gives it', async () => {
    const desktop = other('desktop')
    const there = join(desktop.home.models, 'qwen')
    desktop.onPiece = ({ path, index }) => {
      if (path === PADDING && index === 2) appendFileSync(join(there, PADDING), 'x')
    }
    await assert.rejects(done(shelf.library.pull({ name: 'qwen' })), { name: 'BrokenModelError' })
    assert.deepEqual(await shelf.list(), [])
    desktop.onPiece = ({ path, index }) => {
      if (path === PADDING && index === 4) rmSync(there, { recursive: true })
    }
    makePaddedModel({ path: there, bytes: BYTES })
    await assert.rejects(done(shelf.library.pull({ name: 'qwen' })), { name: /BrokenModelError|UnknownModelError/ })
    assert.deepEqual(await shelf.list(), [])
  })

  it('names the devices and what they have where the model is on none', async () => {
    other('desktop')
    shelf.devices.add('pi', new Shelf(join(shelf.root, 'empty')).share())
    await assert.rejects(done(shelf.library.pull({ name: 'nix' })), {
      name: 'UnknownModelError',
      message: /desktop has qwen\. pi has none to give\./
    })
    await assert.rejects(done(shelf.library.pull({ name: 'qwen', from: 'pi' })), {
      name: 'UnknownModelError',
      message: /pi does not have the model "qwen"/
    })
    await assert.rejects(done(shelf.library.pull({ name: 'qwen', from: 'nobody' })), { name: 'UnknownPeerError' })
  })

  it('lists what is near and not here, each once, with whoever has it', async () => {
    const [desktop, pi] = [other('desktop'), other('pi')]
    const [near, ...rest] = await shelf.library.nearby()
    assert.deepEqual([near?.name, near?.peers, rest], ['qwen', [desktop.peer, pi.peer], []])
    await done(shelf.library.pull({ name: 'qwen' }))
    assert.deepEqual(await shelf.library.nearby(), [])
  })

  it('gives on what it has pulled without reading it through again', async () => {
    const desktop = other('desktop')
    await done(shelf.library.pull({ name: 'qwen' }))
    const third = new Shelf()
    others.push(third)
    // A store that refuses new hashes: whatever is needed must be there.
    shelf.onSet = (key) => assert.ok(!key.startsWith('pieces'), key)
    third.devices.add('second', shelf.share())
    await done(third.library.pull({ name: 'qwen' }))
    assert.deepEqual(filesIn(join(third.models, 'qwen')), filesIn(join(desktop.home.models, 'qwen')))
    assert.ok(existsSync(join(third.models, 'qwen', PADDING)))
  })
})
