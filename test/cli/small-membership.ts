import type { AbortOptions, MemberInfo, Membership } from '../../src/interface.ts'

type Method = keyof Membership
type Result<M extends Method> = Awaited<ReturnType<Membership[M]>>

export function member(changes: Partial<MemberInfo> = {}): MemberInfo {
  return {
    name: 'pi',
    id: '12D3KooWPi',
    state: 'connected',
    role: 'member',
    admittedBy: 'laptop',
    removedBy: null,
    ...changes
  }
}

/** Says what a test lays into it, and writes down what it is asked. */
export class SmallMembership implements Membership {
  /** Each call: the method and its options but the signal. */
  readonly calls: [Method, object][] = []
  /** What a method answers: a value, an error to throw, or a promise of either. */
  answers: { [M in Method]?: Result<M> | Error | Promise<Result<M>> } = {
    list: [member({ name: 'laptop', id: '12D3KooWLaptop', state: 'here', admittedBy: null }), member()],
    start: { mesh: 'amber-otter' },
    openDoor: { open: true, closesInMs: 300_000, newcomers: [] },
    approve: member(),
    invite: { invite: 'mesh://abc', expires: '2030-01-01T00:00:00.000Z' },
    redeem: { mesh: 'amber-otter' },
    confirm: { mesh: 'amber-otter' },
    request: { request: new Uint8Array([1, 2, 3]) },
    admit: { member: member(), admission: new Uint8Array([4, 5, 6]) },
    inspect: { mesh: 'amber-otter', words: 'amber-otter brave-heron calm-lynx' },
    import: { mesh: 'amber-otter', new: 3 },
    rename: member({ name: 'attic' }),
    remove: member({ state: 'removed', removedBy: 'laptop' }),
    makePhrase: {
      phrase: Array.from({ length: 24 }, (_, index) => 'abcdefghijklmnopqrstuvwx'[index]!.repeat(3)).join(' ')
    },
    recover: [member()]
  }

  list = this.#method('list')
  start = this.#method('start')
  openDoor = this.#method('openDoor')
  closeDoor = this.#method('closeDoor')
  approve = this.#method('approve')
  refuse = this.#method('refuse')
  knock = this.#method('knock')
  confirm = this.#method('confirm')
  deny = this.#method('deny')
  invite = this.#method('invite')
  redeem = this.#method('redeem')
  request = this.#method('request')
  admit = this.#method('admit')
  inspect = this.#method('inspect')
  import = this.#method('import')
  rename = this.#method('rename')
  remove = this.#method('remove')
  leave = this.#method('leave')
  makePhrase = this.#method('makePhrase')
  recover = this.#method('recover')

  /** The methods that were called, in order. */
  get called(): Method[] {
    return this.calls.map(([method]) => method)
  }

  #method<M extends Method>(name: M): (options?: AbortOptions) => Promise<Result<M>> {
    return async ({ signal, ...options }: AbortOptions = {}): Promise<Result<M>> => {
      signal?.throwIfAborted()
      this.calls.push([name, options])
      const answer: unknown = await this.answers[name]
      if (answer instanceof Error) {
        throw answer
      }
      return answer as Result<M>
    }
  }
}
