import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type * as onnxruntime from 'onnxruntime-node'
import { EngineUnavailableError } from '../errors.ts'
import { reasonOf } from './model-folder.ts'

/** The part of onnxruntime-node that is used here. */
export type Runtime = Pick<typeof onnxruntime, 'InferenceSession' | 'Tensor'>

export const RUNTIME_PACKAGE = 'onnxruntime-node'

/** Platforms for which onnxruntime-node 1.30 brings a binary, in words. */
const PLATFORMS = 'Linux (x64, arm64, glibc), macOS (arm64) and Windows (x64, arm64)'

/**
 * The installed version of the runtime, without loading it.
 * @throws {EngineUnavailableError} when the package is absent or has nothing for this platform
 */
export function runtimeVersion(name: string): string {
  const folder = runtimeFolder(name)
  if (!existsSync(join(folder, 'bin', 'napi-v6', process.platform, process.arch))) {
    throw unavailable(`${name} has no binary for ${process.platform} ${process.arch}`)
  }
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version
}

/** Where the package lies. @throws {EngineUnavailableError} when it is absent */
export function runtimeFolder(name: string): string {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
  } catch (err) {
    throw unavailable(`the package ${name} is not installed`, err)
  }
}

/**
 * Only for the engine's own process: there `Float16Array`, which Node 24 has, is taken away. onnxruntime 1.30 would hand
 * fp16 tensors over in it, and its native part cannot read that ("not enough space: expected 4096, got 0").
 *
 * @throws {EngineUnavailableError} when the binary cannot be loaded, as with musl in place of glibc
 */
export async function loadRuntime(name: string): Promise<Runtime> {
  Reflect.deleteProperty(globalThis, 'Float16Array')
  try {
    const { default: runtime } = (await import(name)) as { default: Runtime }
    return runtime
  } catch (err) {
    throw unavailable(`${name} cannot be loaded (${reasonOf(err)})`, err)
  }
}

function unavailable(reason: string, cause?: unknown): EngineUnavailableError {
  return new EngineUnavailableError(
    `This device cannot run models itself: ${reason}. It can still ask others; an engine exists for ${PLATFORMS}.`,
    { cause }
  )
}
