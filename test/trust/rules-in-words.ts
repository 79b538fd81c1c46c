import type { Member, RemovedMember, RosterRecord, RosterState } from '../../src/trust/index.ts'

/**
 * The rules of the roster once more, said as plainly as can be and as slowly as that makes them: what `evaluate` has to
 * agree with.
 */
export function rulesInWords(records: readonly RosterRecord[]): RosterState {
  const byHash = new Map(records.map((record) => [record.hash, record]))
  const pasts = new Map<string, Set<RosterRecord>>()
  const depths = new Map<string, number>()

  /** Everything that the record builds on, near or far. */
  const past = (record: RosterRecord): Set<RosterRecord> => {
    let known = pasts.get(record.hash)
    if (known === undefined) {
      known = new Set()
      for (const hash of record.parents) {
        const parent = byHash.get(hash)!
        known.add(parent)
        for (const further of past(parent)) known.add(further)
      }
      pasts.set(record.hash, known)
    }
    return known
  }
  const knew = (later: RosterRecord, earlier: RosterRecord) => past(later).has(earlier)
  const depth = (record: RosterRecord): number => {
    let known = depths.get(record.hash)
    if (known === undefined) {
      known = Math.max(-1, ...record.parents.map((hash) => depth(byHash.get(hash)!))) + 1
      depths.set(record.hash, known)
    }
    return known
  }
  const earlierFirst = (a: RosterRecord, b: RosterRecord) => depth(a) - depth(b) || (a.hash < b.hash ? -1 : 1)
  const sorted = [...byHash.values()].sort(earlierFirst)
  const genesis = sorted[0]!
  if (genesis.body.type !== 'genesis') throw new Error('no genesis')

  // The recovery key, and when it was which.
  const reigns: { key: string; since: RosterRecord; until: RosterRecord | null }[] = [
    { key: genesis.body.recovery, since: genesis, until: null }
  ]
  for (;;) {
    const reign = reigns.at(-1)!
    const next = sorted.find(
      (record) => record.body.type === 'recovery' && record.signer === reign.key && knew(record, reign.since)
    )
    if (next?.body.type !== 'recovery') break
    reign.until = next
    reigns.push({ key: next.body.key, since: next, until: null })
  }
  const isByRecovery = (record: RosterRecord) =>
    reigns.some(
      ({ key, since, until }) => key === record.signer && knew(record, since) && (until === null || knew(until, record))
    )

  const admits = (record: RosterRecord, device: string) =>
    (record.body.type === 'genesis' || (record.body.type === 'admit' && record.body.role === 'member')) &&
    record.body.device === device
  const applied: RosterRecord[] = []
  const removalsOf = (device: string) => applied.filter(({ body }) => body.type === 'remove' && body.device === device)
  const liftings = (removal: RosterRecord, device: string) =>
    sorted.filter((record) => admits(record, device) && isByRecovery(record) && knew(record, removal))

  const counts = (record: RosterRecord): boolean => {
    if (record === genesis || isByRecovery(record)) return true
    const wasAdmitted = [...past(record)].some((earlier) => admits(earlier, record.signer) && counts(earlier))
    return (
      wasAdmitted &&
      removalsOf(record.signer).every(
        (removal) => knew(removal, record) || liftings(removal, record.signer).some((lifting) => knew(record, lifting))
      )
    )
  }
  const admissionOf = (device: string) => sorted.find((record) => admits(record, device) && counts(record))

  const rank = (record: RosterRecord): number => {
    if (isByRecovery(record)) return -1
    const admission = admissionOf(record.signer)
    return admission === undefined ? sorted.length : sorted.indexOf(admission)
  }
  const visited = new Set<RosterRecord>()
  const visit = (removals: readonly RosterRecord[]): void => {
    for (;;) {
      const [first] = removals
        .filter((removal) => !visited.has(removal))
        .sort((a, b) => rank(a) - rank(b) || earlierFirst(a, b))
      if (first === undefined) return
      visit(removals.filter((removal) => knew(first, removal)))
      visited.add(first)
      if (counts(first)) applied.push(first)
    }
  }
  visit(sorted.filter(({ body }) => body.type === 'remove'))

  const members = new Map<string, Member>()
  const removed = new Map<string, RemovedMember>()
  const devices = new Set(
    sorted.flatMap(({ body }) => (body.type === 'genesis' || body.type === 'admit' ? [body.device] : []))
  )
  const listed = [...devices].flatMap((device) => {
    const removal = removalsOf(device).find((each) => liftings(each, device).length === 0)
    const claim = removal && sorted.find((record) => admits(record, device))
    const admission = admissionOf(device) ?? claim
    return admission === undefined ? [] : [{ device, admission, removal }]
  })
  listed.sort((a, b) => earlierFirst(a.admission, b.admission))
  const signerOf = (record: RosterRecord) => (isByRecovery(record) ? 'recovery' : record.signer)
  listed.forEach(({ device, admission, removal }, order) => {
    const { body } = admission
    if (body.type !== 'genesis' && body.type !== 'admit') return
    const renames = sorted.flatMap((record) =>
      record.body.type === 'rename' && record.body.device === device && counts(record) ? [record.body.name] : []
    )
    const member: Member = {
      device,
      box: body.box,
      name: renames.at(-1) ?? body.name,
      role: 'member',
      order,
      admittedBy: body.type === 'genesis' ? null : signerOf(admission)
    }
    if (removal === undefined) members.set(device, member)
    else removed.set(device, { ...member, removedBy: signerOf(removal) })
  })
  return { members, removed, recoveryKey: reigns.at(-1)!.key, phraseMade: reigns.length > 1 }
}
