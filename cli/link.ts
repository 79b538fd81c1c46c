import { accessSync, constants, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'
import { UsageError } from './exit-codes.ts'

/** In every command file that we write, so that none of anybody else is touched. */
const MARK = 'ownmesh command, from npm run install-command'

export interface Place {
  /** The compiled `mesh.js` that the command shall lead to. */
  target: string
  /** npm's prefix, where it is known. */
  prefix: string | undefined
  userHome: string
  platform: NodeJS.Platform
}

/** Puts the command where it needs no root; returns its path. @throws {UsageError} where another `mesh` is in the way */
export function install(place: Place): string {
  const file = commandFiles(place).find((each) => isWritable(dirname(each))) ?? userCommand(place)
  if (exists(file) && !isWrapper(file)) {
    throw new UsageError(`${file} is there already and is another command; remove it first, if you no longer need it.`)
  }
  mkdirSync(dirname(file), { recursive: true })
  rmSync(file, { force: true })
  writeFileSync(file, wrapper(place), { mode: 0o755 })
  return file
}

/** Removes what `install` put there, wherever that was; returns what was removed. */
export function uninstall(place: Place): string[] {
  const ours = commandFiles(place).filter((file) => leadsTo(file, place.target))
  for (const file of ours) {
    rmSync(file)
  }
  return ours
}

export interface PathHintInit {
  path: string
  shell: string
  userHome: string
  platform: NodeJS.Platform
}

/** The line that puts the command's folder on the path, or nothing where it is there. */
export function pathHint(link: string, { path, shell, userHome, platform }: PathHintInit): string | undefined {
  const folder = dirname(link)
  if (path.split(delimiter).includes(folder)) {
    return undefined
  }
  if (platform === 'win32') {
    return `setx PATH "%PATH%;${folder}"`
  }
  const shown = folder.startsWith(`${userHome}/`) ? folder.replace(userHome, '$HOME') : folder
  switch (basename(shell)) {
    case 'fish':
      return `fish_add_path "${shown}"`
    case 'zsh':
      return `echo 'export PATH="${shown}:$PATH"' >> ~/.zshrc && . ~/.zshrc`
    case 'bash':
      return `echo 'export PATH="${shown}:$PATH"' >> ~/.bashrc && . ~/.bashrc`
    default:
      return `echo 'export PATH="${shown}:$PATH"' >> ~/.profile && . ~/.profile`
  }
}

/** Where the command may lie, best first. */
function commandFiles(place: Place): string[] {
  const { prefix, platform } = place
  if (prefix === undefined) {
    return [userCommand(place)]
  }
  return [platform === 'win32' ? join(prefix, 'mesh.cmd') : join(prefix, 'bin', 'mesh'), userCommand(place)]
}

/** Whether the file is the command of exactly this `mesh.js`. */
export function leadsTo(file: string, target: string): boolean {
  return (
    isWrapper(file) &&
    readFileSync(file, 'utf8') === wrapper({ target, platform: file.endsWith('.cmd') ? 'win32' : 'linux' })
  )
}

function userCommand({ userHome, platform }: Place): string {
  return platform === 'win32' ? join(userHome, '.local', 'bin', 'mesh.cmd') : join(userHome, '.local', 'bin', 'mesh')
}

/** A script rather than a link: it needs no executable bit on what the next build writes, and serves Windows too. */
function wrapper({ target, platform }: Pick<Place, 'target' | 'platform'>): string {
  return platform === 'win32'
    ? `@rem ${MARK}\r\n@node "${target}" %*\r\n`
    : `#!/bin/sh\n# ${MARK}\nexec node '${target.replaceAll("'", "'\\''")}' "$@"\n`
}

/** Written by `install`, for this folder or another one. */
function isWrapper(file: string): boolean {
  try {
    return readFileSync(file, 'utf8').includes(MARK)
  } catch {
    // Nothing that could be read.
    return false
  }
}

/** A link that leads nowhere exists too. */
function exists(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    // Not there, or not ours to write.
    return false
  }
}
