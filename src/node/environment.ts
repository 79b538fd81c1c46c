/** The environment variables of ownmesh, all of them. Nothing else reads `process.env`. */
export interface Environment {
  /** MESH_HOME: where everything is kept. */
  home?: string
  /** MESH_NAME: the device's name. */
  name?: string
  /** MESH_PORT: TCP port for peers. */
  port?: string
  /** MESH_LISTEN: addresses to listen on, separated by commas. */
  listen?: string
  /** MESH_CONNECT: addresses to dial, separated by commas. */
  connect?: string
  /** MESH_ANSWER: `yes` or `no`. */
  answer?: string
  /** MESH_MAX_RATE: tokens a second. */
  maxRate?: string
  /** MESH_MAX_UPLOAD: bytes a second. */
  maxUpload?: string
  /** MESH_MEMORY: what the models may take together, for example `3G`. */
  memory?: string
  /** MESH_KEEP_ALIVE: how long a model stays loaded after its last answer, for example `30m`. */
  keepAlive?: string
  /** MESH_DISCOVERY: `mdns`, `beacon`, both separated by a comma, or `none`. */
  discovery?: string
  /** MESH_BEACON_PORT: UDP port of the beacon. */
  beaconPort?: string
  /** DEBUG: which of libp2p's own logs are wanted, as libp2p reads it. */
  debug?: string
  /** HF_ENDPOINT, HF_TOKEN, HF_TOKEN_PATH, HF_HOME: as the hub's own tools read them. */
  hfEndpoint?: string
  hfToken?: string
  hfTokenPath?: string
  hfHome?: string
  /** XDG_DATA_HOME, XDG_RUNTIME_DIR, XDG_CACHE_HOME, LOCALAPPDATA: the system's own places. */
  xdgDataHome?: string
  xdgRuntimeDir?: string
  xdgCacheHome?: string
  localAppData?: string
}

const VARIABLES: Readonly<Record<keyof Environment, string>> = {
  home: 'MESH_HOME',
  name: 'MESH_NAME',
  port: 'MESH_PORT',
  listen: 'MESH_LISTEN',
  connect: 'MESH_CONNECT',
  answer: 'MESH_ANSWER',
  maxRate: 'MESH_MAX_RATE',
  maxUpload: 'MESH_MAX_UPLOAD',
  memory: 'MESH_MEMORY',
  keepAlive: 'MESH_KEEP_ALIVE',
  discovery: 'MESH_DISCOVERY',
  beaconPort: 'MESH_BEACON_PORT',
  debug: 'DEBUG',
  hfEndpoint: 'HF_ENDPOINT',
  hfToken: 'HF_TOKEN',
  hfTokenPath: 'HF_TOKEN_PATH',
  hfHome: 'HF_HOME',
  xdgDataHome: 'XDG_DATA_HOME',
  xdgRuntimeDir: 'XDG_RUNTIME_DIR',
  xdgCacheHome: 'XDG_CACHE_HOME',
  localAppData: 'LOCALAPPDATA'
}

/** Reads the variables that are set and not empty. */
export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  const found: Environment = {}
  for (const [key, variable] of Object.entries(VARIABLES) as [keyof Environment, string][]) {
    const value = env[variable]
    if (value !== undefined && value !== '') found[key] = value
  }
  return found
}
