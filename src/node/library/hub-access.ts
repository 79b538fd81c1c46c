import { readFile, statfs } from 'node:fs/promises'
import { homedir, totalmem } from 'node:os'
import { join } from 'node:path'
import { createHub, type Device, type Hub, type HubLimits } from '../../hub/index.ts'
import type { HubSettings } from '../../interface.ts'
import { checkRoom, filesProblem, makeFolder, syncFolder, writing } from '../../packages/index.ts'
import type { Environment } from '../environment.ts'
import type { HubSource } from './hub-pull.ts'

/** The hub as it is spoken to from here, and what there is on this device for what it has. */
export function hubSource(folder: string, environment: Environment, limits?: HubLimits): HubSource {
  return {
    open: async (settings) => openHub(settings, environment, limits),
    device: () => deviceWith(folder)
  }
}

async function openHub(settings: HubSettings, environment: Environment, limits?: HubLimits): Promise<Hub> {
  const endpoint = settings.endpoint ?? environment.hfEndpoint
  const token = settings.token ?? environment.hfToken ?? (await tokenIn(tokenFile(settings, environment)))
  return createHub({
    ...(endpoint !== undefined && { endpoint }),
    ...(token !== undefined && { token }),
    ...(limits !== undefined && { limits }),
    disk: { checkRoom, makeFolder, syncFolder, writing },
    pathsProblem: (files) => filesProblem(files, null)
  })
}

/** Where the hub's own tools keep the token of whoever has logged in with them. */
function tokenFile({ home }: HubSettings, { hfTokenPath, hfHome, xdgCacheHome }: Environment): string {
  if (home === undefined && hfTokenPath !== undefined) return atHome(hfTokenPath)
  return join(atHome(home ?? hfHome ?? join(xdgCacheHome ?? join(homedir(), '.cache'), 'huggingface')), 'token')
}

/** The hub's tools take `~` for the home directory. */
function atHome(path: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : path
}

/** The first line of a token file; undefined where there is none that this user may read. */
async function tokenIn(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const [token = ''] = text.trim().split(/\s/)
  return token === '' ? undefined : token
}

/** What is free now. In a container it is the container's; on macOS less than could be had, since caches count as used. */
async function deviceWith(folder: string): Promise<Device> {
  const { bavail, bsize } = await statfs(folder)
  const limit = process.constrainedMemory()
  const memoryTotal = limit > 0 ? Math.min(limit, totalmem()) : totalmem()
  return { memoryFree: Math.min(process.availableMemory(), memoryTotal), memoryTotal, diskFree: bavail * bsize }
}
