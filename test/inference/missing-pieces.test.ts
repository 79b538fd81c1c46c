import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { graphicsCards } from '../../src/inference/hardware.ts'
import { missingPiece, readPieces, softwareDriver } from '../../src/inference/missing-pieces.ts'

const NOTHING = { vulkanLoader: false, vulkanDrivers: [], cudaProvider: false }
const missing = (provider: string, pieces: Partial<typeof NOTHING> = {}, platform = 'linux'): string | undefined => {
  const piece = missingPiece(provider, platform, { ...NOTHING, ...pieces }, '/a b/onnxruntime-node')
  return piece === null ? undefined : `${piece.what} → ${piece.mend}`
}

describe('what a provider lacks', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ownmesh-pieces-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  it('is the first piece that is not there, with its command', () => {
    assert.match(missing('webgpu') ?? '', /loader \(libvulkan\.so\.1\) is missing → sudo apt-get install libvulkan1$/)
    assert.match(
      missing('webgpu', { vulkanLoader: true }) ?? '',
      /but no driver → sudo apt-get install mesa-vulkan-drivers/
    )
    assert.match(
      missing('cuda') ?? '',
      /not installed, .* → node '\/a b\/onnxruntime-node\/script\/install\.js' --onnxruntime-node-install=cuda12$/
    )
    assert.match(
      missing('cuda', { cudaProvider: true }) ?? '',
      /CUDA 12 and cuDNN 9 → sudo apt-get install cuda-libraries-12/
    )
  })

  it('is nothing on systems that bring all of it, and for the processor', () => {
    assert.equal(missing('webgpu', {}, 'win32'), undefined)
    assert.equal(missing('coreml', {}, 'darwin'), undefined)
    assert.equal(missing('cpu'), undefined)
  })

  it('is looked for where the system looks', () => {
    const before = readPieces(folder, { LD_LIBRARY_PATH: folder, VK_DRIVER_FILES: '/x/lvp.json:/x/other.json' })
    assert.deepEqual(before.vulkanDrivers, ['/x/lvp.json', '/x/other.json'])
    assert.equal(before.cudaProvider, false)
    writeFileSync(join(folder, 'libvulkan.so.1'), '')
    const binaries = join(folder, 'bin', 'napi-v6', process.platform, process.arch)
    mkdirSync(binaries, { recursive: true })
    writeFileSync(join(binaries, 'libonnxruntime_providers_cuda.so'), '')
    const after = readPieces(folder, { LD_LIBRARY_PATH: `/nowhere:${folder}` })
    assert.deepEqual([after.vulkanLoader, after.cudaProvider], [true, true])
  })

  it('is a driver where all that is loaded computes in software', () => {
    const maps = (...names: string[]): string =>
      names.map((name) => `7f00-7f01 r-xp 0 fe:01 9 /usr/lib/${name}`).join('\n')
    assert.equal(softwareDriver(maps('libvulkan.so.1', 'libvulkan_lvp.so', 'libvulkan_lvp.so')), 'lavapipe')
    assert.equal(softwareDriver(maps('libvk_swiftshader.so')), 'SwiftShader')
    assert.equal(softwareDriver(maps('libvulkan_lvp.so', 'libvulkan_radeon.so')), null)
    assert.equal(softwareDriver(maps('libvulkan_lvp.so', 'libGLX_nvidia.so.0')), null)
    assert.equal(softwareDriver(maps('libvulkan.so.1')), null)
  })

  it('matters where there is a graphics card', async () => {
    const device = (name: string, kind: string, vendor: string): void => {
      mkdirSync(join(folder, name))
      writeFileSync(join(folder, name, 'class'), `${kind}\n`)
      writeFileSync(join(folder, name, 'vendor'), `${vendor}\n`)
    }
    device('0000:00:1f.0', '0x060100', '0x8086')
    assert.deepEqual(await graphicsCards(folder), [])
    device('0000:01:00.0', '0x030000', '0x10de')
    device('0000:02:00.0', '0x038000', '0x1234')
    assert.deepEqual(await graphicsCards(folder), ['NVIDIA', '0x1234'])
    assert.equal(await graphicsCards(join(folder, 'nothing')), null)
  })
})
