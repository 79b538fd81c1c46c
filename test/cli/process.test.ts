import assert from 'node:assert/strict'
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const COMMAND = fileURLToPath(new URL('../../cli/mesh.js', import.meta.url))
const FAKE = fileURLToPath(new URL('fake-process.js', import.meta.url))

interface Running {
  child: ChildProcess
  stdout: () => string
  stderr: () => string
  /** Resolves when standard output holds the text. */
  until: (text: string) => Promise<void>
  ended: Promise<number | null>
}

function start(args: string[], fake = '', stdio: StdioOptions = ['ignore', 'pipe', 'pipe']): Running {
  const child = spawn(process.execPath, args, { stdio, env: { ...process.env, FAKE: fake } })
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk) => (stdout += String(chunk)))
  child.stderr?.on('data', (chunk) => (stderr += String(chunk)))
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    until: async (text) => {
      while (!stdout.includes(text)) {
        await once(child.stdout!, 'data')
      }
    },
    ended: once(child, 'close').then(([code]) => code as number | null)
  }
}

describe('mesh as a process', () => {
  it('tells an old Node in one sentence what it needs', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ownmesh-old-'))
    try {
      const old = join(folder, 'old.cjs')
      for (const version of ['18.20.1', '20.18.3']) {
        await writeFile(old, `Object.defineProperty(process.versions, 'node', { value: '${version}' })`)
        const { ended, stdout, stderr } = start(['--require', old, COMMAND, 'join'])
        assert.equal(await ended, 1)
        assert.equal(stdout(), '')
        assert.equal(stderr(), `mesh needs Node 20.19 or newer; this is Node ${version}. See https://nodejs.org.\n`)
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('helps without arguments, and tells the form that works', async () => {
    const { ended, stdout, stderr } = start([COMMAND])
    assert.equal(await ended, 0)
    assert.match(stdout(), /^Your own devices/)
    assert.match(stdout(), /Start here: (node .*mesh\.js|npm start --|mesh) join\n/)
    assert.equal(stderr(), '')
  })

  it('ends quietly when the reader of its answer has enough', async () => {
    const { child, until, ended, stderr } = start([FAKE, 'ask', 'x'], 'long')
    await until('word')
    child.stdout?.destroy()
    assert.equal(await ended, 0)
    assert.equal(stderr(), '')
  })

  it('keeps what had come when Ctrl-C ends an answer', async () => {
    const { child, until, ended, stdout, stderr } = start([FAKE, 'ask', 'x'], 'endless')
    await until('It is')
    child.kill('SIGINT')
    assert.equal(await ended, 130)
    assert.equal(stdout(), 'It is\n')
    assert.equal(stderr(), '')
  })

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`stops the node cleanly at ${signal}`, async () => {
      const { child, until, ended, stdout } = start([FAKE, 'join', '--json'])
      await until('"ready"')
      child.kill(signal)
      assert.equal(await ended, 0)
      assert.match(stdout(), /\{"event":"stopping"\}\n$/)
    })
  }

  it('ends at once at the second Ctrl-C', async () => {
    const { child, until, ended } = start([FAKE, 'join', '--headless'], 'stuck')
    await until('is ready')
    child.kill('SIGINT')
    await until('stopping')
    child.kill('SIGINT')
    assert.equal(await ended, 130)
  })

  it('does not wait for a standard input that was inherited and is silent', async () => {
    const { child, ended, stdout } = start([FAKE, 'ask', 'alone'], 'echo', ['pipe', 'pipe', 'pipe'])
    assert.equal(await ended, 0)
    assert.equal(stdout(), 'alone\n')
    child.stdin?.destroy()
  })

  it('reads what another program says to it at once', async () => {
    const { child, ended, stdout } = start([FAKE, 'ask', 'Summarise'], 'echo', ['pipe', 'pipe', 'pipe'])
    child.stdin?.end('a text')
    assert.equal(await ended, 0)
    assert.equal(stdout(), 'Summarise\n\na text\n')
  })

  it('reads a file and a pipe', async function () {
    if (process.platform === 'win32') {
      this.skip()
    }
    const shell = (line: string): Promise<string> => {
      const child = spawn('sh', ['-c', line], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, FAKE: 'echo', NODE: process.execPath, SCRIPT: FAKE }
      })
      let text = ''
      child.stdout.on('data', (chunk) => (text += String(chunk)))
      return once(child, 'close').then(() => text)
    }
    assert.equal(await shell('printf "a text" | "$NODE" "$SCRIPT" ask Summarise'), 'Summarise\n\na text\n')
    assert.match(await shell('"$NODE" "$SCRIPT" ask Summarise < "$SCRIPT"'), /^Summarise\n\n\/\/ The command/)
  })
})
