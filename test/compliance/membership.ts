/** What every body of `Membership` promises, as far as a device without a newcomer can tell. */
import assert from 'node:assert/strict'
import { AlreadyMemberError, MeshError } from '../../src/errors.ts'
import type { Mesh, MeshEvent } from '../../src/interface.ts'

const TWO_WORDS = /^[a-z]+-[a-z]+$/
const DOOR_MS = 5 * 60_000
const INVITE_MS = 10 * 60_000
/** Twenty-four words of the list whose checksum is wrong. */
const NO_PHRASE = Array.from({ length: 24 }, () => 'zoo').join(' ')

export function membershipCompliance(meshNow: () => Mesh): void {
  describe('membership', () => {
    let mesh: Mesh

    beforeEach(async () => {
      mesh = meshNow()
      await startedMesh(mesh)
    })

    it('starts a mesh of two words once, with this device in it', async () => {
      const words = await startedMesh(mesh)
      assert.match(words, TWO_WORDS)
      await mesh.membership.start().catch((error: unknown) => {
        assert.ok(error instanceof AlreadyMemberError, String(error))
      })
      const { id, name, mesh: now, membership } = await mesh.status()
      const members = await mesh.membership.list()
      assert.equal(now, words)
      assert.equal(membership.members, members.length)
      assert.equal(membership.state, members.length === 1 ? 'provisional' : 'member')
      const [here, ...others] = members.filter(({ state }) => state === 'here')
      assert.deepEqual(here, { id, name, state: 'here', role: 'member', admittedBy: null, removedBy: null })
      assert.deepEqual(others, [])
      assert.deepEqual(await mesh.membership.list({ all: true }), members)
    })

    it('opens the door for five minutes, and closes it', async () => {
      await mesh.membership.closeDoor()
      assert.deepEqual((await mesh.status()).membership.door, { open: false, closesInMs: 0, newcomers: [] })
      const { open, closesInMs, newcomers } = await mesh.membership.openDoor()
      assert.deepEqual([open, newcomers], [true, []])
      assert.ok(closesInMs > DOOR_MS / 2 && closesInMs <= DOOR_MS, String(closesInMs))
      assert.equal((await mesh.status()).membership.door.open, true)
      await mesh.membership.closeDoor()
      assert.equal((await mesh.status()).membership.door.open, false)
    })

    it('tells of its door', async () => {
      await mesh.membership.closeDoor()
      const events = mesh.events()[Symbol.asyncIterator]()
      const heard = until(events, (event) => event.type === 'door' && event.door.open)
      await mesh.status()
      await mesh.membership.openDoor()
      await heard
      await events.return?.()
    })

    it('makes invites that differ, each good for ten minutes', async () => {
      const [one, two] = [await mesh.membership.invite(), await mesh.membership.invite()]
      assert.match(one.invite, /^mesh:\/\/[\w-]+$/)
      assert.notEqual(one.invite, two.invite)
      const left = Date.parse(one.expires) - Date.now()
      assert.ok(left > INVITE_MS / 2 && left <= INVITE_MS, one.expires)
    })

    it('refuses an invite that is none, or a damaged one', async () => {
      const { invite } = await mesh.membership.invite()
      for (const garbage of ['', 'hello', 'mesh://', invite.slice(0, -3), `${invite}AAAA`]) {
        await assert.rejects(mesh.membership.redeem({ invite: garbage }), { name: 'InvalidInviteError' }, garbage)
      }
    })

    it('knows no newcomer and no comparison where there is none', async () => {
      for (const call of [
        () => mesh.membership.approve({ code: '123456' }),
        () => mesh.membership.refuse({ code: '123456' }),
        () => mesh.membership.confirm({ code: '123456' })
      ]) {
        await assert.rejects(call, { name: 'NoSuchNewcomerError' })
      }
      await mesh.membership.deny()
      const { door, comparing, openDoors } = (await mesh.status()).membership
      assert.deepEqual([door.newcomers, comparing, openDoors], [[], null, []])
    })

    it('renames by `here`, by name and by the beginning of the id, and refuses an empty name', async () => {
      const { id } = await mesh.status()
      for (const [peer, name] of [
        ['here', 'first'],
        ['first', 'second'],
        [id, 'third']
      ] as const) {
        assert.equal((await mesh.membership.rename({ peer, name })).name, name)
        assert.equal((await mesh.membership.list()).find((member) => member.id === id)?.name, name)
      }
      await assert.rejects(mesh.membership.rename({ peer: 'here', name: ' ' }), { name: 'InvalidRequestError' })
    })

    it('refuses to rename or remove whom it does not know, naming whom it knows', async () => {
      const [{ name } = { name: '' }] = await mesh.membership.list()
      for (const call of [
        () => mesh.membership.remove({ peer: 'nobody-here' }),
        () => mesh.membership.rename({ peer: 'nobody-here', name: 'somebody' })
      ]) {
        await assert.rejects(call, (error) => {
          assert.ok(error instanceof MeshError)
          assert.equal(error.name, 'UnknownPeerError')
          assert.ok(error.message.includes(name), error.message)
          return true
        })
      }
    })

    it('makes one recovery phrase, which only itself replaces', async () => {
      assert.equal((await mesh.status()).membership.recovery, false)
      const { phrase } = await mesh.membership.makePhrase()
      assert.match(phrase, /^[a-z]+(?: [a-z]+){23}$/)
      assert.equal((await mesh.status()).membership.recovery, true)
      await assert.rejects(mesh.membership.makePhrase(), { name: 'RecoveryError' })
      await assert.rejects(mesh.membership.makePhrase({ phrase: NO_PHRASE }), { name: 'RecoveryError' })
      const next = await mesh.membership.makePhrase({ phrase })
      assert.notEqual(next.phrase, phrase)
      await assert.rejects(mesh.membership.recover({ phrase }), (error) => {
        assert.ok(error instanceof MeshError)
        assert.equal(error.name, 'RecoveryError')
        assert.ok(!`${error.message}${JSON.stringify(error.details)}`.includes(phrase))
        return true
      })
      assert.deepEqual(await mesh.membership.recover(next), await mesh.membership.list())
    })

    it('refuses what is no recovery phrase', async () => {
      await mesh.membership.makePhrase()
      for (const phrase of ['', 'abandon', 'one two three', NO_PHRASE]) {
        await assert.rejects(mesh.membership.recover({ phrase }), { name: 'RecoveryError' })
      }
    })

    it('gives its keys as bytes, and refuses files that are none of ours', async () => {
      const { request } = await mesh.membership.request({ name: 'pi' })
      assert.ok(request instanceof Uint8Array && request.length > 0)
      for (const garbage of [new Uint8Array(0), new Uint8Array(100).fill(0xff), request.slice(0, 5)]) {
        for (const call of [
          () => mesh.membership.admit({ request: garbage }),
          () => mesh.membership.inspect({ admission: garbage }),
          () => mesh.membership.import({ admission: garbage })
        ]) {
          await assert.rejects(call, { name: 'InvalidFileError' })
        }
      }
      await assert.rejects(mesh.membership.inspect({ admission: request }), { name: 'InvalidFileError' })
    })

    it('belongs to its mesh no longer after it left, which ends the node', async () => {
      await mesh.membership.leave()
      await assert.rejects(mesh.status(), { name: 'NodeUnreachableError' })
    })

    it('does nothing at a signal that is aborted already', async () => {
      const reason = new Error('too late')
      const signal = AbortSignal.abort(reason)
      const admission = new Uint8Array(1)
      const calls = [
        () => mesh.membership.list({ signal }),
        () => mesh.membership.start({ signal }),
        () => mesh.membership.openDoor({ signal }),
        () => mesh.membership.closeDoor({ signal }),
        () => mesh.membership.approve({ signal, code: '123456' }),
        () => mesh.membership.refuse({ signal, code: '123456' }),
        () => mesh.membership.knock({ signal, door: 'amber-otter' }),
        () => mesh.membership.confirm({ signal, code: '123456' }),
        () => mesh.membership.deny({ signal }),
        () => mesh.membership.invite({ signal }),
        () => mesh.membership.redeem({ signal, invite: 'mesh://' }),
        () => mesh.membership.request({ signal }),
        () => mesh.membership.admit({ signal, request: admission }),
        () => mesh.membership.inspect({ signal, admission }),
        () => mesh.membership.import({ signal, admission }),
        () => mesh.membership.rename({ signal, peer: 'here', name: 'other' }),
        () => mesh.membership.remove({ signal, peer: 'here' }),
        () => mesh.membership.leave({ signal }),
        () => mesh.membership.makePhrase({ signal }),
        () => mesh.membership.recover({ signal, phrase: NO_PHRASE })
      ]
      for (const call of calls) await assert.rejects(call(), (error) => error === reason)
    })

    it('says all of it in values that survive JSON', async () => {
      const all = [await mesh.membership.list(), await mesh.membership.openDoor(), await mesh.membership.invite()]
      assert.deepEqual(JSON.parse(JSON.stringify(all)), all)
    })
  })
}

/** The words of its mesh, which it starts instead of looking on. */
async function startedMesh(mesh: Mesh): Promise<string> {
  const { mesh: words } = await mesh.status()
  if (words !== null) {
    return words
  }
  return (await mesh.membership.start()).mesh
}

async function until(events: AsyncIterator<MeshEvent>, wanted: (event: MeshEvent) => boolean): Promise<void> {
  for (let next = await events.next(); next.done !== true; next = await events.next()) {
    if (wanted(next.value)) {
      return
    }
  }
  assert.fail('The events ended before it was told.')
}
