import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type Database from 'libsql'
import {
  Conversations,
  Documents,
  History,
  Maintenance,
  Memories,
  type MemoryStore,
  type StoredNotice
} from '../../src/crdt/index.ts'
import { openDatabase } from '../../src/node/database.ts'
import { memoryStore } from '../../src/node/memory-store.ts'

export interface TestDevice {
  key: string
  home: string
  database: Database.Database
  store: MemoryStore
  documents: Documents
  memories: Memories
  conversations: Conversations
  history: History
  maintenance: Maintenance
  warnings: string[]
  notices: StoredNotice[]
  close(): void
}

export interface TestDeviceInit {
  key?: string
  home?: string
  now?: () => number
  isMember?: (key: string) => boolean
  openDocuments?: number
}

/** A key in hexadecimal that one can tell from others. */
export function keyOf(letter: string): string {
  return Buffer.from(letter.repeat(32)).toString('hex').slice(0, 64)
}

export function newHome(): string {
  return mkdtempSync(join(tmpdir(), 'mesh-crdt-'))
}

export function removeHome(home: string): void {
  rmSync(home, { recursive: true, force: true })
}

/** One device's memory on a real database. Closing keeps the home, so that it can be opened again. */
export function openDevice(init: TestDeviceInit = {}): TestDevice {
  const { key = keyOf('a'), home = newHome(), now = Date.now, isMember = () => true, openDocuments = 64 } = init
  const database = openDatabase({ home, database: join(home, 'mesh.db') })
  const store = memoryStore(database)
  const warnings: string[] = []
  const notices: StoredNotice[] = []
  const documents = new Documents({
    store,
    now,
    isMember,
    openDocuments,
    warn: (message) => warnings.push(message),
    vanished: (notice) => notices.push(notice)
  })
  const memories = new Memories({ documents, store, now, device: () => key })
  return {
    key,
    home,
    database,
    store,
    documents,
    memories,
    conversations: new Conversations({ documents, now, device: () => key }),
    history: new History({ documents, store }),
    maintenance: new Maintenance({ documents, store, now, warn: (message) => warnings.push(message) }),
    warnings,
    notices,
    close: () => database.close()
  }
}
