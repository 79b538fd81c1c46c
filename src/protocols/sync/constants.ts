export const SYNC_PROTOCOL = '/mesh/sync/1.0.0'
