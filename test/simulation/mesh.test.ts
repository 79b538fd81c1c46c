import '../../src/polyfill.ts'
import assert from 'node:assert/strict'
import { LINK_ALL_UP_TO } from '../../src/node/mesh-size.ts'
import { RINGS } from '../../src/node/rings.ts'
import { costs, isKnown, isNobodysCandidate, timeUntil } from './figures.ts'
import { SimulatedMesh, type SimulatedDevice } from './mesh.ts'

/** Every test may take a while where other programs run; what is bounded is the work and the virtual time. */
const PATIENCE_MS = 240_000
const SETTLE_MS = 45_000
const MINUTE_MS = 60_000
/** At least as long as it takes until each has repeated its notice. */
const MEASURED_MS = process.env.MESH_SOAK === undefined ? MINUTE_MS : 2 * MINUTE_MS
/** Devices of a home, of a mesh of many, and of one that is larger. */
const SIZES = process.env.MESH_SOAK === undefined ? ([10, 40, 60] as const) : ([10, 50, 100] as const)

describe('a simulated mesh', function () {
  this.timeout(PATIENCE_MS)

  async function settled(
    devices: number,
    seed: number,
    linkAllUpTo?: number,
    remembered: 'neighbours' | 'any' = 'neighbours'
  ): Promise<SimulatedMesh> {
    const mesh = new SimulatedMesh({ devices, seed, remembered, ...(linkAllUpTo !== undefined && { linkAllUpTo }) })
    await mesh.start()
    await mesh.world.pass(SETTLE_MS)
    return mesh
  }

  /** The device of that number in the order of their starts. */
  function at(mesh: SimulatedMesh, index: number): SimulatedDevice {
    const device = mesh.devices[index]
    if (device === undefined) throw new Error(`there is no device ${index}`)
    return device
  }

  function knownTo(mesh: SimulatedMesh, device: SimulatedDevice): number {
    return mesh.alive.filter((other) => other !== device && mesh.isCandidate(device, other)).length
  }

  it('of a home connects everybody with everybody, whatever happens', async () => {
    const mesh = await settled(LINK_ALL_UP_TO, 1)
    for (const { endpoint } of mesh.alive) assert.equal(endpoint.connected.length, LINK_ALL_UP_TO - 2)
    mesh.end(at(mesh, 3), 'killed')
    assert.ok((await timeUntil(mesh, 3000, () => isNobodysCandidate(mesh, at(mesh, 3)))) <= 3000)
    mesh.end(at(mesh, 4), 'cut')
    assert.ok((await timeUntil(mesh, 6000, () => isNobodysCandidate(mesh, at(mesh, 4)))) <= 6000)
  })

  it('of many keeps few connections, the same from both ends, and knows everybody', async () => {
    for (const remembered of ['neighbours', 'any'] as const) {
      const mesh = await settled(32, 1, 8, remembered)
      for (const { endpoint, neighbours } of mesh.alive) {
        assert.ok(endpoint.connected.length >= 2 && endpoint.connected.length <= 2 * RINGS)
        assert.deepEqual(endpoint.connected.toSorted(), [...neighbours.wanted].sort())
      }
      for (const device of mesh.alive) assert.equal(knownTo(mesh, device), mesh.alive.length - 1)
      // Nobody took the end of a connection that neither needed for a death.
      for (const { neighbours } of mesh.alive)
        assert.ok(neighbours.peers.all().every(({ missedAt }) => missedAt === -Infinity))
    }
  })

  it('costs a device at most so many connections, bytes and signatures, whatever its size', async () => {
    const measured = async (devices: number) => {
      // Of all the last one does not start.
      const mesh = await settled(devices + 1, 3)
      return costs(mesh, MEASURED_MS)
    }
    const [home, some, many] = [await measured(SIZES[0]), await measured(SIZES[1]), await measured(SIZES[2])]
    assert.equal(home.connections.max, 9)
    assert.ok(home.bytes.max <= 250_000 && home.verified <= 20, JSON.stringify(home))
    for (const { connections, bytes, verified } of [some, many]) {
      assert.ok(connections.max <= 2 * RINGS, `${connections.max} connections`)
      assert.ok(bytes.max <= 1_000_000, `${bytes.max} bytes a minute`)
      // 64 notices a minute, more or less by chance.
      assert.ok(verified <= 100, `${verified} signatures a minute`)
    }
    assert.ok(many.bytes.mean <= 1.2 * some.bytes.mean, `${some.bytes.mean} and ${many.bytes.mean} bytes`)
  })

  it('hears of a newcomer, of one that is killed, and of one whose cable is pulled', async () => {
    const mesh = await settled(40, 4, 8)
    const newcomer = await mesh.newcomer()
    assert.ok((await timeUntil(mesh, 10_000, () => isKnown(mesh, newcomer))) <= 10_000)
    mesh.end(at(mesh, 5), 'killed')
    assert.ok((await timeUntil(mesh, 4000, () => isNobodysCandidate(mesh, at(mesh, 5)))) <= 4000)
    mesh.end(at(mesh, 6), 'cut')
    assert.ok((await timeUntil(mesh, 8000, () => isNobodysCandidate(mesh, at(mesh, 6)))) <= 8000)
    // Nobody that lives was taken for gone.
    for (const device of mesh.alive) assert.equal(knownTo(mesh, device), mesh.alive.length - 1)
  })

  it('heals when half of its devices are killed in one moment', async () => {
    const mesh = await settled(40, 5, 8)
    for (const device of mesh.alive.slice(0, 20)) mesh.end(device, 'killed')
    const isHealed = () =>
      mesh.alive.every(
        (device) => device.endpoint.connected.length >= 2 && knownTo(mesh, device) === mesh.alive.length - 1
      )
    assert.ok((await timeUntil(mesh, MINUTE_MS, isHealed)) <= MINUTE_MS)
  })

  it('does not let a member talk another one dead', async () => {
    const mesh = await settled(32, 6, 8)
    const [liar, victim] = [at(mesh, 1), at(mesh, 2)]
    const far = mesh.alive.filter(
      ({ endpoint }) => endpoint !== victim.endpoint && !endpoint.connected.includes(victim.endpoint.id)
    )
    const lie = () => {
      const { instance, sequence } = victim.capability.get()
      mesh.gossipOf(liar).lost({ peer: victim.endpoint.id, instance, sequence })
    }
    assert.ok(far.length > 0)
    const { sequence: before } = victim.capability.get()
    lie()
    // It is a hint, and believed as such for the moment that the victim takes to say that it lives.
    assert.ok((await timeUntil(mesh, 3000, () => victim.capability.get().sequence > before)) < 3000)
    assert.ok((await timeUntil(mesh, 3000, () => far.every((device) => mesh.isCandidate(device, victim)))) < 3000)
    for (let times = 0; times < 20; times++) {
      lie()
      await mesh.world.pass(500)
      const believers = far.filter((device) => device !== liar && !mesh.isCandidate(device, victim))
      assert.deepEqual(believers.length, 0)
    }
  })

  it('has the same history for the same seed', async () => {
    const histories = []
    for (const seed of [7, 7, 8]) {
      const mesh = await settled(24, seed, 8)
      histories.push(mesh.alive.map(({ endpoint }) => ({ ...endpoint.traffic })))
    }
    assert.deepEqual(histories[0], histories[1])
    assert.notDeepEqual(histories[0], histories[2])
  })
})
