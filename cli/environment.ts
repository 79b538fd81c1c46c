/** Every environment variable that the command reads itself; `MESH_HOME` and its kin are the node's. */

import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { HubSettings } from '../src/interface.ts'

export type Variables = Readonly<Record<string, string | undefined>>

export interface Environment {
  /** https://no-color.org: any value but the empty one. A dumb terminal knows no colours either. */
  color: boolean
  /** Set by npm for what it starts: the script's name, or `npx`. */
  npmScript: string | undefined
  /** Set by npm: `exec` under npx. */
  npmCommand: string | undefined
  /** Where npm installs commands, if npm started us. */
  npmPrefix: string | undefined
  path: string
  /** XDG_CONFIG_HOME: the system's own place for settings. */
  configHome: string | undefined
  shell: string
  /** As the hub's own tools read them: HF_ENDPOINT, HF_TOKEN, HF_HOME. */
  hub: HubSettings
}

export function readEnvironment(variables: Variables): Environment {
  return {
    color: (variables.NO_COLOR ?? '') === '' && variables.TERM !== 'dumb',
    npmScript: variables.npm_lifecycle_event,
    npmCommand: variables.npm_command,
    npmPrefix: variables.npm_config_global_prefix,
    path: variables.PATH ?? variables.Path ?? '',
    configHome: (variables.XDG_CONFIG_HOME ?? '') === '' ? undefined : variables.XDG_CONFIG_HOME,
    shell: variables.SHELL ?? '',
    hub: hubSettings(variables)
  }
}

/** The node that works for us may have been started with others, or with none. */
function hubSettings({ HF_ENDPOINT: endpoint, HF_TOKEN: token, HF_HOME: home }: Variables): HubSettings {
  const isSet = (value: string | undefined): value is string => value !== undefined && value !== ''
  return {
    ...(isSet(endpoint) && { endpoint }),
    ...(isSet(token) && { token }),
    ...(isSet(home) && { home: home.startsWith('~/') ? join(homedir(), home.slice(2)) : resolve(home) })
  }
}
