import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commandForm } from '../../cli/command-form.ts'
import { install, pathHint, uninstall, type Place } from '../../cli/link.ts'

describe('the command mesh', () => {
  let folder: string
  let place: Place

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ownmesh-link-'))
    const target = join(folder, "it's a clone", 'mesh.js')
    await mkdir(join(folder, "it's a clone"))
    await mkdir(join(folder, 'prefix', 'bin'), { recursive: true })
    await writeFile(target, 'console.log(process.argv.slice(2).join("|"))')
    place = { target, prefix: join(folder, 'prefix'), userHome: join(folder, 'home'), platform: 'linux' }
  })

  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  it('is put into npm’s prefix and runs', function () {
    if (process.platform === 'win32') {
      this.skip()
    }
    const file = install(place)
    assert.equal(file, join(folder, 'prefix', 'bin', 'mesh'))
    assert.equal(execFileSync(file, ['ask', 'a b']).toString(), 'ask|a b\n')
    assert.equal(install(place), file)
  })

  it('is put into the user’s own folder where npm’s is not to be written', async () => {
    const own = join(folder, 'home', '.local', 'bin', 'mesh')
    assert.equal(install({ ...place, prefix: undefined }), own)
    assert.equal(install({ ...place, prefix: join(folder, 'nowhere') }), own)
    assert.match(await readFile(own, 'utf8'), /^#!\/bin\/sh\n/)
  })

  it('never replaces or removes another command', async () => {
    const file = join(folder, 'prefix', 'bin', 'mesh')
    await writeFile(file, 'something else')
    assert.throws(() => install(place), {
      name: 'UsageError',
      message: `${file} is there already and is another command; remove it first, if you no longer need it.`
    })
    assert.deepEqual(uninstall(place), [])
    assert.equal(await readFile(file, 'utf8'), 'something else')
    await rm(file)
    await symlink(join(folder, 'gone'), file)
    assert.throws(() => install(place), { name: 'UsageError' })
  })

  it('is undone only where it leads to this folder', () => {
    const file = install(place)
    assert.deepEqual(uninstall({ ...place, target: join(folder, 'other', 'mesh.js') }), [])
    assert.deepEqual(uninstall(place), [file])
    assert.deepEqual(uninstall(place), [])
  })

  it('is a .cmd file on Windows', async () => {
    const windows = { ...place, platform: 'win32' } as const
    const file = install(windows)
    assert.equal(file, join(folder, 'prefix', 'mesh.cmd'))
    assert.match(await readFile(file, 'utf8'), /\r\n@node ".*mesh\.js" %\*\r\n$/)
    assert.deepEqual(uninstall(windows), [file])
  })

  it('is followed by the line that mends the path, in the words of the shell', () => {
    const given = { path: '/usr/bin', userHome: '/home/me', platform: 'linux' } as const
    const link = '/home/me/.local/bin/mesh'
    assert.equal(pathHint(link, { ...given, shell: '/bin/bash', path: '/usr/bin:/home/me/.local/bin' }), undefined)
    assert.equal(
      pathHint(link, { ...given, shell: '/bin/zsh' }),
      `echo 'export PATH="$HOME/.local/bin:$PATH"' >> ~/.zshrc && . ~/.zshrc`
    )
    assert.equal(pathHint(link, { ...given, shell: '/usr/bin/fish' }), 'fish_add_path "$HOME/.local/bin"')
    assert.equal(
      pathHint('/opt/bin/mesh', { ...given, shell: '' }),
      `echo 'export PATH="/opt/bin:$PATH"' >> ~/.profile && . ~/.profile`
    )
  })

  describe('in hints', () => {
    function form(changes: Partial<Parameters<typeof commandForm>[0]['environment']>, script?: string): string {
      return commandForm({
        environment: { npmScript: undefined, npmCommand: undefined, path: join(folder, 'prefix', 'bin'), ...changes },
        script: script ?? place.target,
        target: place.target,
        cwd: folder
      })
    }

    it('has the form that works here', () => {
      assert.equal(form({ npmScript: 'start', npmCommand: 'run-script' }), 'npm start --')
      assert.equal(form({ npmScript: 'npx', npmCommand: 'exec' }), 'npx mesh')
      assert.equal(form({}), `node "${join("it's a clone", 'mesh.js')}"`)
      assert.equal(form({}, '/usr/local/bin/mesh'), 'mesh')
    })

    it('is mesh once that is installed, however it was called this time', () => {
      install(place)
      assert.equal(form({ npmScript: 'start' }), 'mesh')
      uninstall(place)
      assert.equal(form({ npmScript: 'start' }), 'npm start --')
    })

    it('is mesh where npm linked it', async () => {
      await chmod(place.target, 0o755)
      await symlink(place.target, join(folder, 'prefix', 'bin', 'mesh'))
      assert.equal(form({ npmScript: 'start' }), 'mesh')
    })
  })
})
