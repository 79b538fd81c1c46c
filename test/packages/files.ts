/** A folder of files that looks like a model to a package, and packages of it. */
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { openPackage, unpackPackage, writePackage } from '../../src/packages/index.ts'
import type { WritePackageInit, Writing } from '../../src/packages/write-package.ts'

export const HASH = 'ab'.repeat(32)

/** Some of more than a chunk of the copy, some of no round size, one of none. */
export const CONTENTS: Readonly<Record<string, Buffer>> = {
  LICENSE: Buffer.from('Do what you want.\n'),
  'config.json': Buffer.from('{"model_type":"llama"}'),
  'empty.txt': Buffer.alloc(0),
  'onnx/model.onnx': bytesOf('graph', 300_001),
  'onnx/model.onnx_data': bytesOf('weights', 2_200_000)
}

/** The same at each call. */
export function bytesOf(seed: string, length: number): Buffer {
  return createHash('shake256', { outputLength: length }).update(seed).digest()
}

export class Workplace {
  readonly root = mkdtempSync(join(tmpdir(), 'ownmesh-package-'))
  readonly model = this.folder('model')
  readonly stick = this.folder('stick')

  constructor() {
    for (const [path, content] of Object.entries(CONTENTS)) write(join(this.model, path), content)
  }

  path(...parts: string[]): string {
    return join(this.root, ...parts)
  }

  folder(name: string): string {
    mkdirSync(this.path(name), { recursive: true })
    return this.path(name)
  }

  close(): void {
    rmSync(this.root, { recursive: true })
  }

  writing(changes: Partial<WritePackageInit> = {}, signal?: AbortSignal): Promise<Writing> {
    const init = { folder: this.model, name: 'qwen', hash: HASH, path: this.stick, partBytes: null, replace: false }
    return writePackage({ ...init, check: () => undefined, ...changes }, signal === undefined ? {} : { signal })
  }

  /** Exports, and resolves to the package's path and what was there before. */
  async export(changes: Partial<WritePackageInit> = {}): Promise<{ path: string; bytes: number; kept: number }> {
    const { path, copy } = await this.writing(changes)
    return { path, ...(await finish(copy)) }
  }

  async import(path: string, into = this.path('home')): Promise<{ bytes: number; kept: number }> {
    return finish(unpackPackage(await openPackage(path), into))
  }
}

export async function finish(
  copy: AsyncIterable<{ bytes: number; kept: number }>
): Promise<{ bytes: number; kept: number }> {
  const sum = { bytes: 0, kept: 0 }
  for await (const step of copy) {
    sum.bytes += step.bytes
    sum.kept += step.kept
  }
  return sum
}

export function write(path: string, content: string | Buffer): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

/** All files below a folder by their relative path, hidden ones too. */
export function filesIn(folder: string): Record<string, Buffer> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => path.replaceAll('\\', '/'))
  return Object.fromEntries(
    paths
      .sort()
      .filter((path) => lstatSync(join(folder, path)).isFile())
      .map((path) => [path, readFileSync(join(folder, path))])
  )
}
