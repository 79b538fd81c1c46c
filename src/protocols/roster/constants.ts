export const ROSTER_PROTOCOL = '/mesh/roster/1.0.0'
