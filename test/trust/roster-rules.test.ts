import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { evaluate } from '../../src/trust/index.ts'
import { keyOf, Writer } from './writing.ts'

/** Names of the members by rank, and of the removed after a slash: `founder anna / ben`. */
function shown(writer: Writer): string {
  const { members, removed } = evaluate(writer.all)
  const names = (keys: Iterable<string>) => [...keys].map((key) => writer.nameOf(key)).join(' ')
  return removed.size === 0 ? names(members.keys()) : `${names(members.keys())} / ${names(removed.keys())}`
}

/** A founder who admitted anna, then ben, then carla, one after the other. */
function fourDevices() {
  const writer = new Writer()
  const anna = writer.write('founder', { admit: 'anna' }, writer.genesis)
  const ben = writer.write('founder', { admit: 'ben' }, anna)
  const carla = writer.write('founder', { admit: 'carla' }, ben)
  return { writer, anna, ben, carla }
}

describe('admission', () => {
  it('begins with the founder', () => {
    const writer = new Writer()
    assert.deepEqual(
      [...evaluate(writer.all).members.values()],
      [
        {
          device: keyOf('founder'),
          box: keyOf('founder box'),
          name: 'founder',
          role: 'member',
          order: 0,
          admittedBy: null
        }
      ]
    )
  })

  it('is any member’s to give, and makes the rank', () => {
    const { writer, anna } = fourDevices()
    writer.write('anna', { admit: 'zoe' }, anna)
    // Zoe's record is as deep as ben's, and their hashes decide.
    assert.deepEqual(new Set(shown(writer).split(' ')), new Set(['founder', 'anna', 'ben', 'zoe', 'carla']))
    assert.match(shown(writer), /^founder anna (ben zoe|zoe ben) carla$/)
    assert.equal(evaluate(writer.all).members.get(keyOf('zoe'))?.admittedBy, keyOf('anna'))
  })

  it('by a device that was never admitted counts for nothing, nor does one of oneself', () => {
    const { writer, carla } = fourDevices()
    const stranger = writer.write('stranger', { admit: 'stranger' }, carla)
    writer.write('stranger', { admit: 'friend' }, stranger)
    assert.equal(shown(writer), 'founder anna ben carla')
  })

  it('counts only when its signer knew of its own', () => {
    const { writer, anna } = fourDevices()
    writer.write('carla', { admit: 'dan' }, anna)
    assert.equal(shown(writer), 'founder anna ben carla')
  })

  it('in a role that is not known gives nothing', () => {
    const { writer, carla } = fourDevices()
    const guest = writer.write('founder', { admit: 'guest', role: 'guest' }, carla)
    const friend = writer.write('guest', { admit: 'friend' }, guest)
    writer.write('guest', { remove: 'anna' }, friend)
    assert.equal(shown(writer), 'founder anna ben carla')
  })

  it('twice keeps the earlier rank, and the later one when the earlier falls', () => {
    const { writer, anna, carla } = fourDevices()
    writer.write('anna', { admit: 'dan' }, anna)
    const eve = writer.write('founder', { admit: 'eve' }, carla)
    const late = writer.write('founder', { admit: 'dan' }, eve)
    assert.ok(evaluate(writer.all).members.get(keyOf('dan'))!.order < 4)
    // Whoever removes anna did not know that she had admitted dan.
    writer.write('founder', { remove: 'anna' }, late)
    assert.equal(shown(writer), 'founder ben carla eve dan / anna')
  })

  it('of a device that was removed does not bring it back, before and after', () => {
    const { writer, carla } = fourDevices()
    const removal = writer.write('founder', { remove: 'anna' }, carla)
    writer.write('founder', { admit: 'anna' }, removal)
    writer.write('ben', { admit: 'anna' }, carla)
    assert.equal(shown(writer), 'founder ben carla / anna')
  })

  it('of a key that was removed before anybody knew it does not count', () => {
    const { writer, carla } = fourDevices()
    writer.write('anna', { remove: 'dan' }, carla)
    writer.write('founder', { admit: 'dan' }, carla)
    assert.equal(shown(writer), 'founder anna ben carla / dan')
  })
})

