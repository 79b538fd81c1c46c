/** A folder's name on any system, and a word that needs no quotes on any command line. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/

/** Device names of Windows: no file can have them there, whatever follows the dot. */
export const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i

/** Whether a model may be called so in a package and in a home. */
export function isModelName(name: string): boolean {
  // The ending is that of a reference to a folder elsewhere, and a dot at the end is lost on Windows.
  return NAME.test(name) && !RESERVED.test(name) && !name.endsWith('.') && !name.toLowerCase().endsWith('.path')
}

/** What a folder's name suggests; of Hugging Face's cache, `models--ORGANISATION--NAME/snapshots/COMMIT`, the name. */
export function nameFrom(path: string): string {
  const parts = path.split(/[/\\]/).filter((part) => part !== '')
  const [repository, snapshots] = parts.slice(-3)
  const cached = snapshots === 'snapshots' ? /^models--.*--(.+)$/.exec(repository ?? '')?.[1] : undefined
  return (cached ?? parts.at(-1) ?? '').replace(/\.meshmodel$/, '')
}
