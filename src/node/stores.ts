import type Database from 'libsql'

/** Key and value strings that outlive the process: measurements that take time to make again. */
export interface KeyValueStore {
  get(key: string): string | undefined
  set(key: string, value: string): void
}

/** A device as it was when it was last here. */
export interface RememberedPeer {
  id: string
  name: string
  addresses: string[]
  /** Milliseconds since 1970 by this device's clock; for showing only. */
  seen: number
}

export interface PeerStore {
  /** The one that was seen last comes first. */
  all(): RememberedPeer[]
  save(peer: RememberedPeer): void
}

export function measurementStore(database: Database.Database): KeyValueStore {
  const read = database.prepare('SELECT value FROM measurement WHERE key = ?')
  const write = database.prepare('INSERT OR REPLACE INTO measurement (key, value) VALUES (?, ?)')
  return {
    get: (key) => (read.get(key) as { value: string } | undefined)?.value,
    set: (key, value) => void write.run(key, value)
  }
}

/**
 * A home's devices are few; strangers of a long life on public networks are many. Beyond this the longest unseen go.
 */
const MOST_REMEMBERED_PEERS = 1000

export function peerStore(database: Database.Database): PeerStore {
  const read = database.prepare('SELECT id, name, addresses, seen FROM peer ORDER BY seen DESC')
  const write = database.prepare('INSERT OR REPLACE INTO peer (id, name, addresses, seen) VALUES (?, ?, ?, ?)')
  const prune = database.prepare('DELETE FROM peer WHERE id NOT IN (SELECT id FROM peer ORDER BY seen DESC LIMIT ?)')
  return {
    all: () =>
      (read.all() as (Omit<RememberedPeer, 'addresses'> & { addresses: string })[]).map((row) => ({
        ...row,
        addresses: JSON.parse(row.addresses) as string[]
      })),
    save({ id, name, addresses, seen }) {
      write.run(id, name, JSON.stringify(addresses), seen)
      prune.run(MOST_REMEMBERED_PEERS)
    }
  }
}
