/** A library on folders of its own, for tests. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCatalog, type Catalog } from '../../../src/inference/index.ts'
import type { ModelInfo, ModelCopyDone, ModelCopyEvent } from '../../../src/interface.ts'
import type { Device, HubLimits } from '../../../src/hub/index.ts'
import type { Environment } from '../../../src/node/environment.ts'
import { hubSource } from '../../../src/node/library/hub-access.ts'
import type { HubSource } from '../../../src/node/library/hub-pull.ts'
import { LocalLibrary } from '../../../src/node/library/local-library.ts'
import { ModelChoice } from '../../../src/node/model-choice.ts'
import { ModelsFolder } from '../../../src/node/library/models-folder.ts'
import { pullFrom } from '../../../src/node/library/pull-from.ts'
import { Sharing } from '../../../src/node/library/sharing.ts'
import { systemClock } from '../../../src/protocols/clock.ts'
import { FIXTURES } from '../../inference/fixture.ts'
import { bytesOf } from '../../packages/files.ts'
import { FakeOtherDevices } from './fake-other-devices.ts'

export class Shelf {
  readonly root: string
  readonly models: string
  readonly stick: string
  /** What the hub is spoken to with. */
  environment: Environment = {}
  limits: HubLimits = {}
  /** What this device is taken for; itself where this is not set. */
  device: Device | undefined
  readonly measurements = new Map<string, string>()
  /** The names that were listed at each change. */
  readonly changes: string[][] = []
  /** Runs when the list has changed, before anybody looks at it. */
  onChange: () => void = () => undefined
  /** Throws where a test wants nothing to be measured again. */
  onSet: (key: string) => void = () => undefined
  /** The other devices of its mesh. */
  readonly devices = new FakeOtherDevices()
  patienceMs = 60_000
  #library: LocalLibrary | undefined

  constructor(root = mkdtempSync(join(tmpdir(), 'ownmesh-shelf-'))) {
    this.root = root
    this.models = join(root, 'models')
    this.stick = join(root, 'stick')
    mkdirSync(this.stick, { recursive: true })
  }

  /** As a process that begins now has it. */
  open(): LocalLibrary {
    const folder = new ModelsFolder(this.models)
    this.#library = new LocalLibrary({
      ...{ folder, catalog: this.#catalog(folder), measurements: this.#store() },
      devices: this.devices,
      find: pullFrom({ devices: this.devices, clock: systemClock, patienceMs: this.patienceMs }),
      hub: this.#hub(),
      changed: async () => {
        this.onChange()
        this.changes.push((await this.list()).map(({ name }) => name))
      },
      models: async () => (await this.list()).map((model) => ({ ...model, loaded: false })),
      choice: new ModelChoice(join(this.root, 'config.json'), null),
      chose: () => Promise.resolve()
    })
    return this.#library
  }

  /** What its device gives to others. */
  share(): Sharing {
    return new Sharing({ catalog: this.#catalog(new ModelsFolder(this.models)), measurements: this.#store() })
  }

  get library(): LocalLibrary {
    return this.#library ?? this.open()
  }

  /** What a device on this home lists. */
  async list(): Promise<Omit<ModelInfo, 'loaded'>[]> {
    const folder = new ModelsFolder(this.models)
    const catalog = createCatalog({
      modelFolders: () => folder.references(),
      userFolder: this.models,
      measurements: this.#store()
    })
    return (await catalog.list()).map(({ info }) => info)
  }

  /** Whatever lies in the models folder, hidden or not. */
  entries(): string[] {
    return existsSync(this.models) ? readdirSync(this.models).sort() : []
  }

  /** A folder elsewhere that holds a model, with a file of several chunks beside it. */
  modelFolder(name: string, { fixture = 'plain', extraBytes = 2_500_000 } = {}): string {
    const path = join(this.root, 'elsewhere', name)
    cpSync(join(FIXTURES, 'models', fixture), path, { recursive: true })
    writeFileSync(join(path, 'extra.bin'), bytesOf(name, extraBytes))
    return path
  }

  /** A package of a model, as another device has written it. */
  async package(name: string, { fixture = 'plain', as = name } = {}): Promise<string> {
    const other = new Shelf(join(this.root, `other-${name}`))
    await other.library.add({ path: other.modelFolder(name, { fixture }), name })
    return (await done(other.library.export({ name, path: this.stick, as }))).path
  }

  close(): void {
    rmSync(this.root, { recursive: true })
  }

  #hub(): HubSource {
    const real = hubSource(this.root, this.environment, this.limits)
    return { open: (settings) => real.open(settings), device: async () => this.device ?? (await real.device()) }
  }

  #catalog(folder: ModelsFolder): Catalog {
    return createCatalog({
      modelFolders: () => [
        { name: 'mini', path: join(FIXTURES, 'models', 'fused'), builtIn: true },
        ...folder.references()
      ],
      userFolder: this.models,
      measurements: this.#store()
    })
  }

  #store() {
    return {
      get: (key: string) => this.measurements.get(key),
      set: (key: string, value: string) => {
        this.onSet(key)
        this.measurements.set(key, value)
      }
    }
  }
}

export async function done(events: AsyncIterable<ModelCopyEvent>): Promise<ModelCopyDone> {
  for await (const event of events) if (event.type === 'done') return event
  throw new Error('the copy did not end')
}
