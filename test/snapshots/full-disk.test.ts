import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newSeed } from '../../src/node/membership/keys.ts'
import { newHome, openDevice, removeHome, type TestDevice } from '../crdt/device.ts'
import { exportOf, importInto, MEMBER } from './carried.ts'
import { readFile } from './sample.ts'

describe('a full disk', () => {
  let home: string
  let mount: string
  let device: TestDevice
  const secret = newSeed('x25519')

  beforeEach(function () {
    home = newHome()
    mount = join(home, 'small')
    mkdirSync(mount)
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', mount]).status !== 0) {
      removeHome(home)
      // Needs root and Linux.
      this.skip()
    }
    device = openDevice({ home, key: MEMBER })
    for (let shard = 0; shard < 3; shard++) {
      device.memories.rememberAll(
        Array.from({ length: 400 }, (_, index) => ({ text: `Memory ${String(index)} ${'x'.repeat(1000)}` }))
      )
    }
  })

  afterEach(() => {
    device.close()
    // Lazily: the database's files are let go of when its statements are collected.
    spawnSync('umount', ['-l', mount])
    removeHome(home)
  })

  /** Leaves so much room. */
  function leave(bytes: number): void {
    const ballast = join(mount, 'ballast')
    rmSync(ballast, { force: true })
    const { bavail, bsize } = statfsSync(mount)
    writeFileSync(ballast, new Uint8Array(Math.max(0, bavail * bsize - bytes)))
  }

  async function exported(path: string): Promise<void> {
    for await (const event of exportOf(device, path, secret)) assert.ok(event)
  }

  it('under a snapshot that is written is told at whatever byte it fills, leaves nothing, and works with room again', async () => {
    await exported(join(home, 'whole'))
    const { size } = statSync(join(home, 'whole'))
    assert.ok(size > 1_000_000)
    const path = join(mount, 'a.snapshot')
    const rooms = [0, 4096, 65_536, 500_000, 1_000_000, size - 70_000, size - 4096]
    for (const room of rooms) {
      leave(room)
      await assert.rejects(exported(path), { name: 'DiskFullError', message: /no room left[^]*Nothing was left there/ })
      assert.deepEqual(readdirSync(mount), ['ballast'], `with room for ${String(room)}`)
    }
    leave(size + 65_536)
    await exported(path)
    assert.equal((await readFile(path, [{ secret }]))?.examined.manifest.entries, 1200)
  })

  it('under a home that takes one in loses nothing that was there, and takes the rest with room again', async () => {
    const file = join(home, 'a.snapshot')
    await exported(file)
    const small = openDevice({ home: mount, key: MEMBER })
    const kept = small.memories.remember({ text: 'Here before' })
    let taken = 0
    for (const room of [100_000, 600_000, 1_200_000]) {
      leave(room)
      await assert.rejects(
        importInto(small, file, secret, () => taken++),
        { name: 'DiskFullError' }
      )
      assert.equal(small.memories.get(kept.id).text, 'Here before')
      for (const { id } of small.documents.heads.all()) assert.ok(small.documents.isSound(id))
    }
    assert.ok(taken > 0)
    const before = small.memories.count()
    rmSync(join(mount, 'ballast'))
    spawnSync('mount', ['-o', 'remount,size=32m', mount])
    const { new: fresh, known } = await importInto(small, file, secret)
    assert.deepEqual([fresh, known], [1200 - (before - 1), before - 1])
    small.close()
    const again = openDevice({ home: mount, key: MEMBER })
    assert.equal(again.memories.count(), 1201)
    again.close()
  })
})
