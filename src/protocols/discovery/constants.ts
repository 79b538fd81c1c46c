/** One below libp2p's port, so that one range opens both in a firewall. */
export const DEFAULT_BEACON_PORT = 6372

/** Where nodes listen: the default, and the next ones that a second node on the same machine takes. */
export const NODE_PORTS = [6373, 6374, 6375, 6376]

/** Fixed by RFC 6762. */
export const MDNS_PORT = 5353

/** Every ownmesh device answers to this tag. */
export const COMMON_TAG = 'ownmesh'
