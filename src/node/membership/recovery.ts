import { NotMemberError, RecoveryError } from '../../errors.ts'
import { makePhrase, phraseToSeed } from '../../trust/index.ts'
import { deviceKeyOf, signerOf } from './keys.ts'
import type { OwnRoster } from './own-roster.ts'

/**
 * Makes the recovery phrase, which is kept nowhere.
 *
 * @param old the present phrase, where there is one
 * @throws {RecoveryError}
 */
export function newPhrase(roster: OwnRoster, old: string | undefined): string {
  const phrase = makePhrase()
  const present = old === undefined ? null : signerOf(phraseToSeed(old))
  roster.replaceRecovery(present, signerOf(phraseToSeed(phrase)).key)
  return phrase
}

export interface Recovery {
  phrase: string
  /** PeerIds of the devices that are lost. */
  lost: string[]
  /** PeerIds of removed devices that come back. */
  back: string[]
}

/** What nothing outranks: removes the lost devices, then brings back the others. @throws {RecoveryError} {NotMemberError} */
export function recover(roster: OwnRoster, { phrase, lost, back }: Recovery): void {
  const signer = signerOf(phraseToSeed(phrase))
  if (roster.mesh === null) {
    throw new NotMemberError('This home knows no mesh to recover. Let it in as a new device: mesh join.')
  }
  if (!roster.phraseMade) throw new RecoveryError('No recovery phrase was made for this mesh.')
  if (signer.key !== roster.recoveryKey) {
    throw new RecoveryError(`These are 24 good words, but not the recovery phrase of ${roster.words ?? 'this mesh'}.`)
  }
  roster.recover((append) => {
    for (const id of lost) append.remove(signer, deviceKeyOf(id))
    for (const { id, device, box, name } of roster.removed()) {
      if (back.includes(id) && !lost.includes(id)) append.admit(signer, { device, box, name })
    }
  })
}
