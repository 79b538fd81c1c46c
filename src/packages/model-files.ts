import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import { BrokenModelError } from '../errors.ts'
import { reading } from './disk.ts'
import { MANIFEST, filesProblem } from './manifest.ts'

/** A file of a model that is to be carried. */
export interface ModelFile {
  /** In the model's folder, with `/`. */
  path: string
  bytes: number
  /** Where its contents lie: absolute, no link. */
  source: string
}

/**
 * All files of a model's folder but the hidden ones, licence and all, sorted. Links are followed to files of the model
 * only: a folder from elsewhere must not be able to put the owner's other files on a stick.
 *
 * @throws {BrokenModelError} naming what no package can hold {FileUnusableError}
 */
export async function listModelFiles(folder: string): Promise<ModelFile[]> {
  const root = await reading(folder, () => realpath(folder))
  const files: ModelFile[] = []
  await collect(root, '', ownFolders(root), files)
  const problem = filesProblem(files, null)
  if (problem !== null) throw new BrokenModelError(`${folder} cannot be exported: ${problem}. Change that first.`)
  return files
}

async function collect(root: string, folder: string, own: readonly string[], files: ModelFile[]): Promise<void> {
  const here = join(root, folder)
  const entries = await reading(here, () => readdir(here, { withFileTypes: true }))
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    const { name } = entry
    const path = folder === '' ? name : `${folder}/${name}`
    // Hidden files are the system's or a tool's; a manifest is that of the package which this folder once was.
    if (name.startsWith('.') || path.toLowerCase() === MANIFEST) continue
    const full = join(root, path)
    const source = await reading(full, () => realpath(full))
    const found = await reading(source, () => stat(source))
    if (entry.isDirectory()) await collect(root, path, own, files)
    else if (found.isFile() && own.some((each) => source.startsWith(each)))
      files.push({ path, bytes: found.size, source })
    else {
      const problem = entry.isSymbolicLink() ? `leads out of the model, to ${source}` : 'is neither a file nor a folder'
      throw new BrokenModelError(`${full} ${problem}, so the model cannot be exported. Put the file itself there.`)
    }
  }
}

/** Where a model's files may lie: in its folder, and in Hugging Face's cache beside `snapshots`, where it links to. */
function ownFolders(root: string): string[] {
  const snapshots = dirname(root)
  const isCached = basename(snapshots) === 'snapshots' && basename(dirname(snapshots)).startsWith('models--')
  return [join(root, sep), ...(isCached ? [join(dirname(snapshots), 'blobs', sep)] : [])]
}
