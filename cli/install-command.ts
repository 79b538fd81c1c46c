/** `npm run install-command`: makes `mesh` a command of this user, without root; with `--uninstall` it is undone. */
import { execFileSync } from 'node:child_process'
import { homedir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { readEnvironment } from './environment.ts'
import { EXIT, UsageError } from './exit-codes.ts'
import { install, pathHint, uninstall } from './link.ts'
import { Output } from './output.ts'

const environment = readEnvironment(process.env)
const output = new Output({ stdout: process.stdout, stderr: process.stderr, color: environment.color })
const place = {
  target: fileURLToPath(new URL('mesh.js', import.meta.url)),
  prefix: environment.npmPrefix ?? npmPrefix(),
  userHome: homedir(),
  platform: process.platform
}

try {
  if (process.argv[2] === '--uninstall') {
    const removed = uninstall(place)
    output.line(
      removed.length === 0 ? 'There was no mesh command of this folder.' : `Removed ${removed.join(' and ')}.`
    )
  } else {
    const link = install(place)
    output.line(`The command mesh is now ${link}, and leads to this folder. To undo it: npm run uninstall-command`)
    const hint = pathHint(link, { ...environment, userHome: place.userHome, platform: place.platform })
    if (hint !== undefined) {
      output.line(`Its folder is not in your PATH yet. This line mends it, in new terminals too:\n  ${hint}`)
    }
  }
} catch (error) {
  if (!(error instanceof UsageError)) {
    throw error
  }
  output.error(error)
  process.exitCode = EXIT.failed
}

function npmPrefix(): string | undefined {
  try {
    return execFileSync('npm', ['prefix', '-g'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      shell: process.platform === 'win32'
    }).trim()
  } catch {
    // npm is not there; the user's own folder always is.
    return undefined
  }
}
