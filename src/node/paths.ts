import { createHash } from 'node:crypto'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readEnvironment, type Environment } from './environment.ts'

/** Where everything of one home lies. This file alone knows the names. */
export interface Paths {
  home: string
  /** Keys and the control token; mode 0700, apart from everything that a person might copy. */
  identity: string
  privateKey: string
  /** X25519, to which snapshots are encrypted. */
  boxKey: string
  /** Of the device that started the mesh, until a recovery phrase is made. */
  recoveryKey: string
  controlToken: string
  database: string
  models: string
  config: string
  /** What is left of a pause; there only while the device is paused. */
  pause: string
  lock: string
  /** Who holds the lock, for the error that names it. */
  lockHolder: string
  /** Unix socket, or named pipe on Windows. */
  controlSocket: string
}

/**
 * The kernel cuts a socket path silently at 108 bytes on Linux and 104 on macOS; 100 leaves room for the terminator.
 */
const LONGEST_SOCKET_PATH = 100

/** The paths for a home, which defaults to MESH_HOME, then to the system's place for application data. */
export function pathsOf(home?: string, environment: Environment = readEnvironment()): Paths {
  const root = resolve(home ?? environment.home ?? defaultHome(environment))
  const identity = join(root, 'identity')
  return {
    home: root,
    identity,
    privateKey: join(identity, 'private-key'),
    boxKey: join(identity, 'box-key'),
    recoveryKey: join(identity, 'recovery-key'),
    controlToken: join(identity, 'control-token'),
    database: join(root, 'mesh.db'),
    models: join(root, 'models'),
    config: join(root, 'config.json'),
    pause: join(root, 'pause.json'),
    lock: join(root, 'lock'),
    lockHolder: join(root, 'lock.holder'),
    controlSocket: controlSocketOf(root, environment)
  }
}

/** The built-in model, which lies in the package: `models/mini` beside `dist` or `src`. */
export const BUILT_IN_MODEL = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../models/mini' : '../../../models/mini', import.meta.url)
)

function defaultHome({ xdgDataHome, localAppData }: Environment): string {
  switch (process.platform) {
    case 'darwin':
      return join(homedir(), 'Library', 'Application Support', 'ownmesh')
    case 'win32':
      return join(localAppData ?? join(homedir(), 'AppData', 'Local'), 'ownmesh')
    default:
      return join(xdgDataHome ?? join(homedir(), '.local', 'share'), 'ownmesh')
  }
}

/** In the home where the path is short enough, else in a private directory named by the hash of the home. */
function controlSocketOf(home: string, { xdgRuntimeDir }: Environment): string {
  const name = createHash('sha256').update(home).digest('hex').slice(0, 16)
  if (process.platform === 'win32') return `\\\\.\\pipe\\ownmesh-${name}`
  const inHome = join(home, 'control.sock')
  if (Buffer.byteLength(inHome) <= LONGEST_SOCKET_PATH) return inHome
  const user = process.getuid?.() ?? 0
  return join(xdgRuntimeDir ?? join(tmpdir(), `ownmesh-${user}`), name, 'control.sock')
}
