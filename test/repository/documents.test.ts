import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'
import { ROOT } from './root.ts'

const DOCUMENTS = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'bench/README.md',
  'models/mini/README.md',
  'src/protocols/PROTOCOL.md',
  'src/packages/FORMAT.md',
  'docs/models.md',
  'docs/memories.md',
  'docs/neighbours.md',
  ...readdirSync(join(ROOT, 'docs/decisions')).map((file) => `docs/decisions/${file}`)
]

describe('the documents', () => {
  it('are all there, and the architecture fits on its pages', () => {
    for (const file of DOCUMENTS) assert.ok(existsSync(join(ROOT, file)), file)
    assert.ok(read('ARCHITECTURE.md').split('\n').length <= 150)
  })

  it('begin, in README, with what it is and exactly two commands', () => {
    const beginning = read('README.md').split(/^## /m)[0] ?? ''
    const commands = [...beginning.matchAll(/```\w*\n([\s\S]*?)```/g)].map(([, block = '']) => block.trim())
    assert.deepEqual(commands, ['npm ci && npm start', 'npm ci && npm test'])
  })

  it('link only to files that exist', () => {
    for (const file of DOCUMENTS) {
      for (const [, target = ''] of read(file).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
        if (/^[a-z]+:/.test(target)) continue
        assert.ok(existsSync(join(ROOT, dirname(file), target)), `${file} links to ${target}`)
      }
    }
  })

  it('show, in README, only code that compiles', () => {
    const blocks = [...read('README.md').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code)
    assert.ok(blocks.length > 0)
    // The files exist only in the compiler's memory, in the root, where `ownmesh` means this package.
    const sources = new Map(blocks.map((code, index) => [join(ROOT, `readme-${String(index)}.ts`), code]))
    const options: ts.CompilerOptions = {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.NodeNext,
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: ['node'],
      typeRoots: [join(ROOT, 'node_modules/@types')]
    }
    const disk = ts.createCompilerHost(options)
    const host: ts.CompilerHost = {
      ...disk,
      fileExists: (path) => sources.has(path) || disk.fileExists(path),
      readFile: (path) => sources.get(path) ?? disk.readFile(path),
      getSourceFile: (path, version, ...rest) => {
        const code = sources.get(path)
        return code === undefined
          ? disk.getSourceFile(path, version, ...rest)
          : ts.createSourceFile(path, code, version)
      },
      getCurrentDirectory: () => ROOT
    }
    const program = ts.createProgram([...sources.keys()], options, host)
    const complaints = ts
      .getPreEmitDiagnostics(program)
      .map(
        ({ messageText, file }) =>
          `${relative(ROOT, file?.fileName ?? '')}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
      )
    assert.deepEqual(complaints, [])
  }).timeout(60_000)
})

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}
