import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { evaluate, type RosterRecord } from '../../src/trust/index.ts'
import { anyHistory, anyParents, anyStatement, DEVICES, HonestMesh } from './histories.ts'
import { below, oneOf, randomFrom } from './random.ts'
import { headsOf, keyOf, type Statement, type Writer } from './writing.ts'

const SOAK = process.env.MESH_SOAK === undefined ? 1 : 20
const RUNS = 1000 * SOAK

describe('a thief of a device', () => {
  it('that a senior one has removed changes nothing by back-dating', function () {
    this.timeout(60_000 * SOAK)
    let tested = 0
    for (let seed = 0; seed < RUNS; seed++) {
      const random = randomFrom(seed)
      const mesh = peopled(seed, random)
      const { members } = evaluate(mesh.writer.all)
      const byRank = [...members.keys()].map((key) => mesh.writer.nameOf(key))
      const thief = 1 + below(byRank.length - 1, random)
      const [stolen, senior] = [byRank[thief]!, byRank[below(thief, random)]!]
      removeAndLiveOn(mesh, senior, stolen, random)
      // Somebody of a higher rank may have removed the senior one at the same time: then its word does not stand.
      if (evaluate(mesh.writer.all).removed.get(keyOf(stolen))?.removedBy !== keyOf(senior)) continue
      tested++
      assertPowerless(mesh.writer, stolen, random, `seed ${seed}`)
    }
    assert.ok(tested > RUNS / 2, `only ${tested} of ${RUNS} histories had a removal that stands`)
  })

  it('that the recovery phrase has removed changes nothing either, the founder neither', function () {
    this.timeout(60_000 * SOAK)
    for (let seed = 0; seed < RUNS; seed++) {
      const random = randomFrom(seed)
      const mesh = peopled(seed, random)
      const stolen = random() < 0.5 ? 'founder' : oneOf(mesh.devices(), random)
      // It has used its time, too: it removed others before it was removed itself.
      if (random() < 0.5) mesh.write(stolen, { remove: oneOf(mesh.devices(), random) })
      removeAndLiveOn(mesh, 'recovery', stolen, random)
      assertPowerless(mesh.writer, stolen, random, `seed ${seed}`)
    }
  })

  it('cannot bring back a device that was removed, and neither can anybody but the recovery phrase', function () {
    this.timeout(60_000 * SOAK)
    for (let seed = 0; seed < RUNS; seed++) {
      const random = randomFrom(seed)
      const writer = anyHistory(seed, random, 4 + below(16, random))
      const before = evaluate(writer.all)
      for (let i = 0; i < 5; i++) writer.write(oneOf(DEVICES, random), anyStatement(random), ...headsOf(writer.all))
      const after = evaluate(writer.all)
      for (const device of before.removed.keys()) assert.ok(!after.members.has(device), `seed ${seed}`)

      const [removed] = after.removed.keys()
      if (removed === undefined) continue
      writer.write(writer.nameOf(after.recoveryKey), { admit: writer.nameOf(removed) }, ...headsOf(writer.all))
      assert.ok(evaluate(writer.all).members.has(removed), `seed ${seed}`)
    }
  })
})

/** Some devices that all know of each other, and then some that not all know. */
function peopled(seed: number, random: () => number): HonestMesh {
  const mesh = new HonestMesh(seed, random)
  mesh.admit('founder')
  mesh.live(8)
  mesh.tellAll()
  mesh.live(3)
  return mesh
}

/** The stolen device writes no more as itself; the others go on, and not all of them know that it was removed. */
function removeAndLiveOn(mesh: HonestMesh, by: string, stolen: string, random: () => number): void {
  if (by === 'recovery') {
    const where = oneOf(mesh.devices(), random)
    mesh.knows.set('recovery', new Set(mesh.knows.get(where)))
    mesh.write('recovery', { remove: stolen })
    mesh.knows.delete(stolen)
    mesh.knows.set(mesh.devices()[0]!, new Set(mesh.knows.get('recovery')))
    mesh.knows.delete('recovery')
  } else {
    mesh.write(by, { remove: stolen })
    mesh.knows.delete(stolen)
  }
  if (mesh.devices().length === 0) return
  mesh.live(3)
  if (random() < 0.3) mesh.write(oneOf(mesh.devices(), random), { remove: oneOf(mesh.devices(), random) })
  mesh.live(3)
}

/** Whatever the thief signs with the stolen key, and has its inventions sign, the mesh is the same as without it. */
function assertPowerless(writer: Writer, stolen: string, random: () => number, message: string): void {
  const honest = [...writer.all]
  const without = evaluate(honest)
  const own: RosterRecord[] = []
  const keys = [stolen, 'ghost 1', 'ghost 2']
  const everybody = [
    ...keys,
    ...[...without.members.keys(), ...without.removed.keys()].map((key) => writer.nameOf(key))
  ]
  for (let i = 1 + below(8, random); i > 0; i--) {
    const device = oneOf(everybody, random)
    const kind = random()
    const statement: Statement =
      kind < 0.4 ? { remove: device } : kind < 0.8 ? { admit: device } : { rename: device, name: 'stolen' }
    own.push(writer.write(oneOf(keys, random), statement, ...anyParents([...honest, ...own], random)))
  }
  assert.deepEqual(evaluate(writer.all), without, message)
}
