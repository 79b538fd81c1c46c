import assert from 'node:assert/strict'
import { verbs } from '../../cli/verbs/index.ts'
import { commandLine } from './command-line.ts'

const HELP = `Your own devices, one private AI: the strongest device that is awake answers.

Everyday
  join [INVITE]           find your other devices, or start a mesh, and serve it until stopped
  ask PROMPT…             get one answer from your strongest device
  chat [ID]               hold a conversation with the mesh
  status                  see this device, its model and its mesh
  pause                   let your other devices answer for a while
  resume                  let this device answer again after a pause
  stop                    stop the node on this device
  service [ACTION]        start the node with this machine and keep it running

Devices
  peers                   list your devices, how fast each is and how busy
  discover                see which devices can be reached, and by which way
  why [PROMPT…]           see which device would answer, and why
  doctor                  find what is wrong here and the command that mends it
  invite                  make a one-time invite for another device, with a QR code
  approve [CODE | FILE]   let a new device into your mesh
  confirm CODE            say that the other screen shows the same code, on the device that joins
  members                 list the devices that belong to your mesh, and who admitted each
  rename DEVICE NAME      give a device another name
  remove DEVICE           remove a lost device from your mesh for good
  leave                   take this device out of its mesh
  recover                 make a recovery phrase, or take your mesh back with it

Memories
  remember TEXT…|-        write something down for all your devices to know
  recall WORDS…           search what your devices remember
  forget ID|WORDS…        forget something on all your devices
  memory [ACTION …]       list, change and bring back what your devices remember
  export FILE | FOLDER    write what your devices remember into a file, for a USB stick
  import FILE             take in a file that another of your devices wrote

Models
  model [ACTION [WORD…]]  list the models on this device and see how to add a real one
  engine [ls | add | rm]  let Ollama, llama.cpp, LM Studio, vLLM or exo answer for this device
  bench                   measure this device and see which provider answers, and why

Start here: mesh join
More about one: mesh help ask
`

describe('help', () => {
  it('is what no arguments give, and no mesh is opened for it', async () => {
    assert.deepEqual(await commandLine([]), { code: 0, stdout: HELP, stderr: '' })
    assert.equal((await commandLine(['help'])).stdout, HELP)
    assert.equal((await commandLine(['--help'])).stdout, HELP)
  })

  it('uses the form of the command that works here', async () => {
    const { stdout } = await commandLine([], { command: 'npm start --' })
    assert.match(stdout, /Start here: npm start -- join\nMore about one: npm start -- help ask\n$/)
  })

  it('explains each command by name and by --help, with every flag', async () => {
    for (const { name, flags } of verbs) {
      const { code, stdout } = await commandLine(['help', name])
      assert.equal(code, 0)
      assert.equal((await commandLine([name, '--help'])).stdout, stdout)
      for (const flag of [...Object.keys(flags), 'home', 'json', 'quiet', 'verbose']) {
        assert.match(stdout, new RegExp(`^  --${flag}\\b`, 'm'))
      }
    }
  })

  it('fits the terminal', async () => {
    for (const args of [[], ...verbs.map(({ name }) => [name, '--help'])]) {
      const { stdout } = await commandLine(args, { terminal: 72 })
      assert.deepEqual(
        stdout.split('\n').filter((line) => line.length > 72),
        []
      )
    }
  })

  it('is data with --json', async () => {
    const listed = JSON.parse((await commandLine(['help', '--json'])).stdout) as { name: string }[]
    assert.deepEqual(
      listed.map(({ name }) => name),
      verbs.map(({ name }) => name)
    )
  })

  it('tells the release', async () => {
    assert.deepEqual(await commandLine(['--version']), { code: 0, stdout: '0.1.0\n', stderr: '' })
  })

  it('names the nearest command for one that does not exist', async () => {
    assert.deepEqual(await commandLine(['pears']), {
      code: 2,
      stdout: '',
      stderr: 'There is no command “pears”; did you mean mesh peers?\n'
    })
    assert.equal((await commandLine(['banana'])).stderr, 'There is no command “banana”; mesh help lists them all.\n')
    assert.equal((await commandLine(['help', 'pears'])).code, 2)
  })

  it('gives errors as data with --json, wrong usage too', async () => {
    const { code, stderr } = await commandLine(['pears', '--json'])
    assert.equal(code, 2)
    assert.deepEqual(JSON.parse(stderr), {
      error: { name: 'UsageError', message: 'There is no command “pears”; did you mean mesh peers?' }
    })
  })
})