describe('removal', () => {
  it('is any member’s to do, of a senior one too', () => {
    const { writer, carla } = fourDevices()
    writer.write('carla', { remove: 'founder' }, carla)
    assert.equal(shown(writer), 'anna ben carla / founder')
    assert.equal(evaluate(writer.all).removed.get(keyOf('founder'))?.removedBy, keyOf('carla'))
  })

  it('leaves the numbers of the others as they are', () => {
    const { writer, carla } = fourDevices()
    writer.write('founder', { remove: 'anna' }, carla)
    const { members, removed } = evaluate(writer.all)
    assert.equal(removed.get(keyOf('anna'))?.order, 1)
    assert.equal(members.get(keyOf('carla'))?.order, 3)
  })

  it('of each other at the same time leaves the senior one', () => {
    const { writer, carla } = fourDevices()
    writer.write('carla', { remove: 'anna' }, carla)
    writer.write('anna', { remove: 'carla' }, carla)
    assert.equal(shown(writer), 'founder anna ben / carla')
  })

  it('in a circle at the same time goes by rank, each while its signer stands', () => {
    const { writer, carla } = fourDevices()
    writer.write('carla', { remove: 'anna' }, carla)
    writer.write('ben', { remove: 'carla' }, carla)
    writer.write('anna', { remove: 'ben' }, carla)
    // Anna removes ben, who then removes nobody; so carla stands, and removes anna.
    assert.equal(shown(writer), 'founder carla / anna ben')
  })

  it('that its signer knew of comes first, whatever its rank', () => {
    const { writer, carla } = fourDevices()
    const removal = writer.write('carla', { remove: 'anna' }, carla)
    writer.write('anna', { remove: 'carla' }, removal)
    assert.equal(shown(writer), 'founder ben carla / anna')
  })

  it('that was known to a senior removal counts before a rank between the two', () => {
    const { writer, carla } = fourDevices()
    const removal = writer.write('carla', { remove: 'ben' }, carla)
    writer.write('founder', { remove: 'anna' }, removal)
    writer.write('ben', { remove: 'carla' }, carla)
    assert.equal(shown(writer), 'founder carla / anna ben')
  })

  it('of oneself is leaving: what one did before stays', () => {
    const { writer, carla } = fourDevices()
    const admission = writer.write('anna', { admit: 'dan' }, carla)
    writer.write('anna', { remove: 'anna' }, admission)
    writer.write('anna', { admit: 'eve' }, carla)
    assert.equal(shown(writer), 'founder ben carla dan / anna')
    assert.equal(evaluate(writer.all).removed.get(keyOf('anna'))?.removedBy, keyOf('anna'))
  })

  it('lets stand what the removed one had done, as far as its remover knew it', () => {
    const { writer, carla } = fourDevices()
    const known = writer.write('anna', { admit: 'dan' }, carla)
    writer.write('anna', { admit: 'eve' }, carla)
    writer.write('founder', { remove: 'anna' }, known)
    assert.equal(shown(writer), 'founder ben carla dan / anna')
  })

  it('takes with it whole chains of devices that the thief invents', () => {
    const { writer, carla } = fourDevices()
    writer.write('founder', { remove: 'anna' }, carla)
    let last = writer.write('anna', { admit: 'ghost 1' }, carla)
    for (let i = 2; i < 6; i++) last = writer.write(`ghost ${i - 1}`, { admit: `ghost ${i}` }, last)
    writer.write('ghost 5', { remove: 'founder' }, last)
    assert.equal(shown(writer), 'founder ben carla / anna')
  })

  it('back-dated by a thief comes after the one that removed it', () => {
    const { writer, ben, carla } = fourDevices()
    writer.write('anna', { remove: 'ben' }, carla)
    writer.write('ben', { remove: 'anna' }, ben)
    writer.write('ben', { remove: 'carla' }, ben)
    assert.equal(shown(writer), 'founder anna carla / ben')
  })

  it('of a thief takes from its accomplice the rank that it gave', () => {
    const { writer, anna, carla } = fourDevices()
    const dan = writer.write('founder', { admit: 'dan' }, carla)
    // Anna and dan are thieves. Back-dated, anna admits dan again, above ben and carla.
    const higher = writer.write('anna', { admit: 'dan' }, anna)
    writer.write('dan', { remove: 'carla' }, dan, higher)
    writer.write('carla', { remove: 'dan' }, dan)
    assert.equal(shown(writer).split(' / ')[1], 'carla')
    writer.write('founder', { remove: 'anna' }, dan)
    assert.equal(shown(writer), 'founder ben carla / anna dan')
  })

  it('by a thief with a senior device holds until the recovery phrase speaks', () => {
    const { writer, anna, carla } = fourDevices()
    const theft = writer.write('anna', { remove: 'ben' }, anna)
    const defence = writer.write('ben', { remove: 'anna' }, carla)
    assert.equal(shown(writer), 'founder anna carla / ben')
    const recovered = writer.write('recovery', { remove: 'anna' }, theft, defence)
    writer.write('recovery', { admit: 'ben' }, recovered)
    assert.equal(shown(writer), 'founder ben carla / anna')
  })
})

