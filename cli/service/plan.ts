import { createHash } from 'node:crypto'
import { isAbsolute, relative, sep } from 'node:path'
import { ServiceError, type ServicePlan } from './manager.ts'

export interface PlanInit {
  node: string
  script: string
  home: string
  /** The home that is meant where none is named. */
  usualHome: string
  /** Folders that the system empties. */
  temporary: readonly string[]
}

/** One service a home: only the usual one goes by the plain name. */
export function planOf({ node, script, home, usualHome }: PlanInit): ServicePlan {
  const suffix = home === usualHome ? '' : `-${createHash('sha256').update(home).digest('hex').slice(0, 8)}`
  return { name: `ownmesh${suffix}`, node, script, home }
}

/** @throws {ServiceError} where what the service would run, or its home, will not be there for long */
export function checkItStays({ node, script, home, temporary }: PlanInit): void {
  for (const [what, path] of [
    ['this ownmesh', script],
    ['this Node', node],
    ['the home', home]
  ] as const) {
    if (/[\r\n\0]/.test(path)) {
      throw new ServiceError(`The path of ${what} has a line break in it, which no service can be told.`)
    }
    const where = temporary.find((folder) => isWithin(folder, path))
    const cached = path.split(sep).find((part) => part === '_npx' || part === 'fnm_multishells')
    if (where !== undefined || cached !== undefined) {
      throw new ServiceError(
        `${path} is where ${what} lies, and ${cached ?? where ?? ''} is emptied now and then: the service would be gone with it. ` +
          'Put it where it stays (npm install -g, or a clone in your own folder), and install the service from there.'
      )
    }
  }
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== '' && !way.startsWith('..') && !isAbsolute(way)
}
