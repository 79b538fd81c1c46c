import { createHash } from 'node:crypto'
import type Database from 'libsql'
import type { EngineEntry } from '../inference/served/index.ts'
import type { RosterStore } from '../trust/index.ts'

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
  forget(id: string): void
}

/** Which mesh this device belongs to, and the records of its roster. Each call is one transaction. */
export interface MeshStore extends RosterStore {
  /** The mesh's id, or null. */
  mesh(): string | null
  /** Leaves one mesh and enters another. */
  replace(mesh: string, records: readonly Uint8Array[]): void
  forget(): void
}

/** For what can be found out again: a full disk, or a database that others keep busy, is no reason to end the node. */
function atBest(write: () => unknown): void {
  try {
    write()
  } catch {
    // It is measured, or met, again.
  }
}

/** The other engines of this device, in the order of their addition. */
export interface EngineStore {
  all(): EngineEntry[]
  save(entry: EngineEntry): void
  remove(name: string): void
}

export function engineStore(database: Database.Database): EngineStore {
  const read = database.prepare('SELECT name, url, key_file AS keyFile, parameters FROM engine ORDER BY rowid')
  const write = database.prepare('INSERT OR REPLACE INTO engine (name, url, key_file, parameters) VALUES (?, ?, ?, ?)')
  const remove = database.prepare('DELETE FROM engine WHERE name = ?')
  return {
    all: () => read.all() as EngineEntry[],
    save: ({ name, url, keyFile, parameters }) => void write.run(name, url, keyFile, parameters),
    remove: (name) => void remove.run(name)
  }
}

export function measurementStore(database: Database.Database): KeyValueStore {
  const read = database.prepare('SELECT value FROM measurement WHERE key = ?')
  const write = database.prepare('INSERT OR REPLACE INTO measurement (key, value) VALUES (?, ?)')
  return {
    get: (key) => (read.get(key) as { value: string } | undefined)?.value,
    set: (key, value) => {
      atBest(() => write.run(key, value))
    }
  }
}

/**
 * A home's devices are few; strangers of a long life on public networks are many. Beyond this the longest unseen go.
 */
const MOST_REMEMBERED_PEERS = 1000

export function peerStore(database: Database.Database): PeerStore {
  const read = database.prepare('SELECT id, name, addresses, seen FROM peer ORDER BY seen DESC')
  const write = database.prepare('INSERT OR REPLACE INTO peer (id, name, addresses, seen) VALUES (?, ?, ?, ?)')
  const remove = database.prepare('DELETE FROM peer WHERE id = ?')
  const prune = database.prepare('DELETE FROM peer WHERE id NOT IN (SELECT id FROM peer ORDER BY seen DESC LIMIT ?)')
  return {
    all: () =>
      (read.all() as (Omit<RememberedPeer, 'addresses'> & { addresses: string })[]).map((row) => ({
        ...row,
        addresses: JSON.parse(row.addresses) as string[]
      })),
    save({ id, name, addresses, seen }) {
      atBest(() => {
        write.run(id, name, JSON.stringify(addresses), seen)
        prune.run(MOST_REMEMBERED_PEERS)
      })
    },
    forget: (id) => {
      atBest(() => remove.run(id))
    }
  }
}

export function meshStore(database: Database.Database): MeshStore {
  const current = database.prepare('SELECT id FROM mesh')
  const read = database.prepare('SELECT record FROM roster')
  const write = database.prepare('INSERT OR IGNORE INTO roster (hash, record) VALUES (?, ?)')
  const enter = database.prepare('INSERT INTO mesh (id) VALUES (?)')
  const insert = (records: readonly Uint8Array[]) => {
    for (const record of records) write.run(createHash('sha256').update(record).digest(), record)
  }
  const clear = () => {
    database.exec('DELETE FROM roster; DELETE FROM mesh; DELETE FROM peer;')
  }
  return {
    mesh: () => (current.get() as { id: string } | undefined)?.id ?? null,
    // libsql gives the bare buffer.
    all: () => (read.all() as { record: ArrayBuffer }[]).map(({ record }) => new Uint8Array(record)),
    add: database.transaction(insert),
    replace: database.transaction((mesh: string, records: readonly Uint8Array[]) => {
      clear()
      enter.run(mesh)
      insert(records)
    }),
    forget: database.transaction(clear)
  }
}
