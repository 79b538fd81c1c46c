import type { ComponentLogger, Logger } from '@libp2p/interface'

const nothing = (): void => undefined
const silent: Logger = Object.assign(nothing, {
  error: nothing,
  trace: nothing,
  enabled: false,
  newScope: () => silent
})

/**
 * libp2p's own log where nobody reads it. The usual one is made anew for each stream, in several parts, each of which asks
 * whether it would be written to a terminal and takes a colour, before it is found that none is wanted.
 */
export const silentLibp2pLog: ComponentLogger = { forComponent: () => silent }
