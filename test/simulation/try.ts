import '../../src/polyfill.ts'
import { SimulatedMesh } from './mesh.ts'
import { costs, isKnown, isNobodysCandidate, timeUntil } from './figures.ts'
const n = Number(process.argv[2]); const all = process.argv[3] === 'all'
const t0 = performance.now()
const step = (w: string, x: unknown) => console.log(((performance.now()-t0)/1000).toFixed(1), w, JSON.stringify(x))
const mesh = new SimulatedMesh({ devices: n, seed: 1, ...(all && { linkAllUpTo: 1e6 }) })
await mesh.start()
step('started', mesh.world.now)
const deg = () => { const d = mesh.alive.map(x => x.endpoint.connected.length); return [Math.min(...d), d.reduce((a,b)=>a+b)/d.length, Math.max(...d)] }
const know = () => { const d = mesh.alive.map(x => mesh.alive.filter(y => x!==y && mesh.isCandidate(x,y)).length); return [Math.min(...d), Math.max(...d)] }
for (const s of [1,2,5,10,20,40,60]) { await mesh.world.pass(s*1000 - (s===1?0:0)); step('+'+s, [deg(), know()]) }
step('costs', await costs(mesh, 60_000))
step('deg', deg())

{
  const w = new Map(mesh.alive.map(x => [x.endpoint.id, x.neighbours.wanted]))
  let none = 0, one = 0, both = 0
  for (const x of mesh.alive) for (const y of x.endpoint.connected) { const a = w.get(x.endpoint.id)!.has(y), b = w.get(y)!.has(x.endpoint.id); if (a && b) both++; else if (a||b) one++; else none++ }
  step('links both/one/none', [both, one, none, Math.max(...[...w.values()].map(s => s.size))])
  step('idx', mesh.devices.map((x) => [x.endpoint.connected.length, mesh.alive.filter(y => x!==y && mesh.isCandidate(x,y)).length]).slice(0, 12))
}
const d = await mesh.newcomer()
step('newcomer', await timeUntil(mesh, 120_000, () => isKnown(mesh, d)))
mesh.end(mesh.devices[3]!, 'killed')
step('killed', await timeUntil(mesh, 60_000, () => isNobodysCandidate(mesh, mesh.devices[3]!)))
mesh.end(mesh.devices[4]!, 'cut')
step('cut', await timeUntil(mesh, 60_000, () => isNobodysCandidate(mesh, mesh.devices[4]!)))
await mesh.world.pass(40_000)
step('deg', [deg(), know(), mesh.alive.length, process.memoryUsage().rss/1e6])
process.exit(0)
