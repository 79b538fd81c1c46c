import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { verbList, type VerbList } from '../../cli/verb-list.ts'
import { verbs } from '../../cli/verbs/index.ts'

describe('what the built-in model knows of the commands', () => {
  it('is the table of commands, word for word', async () => {
    const written = await readFile(new URL('../../../models/mini/verbs.json', import.meta.url), 'utf8')
    assert.equal(
      written,
      verbList(verbs, JSON.parse(written) as VerbList),
      'models/mini/verbs.json and the verbs have drifted apart: npm run verbs, then train the built-in model again'
    )
  })
})
