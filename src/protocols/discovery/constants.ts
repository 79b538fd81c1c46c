/** TCP port for libp2p. */
export const DEFAULT_PORT = 6373

/** One below libp2p's port, so that one range opens both in a firewall. */
export const DEFAULT_BEACON_PORT = DEFAULT_PORT - 1

/** Where nodes listen: the default, and what a second and third node on one machine take (HTTP has those between). */
export const NODE_PORTS = [DEFAULT_PORT, DEFAULT_PORT + 3, DEFAULT_PORT + 4]

/** Fixed by RFC 6762. */
export const MDNS_PORT = 5353

/** What open doors announce themselves under, and newcomers knock under. */
export const COMMON_TAG = 'ownmesh'

/** What the members of one mesh find each other under. It tells a listener that does not know the id nothing of it. */
export function meshTag(meshId: string): string {
  return `mesh:${meshId}`
}
