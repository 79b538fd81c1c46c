/** Every environment variable that the command reads itself; `MESH_HOME` and its kin are the node's. */

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
}

export function readEnvironment(variables: Variables): Environment {
  return {
    color: (variables.NO_COLOR ?? '') === '' && variables.TERM !== 'dumb',
    npmScript: variables.npm_lifecycle_event,
    npmCommand: variables.npm_command,
    npmPrefix: variables.npm_config_global_prefix,
    path: variables.PATH ?? variables.Path ?? '',
    configHome: (variables.XDG_CONFIG_HOME ?? '') === '' ? undefined : variables.XDG_CONFIG_HOME,
    shell: variables.SHELL ?? ''
  }
}
