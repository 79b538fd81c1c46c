import Database from 'libsql'
import { HomeUnusableError } from '../errors.ts'
import { makePrivateDirectory, reasonOf } from './files.ts'
import type { Paths } from './paths.ts'

/** Each entry brings the schema one version further; an entry that was released is never changed. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE measurement (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
   CREATE TABLE peer (
     id TEXT PRIMARY KEY,
     name TEXT NOT NULL,
     addresses TEXT NOT NULL,  -- JSON array of multiaddrs, newest first
     seen INTEGER NOT NULL     -- milliseconds since 1970 by this device's clock
   ) STRICT;`,
  // Whom this device spoke to before there was membership may be anybody.
  `DELETE FROM peer;
   CREATE TABLE mesh (id TEXT NOT NULL) STRICT;  -- one row, or none outside any mesh
   CREATE TABLE roster (
     hash BLOB PRIMARY KEY,    -- SHA-256 of the record
     record BLOB NOT NULL      -- as it was signed
   ) STRICT;`,
  `CREATE TABLE engine (
     name TEXT PRIMARY KEY,
     url TEXT NOT NULL,
     key_file TEXT,            -- the path; never the key
     parameters INTEGER        -- weights of models that do not tell, by the owner's word
   ) STRICT;`
]

/** Opens the one database of a home and brings its schema up to date. @throws {HomeUnusableError} */
export function openDatabase(paths: Pick<Paths, 'home' | 'database'>): Database.Database {
  makePrivateDirectory(paths.home)
  let database: Database.Database | undefined
  try {
    // Another verb may be writing for a moment; five seconds is SQLite's customary patience.
    database = new Database(paths.database, { timeout: 5000 })
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;')
    migrate(database, paths.database)
    return database
  } catch (err) {
    database?.close()
    if (err instanceof HomeUnusableError) throw err
    throw new HomeUnusableError(`Cannot open ${paths.database}: ${reasonOf(err)}.`, { cause: err })
  }
}

function migrate(database: Database.Database, path: string): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number }
    if (version > MIGRATIONS.length) {
      throw new HomeUnusableError(
        `${path} was written by a newer release (schema ${version}, this one knows ${MIGRATIONS.length}). ` +
          'Update ownmesh on this device.'
      )
    }
    for (const migration of MIGRATIONS.slice(version)) database.exec(migration)
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}; COMMIT`)
  } catch (err) {
    database.exec('ROLLBACK')
    throw err
  }
}