describe('the recovery key', () => {
  it('outranks the founder, who cannot answer', () => {
    const { writer, carla } = fourDevices()
    const removal = writer.write('recovery', { remove: 'founder' }, carla)
    writer.write('founder', { remove: 'anna' }, carla)
    writer.write('founder', { admit: 'friend' }, carla)
    writer.write('founder', { admit: 'founder' }, removal)
    assert.equal(shown(writer), 'anna ben carla / founder')
    assert.equal(evaluate(writer.all).removed.get(keyOf('founder'))?.removedBy, 'recovery')
  })

  it('brings back whom it knows to be removed, and nobody from a removal that it did not know', () => {
    const { writer, carla } = fourDevices()
    const removal = writer.write('ben', { remove: 'anna' }, carla)
    const back = writer.write('recovery', { admit: 'anna' }, removal)
    assert.equal(shown(writer), 'founder anna ben carla')
    writer.write('carla', { remove: 'anna' }, carla)
    assert.equal(shown(writer), 'founder ben carla / anna')
    writer.write('recovery', { admit: 'anna' }, back, ...writer.all.slice(-1))
    assert.equal(shown(writer), 'founder anna ben carla')
  })

  it('gives a device that it brings back its word from then on, not for what it signed in between', () => {
    const { writer, carla } = fourDevices()
    const removal = writer.write('ben', { remove: 'anna' }, carla)
    writer.write('anna', { admit: 'between' }, carla)
    const back = writer.write('recovery', { admit: 'anna' }, removal)
    writer.write('anna', { admit: 'after' }, back)
    assert.equal(shown(writer), 'founder anna ben carla after')
  })

  it('may admit a new device', () => {
    const { writer, carla } = fourDevices()
    writer.write('recovery', { admit: 'dan' }, carla)
    assert.equal(shown(writer), 'founder anna ben carla dan')
    assert.equal(evaluate(writer.all).members.get(keyOf('dan'))?.admittedBy, 'recovery')
  })

  it('is replaced by itself alone', () => {
    const { writer, carla } = fourDevices()
    writer.write('founder', { recovery: 'thief’s own' }, carla)
    assert.equal(evaluate(writer.all).recoveryKey, keyOf('recovery'))
    assert.equal(evaluate(writer.all).phraseMade, false)
    writer.write('recovery', { recovery: 'phrase' }, carla)
    assert.equal(evaluate(writer.all).recoveryKey, keyOf('phrase'))
    assert.equal(evaluate(writer.all).phraseMade, true)
  })

  it('is nothing once it is replaced, but for what the replacement knew', () => {
    const { writer, carla } = fourDevices()
    const known = writer.write('recovery', { remove: 'anna' }, carla)
    const phrase = writer.write('recovery', { recovery: 'phrase' }, known)
    writer.write('recovery', { remove: 'ben' }, carla)
    writer.write('recovery', { remove: 'founder' }, phrase)
    writer.write('recovery', { recovery: 'thief’s own' }, phrase)
    assert.equal(shown(writer), 'founder ben carla / anna')
    assert.equal(evaluate(writer.all).recoveryKey, keyOf('phrase'))
  })

  it('has to know that it is the recovery key', () => {
    const { writer, carla } = fourDevices()
    writer.write('recovery', { recovery: 'phrase' }, carla)
    writer.write('phrase', { remove: 'anna' }, carla)
    assert.equal(shown(writer), 'founder anna ben carla')
  })

  it('is the first in causal order when it was replaced twice at the same time', () => {
    const { writer, anna, carla } = fourDevices()
    const second = writer.write('recovery', { recovery: 'second' }, carla)
    writer.write('second', { remove: 'anna' }, second)
    assert.equal(shown(writer), 'founder ben carla / anna')
    writer.write('recovery', { recovery: 'first' }, anna)
    assert.equal(evaluate(writer.all).recoveryKey, keyOf('first'))
    assert.equal(shown(writer), 'founder anna ben carla')
  })

  it('cannot be removed as though it were a device', () => {
    const { writer, carla } = fourDevices()
    const admission = writer.write('founder', { admit: 'recovery' }, carla)
    writer.write('founder', { remove: 'recovery' }, admission)
    writer.write('recovery', { admit: 'dan' }, admission)
    assert.equal(shown(writer), 'founder anna ben carla dan / recovery')
  })

  it('may become the key again', () => {
    const { writer, carla } = fourDevices()
    const phrase = writer.write('recovery', { recovery: 'phrase' }, carla)
    const again = writer.write('phrase', { recovery: 'recovery' }, phrase)
    writer.write('recovery', { remove: 'anna' }, again)
    writer.write('recovery', { remove: 'ben' }, phrase)
    assert.equal(shown(writer), 'founder ben carla / anna')
  })
})

