import { rmSync } from 'node:fs'
import { isIP } from 'node:net'
import { peerIdFromString } from '@libp2p/peer-id'
import { joinEngines } from '../inference/engines.ts'
import { createCatalog, createEngine } from '../inference/index.ts'
import { createServed } from '../inference/served/index.ts'
import { PeerUnreachableError } from '../errors.ts'
import type { Generate, MeshEvent } from '../interface.ts'
import { systemClock } from '../protocols/clock.ts'
import { parseListenAddress } from '../protocols/discovery/index.ts'
import { encodeAdmission } from '../trust/index.ts'
import { VERSION } from '../version.ts'
import { OwnAnswers } from './answering.ts'
import { Asking } from './asking.ts'
import { Broadcast } from './broadcast.ts'
import { openDatabase } from './database.ts'
import { deviceMemory } from './device-memory.ts'
import { Gate } from './gate.ts'
import { readEnvironment } from './environment.ts'
import { eraseIdentity, loadBoxSecret, loadIdentity, loadOrCreateIdentity, type Identity } from './identity.ts'
import { givenAddress } from './given-addresses.ts'
import { Living } from './living.ts'
import { LocalMesh } from './local-mesh.ts'
import { MeshDevices } from './library/devices.ts'
import { hubSource } from './library/hub-access.ts'
import { LocalLibrary } from './library/local-library.ts'
import { ModelsFolder } from './library/models-folder.ts'
import { pullFrom } from './library/pull-from.ts'
import { Sharing } from './library/sharing.ts'
import { FIRST_MEASUREMENT_MS, Measuring } from './measuring.ts'
import { ModelChoice } from './model-choice.ts'
import { shown } from './memories/local-memory.ts'
import { recall } from './memories/recalling.ts'
import { Remembering } from './memories/remembering.ts'
import { Belonging } from './membership/belonging.ts'
import { Outsider } from './membership/outsider.ts'
import { Neighbours } from './neighbours.ts'
import { createNetwork, startNetwork, type Network } from './network.ts'
import { OtherEngines } from './other-engines.ts'
import { OwnCapability } from './own-capability.ts'
import { pauseFile } from './pause-file.ts'
import { BUILT_IN_MODEL, type Paths } from './paths.ts'
import { Pausing } from './pausing.ts'
import { choosePort } from './port.ts'
import { settled } from './settled.ts'
import { resolveSettings, type GivenSettings, type Settings } from './settings.ts'
import { LocalSnapshots } from './snapshots/local-snapshots.ts'
import { engineStore, measurementStore, meshStore, peerStore } from './stores.ts'

/** Where a node tells what it does. Never a prompt, an answer or a key. */
export interface NodeLog {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
}

export interface NodeInit extends GivenSettings {
  paths: Paths
  log: NodeLog
  /** A ticket to redeem before anything else. */
  invite?: string
  /** Forgets the identity and the mesh of the home first: this device is a new one from now on. @default false */
  newKey?: boolean
  /** Runs in place of the end of the node, which it is handed: what has to happen before and after it. */
  ending?: (end: () => Promise<void>) => Promise<void>
}

/**
 * A device that listens, finds others and answers. Creates the identity where there is none. Whoever calls this holds
 * the home's lock.
 *
 * @throws {ConfigError} {IdentityError} {HomeUnusableError} {ListenError}
 */
export async function startNode({ invite, newKey = false, ...init }: NodeInit): Promise<LocalMesh> {
  const { paths, log, ending = (end: () => Promise<void>) => end(), ...given } = init
  const settings = resolveSettings(given, paths.config)
  if (newKey) startAnew(paths)
  const identity = await loadOrCreateIdentity(paths)
  return assemble({ paths, log, ending, settings, identity, listen: await listenOn(settings), invite: invite ?? null })
}

/**
 * A process that asks and never listens. Without an identity it speaks to nobody and asks its own engine; with one it
 * dials the devices that it remembers.
 *
 * @throws {ConfigError} {IdentityError} {HomeUnusableError}
 */
export async function startVisit({ paths, log, ending = (end) => end(), ...given }: NodeInit): Promise<LocalMesh> {
  const settings = resolveSettings(given, paths.config)
  const identity = loadIdentity(paths)
  return assemble({ paths, log, ending, settings: { ...settings, discovery: [] }, identity, listen: [], invite: null })
}

/** More asks than an engine works on at a time: where one ends, the next is there without a gap. */
const ONE_BEHIND = 1

/** Forgets who this device was. What it measured, its models and its settings stay. */
function startAnew(paths: Paths): void {
  const database = openDatabase(paths)
  meshStore(database).forget()
  database.close()
  eraseIdentity(paths)
}

interface Assembly extends Required<Pick<NodeInit, 'paths' | 'log' | 'ending'>> {
  settings: Settings
  identity: Identity | null
  /** Multiaddrs; none for a visit. */
  listen: string[]
  invite: string | null
}

