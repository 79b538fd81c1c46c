import '../src/polyfill.ts'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Libp2p } from '@libp2p/interface'
import { Gate } from '../src/node/membership/gate.ts'
import { boxPublicOf, newSeed, signerOf } from '../src/node/membership/keys.ts'
import type { OwnRoster } from '../src/node/membership/own-roster.ts'
import { ask, type Ask } from '../src/protocols/ask/index.ts'
import { guard } from '../src/protocols/guard.ts'
import { PAIR_PROTOCOL } from '../src/protocols/pair/index.ts'
import { identityOf, withRoster } from '../test/integration/homes.ts'
import { testNode } from '../test/protocols/nodes.ts'
import { accepted, answerOf, collect, done, request, token } from '../test/protocols/requests.ts'
import { interleaved, paired, type Effort } from './effort.ts'
import { figure, middle } from './figures.ts'
import { differences, median, medianInterval } from './statistics.ts'
import { verdict, type Row } from './table.ts'

const ROUNDS = 300
const WARM_UP = 20
/** One after the other: enough that what an ask leaves behind for the next one weighs little. */
const ASKS_A_ROUND = 20
const GOAL_MS = 1
const FEW = 3
const MANY = 100

export const CHECKS = 'what the checks of membership add to an ask'

interface Round {
  /** Microseconds: the middle of the round's asks, each from the call to its end. */
  us: number
  /** Microseconds of processor time of both devices together, per ask. */
  cpuUs: number
}

/** An asking and an answering device in this process, over TCP, Noise and yamux. */
interface Couple {
  round: () => Promise<Round>
  stop: () => Promise<void>
}

/**
 * The same ask, which is answered at once and without a model, between two devices that check each other (the gater,
 * the guard and a roster of so many members, as the node puts them together) and between two that check nothing: they
 * have no guard, and a gater that denies nobody. A second couple without checks shows what two couples differ by anyway.
 */
export async function checks({ times, tell }: Effort): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ownmesh-'))
  const couples: Couple[] = []
  const add = async (members: number | null): Promise<Couple['round']> => {
    const couple = await coupleOf(folder, couples.length, members)
    couples.push(couple)
    return couple.round
  }
  try {
    const ways = { none: await add(null), again: await add(null), few: await add(FEW), many: await add(MANY) }
    await interleaved(WARM_UP, ways)
    const rounds = await interleaved(times(ROUNDS), ways)
    const added = (read: (round: Round) => number) => ({
      again: differences(paired(rounds.none, rounds.again, read)),
      few: differences(paired(rounds.none, rounds.few, read)),
      many: differences(paired(rounds.none, rounds.many, read))
    })
    const [time, cpu] = [added(({ us }) => us), added(({ cpuUs }) => cpuUs)]
    const alone = median(rounds.none.map(({ us }) => us))
    const aloneUs = median(rounds.none.map(({ cpuUs }) => cpuUs))
    tell(`without checks: ${figure(alone)} µs and ${figure(aloneUs)} µs of processor time an ask`)
    return [
      {
        what: CHECKS,
        goal: `< ${GOAL_MS} ms`,
        measured:
          `among ${FEW} members ${middle(time.few, ' µs')}, among ${MANY} ${middle(time.many, ' µs')}, ` +
          `between two couples without checks ${middle(time.again, ' µs')}, of ${figure(alone)} µs an ask; ` +
          `processor time ${middle(cpu.few, ' µs')}, ${middle(cpu.many, ' µs')}, ${middle(cpu.again, ' µs')} of ` +
          `${figure(aloneUs)} µs, both devices together (${time.few.length} pairs of ${ASKS_A_ROUND} asks)`,
        verdict: verdict([time.few, time.many].every((all) => medianInterval(all).high < GOAL_MS * 1000))
      }
    ]
  } finally {
    for (const couple of couples) await couple.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function coupleOf(folder: string, index: number, members: number | null): Promise<Couple> {
  const homes = ['asker', 'answerer'].map((name) => join(folder, `${name}${index}`)) as [string, string]
  const rosters = members === null ? [null, null] : rostersOf(homes, members)
  const [asker, answerer] = (await Promise.all(homes.map((home, side) => deviceOf(home, rosters[side] ?? null)))) as [
    Libp2p<{ ask: Ask }>,
    Libp2p<{ ask: Ask }>
  ]
  await asker.dial(answerer.getMultiaddrs())
  return {
    round: () => round(asker, answerer),
    stop: async () => {
      await asker.stop()
      await answerer.stop()
    }
  }
}

/** The rosters of two devices, which are members of one mesh with others that are not here. */
function rostersOf([one, other]: readonly [string, string], members: number): [OwnRoster, OwnRoster] {
  const own = withRoster(one, (roster) => {
    roster.start('asker')
    const { signer, box } = identityOf(other)
    roster.admit({ device: signer.key, box, name: 'answerer' })
    for (let member = 3; member <= members; member++) {
      const device = signerOf(newSeed('ed25519')).key
      roster.admit({ device, box: boxPublicOf(newSeed('x25519')), name: `device-${member}` })
    }
    return roster
  })
  const others = withRoster(other, (roster) => {
    roster.adopt(own.mesh ?? '', own.records())
    return roster
  })
  if (others.members().length !== members) throw new Error(`the roster has ${others.members().length} members`)
  return [own, others]
}

/** @param roster null for a device that lets everybody speak */
function deviceOf(home: string, roster: OwnRoster | null): Promise<Libp2p<{ ask: Ask }>> {
  const { privateKey } = identityOf(home)
  // A benchmark asks more often than one device may.
  const asking = ask({ answer: () => answerOf(accepted, token(1), done), maxAsksPerMinute: 1e9 })
  if (roster === null) {
    const connectionGater = { denyDialPeer: () => false, denyInboundEncryptedConnection: () => false }
    return testNode({ ask: asking }, { privateKey, connectionGater })
  }
  const gate = new Gate({
    isMember: (id) => roster.isMember(id),
    knows: (id) => roster.knows(id),
    isOpen: () => false
  })
  return testNode(
    { guard: guard({ mayPass: gate.mayPass, open: [PAIR_PROTOCOL] }), ask: asking },
    { privateKey, connectionGater: gate.gater }
  )
}

async function round(asker: Libp2p<{ ask: Ask }>, answerer: Libp2p<{ ask: Ask }>): Promise<Round> {
  const took: number[] = []
  const before = process.cpuUsage()
  for (let turn = 0; turn < ASKS_A_ROUND; turn++) {
    const startedAt = performance.now()
    await collect(asker.services.ask.ask(answerer.peerId, request))
    took.push((performance.now() - startedAt) * 1000)
  }
  const { user, system } = process.cpuUsage(before)
  return { us: median(took), cpuUs: (user + system) / ASKS_A_ROUND }
}
