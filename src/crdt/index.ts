/**
 * @packageDocumentation
 *
 * What the devices of a mesh remember: documents that merge, the memories and conversations in them, and the decisions of
 * syncing. Knows no network and no database: bytes of a member come and go as messages, rows go to a `MemoryStore`.
 *
 * How `node` uses it:
 *
 * - one `Documents` over one `MemoryStore` for each home; `Memories` and `Conversations` are two views of it. Both work
 *   before there is a mesh, and nothing changes for them when there is one.
 * - `documents.onChange` tells of every change once it is durable, whoever made it: `added`, `changed` and `vanished` are
 *   ids of entries.
 * - `Maintenance.run({ signal })` once an hour or so, and after start: it compacts, erases what is due, and audits a part.
 *
 * How `protocols/sync` uses it: for each connected member one stream and one `SyncSession`, made by `node` with the peer's
 * key as the connection proved it. `send` writes one message as one frame and is fulfilled when the stream takes more;
 * each frame that comes is decoded and given to `receive`, awaited, before the next is read. `session.start()` when the
 * stream is open, `stop()` when it ends. What `receive` throws ends the stream (and, as a ProtocolError, is charged to the
 * peer). `check()` after some silence makes both compare again. The messages are plain data (`SyncMessage`); their form on the
 * wire is the protocol's, as is a limit of frames, 1 MiB, which every message here keeps.
 *
 * How a snapshot is made of it: `documents.heads.all()` names the documents, `documents.whole(id)` gives what has to be
 * written of each. On the other side a `SnapshotCheck` looks at all of it, then a `SnapshotIntake` merges it, and tells
 * what was new.
 */
export { Documents } from './documents.ts'
export type { DeviceKey, DocumentChange, DocumentsInit, Merged } from './documents.ts'
export type { Bounds, DocumentHead, RangeHash } from './heads.ts'
export { Memories } from './memories.ts'
export type { ForgetOptions, MemoriesInit } from './memories.ts'
export { Conversations } from './conversations.ts'
export type { ConversationsInit, NewMessage } from './conversations.ts'
export { History } from './history.ts'
export { Maintenance } from './maintenance.ts'
export type { MaintenanceInit, MaintenanceReport } from './maintenance.ts'
export type {
  Commit,
  DocumentRecord,
  IndexedMemory,
  ListOptions,
  MemoryStore,
  NewRow,
  Place,
  Scored,
  StoredNotice,
  StoredRow
} from './store.ts'

export { SyncSession } from './sync-session.ts'
export type { SyncSessionInit, SyncState } from './sync-session.ts'
export { SnapshotCheck } from './snapshot-check.ts'
export { SnapshotIntake } from './snapshot-intake.ts'
export type { TakenIn } from './snapshot-intake.ts'

export { bytesOf } from './sync-messages.ts'
export type { DocumentState, SyncMessage } from './sync-messages.ts'

export { chooseWithin, estimateTokens } from './budget.ts'
export type { RecallBudget } from './budget.ts'
