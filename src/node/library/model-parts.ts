import type { CatalogModel } from '../../inference/index.ts'
import { listModelFiles, type ModelFile } from '../../packages/index.ts'

/** What tells whose a model is and what may be done with it; it belongs to the model wherever that goes. */
const DOCUMENT = /^(?:readme|licen[cs]e|notice|copying|use_policy)(?:[._-][^/]*)?$/i
/** Longer ones are no such texts. */
const LONGEST_DOCUMENT_BYTES = 2 ** 20

export interface ModelPart extends ModelFile {
  /** No part of the model's hash. */
  extra: boolean
}

/**
 * The files that another device gets of a model: those that make its answers what they are, and its licence and
 * description. Not whatever else lies in the folder, which may have been added as it stood in somebody's downloads.
 *
 * @throws {BrokenModelError} {FileUnusableError}
 */
export async function partsOf({ path, files }: CatalogModel): Promise<ModelPart[]> {
  const all = (await listModelFiles(path)).map((file) => ({ ...file, extra: !files.includes(file.path) }))
  return all.filter((file) => !file.extra || (DOCUMENT.test(file.path) && file.bytes <= LONGEST_DOCUMENT_BYTES))
}
