import assert from 'node:assert/strict'
import { Documents, Memories, SnapshotCheck, SnapshotIntake } from '../../src/crdt/index.ts'
import { History } from '../../src/crdt/history.ts'
import { keyOf } from './device.ts'
import { link, type Link, type LinkedDevice } from './link.ts'
import { copyOf, mapStore, newDisk, type Disk } from './memory-map-store.ts'
import { pick, randomFrom } from './random.ts'

/**
 * A seeded schedule of five devices: they write, edit, forget, undo, meet and part, restart, are rolled back to an old
 * backup, cloned while they run, removed, and carry sticks that lay in a drawer. In the end all who still belong meet, and must be the same.
 */

const DEVICES = 5
const STEPS = 45

interface Device extends LinkedDevice {
  memories: Memories
  history: History
  disk: Disk
  backup: Disk
}

interface Written {
  texts: Set<string>
  tags: Set<string>
  /** Forgotten by a person somewhere, and whether that may have been lost or taken back. */
  forgotten: 'no' | 'yes' | 'perhaps'
  /** Whether the only disks that held it were rolled back or left the mesh. */
  perhapsLost: boolean
}

interface Stick {
  /** Who has written it. */
  key: string
  parts: { document: string; update: Uint8Array }[]
  /** Of the memories in it. */
  ids: Set<string>
}

export async function simulate(seed: number): Promise<void> {
  const random = randomFrom(seed)
  const world = new World(random)
  try {
    for (let step = 0; step < STEPS; step++) await world.step()
    await world.settle()
    world.check()
  } catch (error) {
    throw new Error(`seed ${String(seed)} fails (MESH_SEED=${String(seed)} replays it)`, { cause: error })
  }
}

class World {
  readonly #random: () => number
  readonly #devices: Device[] = []
  readonly #links = new Map<string, Link>()
  readonly #removed = new Set<string>()
  readonly #written = new Map<string, Written>()
  readonly #sticks: Stick[] = []
  /** Whether a disk was lost, in whole or in part: what was edited on it may be lost with it. */
  #hasLost = false
  #texts = 0
  #ids = 0
  #now = 1_700_000_000_000

  constructor(random: () => number) {
    this.#random = random
    for (let index = 0; index < DEVICES; index++) {
      this.#devices.push(this.#boot(keyOf('abcdefgh'[index]!), newDisk(), this.#numbers()))
    }
  }