/** Introduces the leaves to each other. */
async function assemble({ paths, log, ending, settings, identity, listen, invite }: Assembly): Promise<LocalMesh> {
  const id = identity?.id ?? ''
  const visiting = listen.length === 0
  // Before anything is open that would have to be closed again.
  const connect = settings.connect.map(givenAddress)
  const { maxRate } = settings
  const memory = deviceMemory(settings.memory)
  const choice = new ModelChoice(paths.config, settings.model)
  const database = openDatabase(paths)
  // What goes wrong during the start is told to the first who listens.
  const events = new Broadcast<MeshEvent>({ isKept: ({ type }) => type === 'warning' || type === 'engine-found' })
  const warn = (message: string) => {
    log.warn(message)
    events.emit({ type: 'warning', message })
  }
  const folder = new ModelsFolder(paths.models)
  const places = () => [{ path: BUILT_IN_MODEL, name: 'mini', builtIn: true }, ...folder.references()]
  const measurements = measurementStore(database)
  const engines = engineStore(database)
  let measuring: Measuring | null = null
  const catalog = createCatalog({ modelFolders: places, userFolder: paths.models, measurements })
  const devices = new MeshDevices({
    neighbours: () => neighbours,
    exchange: () => network?.services.model ?? null,
    events
  })
  const library = new LocalLibrary({
    ...{ folder, catalog, measurements, choice, devices, find: pullFrom({ devices, clock: systemClock }) },
    hub: hubSource(paths.home, readEnvironment()),
    models: () => engine.models(),
    chose: async () => measuring?.refresh(),
    changed: async ({ signal }) => {
      await engine.models()
      // Who visits is gone before anybody could be told of it.
      if (!visiting && measuring !== null) await settled(measuring.look(), FIRST_MEASUREMENT_MS, signal)
    }
  })
  const served = createServed({
    engines: engines.all(),
    measurements,
    log,
    changed: () => void measuring?.refresh()
  })
  const own = createEngine({
    modelFolders: places,
    userFolder: paths.models,
    measurements,
    log,
    memory,
    keepAliveMs: settings.keepAlive,
    changed: () => void measuring?.refresh(),
    // Pacing can hold back what comes piece by piece.
    ...(maxRate !== null && { gatherMs: 0 })
  })
  const engine = joinEngines(own, served)
  const others = new OtherEngines({ served, store: engines })
  let network: Network | null = null
  const capability = new OwnCapability({
    name: settings.name,
    version: VERSION,
    answering: settings.answer,
    changed: () => {
      network?.services.capability.changed()
      network?.services.notices.publish(capability.get())
    }
  })
  const gate = new Gate({
    atOnce: (model) => engine.atOnce(model) + ONE_BEHIND,
    nameOf: (model) => capability.get().models.find(({ hash }) => hash === model)?.name ?? 'that model',
    alsoAt: (model) => neighbours.alsoAnsweringWith(model)
  })
  const answers = new OwnAnswers({ engine, capability, maxRate, gate })
  // Before there is a network that could tell of it.
  const living: Living = new Living({
    answer: settings.answer,
    capability,
    answers,
    asking: () => asking,
    pausing: new Pausing({
      // Who only asks for a moment asks itself, paused or not, and leaves the pause to the node.
      store: visiting ? { read: () => null, write: () => undefined } : pauseFile(paths.pause, warn),
      clock: systemClock,
      changed: () => {
        living.changed()
      }
    }),
    emit: (event) => {
      events.emit(event)
    }
  })
  const remembering: Remembering = new Remembering({
    database,
    clock: systemClock,
    self: identity?.id ?? null,
    isMember: (peer) => belonging?.roster.isMember(peer) === true,
    label: (peer) => ({ id: peer, name: names().get(peer) ?? peer }),
    isBusy: () => answers.running + asking.running > 0,
    emit: (event) => {
      events.emit(event)
    },
    warn
  })
  const letGo = async () => {
    await engine.stop()
    database.close()
  }
  /** Once this device has left its mesh: whether more than its keys goes. */
  let erase: boolean | null = null
  const belonging =
    identity === null
      ? null
      : await orElse(
          letGo,
          () =>
            new Belonging({
              identity,
              paths,
              store: meshStore(database),
              settings,
              connect,
              listening: listen.length > 0,
              clock: systemClock,
              emit: (event) => {
                events.emit(event)
              },
              warn,
              rosterChanged: ({ name, digest }) => {
                capability.update({ name, roster: digest })
              },
              addresses: () => capability.get().addresses,
              left: (all) => {
                erase = all
                return mesh.stop()
              }
            })
        )
  if (identity !== null && belonging !== null) {
    const parts = belonging.networkParts()
    network = await orElse(letGo, () =>
      createNetwork({
        ...parts,
        identity,
        listen,
        discovery: settings.discovery,
        beaconPort: settings.beaconPort,
        instance: capability.get().instance,
        current: () => capability.get(),
        known: () => neighbours.known(),
        devices: () => neighbours.names().size,
        answer: (request, { signal, peer }) => answers.generate(request, { signal, asker: peer }),
        models: { share: new Sharing({ catalog, measurements }), maxUpload: settings.maxUpload },
        meet: (link) => remembering.meet(link),
        log
      })
    )
  }
  const snapshots = new LocalSnapshots({
    ...{ remembering, identity, warn, now: systemClock.wall },
    roster: belonging?.roster ?? null,
    boxSecret: () => (identity === null ? null : loadBoxSecret(paths)),
    adopt: async (meshId, records) => {
      await belonging?.membership.import({ admission: encodeAdmission({ mesh: meshId, device: null, records }) })
    },
    label: (peer) => ({ id: peer, name: names().get(peer) ?? peer })
  })
  const neighbours: Neighbours = new Neighbours({
    self: { id, ownName: settings.name, version: VERSION },
    members: {
      isMember: (peer) => belonging?.roster.isMember(peer) === true,
      named: () => belonging?.roster.named() ?? [],
      rosterOf: (peer, digest) => belonging?.rosterOf(peer, digest),
      version: () => belonging?.roster.digest ?? null
    },
    linkAllUpTo: settings.linkAllUpTo,
    refute: () => {
      capability.renew()
      network?.services.notices.renew()
    },
    network,
    store: peerStore(database),
    connect,
    emit: (event) => {
      events.emit(event)
    },
    lost: (peerId, how) => {
      asking.lost(peerId, how)
    }
  })
  const names = () => neighbours.names()
  const asking: Asking = new Asking({
    self: {
      id,
      label: () => ({ id, name: names().get(id) ?? capability.get().name }),
      capability: () => capability.get()
    },
    peers: neighbours.peers,
    names,
    here: (request, options) => answers.generate(request, { ...options, asker: null }),
    stateOf: (record) => neighbours.stateOf(record),
    there: async function* (peerId, request, options) {
      await neighbours.reach(peerId, options?.signal)
      yield* askPeer(network, peerId, request, options)
    },
    recall: (messages) => recall(messages, (query, limit) => remembering.memories.search(query, limit), shown)
  })
  try {
    if (network !== null) {
      belonging?.attach(network, neighbours)
      await startNetwork(network, listen)
      capability.update({ addresses: addressesOf(network) })
    }
  } catch (err) {
    living.stop()
    belonging?.stop()
    neighbours.stop()
    await letGo()
    throw err
  }
  neighbours.start()
  if (!visiting) remembering.start()
  const measured = new Measuring({ engine, capability, maxRate, warn, mark: (models) => choice.mark(models) })
  measuring = measured
  const looked = new AbortController()
  const end = async () => {
    events.emit({ type: 'stopping' })
    living.end()
    living.stop()
    library.stop()
    snapshots.stop()
    looked.abort()
    measured.stop()
    belonging?.stop()
    neighbours.stop()
    remembering.stop()
    try {
      await network?.stop()
    } finally {
      await engine.stop()
      database.close()
      events.end()
      if (erase !== null) eraseHome(paths, erase)
    }
  }
  const mesh: LocalMesh = new LocalMesh({
    id,
    paths,
    engine,
    network,
    visiting,
    capability,
    neighbours,
    measuring: measured,
    answers,
    asking,
    living,
    events,
    library,
    remembering,
    snapshots,
    membership: belonging?.membership ?? new Outsider(paths, settings.name),
    engines: others,
    choice,
    close: () => ending(end)
  })
  if (!visiting && settings.answer === 'yes') tellOfEngines(others, events, looked.signal)
  try {
    await belonging?.begin(invite)
    return mesh
  } catch (err) {
    await mesh.stop()
    throw err
  }
}

