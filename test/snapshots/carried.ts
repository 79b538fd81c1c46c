import { SnapshotCheck, SnapshotIntake, type TakenIn } from '../../src/crdt/index.ts'
import { boxPublicOf, verifySignature } from '../../src/node/membership/keys.ts'
import {
  examineSnapshot,
  headerOf,
  openFile,
  openSnapshot,
  updatesOf,
  writeSnapshot,
  type DocumentUpdate
} from '../../src/snapshots/index.ts'
import { keyOf, type TestDevice } from '../crdt/device.ts'
import { MESH, signer } from './sample.ts'

/** Whose word counts in these tests. */
export const MEMBER = keyOf('a')

/** Small, so that there are many moments to be interrupted at. */
const PIECE_BYTES = 8 * 1024

/** Writes all that a device remembers. @param secret of the key to which it is closed */
export function exportOf(device: TestDevice, path: string, secret: Uint8Array): ReturnType<typeof writeSnapshot> {
  const updates = function* (): Generator<DocumentUpdate> {
    for (const { id } of device.documents.heads.all()) {
      for (const update of device.documents.whole(id, PIECE_BYTES)) yield { document: id, update }
    }
  }
  return writeSnapshot({
    ...{ path, signer, verify: verifySignature, updates: updates(), records: [Buffer.from('a record')] },
    seal: { to: 'members', mesh: MESH, keys: [boxPublicOf(secret)] },
    about: { mesh: MESH, time: Date.now(), since: null, conversation: null },
    entries: () => device.memories.count()
  })
}

/** Takes all of it in. @param taken called after each update that outlives this process */
export async function importInto(
  device: TestDevice,
  path: string,
  secret: Uint8Array,
  taken: () => void = () => undefined
): Promise<TakenIn> {
  const source = await openFile(path)
  try {
    const opened = await openSnapshot(source, await headerOf(source), [{ secret }])
    if (opened === null) throw new Error('it is not for this key')
    const check = new SnapshotCheck()
    const examining = examineSnapshot(opened, {
      verify: verifySignature,
      check: (part) => {
        check.check(part)
      }
    })
    let step = await examining.next()
    while (step.done !== true) step = await examining.next()
    const intake = new SnapshotIntake(device.documents, MEMBER)
    for await (const part of updatesOf(opened, step.value)) {
      intake.take(part)
      taken()
      await intake.keepPace()
    }
    const counts = intake.end()
    await intake.settle()
    return counts
  } finally {
    await source.close()
  }
}
