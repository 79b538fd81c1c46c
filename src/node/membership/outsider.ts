import { NotMemberError } from '../../errors.ts'
import type { Membership, MembershipStatus } from '../../interface.ts'
import { encodeRequest } from '../../trust/index.ts'
import { loadOrCreateIdentity } from '../identity.ts'
import type { Paths } from '../paths.ts'

/** `Membership` of a home without an identity: there is nobody who could be a member. */
export class Outsider implements Membership {
  readonly words = null
  readonly #paths: Paths
  readonly #ownName: string

  constructor(paths: Paths, ownName: string) {
    this.#paths = paths
    this.#ownName = ownName
  }

  status(): MembershipStatus {
    return {
      state: 'none',
      members: 0,
      recovery: false,
      door: { open: false, closesInMs: 0, newcomers: [] },
      comparing: null,
      openDoors: []
    }
  }

  list = (): Promise<never[]> => Promise.resolve([])

  /** Makes the identity that it tells of: this is how a device joins that no network leads to. */
  async request({ name = this.#ownName }: { name?: string } = {}): Promise<{ request: Uint8Array }> {
    const { signer, box } = await loadOrCreateIdentity(this.#paths)
    return { request: encodeRequest({ signer, box, name }) }
  }

  start = nobody
  openDoor = nobody
  closeDoor = nobody
  approve = nobody
  refuse = nobody
  knock = nobody
  confirm = nobody
  deny = nobody
  invite = nobody
  redeem = nobody
  admit = nobody
  inspect = nobody
  import = nobody
  rename = nobody
  remove = nobody
  leave = nobody
  makePhrase = nobody
  recover = nobody
}

function nobody(): Promise<never> {
  return Promise.reject(new NotMemberError('This device belongs to no mesh yet. mesh join finds yours, or starts one.'))
}
