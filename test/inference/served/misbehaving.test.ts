import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Bench, collect, entry, textOf } from './fixture.ts'
import { answerWith, beginStream, event, ollama, piece, send, vllm } from './scripted-server.ts'

describe('another engine that misbehaves', () => {
  let bench: Bench

  beforeEach(() => {
    bench = new Bench()
  })

  afterEach(async () => {
    await bench.close()
  })

  /** What it does at a question, and what the asker is then told. */
  const AT_A_QUESTION: [what: string, chat: (response: ServerResponse) => unknown, told: RegExp, name?: string][] = [
    [
      'answers 500',
      (r) => {
        send(r, { status: 500, body: { error: { message: 'out of memory' } } })
      },
      /failed with status 500: out of memory/
    ],
    [
      'answers 500 with a page',
      (r) => {
        send(r, { status: 500, body: '<html><body>oops</body></html>' })
      },
      /failed with status 500\.$/
    ],
    [
      'answers a web page',
      (r) => {
        send(r, { body: '<!doctype html><title>Router</title>' })
      },
      /a web page in place of a stream/
    ],
    [
      'answers a web page without end',
      (r) => {
        r.writeHead(200, { 'content-type': 'text/html' }).write('<html>')
      },
      /a web page in place of a stream/
    ],
    [
      'answers whole JSON',
      (r) => {
        send(r, { body: { choices: [] } })
      },
      /application\/json in place of a stream/
    ],
    [
      'redirects',
      (r) => {
        send(r, { status: 302, headers: { location: 'http://elsewhere/' }, body: '' })
      },
      /another address/
    ],
    [
      'does not know the model',
      (r) => {
        send(r, { status: 404, body: { error: 'model "x" not found, try pulling it first' } })
      },
      /not found.*try pulling/
    ],
    [
      'refuses',
      (r) => {
        send(r, { status: 401, body: { error: { message: 'bad key sk-123' } } })
      },
      /wants a key.*--key-file/
    ],
    [
      'has no room',
      (r) => {
        send(r, { status: 429, body: { error: 'slow down' } })
      },
      /too much to do: slow down/,
      'BusyError'
    ],
    [
      'finds the prompt too long',
      (r) => {
        send(r, { status: 400, body: { error: { message: "This model's maximum context length is 4096 tokens." } } })
      },
      /too long/,
      'PromptTooLongError'
    ],
    [
      'finds it too long in the stream',
      (r) => {
        beginStream(r)
        r.end(event({ error: { message: 'the request exceeds the available context size' } }))
      },
      /too long/,
      'PromptTooLongError'
    ],
    [
      'dislikes the question',
      (r) => {
        send(r, { status: 400, body: { detail: 'seed is not supported' } })
      },
      /status 400: seed is not supported/
    ],
    [
      'sends half of its JSON',
      (r) => {
        beginStream(r)
        r.end('data: {"choices":[{"delta":{"conte\n\n')
      },
      /damaged JSON/
    ],
    [
      'sends an error in the stream',
      (r) => {
        beginStream(r)
        r.end(event({ error: { message: 'CUDA\u001b[31m error', code: 500 } }))
      },
      /failed at the answer: CUDA \[31m error/
    ],
    [
      'hangs up at once',
      (r) => {
        r.destroy()
      },
      /does not answer at .*: it hung up/
    ],
    [
      'hangs up in mid-answer',
      (r) => {
        beginStream(r)
        r.write(piece('One'), () => r.destroy())
      },
      /broke off in the middle/
    ],
    [
      'ends its stream in mid-answer',
      (r) => {
        beginStream(r)
        r.end(piece('One'))
      },
      /broke off in the middle/
    ],
    [
      'ends an empty stream',
      (r) => {
        beginStream(r)
        r.end()
      },
      /broke off in the middle/
    ],
    [
      'answers with another of its models',
      (r) => {
        beginStream(r)
        r.end(piece('One', { model: 'Other-7B' }))
      },
      /answers with Other-7B where Qwen3-4B/
    ],
    [
      'sends a line without end',
      (r) => {
        beginStream(r)
        r.write(`data: ${'x'.repeat(400_000)}`)
      },
      /line without end/
    ]
  ]
  for (const [what, chat, told, name = 'ServedEngineError'] of AT_A_QUESTION) {
    it(`${what}: that is said, and the request is closed`, async () => {
      const { ask, server } = await bench.with({
        paths: vllm('Qwen3-4B', 'Other-7B'),
        chat: (_call, response) => chat(response)
      })
      await assert.rejects(ask(), (error: Error) => {
        assert.equal(error.name, name)
        assert.match(error.message, told)
        assert.doesNotMatch(error.message, /sk-123|[\u0000-\u001f]/)
        return true
      })
      const { closed } = server.calls[0]!
      if (!closed.aborted) await once(closed, 'abort')
    })
  }

  it('says nothing: that is noticed before its first word, and in the middle', async () => {
    let words = 0
    const { ask, served, model } = await bench.with(
      {
        chat: (_call, response) => {
          if (words === 0) return
          beginStream(response)
          response.write(piece('One'))
        }
      },
      { firstMs: 150, betweenMs: 150 }
    )
    await assert.rejects(ask(), { name: 'ServedEngineError', message: /said nothing/ })
    words = 1
    await bench.until(() => served.has(model.hash) && served.list()[0]!.models[0]!.reason === null)
    await assert.rejects(ask(), { name: 'ServedEngineError', message: /said nothing/ })
  })

  it('names its model by a version of its own: that is no lie', async () => {
    const { ask } = await bench.with({
      chat: (_call, response) => {
        beginStream(response)
        response.end([piece('One', { model: '/srv/models/Qwen3-4B-2507' }), event('[DONE]')].join(''))
      }
    })
    assert.equal(textOf(await ask()), 'One')
  })

  it('is not offered for a while after it failed, longer each time, and is back by itself', async () => {
    let fails = true
    const { ask, served } = await bench.with({
      chat: (_call, response) => {
        if (fails) send(response, { status: 500, body: { error: 'no' } })
        else answerWith(response, 'ok')
      }
    })
    await assert.rejects(ask(), /status 500/)
    const [resting] = await served.models()
    assert.match(resting!.broken ?? '', /status 500/)
    assert.match(served.list()[0]!.models[0]!.reason ?? '', /status 500/)
    fails = false
    await bench.until(() => served.list()[0]!.models[0]!.reason === null)
    assert.equal(textOf(await ask()), 'ok')
  })

  it('is offered at once when its server was started anew', async () => {
    let fails = true
    const { ask, served, server, model } = await bench.with({
      chat: (_call, response) => {
        if (fails) send(response, { status: 500, body: { error: 'no' } })
        else answerWith(response, 'ok')
      }
    })
    await assert.rejects(ask(), /status 500/)
    await server.close()
    await bench.until(() => !served.has(model.hash))
    fails = false
    await server.open()
    await bench.until(() => served.has(model.hash))
    assert.equal((await served.models())[0]!.broken, null)
    assert.equal(textOf(await ask()), 'ok')
  })

  /** What listens at an address that is to be added, and what its owner is told. */
  const AT_ITS_ADDITION: [what: string, paths: Record<string, unknown>, told: RegExp][] = [
    ['a web site', { '/v1/models': '<html>Welcome</html>' }, /a web page where JSON was asked for/],
    ['a server of something else', {}, /has no OpenAI API/],
    ['a server with other JSON', { '/v1/models': { hello: 'world' } }, /has no OpenAI API/],
    [
      'a server that sends half of its JSON',
      {
        '/v1/models': (_: unknown, r: ServerResponse) => {
          r.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[{"id"')
        }
      },
      /damaged JSON/
    ],
    [
      'a server that sends no end',
      {
        '/v1/models': (_: unknown, r: ServerResponse) => {
          r.writeHead(200, { 'content-type': 'application/json' })
          const more = () => {
            while (!r.destroyed && r.write('x'.repeat(65_536)));
          }
          r.on('drain', more)
          more()
        }
      },
      /more than \d+ bytes/
    ],
    ['a server that says nothing', { '/v1/models': () => undefined }, /says nothing for/],
    [
      'a server that points elsewhere',
      {
        '/v1/models': (_: unknown, r: ServerResponse) => {
          send(r, { status: 308, headers: { location: 'https://x/' }, body: '' })
        }
      },
      /another address/
    ],
    [
      'a server that fails',
      {
        '/v1/models': (_: unknown, r: ServerResponse) => {
          send(r, { status: 500, body: {} })
        }
      },
      /status 500/
    ],
    [
      'a server that wants a key',
      {
        '/v1/models': (_: unknown, r: ServerResponse) => {
          send(r, { status: 401, body: {} })
        }
      },
      /wants a key.*--key-file FILE/
    ]
  ]
  for (const [what, paths, told] of AT_ITS_ADDITION) {
    it(`${what} is not added, and the reason is said`, async () => {
      const server = await bench.server({ paths })
      const served = bench.served([], { lookTimeoutMs: 500 })
      await assert.rejects(served.add(entry(server)), (error: Error) => {
        assert.equal(error.name, 'ServedEngineError')
        assert.match(error.message, told)
        return true
      })
      assert.deepEqual(served.list(), [])
    })
  }

  it('nobody, and a program that does not speak HTTP, are not added', async () => {
    const server = await bench.server()
    await server.close()
    const served = bench.served([], { lookTimeoutMs: 1000 })
    await assert.rejects(served.add(entry(server)), /nothing listens there/)
    const sockets: Socket[] = []
    const talker = createServer((socket) => {
      sockets.push(socket)
      socket.on('error', () => undefined)
      socket.write('220 mail.example ESMTP\r\n')
    }).listen(0, '127.0.0.1')
    await once(talker, 'listening')
    try {
      const url = `http://127.0.0.1:${(talker.address() as AddressInfo).port}`
      await assert.rejects(served.add(entry({ url })), /does not speak HTTP/)
    } finally {
      for (const socket of sockets) socket.destroy()
      talker.close()
    }
  })

  describe('with a key', () => {
    const KEY = 'sk-very-secret-1'
    let folder: string
    let file: string

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'ownmesh-'))
      file = join(folder, 'key')
      await writeFile(file, `${KEY}\n`, { mode: 0o600 })
    })

    afterEach(async () => {
      await rm(folder, { recursive: true, force: true })
    })

    it('gets it with each request, read anew each time, and it is nowhere else', async () => {
      const server = await bench.server({ paths: vllm('Qwen3-4B') })
      const served = bench.served()
      const info = await served.add(entry(server, { keyFile: file }))
      const [model] = await served.models()
      const ask = async (): Promise<string | undefined> => {
        const events = served.generate({
          id: Math.random().toString(16),
          model: model!.hash,
          messages: [{ role: 'user', content: 'Hi' }],
          sampling: {}
        })
        await collect(events)
        return server.calls.at(-1)!.headers.authorization
      }
      assert.equal(await ask(), `Bearer ${KEY}`)
      await writeFile(file, 'another-key', { mode: 0o600 })
      assert.equal(await ask(), 'Bearer another-key')
      assert.ok(!JSON.stringify([info, served.list(), bench.logged, [...bench.store]]).includes(KEY))
    })

    it('is told when it is wrong, without a word of it, though the server quotes it', async () => {
      const refuse = (status: number) => (_: unknown, response: ServerResponse) => {
        send(response, { status, body: { error: { message: `Incorrect key: ${KEY}` } } })
      }
      for (const [status, told] of [
        [401, /refuses the key in .*key\. Put the right one/],
        [500, /Incorrect key: \(key\)/]
      ] as const) {
        const server = await bench.server({ paths: { '/v1/models': refuse(status) } })
        await assert.rejects(bench.served().add(entry(server, { keyFile: file })), (error: Error) => {
          assert.match(error.message, told)
          assert.ok(!error.message.includes(KEY) && !JSON.stringify(error).includes(KEY))
          return true
        })
      }
      assert.ok(!bench.logged.join('\n').includes(KEY))
    })

    it('does not use a file that others can read, that is missing, empty, long, or no key', async function () {
      if (process.platform === 'win32') this.skip()
      const server = await bench.server()
      const served = bench.served()
      const add = () => served.add(entry(server, { keyFile: file }))
      await chmod(file, 0o644)
      await assert.rejects(add(), { name: 'ServedEngineError', message: /chmod 600/ })
      await chmod(file, 0o600)
      for (const content of ['', ' \n', 'two words', 'line\nline', 'ключ', 'x'.repeat(10_000)]) {
        await writeFile(file, content)
        await assert.rejects(add(), { name: 'ServedEngineError' })
      }
      await rm(file)
      await assert.rejects(add(), /cannot be read/)
      assert.deepEqual(server.asked, [])
    })
  })

  it('a cloud model of Ollama is never asked', async () => {
    const { server, served } = await bench.with({ paths: ollama() })
    assert.ok((await served.models()).every(({ name }) => !name.includes('cloud')))
    assert.deepEqual(server.calls, [])
  })
})
