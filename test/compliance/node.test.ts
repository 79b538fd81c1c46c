import '../../src/polyfill.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attachMesh, createMesh } from '../../src/index.ts'
import type { Mesh } from '../../src/index.ts'
import { meshCompliance } from './mesh.ts'
import type { Specimen } from './mesh.ts'

/** A device alone: nobody else on this machine shall answer for it. */
async function device(): Promise<{ mesh: Mesh; home: string; close: () => Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), 'ownmesh-'))
  const mesh = await createMesh({ home, name: 'specimen', listen: ['127.0.0.1'], port: 0, discovery: [] })
  return {
    mesh,
    home,
    close: async () => {
      await mesh.stop()
      await rm(home, { recursive: true, force: true })
    }
  }
}

/** Sums, which the built-in model can do. */
function question(number: number): { prompt: string; contains: string } {
  return { prompt: `What is 7 times ${number}?`, contains: String(7 * number) }
}

meshCompliance('a node in this process', async (): Promise<Specimen> => {
  const { mesh, close } = await device()
  return { mesh, question, close }
})

meshCompliance('a node over its control socket', async (): Promise<Specimen> => {
  const { home, close } = await device()
  const mesh = await attachMesh({ home })
  return {
    mesh,
    question,
    close: async () => {
      await mesh.stop()
      await close()
    }
  }
})