/** What `work` gives; when it throws, what was opened before is let go. */
async function orElse<T>(letGo: () => Promise<void>, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (err) {
    await letGo()
    throw err
  }
}

/** Other engines that run on this device already are worth a line to their owner; they answer nothing until added. */
function tellOfEngines(engines: OtherEngines, events: Broadcast<MeshEvent>, signal: AbortSignal): void {
  engines.look({ signal }).then(
    (found) => {
      for (const engine of found) events.emit({ type: 'engine-found', engine })
    },
    // The node ends before it is known.
    () => undefined
  )
}

/** After leaving: the keys are good for nothing any more; with `all` nothing but the models stays. */
function eraseHome(paths: Paths, all: boolean): void {
  eraseIdentity(paths)
  if (!all) return
  for (const path of [paths.database, `${paths.database}-wal`, `${paths.database}-shm`, paths.config, paths.pause]) {
    rmSync(path, { force: true })
  }
}

function askPeer(network: Network | null, peerId: string, ...[request, options]: Parameters<Generate>) {
  if (network === null) throw new PeerUnreachableError('This process speaks to no other device.')
  return network.services.ask.ask(peerIdFromString(peerId), request, options)
}

/** Multiaddrs to listen on, all with the one port. @throws {InvalidRequestError} {ListenError} */
async function listenOn({ listen, port, portChosen }: Settings): Promise<string[]> {
  const hosts = listen.filter((host) => isIP(host) !== 0)
  const chosen = await choosePort(hosts, port, portChosen)
  return listen.map((each) => parseListenAddress(each, chosen))
}

/** What others may dial, without the id, which they know. */
function addressesOf(network: Network): string[] {
  return network.getMultiaddrs().map((address) => address.toString().replace(/\/p2p\/[^/]+$/, ''))
}
