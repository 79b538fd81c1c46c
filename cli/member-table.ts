import type { MemberInfo, PeerInfo } from '../src/interface.ts'
import { memberState } from './describe.ts'
import type { Output } from './output.ts'

/** Members, and removed ones among them where there are any. */
export function memberTable(members: readonly MemberInfo[], peers: readonly PeerInfo[], output: Output): void {
  const anyRemoved = members.some(({ removedBy }) => removedBy !== null)
  output.table(
    [
      { title: 'NAME' },
      { title: 'STATE' },
      { title: 'ID' },
      { title: 'ADMITTED BY' },
      ...(anyRemoved ? [{ title: 'REMOVED BY' }] : [])
    ],
    members.map((member) => [
      member.name,
      memberState(member, peers),
      member.id,
      member.admittedBy ?? '– (started it)',
      ...(anyRemoved ? [member.removedBy ?? '–'] : [])
    ])
  )
}
