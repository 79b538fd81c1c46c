/** A home has a few devices. Beyond this many warnings a stranger is at play, who invents devices to be warned of. */
const MOST_WARNINGS = 100

/** Of each device; whoever restarts more often than this between two turns is not noticed. */
const MOST_INSTANCES = 8

/** What the owner is warned of about other devices: each thing once. */
export class OwnerWarnings {
  readonly #warn: (message: string) => void
  readonly #given = new Set<string>()
  /** The processes that spoke as a device, by its id, the present one last. */
  readonly #instances = new Map<string, string[]>()

  constructor(warn: (message: string) => void) {
    this.#warn = warn
  }

  clone(address: string): void {
    this.#once(
      `clone ${address}`,
      `Another process uses this device's identity, at ${address}. Was the home copied? Stop the copy, and start it with a ` +
        'key of its own: mesh join --new-key'
    )
  }

  /** A process that was restarted never comes back as it was: two that take turns under one id are two. */
  instance(peer: { id: string; name: string }, instance: string): void {
    const seen = this.#instances.get(peer.id) ?? []
    if (seen.at(-1) === instance) return
    if (seen.includes(instance)) {
      this.#once(
        `copies ${peer.id}`,
        `Two processes are ${peer.name} at once. Was its home copied? Start the copy with a key of its own: mesh join --new-key`
      )
    }
    this.#instances.set(peer.id, [...seen, instance].slice(-MOST_INSTANCES))
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
