export const PAIR_PROTOCOL = '/mesh/pair/1.0.0'
