/** What follows from the failure of one attempt to answer. */
export interface Consequence {
  /** `throw`: the request itself is at fault and fails everywhere. `next`: another candidate is tried. */
  then: 'throw' | 'next'
  /** What this ask does not try again: the device, one model of that device, or that model on any device. */
  excludes: 'device' | 'model there' | 'model anywhere'
  /** Whether later asks avoid the device for a while. */
  aside: 'no' | 'briefly' | 'growing'
}

/** What is not in the table: a device that does what nobody foresaw is avoided. */
const FAILED: Consequence = { then: 'next', excludes: 'device', aside: 'growing' }

const BY_NAME: Readonly<Record<string, Consequence>> = {
  // The same request is wrong on every device; trying it elsewhere would blame them one after the other.
  InvalidRequestError: { then: 'throw', excludes: 'device', aside: 'no' },
  // Counted by the engine itself; another model may have a longer context.
  PromptTooLongError: { then: 'next', excludes: 'model anywhere', aside: 'no' },
  // Removed since the last notice, or damaged there: the device's other models are as good as before.
  UnknownModelError: { then: 'next', excludes: 'model there', aside: 'no' },
  BrokenModelError: { then: 'next', excludes: 'model there', aside: 'no' },
  // Its memory was given to less since the last notice; what it can load is as good as before.
  ModelTooLargeError: { then: 'next', excludes: 'model there', aside: 'no' },
  // The other engine is looked at at once, and what it cannot do is no longer offered.
  ServedEngineError: { then: 'next', excludes: 'model there', aside: 'no' },
  // Paused or shutting down since the last notice; the next notice tells.
  NotAnsweringError: { then: 'next', excludes: 'device', aside: 'no' },
  // Healthy, only full: a moment later there is room.
  BusyError: { then: 'next', excludes: 'device', aside: 'briefly' },
  EngineUnavailableError: FAILED,
  EngineFailedError: FAILED,
  NotAllowedError: FAILED,
  PeerUnreachableError: FAILED,
  PeerSilentError: FAILED,
  ProtocolError: FAILED,
  RemoteError: FAILED
}

export function consequenceOf(error: unknown): Consequence {
  const name = error instanceof Error ? error.name : ''
  return (Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : undefined) ?? FAILED
}