describe('a name', () => {
  const nameOf = (writer: Writer, device: string) => evaluate(writer.all).members.get(keyOf(device))?.name

  it('is any member’s to give, and the last one in causal order holds', () => {
    const { writer, anna, carla } = fourDevices()
    const first = writer.write('anna', { rename: 'ben', name: 'laptop' }, carla)
    writer.write('founder', { rename: 'ben', name: 'early' }, anna)
    assert.equal(nameOf(writer, 'ben'), 'laptop')
    writer.write('carla', { rename: 'ben', name: 'desktop' }, first)
    assert.equal(nameOf(writer, 'ben'), 'desktop')
  })

  it('is not a removed device’s to give', () => {
    const { writer, carla } = fourDevices()
    writer.write('founder', { remove: 'anna' }, carla)
    writer.write('anna', { rename: 'ben', name: 'stolen' }, carla)
    assert.equal(nameOf(writer, 'ben'), 'ben')
  })
})

describe('a record of a type that is not known', () => {
  it('says nothing, and what builds on it is not lost', () => {
    const { writer, carla } = fourDevices()
    const later = writer.write('anna', { other: 'from-a-later-release' }, carla)
    writer.write('anna', { admit: 'dan' }, later)
    assert.equal(shown(writer), 'founder anna ben carla dan')
  })
})

describe('records whose parents are not there', () => {
  it('are left aside', () => {
    const { writer, anna } = fourDevices()
    assert.deepEqual([...evaluate(writer.all.filter((record) => record !== anna)).members.keys()], [keyOf('founder')])
  })

  it('are no roster without a first one', () => {
    const { writer } = fourDevices()
    assert.throws(() => evaluate(writer.all.slice(1)), { name: 'InvalidRecordError' })
    assert.throws(() => evaluate([...writer.all, new Writer({ nonce: 1 }).genesis]), { name: 'InvalidRecordError' })
  })
})
