import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Bench } from './fixture.ts'
import { modelFiles, type Trouble } from './hub-double.ts'

const NAME = 'onnx-community/Small-ONNX'

describe('looking for a model on the hub', () => {
  let bench: Bench
  beforeEach(async () => {
    bench = await new Bench().open()
  })
  afterEach(async () => {
    await bench.close()
  })

  it('finds its commit, its licence, and its files with bytes and digests, on one page or on many', async () => {
    const commit = bench.double.put(NAME, modelFiles('plain', ['model.onnx', 'model_q4.onnx']))
    const model = await bench.hub().find(NAME)
    assert.deepEqual([model.repository, model.commit, model.license], [NAME, commit, 'apache-2.0'])
    const paths = model.files.map(({ path }) => path).sort()
    // What lies in other folders is not asked for.
    assert.deepEqual(paths, [
      'LICENSE',
      'README.md',
      'config.json',
      'generation_config.json',
      'onnx/model.onnx',
      'onnx/model_q4.onnx',
      'tokenizer.json',
      'tokenizer_config.json'
    ])
    const kinds = new Map(model.files.map(({ path, digest }) => [path, `${digest.kind} ${String(digest.hex.length)}`]))
    assert.equal(kinds.get('config.json'), 'git-blob 40')
    assert.equal(kinds.get('onnx/model.onnx'), 'sha256 64')
    bench.double.pageSize = 2
    assert.deepEqual(await bench.hub().find(NAME), model)
    assert.ok(bench.double.asked.length > 8)
  })

  it('finds it as an earlier commit had it, and under the name that it got since', async () => {
    const first = bench.double.put(NAME, modelFiles('plain'))
    bench.double.put(NAME, modelFiles('plain', ['model_q4.onnx']))
    const model = await bench.hub().find(NAME, { commit: first })
    assert.equal(model.commit, first)
    assert.ok(model.files.some(({ path }) => path === 'onnx/model.onnx'))
    bench.double.rename('old/Name', NAME)
    assert.equal((await bench.hub().find('old/Name')).repository, NAME)
  })

  it('says of a name that is unknown, or none at all, what it should look like', async () => {
    const unknown = { name: 'NotOnHubError', message: /no model nobody\/Nothing.*spelling.*HF_TOKEN.*mesh model pull/ }
    await assert.rejects(bench.hub().find('nobody/Nothing'), unknown)
    const withToken = bench.hub({ token: 'hf_secret' }).find('nobody/Nothing')
    await assert.rejects(withToken, { name: 'NotOnHubError', message: /no model nobody\/Nothing/ })
    const before = bench.double.asked.length
    for (const name of ['qwen', 'a/b/c', '../etc', 'a/..', '-x/y', 'a/b?c', `a/${'b'.repeat(97)}`, 'a/b--c']) {
      await assert.rejects(bench.hub().find(name), { name: 'NotOnHubError', message: /OWNER\/NAME/ })
    }
    assert.equal(bench.double.asked.length, before)
  })

  it('says of a gated model, and of a token that is refused, what to do with HF_TOKEN', async () => {
    bench.double.put(NAME, modelFiles('plain'), { gated: 'manual' })
    await assert.rejects(bench.hub().find(NAME), {
      name: 'GatedModelError',
      message: /accepted its terms.*onnx-community\/Small-ONNX.*settings\/tokens.*HF_TOKEN/
    })
    assert.ok(await bench.hub({ token: 'hf_secret' }).find(NAME))
    bench.double.trouble('/revision/', { status: 403 })
    await assert.rejects(bench.hub({ token: 'hf_secret' }).find(NAME), {
      name: 'GatedModelError',
      message: /no access yet/
    })
    bench.double.token = 'hf_right'
    await assert.rejects(bench.hub({ token: 'hf_wrong' }).find(NAME), (error: Error) => {
      // The hub says the same of a model that is not there.
      assert.match(error.name, /GatedModelError|NotOnHubError/)
      assert.ok(!error.message.includes('hf_wrong'))
      return true
    })
    assert.ok(await bench.hub({ token: 'hf_right' }).find(NAME))
  })

  const answers: [string, Trouble, string, RegExp][] = [
    ['a web page', { body: '<html>Welcome to the hotel</html>' }, 'HubAnswerError', /web page.*log-in/],
    ['half of its JSON', { body: '{"id": "onnx' }, 'HubAnswerError', /in place of JSON/],
    ['JSON of something else', { body: '{"hello": 1}' }, 'HubAnswerError', /cannot be understood/],
    ['no object', { body: 'null' }, 'HubAnswerError', /cannot be understood/],
    ['more than any list has', { body: '['.padEnd(5_000_000, ' ') }, 'HubAnswerError', /more than 4194304 bytes/],
    ['a redirect to nowhere', { status: 302 }, 'HubAnswerError', /redirects to nowhere/],
    [
      'a redirect to a file',
      { status: 302, headers: { location: 'file:///etc/passwd' } },
      'HubAnswerError',
      /not followed/
    ],
    ['a status that is none of a hub', { status: 418 }, 'HubAnswerError', /418/]
  ]
  for (const [what, trouble, name, message] of answers) {
    it(`refuses ${what}, without asking again`, async () => {
      bench.double.put(NAME, modelFiles('plain'))
      bench.double.trouble('/revision/', trouble, 10)
      await assert.rejects(bench.hub().find(NAME), { name, message })
      assert.equal(bench.double.asked.length, 1)
    })
  }

  it('follows no redirect for ever', async () => {
    bench.double.put(NAME, modelFiles('plain'))
    bench.double.trouble('/revision/', { status: 307, headers: { location: `/api/models/${NAME}/revision/HEAD` } }, 99)
    await assert.rejects(bench.hub().find(NAME), { name: 'HubAnswerError', message: /more than 5 times/ })
    assert.equal(bench.double.asked.length, 6)
  })

  it('goes to no other host for the rest of a list', async () => {
    bench.double.put(NAME, modelFiles('plain'))
    const entries = JSON.stringify([{ type: 'file', path: 'config.json', size: 2, oid: 'ab'.repeat(20) }])
    bench.double.trouble('/tree/', {
      ...{ status: 200, body: entries },
      headers: { 'content-type': 'application/json', link: '<http://127.0.0.1:9/next>; rel="next"' }
    })
    await assert.rejects(bench.hub({ token: 'hf_secret' }).find(NAME), {
      name: 'HubAnswerError',
      message: /127\.0\.0\.1:9/
    })
  })

  const lists: [string, object][] = [
    ['a size below nothing', { type: 'file', path: 'a', size: -1, oid: 'ab'.repeat(20) }],
    ['a size that no number holds', { type: 'file', path: 'a', size: 1e300, oid: 'ab'.repeat(20) }],
    ['a digest that is none', { type: 'file', path: 'a', size: 1, oid: '../..' }],
    [
      'a digest of storage that is none',
      { type: 'file', path: 'a', size: 1, oid: 'ab'.repeat(20), lfs: { oid: 'x', size: 1 } }
    ],
    ['no path', { type: 'file', size: 1, oid: 'ab'.repeat(20) }],
    ['no object', []]
  ]
  for (const [what, entry] of lists) {
    it(`refuses a list with ${what}`, async () => {
      bench.double.put(NAME, modelFiles('plain'))
      bench.double.trouble('/tree/', { body: JSON.stringify([entry]) })
      await assert.rejects(bench.hub().find(NAME), { name: 'HubAnswerError' })
    })
  }

  it('leaves out the files whose paths climb, are hidden, or that not every system takes', async () => {
    bench.double.put(NAME, modelFiles('plain'))
    const digest = { size: 1, oid: 'ab'.repeat(20) }
    const paths = ['../../.ssh/config', '/etc/passwd', '.gitattributes', 'a\\b', 'con', 'a:b', 'onnx//x', 'config.json']
    bench.double.trouble('/tree/', { body: JSON.stringify(paths.map((path) => ({ type: 'file', path, ...digest }))) })
    const { files } = await bench.hub().find(NAME)
    assert.deepEqual(
      files.map(({ path }) => path),
      ['config.json']
    )
  })

  it('asks again where the hub is busy, broken or silent for a while, and gives up in the end', async () => {
    bench.double.put(NAME, modelFiles('plain'))
    for (const trouble of [{ status: 429 }, { status: 503 }, { silent: true }, { status: 500 }]) {
      bench.double.trouble('/revision/', trouble)
      assert.ok(await bench.hub().find(NAME))
    }
    const endings: [Trouble, string, RegExp][] = [
      [{ status: 429, headers: { 'retry-after': '0' } }, 'HubAnswerError', /no more requests/],
      [{ status: 500 }, 'HubAnswerError', /500/],
      [{ silent: true }, 'HubSilentError', /next to nothing for 1 s/]
    ]
    for (const [trouble, name, message] of endings) {
      const before = bench.double.asked.length
      bench.double.trouble('/revision/', trouble, 3)
      await assert.rejects(bench.hub().find(NAME), { name, message })
      assert.equal(bench.double.asked.length - before, 3)
    }
  })

  it('says at once that there is no network, and names the other ways', async () => {
    const refused = await closedPort()
    for (const endpoint of [`http://127.0.0.1:${String(refused)}`, 'http://hub.invalid']) {
      const unreachable = {
        name: 'HubUnreachableError',
        message: /cannot be reached.*--from PEER.*stick.*mesh model import/
      }
      await assert.rejects(bench.hub({ endpoint }).find(NAME), unreachable)
    }
  })

  it('says that what answers is no HTTP', async () => {
    const server = createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const endpoint = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
    await assert.rejects(bench.hub({ endpoint }).find(NAME), { name: 'HubAnswerError', message: /no HTTP/ })
    server.close()
  })

  it('ends with the reason of its signal, in the middle too', async () => {
    bench.double.put(NAME, modelFiles('plain'))
    bench.double.trouble('/tree/', { silent: true }, 9)
    const controller = new AbortController()
    const reason = new Error('enough')
    const finding = bench.hub({ limits: { silenceMs: 60_000 } }).find(NAME, { signal: controller.signal })
    while (!bench.double.asked.some(({ path }) => path.includes('/tree/'))) await new Promise(setImmediate)
    controller.abort(reason)
    await assert.rejects(finding, reason)
  })

  it('takes no endpoint and no token that cannot be one, and shows neither in what it says', () => {
    for (const endpoint of ['huggingface.co', 'ftp://x', 'http://user:secret@hub.test', 'http://hub.test/?secret']) {
      assert.throws(
        () => bench.hub({ endpoint }),
        (error: Error) => error.name === 'ConfigError' && !error.message.includes('secret')
      )
    }
    for (const token of ['', 'hf_a\r\nX-Other: 1', 'hf secret', 'x'.repeat(501)]) {
      assert.throws(
        () => bench.hub({ token }),
        (error: Error) => error.name === 'ConfigError' && !/hf|x{9}/.test(error.message)
      )
    }
  })
})

describe('the token', () => {
  it('goes to the hub, and to nobody it redirects to', async () => {
    const bench = await new Bench().open()
    const other = await new Bench().open()
    try {
      const commit = bench.double.put(NAME, modelFiles('plain'))
      other.double.put(NAME, modelFiles('plain'), { commit })
      const location = `${other.double.endpoint}/api/models/${NAME}/revision/HEAD`
      bench.double.trouble('/revision/', { status: 302, headers: { location } })
      await bench.hub({ token: 'hf_secret' }).find(NAME)
      assert.deepEqual(
        other.double.asked.map(({ authorization }) => authorization),
        [null]
      )
      assert.ok(bench.double.asked.every(({ authorization }) => authorization === 'Bearer hf_secret'))
    } finally {
      await bench.close()
      await other.close()
    }
  })
})

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
