import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from '../repository/root.ts'

describe('the example', () => {
  it('asks the mesh as a program of somebody else would, and leaves nothing running', async () => {
    const home = mkdtempSync(join(tmpdir(), 'mesh-example-'))
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, 'dist/examples/ask.js')], {
        // No discovery: the answer shall come from here, whoever else runs on this machine.
        env: { ...process.env, MESH_HOME: home, MESH_NAME: 'example', MESH_PORT: '0', MESH_DISCOVERY: 'none' },
        timeout: 60_000
      })
      assert.equal(stdout, '56\n— example · mini\n')
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
  }).timeout(90_000)
})
