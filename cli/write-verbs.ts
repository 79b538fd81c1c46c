// `npm run verbs`: writes the table of commands into models/mini/verbs.json, from which the built-in model is trained.
import { readFile, writeFile } from 'node:fs/promises'
import { verbList, type VerbList } from './verb-list.ts'
import { verbs } from './verbs/index.ts'

const file = new URL('../../models/mini/verbs.json', import.meta.url)
await writeFile(file, verbList(verbs, JSON.parse(await readFile(file, 'utf8')) as VerbList))
