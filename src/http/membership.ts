import type { AbortOptions, Membership } from '../interface.ts'
import type { MethodName } from './wire.ts'

/** Asks one method and resolves to its value. The interface says which type, and the node's compiler has checked it. */
export type CallMethod = <T>(method: MethodName, options?: AbortOptions) => Promise<T>

/** `Mesh.membership` over the control socket. */
export function controlMembership(call: CallMethod): Membership {
  return {
    list: (options) => call('membership.list', options),
    start: (options) => call('membership.start', options),
    openDoor: (options) => call('membership.openDoor', options),
    closeDoor: (options) => call('membership.closeDoor', options),
    approve: (options) => call('membership.approve', options),
    refuse: (options) => call('membership.refuse', options),
    knock: (options) => call('membership.knock', options),
    confirm: (options) => call('membership.confirm', options),
    deny: (options) => call('membership.deny', options),
    invite: (options) => call('membership.invite', options),
    redeem: (options) => call('membership.redeem', options),
    request: (options) => call('membership.request', options),
    admit: (options) => call('membership.admit', options),
    inspect: (options) => call('membership.inspect', options),
    import: (options) => call('membership.import', options),
    rename: (options) => call('membership.rename', options),
    remove: (options) => call('membership.remove', options),
    leave: (options) => call('membership.leave', options),
    makePhrase: (options) => call('membership.makePhrase', options),
    recover: (options) => call('membership.recover', options)
  }
}
