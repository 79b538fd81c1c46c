import { ORIGIN, type CatalogModel } from '../../inference/index.ts'
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
 * The files that another device gets of a model: those that make its answers what they are, its licence and
 * description, and where it was pulled from. Not whatever else lies in the folder, which may have been added as it stood in somebody's downloads.
 *
 * @throws {BrokenModelError} {FileUnusableError}
 */
export async function partsOf({ path: folder, files }: CatalogModel): Promise<ModelPart[]> {
  const all = (await listModelFiles(folder)).map((file) => ({ ...file, extra: !files.includes(file.path) }))
  const belongs = (path: string): boolean => path === ORIGIN || DOCUMENT.test(path)
  return all.filter(({ path, bytes, extra }) => !extra || (belongs(path) && bytes <= LONGEST_DOCUMENT_BYTES))
}
