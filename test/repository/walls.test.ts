import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ESLint } from 'eslint'
import { ROOT } from './root.ts'

/** The linter with its type-checked rules off: they need files on disk, and walls are about imports alone. */
async function complaints(file: string, code: string): Promise<string[]> {
  const eslint = new ESLint({
    cwd: ROOT,
    overrideConfig: { languageOptions: { parserOptions: { projectService: false, project: null } } },
    ruleFilter: ({ ruleId }) => ruleId === '@typescript-eslint/no-restricted-imports'
  })
  const [result] = await eslint.lintText(code, { filePath: join(ROOT, file) })
  return (result?.messages ?? []).map(({ message }) => message)
}

const FORBIDDEN: [file: string, imported: string, words: RegExp][] = [
  ['src/interface.ts', 'node:fs', /words only/],
  ['src/errors.ts', './interface.ts', /words only/],
  ['src/protocols/ask/index.ts', '../../inference/index.ts', /a leaf knows only/i],
  ['src/protocols/stream.ts', '../node/peers.ts', /a leaf knows only/i],
  ['src/inference/index.ts', '../protocols/index.ts', /a leaf knows only/i],
  ['src/crdt/documents.ts', '../protocols/stream.ts', /a leaf knows only/i],
  ['src/crdt/documents.ts', '../trust/index.ts', /a leaf knows only/i],
  ['src/snapshots/index.ts', '../crdt/index.ts', /a leaf knows only/i],
  ['src/http/server.ts', '../node/mesh.ts', /knows only the words/],
  ['src/http/server.ts', 'libp2p', /knows only the words/],
  ['src/node/mesh.ts', '../http/index.ts', /knows none of its users/],
  ['cli/run.ts', '../src/node/mesh.ts', /the command sees a Mesh/i],
  ['cli/verbs/ask.ts', '../../src/protocols/index.ts', /the command sees a Mesh/i],
  ['cli/verbs/export-file.ts', '../../src/snapshots/index.ts', /the command sees a Mesh/i]
]

const ALLOWED: [file: string, imported: string][] = [
  ['src/protocols/ask/ask.ts', '../../interface.ts'],
  ['src/protocols/ask/ask.ts', '../stream.ts'],
  ['src/inference/index.ts', '../errors.ts'],
  ['src/node/mesh.ts', '../protocols/index.ts'],
  ['src/node/mesh.ts', '../inference/index.ts'],
  ['cli/run.ts', '../src/index.ts'],
  ['src/http/server.ts', 'node:http']
]

describe('the walls between folders', () => {
  for (const [file, imported, words] of FORBIDDEN) {
    it(`keep ${imported} out of ${file}, and say why`, async () => {
      const found = await complaints(file, `import { x } from '${imported}'\nx()\n`)
      assert.equal(found.length, 1)
      assert.match(found[0]!, words)
    })
  }

  for (const [file, imported] of ALLOWED) {
    it(`let ${file} import ${imported}`, async () => {
      assert.deepEqual(await complaints(file, `import { x } from '${imported}'\nx()\n`), [])
    })
  }
})
