/** A node as a service of the system: what each of the three systems does for it, and what it may ask of this machine. */

/** What the system is to run, all of it absolute. */
export interface ServicePlan {
  /** `ownmesh`, or with a suffix where it is not the usual home: one service a home. */
  name: string
  /** The Node that runs this. */
  node: string
  /** The compiled `mesh.js`. */
  script: string
  home: string
}

export interface ServiceState {
  installed: boolean
  /** Starts by itself: with the machine, when its user logs in, or not at all. */
  starts: 'at boot' | 'at login' | 'never'
  running: boolean
  /** Since when it runs, as the system tells it; null while it does not. */
  since: string | null
  /** How it ended last, in words; null where it never did, or nobody knows. */
  lastExit: string | null
  /** The file that the system reads, or the task's name. */
  definition: string
}

export interface Installed {
  /** What was done, a sentence each. */
  did: string[]
  /** What the owner may still want to do, with the command. */
  advice: string[]
}

export interface ServiceManager {
  /** Writes the definition, lets it start by itself, and starts it; changes nothing where that is so. @throws {ServiceError} */
  install(plan: ServicePlan): Promise<Installed>
  /** Stops it and undoes everything; gives what was undone. @throws {ServiceError} */
  uninstall(plan: ServicePlan): Promise<string[]>
  /** @throws {ServiceError} where there is no such system here */
  state(plan: ServicePlan): Promise<ServiceState>
  /** Prints the last lines, and with `follow` those that come, until the signal. @throws {ServiceError} */
  logs(plan: ServicePlan, options: { lines: number; follow: boolean; signal: AbortSignal }): Promise<void>
}

/** Thrown when the system cannot have, or refuses, the service; the message says what to do instead. */
export class ServiceError extends Error {
  override name = 'ServiceError'
}

export interface Ran {
  /** Null where there is no such command. */
  code: number | null
  stdout: string
  stderr: string
}

/** All that a manager touches. */
export interface Runner {
  /** Runs a command to its end; nothing is thrown for how that ends. */
  run(command: string, args: readonly string[]): Promise<Ran>
  /** Runs a command whose output is the reader's, until it ends or the signal. */
  show(command: string, args: readonly string[], signal: AbortSignal): Promise<Ran>
  /** Shows the end of a file that is written to and rotated. */
  tail(path: string, options: { lines: number; follow: boolean; signal: AbortSignal }): Promise<void>
  read(path: string): string | null
  /** The file and the folders above it. */
  write(path: string, content: string | Uint8Array): void
  remove(path: string): void
}

/** The user that the service is for. */
export interface Account {
  user: string
  uid: number
  userHome: string
  /** $XDG_CONFIG_HOME, or what it stands for. */
  configHome: string
}

/** Runs what has to succeed. @throws {ServiceError} with the command's own words */
export async function must(runner: Runner, command: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runner.run(command, args)
  if (code === 0) {
    return stdout
  }
  const words = (stderr.trim() || stdout.trim()).split('\n')[0] ?? ''
  throw new ServiceError(
    code === null
      ? `There is no command ${command} on this machine.`
      : `${[command, ...args].join(' ')} failed${words === '' ? ` (exit code ${code})` : `: ${words}`}`
  )
}

/** What every system starts. */
export function commandLine({ node, script, home }: ServicePlan): string[] {
  return [node, script, 'join', '--headless', '--home', home]
}
