/**
 * Model packages: a model as files that one carries by hand, on a stick for example. FORMAT.md has what they look like.
 *
 * Two forms, one content: a folder `NAME.meshmodel`, or one uncompressed tar file. A package is complete when its
 * manifest is there, which is written last. What is read is bounded by the manifest, and the manifest by constants: the
 * one who wrote the stick may be anybody.
 *
 * Writing and unpacking leave alone what is there already, byte for byte, so that a second try goes on where the first
 * one ended. Both are generators: whoever takes no more events has stopped the work.
 */
export { checkRoom, makeFolder, syncFolder, writing } from './disk.ts'
export { isModelName, nameFrom } from './model-name.ts'
export { LEAST_PART_BYTES, filesProblem, totalBytes, type ManifestFile } from './manifest.ts'
export { listModelFiles, type ModelFile } from './model-files.ts'
export { openPackage, type ModelPackage } from './open-package.ts'
export { readStretches, type Copied } from './keeping-copy.ts'
export { takeInPieces } from './take-in-pieces.ts'
export { unpackPackage } from './unpack.ts'
export { writePackage } from './write-package.ts'
