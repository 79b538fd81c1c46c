export const CAPABILITY_PROTOCOL = '/mesh/capability/1.0.0'
