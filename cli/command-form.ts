import { existsSync, realpathSync } from 'node:fs'
import { basename, delimiter, join, relative } from 'node:path'
import { leadsTo } from './link.ts'
import type { Environment } from './environment.ts'

export interface CommandFormInit {
  environment: Pick<Environment, 'npmScript' | 'npmCommand' | 'path'>
  /** How this process was reached: `process.argv[1]`. */
  script: string
  /** The compiled `mesh.js` itself. */
  target: string
  cwd: string
}

/** How a person calls this `mesh` here, so that every hint can be copied. */
export function commandForm({ environment, script, target, cwd }: CommandFormInit): string {
  const { npmScript, npmCommand, path } = environment
  if (npmCommand === 'exec') {
    return 'npx mesh'
  }
  if (basename(script) === 'mesh' || isOnPath(path, target)) {
    return 'mesh'
  }
  if (npmScript !== undefined) {
    return 'npm start --'
  }
  const nearby = relative(cwd, script)
  return `node ${quoted(nearby.length < script.length ? nearby : script)}`
}

/** Whether the `mesh` that the path finds first is this one. */
function isOnPath(path: string, target: string): boolean {
  const [first] = path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .flatMap((folder) => [join(folder, 'mesh'), join(folder, 'mesh.cmd')])
    .filter((file) => existsSync(file))
  return first !== undefined && (leadsTo(first, target) || isLinkTo(first, target))
}

/** As npm links a package's commands. */
function isLinkTo(file: string, target: string): boolean {
  try {
    return realpathSync(file) === realpathSync(target)
  } catch {
    // A link to nowhere.
    return false
  }
}

/** A path as a shell takes it for one word. */
export function quoted(path: string): string {
  return path.includes(' ') ? `"${path}"` : path
}
