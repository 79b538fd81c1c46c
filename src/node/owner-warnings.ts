/** A home has a few devices. Beyond this many warnings a stranger is at play, who invents devices to be warned of. */
const MOST_WARNINGS = 100

/** What the owner is warned of about other devices: each thing once. */
export class OwnerWarnings {
  readonly #warn: (message: string) => void
  readonly #given = new Set<string>()

  constructor(warn: (message: string) => void) {
    this.#warn = warn
  }

  clone(address: string): void {
    this.#once(
      `clone ${address}`,
      `Another process uses this device's identity, at ${address}. Was the home copied? Give that copy a home of its own ` +
        '(--home), or remove its identity folder: then it is a new device.'
    )
  }

  versionsApart(peer: { id: string; name: string; version: string }, own: string): void {
    if (compatible(peer.version) === compatible(own)) return
    this.#once(
      `version ${peer.id}`,
      `${peer.name} runs ownmesh ${peer.version}, this device ${own}: update the older one.`
    )
  }

  #once(key: string, message: string): void {
    if (this.#given.has(key) || this.#given.size >= MOST_WARNINGS) return
    this.#given.add(key)
    this.#warn(message)
  }
}

/** The part of a version that must be equal. Until 1.0 each minor release may change the protocols. */
function compatible(version: string): string {
  const [major = '', minor = ''] = version.split('.')
  return major === '0' ? `${major}.${minor}` : major
}
