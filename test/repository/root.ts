import { fileURLToPath } from 'node:url'

/** The repository: the compiled tests lie in `dist/test/repository` below it. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
