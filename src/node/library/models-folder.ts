/**
 * What lies in a home's `models`: `NAME/` is a model, `NAME.path` names the folder of one that lies elsewhere, and what
 * begins with a dot is under way and listed by nobody:
 *
 * - `.incoming-DIGEST/`  what is being taken in, so that a second try finds it: a package by the digest of its manifest,
 *   a model of the hub by that of its name
 * - `.replaced-NAME/`    the model in whose place another one is about to come
 * - `.removed-RANDOM/`   a model that is being erased
 * - `.RANDOM.tmp`         a reference that is being written
 *
 * One process at a time works here, the holder of the home's lock, so that whatever it finds was left by one that died.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { HomeUnusableError } from '../../errors.ts'
import type { ModelPlace } from '../../inference/index.ts'
import { makePrivateDirectory, reasonOf, replaceFile, syncDirectory } from '../files.ts'

const INCOMING = '.incoming-'
const REPLACED = '.replaced-'
const REMOVED = '.removed-'
const REFERENCE = '.path'
/** As `replaceFile` calls what it writes. */
const TEMPORARY = /^\.[0-9a-f]+\.tmp$/

/** Enough of a SHA-256 to tell packages apart. */
const DIGEST_DIGITS = 32
/** No system takes a longer path. */
const MOST_PATH_CHARACTERS = 2 ** 15

/** Windows refuses while a process has a file open, which the engine lets go of within moments. */
const PATIENTLY = { recursive: true, force: true, maxRetries: 10, retryDelay: 200 } as const

export class ModelsFolder {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  of(name: string): string {
    return join(this.path, name)
  }

  /** The models that lie elsewhere. A folder of the same name comes first: it is about to take the reference's place. */
  references(): ModelPlace[] {
    return namesIn(this.path)
      .filter((entry) => entry.endsWith(REFERENCE) && !entry.startsWith('.'))
      .map((entry) => ({ name: entry.slice(0, -REFERENCE.length), file: this.of(entry) }))
      .filter(
        ({ name, file }) => statSync(file, { throwIfNoEntry: false })?.isFile() === true && !existsSync(this.of(name))
      )
      .map(({ name, file }) => ({ name, path: pathIn(file), builtIn: false, isElsewhere: true }))
  }

  /** @param path absolute */
  refer(name: string, path: string): void {
    makePrivateDirectory(this.path)
    replaceFile(this.of(name + REFERENCE), `${path}\n`)
  }

  forget(name: string): void {
    rmSync(this.of(name + REFERENCE), { force: true })
    if (existsSync(this.path)) syncDirectory(this.path)
  }

  /** Where a package is taken in, or would be. */
  incomingOf(digest: string): string {
    return this.of(INCOMING + digest.slice(0, DIGEST_DIGITS))
  }

  /** Where a package is taken in. What was left of any other one goes. @throws {HomeUnusableError} */
  async incoming(digest: string): Promise<string> {
    makePrivateDirectory(this.path)
    this.mend()
    const own = this.incomingOf(digest)
    for (const entry of namesIn(this.path)) {
      if (entry.startsWith(INCOMING) && this.of(entry) !== own) await this.drop(this.of(entry))
    }
    return own
  }

  /** Erases what came and was refused. */
  async drop(incoming: string): Promise<void> {
    await this.#change(() => rm(incoming, PATIENTLY))
  }

  /** Puts what has come in its place, all of it at once; a model that is there gives way. @throws {HomeUnusableError} */
  async settle(incoming: string, name: string): Promise<void> {
    const replaced = this.of(REPLACED + name)
    const isTaken = existsSync(this.of(name))
    await this.#change(async () => {
      if (isTaken) await rename(this.of(name), replaced)
      await rename(incoming, this.of(name))
      syncDirectory(this.path)
    })
    this.forget(name)
    if (isTaken) await this.drop(replaced)
  }

  /** Takes a model off the list at once, and resolves to the work of erasing it. @throws {HomeUnusableError} */
  async remove(name: string): Promise<() => Promise<void>> {
    const removed = this.of(REMOVED + randomBytes(6).toString('hex'))
    await this.#change(async () => {
      await rename(this.of(name), removed)
      syncDirectory(this.path)
    })
    return () => this.drop(removed)
  }

  /** After a death in the middle: a model whose successor did not come is there again, and what was to go is gone. */
  mend(): void {
    for (const entry of namesIn(this.path)) {
      const isReplaced = entry.startsWith(REPLACED)
      const name = entry.slice(REPLACED.length)
      if (isReplaced && !existsSync(this.of(name))) renameSync(this.of(entry), this.of(name))
      else if (isReplaced || entry.startsWith(REMOVED) || TEMPORARY.test(entry)) rmSync(this.of(entry), PATIENTLY)
    }
  }

  async #change(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (err) {
      throw new HomeUnusableError(`Cannot change what lies in ${this.path}: ${reasonOf(err)}. Repeat.`, { cause: err })
    }
  }
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : []
}

/** What a reference says. A damaged one leads to itself, which is no model: so it is listed, as broken. */
function pathIn(file: string): string {
  try {
    const text = readFileSync(file, 'utf8').slice(0, MOST_PATH_CHARACTERS).trim()
    return isAbsolute(text) && !text.includes('\0') ? text : file
  } catch {
    return file
  }
}