  async step(): Promise<void> {
    this.#now += Math.floor(this.#random() * 60_000)
    const device = pick(this.#random, this.#alive())!
    const chance = this.#random()
    if (chance < 0.3) this.#write(device)
    else if (chance < 0.42) this.#edit(device)
    else if (chance < 0.5) this.#forget(device)
    else if (chance < 0.53) this.#undo(device)
    else if (chance < 0.73) this.#join(device)
    else if (chance < 0.83) this.#cut(device)
    else if (chance < 0.88) this.#restart(device)
    else if (chance < 0.91) device.backup = copyOf(device.disk)
    else if (chance < 0.93) this.#rollBack(device)
    else if (chance < 0.95) this.#clone(device)
    else if (chance < 0.955) this.#remove(device)
    else if (chance < 0.98) this.#stick(device)
    else await this.#quiet()
    // A few messages pass, so that links are cut in the middle of things.
    for (let turn = Math.floor(this.#random() * 6); turn > 0; turn--) await new Promise((done) => setImmediate(done))
  }

  /** All who still belong meet, until nothing moves. */
  async settle(): Promise<void> {
    await this.#quiet()
    for (let round = 0; round < 4; round++) {
      for (const joined of this.#links.values()) joined.cut()
      this.#links.clear()
      const alive = this.#alive()
      for (const [index, device] of alive.entries()) {
        const next = alive[(index + 1) % alive.length]!
        if (next !== device) this.#connect(device, next)
      }
      await this.#quiet()
      if (new Set(alive.map((device) => rootOf(device))).size === 1) break
    }
  }

  check(): void {
    const alive = this.#alive()
    const [first] = alive
    for (const device of alive) {
      assert.equal(rootOf(device), rootOf(first!), 'the root hashes differ')
      assert.deepEqual(shown(device), shown(first!), 'the memories differ')
      for (const { id } of device.documents.heads.all()) assert.ok(device.documents.isSound(id), `${id} is not sound`)
    }
    const there = new Map(shown(first!).map((memory) => [memory.id, memory]))
    for (const [id, { texts, tags, forgotten, perhapsLost }] of this.#written) {
      const memory = there.get(id)
      if (memory === undefined) assert.ok(forgotten !== 'no' || perhapsLost, `${id} was lost`)
      else {
        assert.ok(forgotten !== 'yes', `${id} came back`)
        assert.ok(texts.has(memory.text), `${id} has a text that nobody wrote`)
        assert.ok(
          memory.tags.every((tag) => tags.has(tag)),
          `${id} has tags that nobody put on it`
        )
        if (!this.#hasLost && forgotten === 'no') assert.equal(memory.tags.length, tags.size, `${id} lost a tag`)
      }
    }
    for (const joined of this.#links.values()) assert.deepEqual(joined.errors, [])
  }

  #alive(): Device[] {
    return this.#devices.filter(({ key }) => !this.#removed.has(key))
  }

  #boot(key: string, disk: Disk, numbers: () => number): Device {
    const store = mapStore(disk)
    const warnings: string[] = []
    const now = () => this.#now
    const documents = new Documents({
      store,
      now,
      numbers,
      isMember: (other) => !this.#removed.has(other),
      warn: (message) => warnings.push(message),
      openDocuments: 2
    })
    const newId = () => `${(++this.#ids).toString(36).padStart(6, '0')}0000000000`
    const memories = new Memories({ documents, store, now, device: () => key, newId })
    return {
      key,
      warnings,
      documents,
      memories,
      history: new History({ documents, store }),
      disk,
      backup: copyOf(disk)
    }
  }

  #numbers(): () => number {
    return randomNumbers(Math.floor(this.#random() * 2 ** 31))
  }

  #write({ memories }: Device): void {
    const count = this.#random() < 0.1 ? 20 : 1
    for (const { id, text } of memories.rememberAll(Array.from({ length: count }, () => ({ text: this.#text() })))) {
      this.#written.set(id, { texts: new Set([text]), tags: new Set(), forgotten: 'no', perhapsLost: false })
    }
  }

  #edit(device: Device): void {
    const memory = pick(this.#random, shown(device))
    if (memory === undefined) return
    const { texts, tags } = this.#written.get(memory.id)!
    const text = this.#text()
    if (this.#random() < 0.5) texts.add(device.memories.edit(memory.id, { text }).text)
    else {
      device.memories.edit(memory.id, { tags: [...memory.tags, text] })
      tags.add(text)
    }
  }

  #forget({ memories, disk }: Device): void {
    const id = pick(this.#random, [...disk.index.keys()])
    if (id === undefined) return
    memories.forget([id], { sure: true, now: this.#random() < 0.2 })
    const written = this.#written.get(id)!
    if (written.forgotten === 'no') written.forgotten = 'yes'
  }

  #undo({ history, disk }: Device): void {
    const id = pick(this.#random, [...disk.forgotten.keys()])
    if (id === undefined) return
    try {
      history.undo(id)
    } catch (error) {
      assert.equal((error as Error).name, 'NotUndoableError')
      return
    }
    this.#written.get(id)!.forgotten = 'perhaps'
  }

  #join(device: Device): void {
    const other = pick(this.#random, this.#alive())!
    if (other !== device) this.#connect(device, other)
  }

  #connect(device: Device, other: Device): void {
    const [one, two] = [device, other].sort((first, second) => (first.key < second.key ? -1 : 1)) as [Device, Device]
    // Two clones have one key: nobody speaks to itself.
    const name = `${String(this.#devices.indexOf(one))} ${String(this.#devices.indexOf(two))}`
    if (!this.#links.has(name)) this.#links.set(name, link(one, two))
  }

  #cut(device: Device): void {
    const index = String(this.#devices.indexOf(device))
    for (const [name, joined] of this.#links) {
      if (!name.split(' ').includes(index)) continue
      joined.cut()
      this.#links.delete(name)
    }
  }

  /** The process ends; what it acknowledged is on its disk. */
  #restart(device: Device, disk = device.disk, numbers = this.#numbers()): void {
    this.#cut(device)
    const { backup } = device
    this.#devices[this.#devices.indexOf(device)] = { ...this.#boot(device.key, disk, numbers), backup }
  }

  #rollBack(device: Device): void {
    this.#loses(device, device.backup)
    this.#restart(device, copyOf(device.backup))
  }

  /** A machine that runs is copied, its random numbers too: both go on under the same writer's number. */
  #clone(device: Device): void {
    const other = pick(this.#random, this.#alive())!
    if (other === device) return
    this.#loses(other, null)
    const seed = Math.floor(this.#random() * 2 ** 31)
    const disk = copyOf(device.disk)
    this.#restart(device, device.disk, randomNumbers(seed))
    this.#cut(other)
    this.#devices[this.#devices.indexOf(other)] = this.#boot(other.key, disk, randomNumbers(seed))
  }

  #remove(device: Device): void {
    if (this.#alive().length < 3) return
    this.#loses(device, null)
    this.#cut(device)
    this.#removed.add(device.key)
  }

  /** Writes a snapshot, or takes one in that lay in a drawer meanwhile. */
  #stick(device: Device): void {
    if (this.#random() < 0.5) {
      const { documents, disk, key } = device
      const parts = documents.heads
        .all()
        .flatMap(({ id }) => [...documents.whole(id, 300)].map((update) => ({ document: id, update })))
      this.#sticks.push({ key, parts, ids: new Set(disk.index.keys()) })
      return
    }
    const stick = pick(this.#random, this.#sticks)
    if (stick === undefined) return
    const check = new SnapshotCheck()
    for (const part of stick.parts) check.check(part)
    // What a removed device has written, its owner takes in or leaves.
    const intake = new SnapshotIntake(device.documents, this.#removed.has(stick.key) ? null : stick.key)
    for (const part of stick.parts) intake.take(part)
    intake.end()
  }

  /** What only this disk holds may be gone with it. */
  #loses(device: Device, kept: Disk | null): void {
    this.#hasLost = true
    for (const [id, written] of this.#written) {
      const others = this.#alive().filter((other) => other !== device)
      const isElsewhere = others.some(({ disk }) => disk.index.has(id)) || kept?.index.has(id) === true
      if (!isElsewhere) written.perhapsLost = true
      const isOnStick = this.#sticks.some(({ ids }) => ids.has(id))
      if (written.forgotten === 'yes' && (isElsewhere || isOnStick)) written.forgotten = 'perhaps'
    }
  }

  async #quiet(): Promise<void> {
    for (let round = 0; round < 3; round++) for (const joined of this.#links.values()) await joined.quiet()
  }

  #text(): string {
    return `text${String(++this.#texts)}`
  }
}

function randomNumbers(seed: number): () => number {
  const random = randomFrom(seed)
  return () => Math.floor(random() * 2 ** 32)
}

function rootOf({ documents }: Device): string {
  return Buffer.from(documents.heads.root()).toString('hex')
}

function shown({ disk }: Device): { id: string; text: string; tags: string[] }[] {
  return [...disk.index.values()]
    .map(({ id, text, tags }) => ({ id, text, tags }))
    .sort((one, other) => (one.id < other.id ? -1 : 1))
}
