/**
 * @packageDocumentation
 *
 * Who belongs to the mesh, and how a device comes to belong to it. Pure: keys, clocks and randomness are given, and no
 * byte is sent from here.
 */
export type { BoxKey, DeviceKey, Signer, Verify } from './keys.ts'

// The roster: signed records that build on each other, and what they say together.
export { Roster } from './roster.ts'
export type { NewDevice, RosterStore } from './roster.ts'
export type { Merged, RefusedRecord } from './intake.ts'
export { evaluate } from './evaluate.ts'
export type { Member, RemovedMember, RosterState } from './evaluate.ts'
export { decodeRecord } from './record-encoding.ts'
export type { RecordHash, RosterBody, RosterRecord } from './record.ts'

// Words for people.
export { doorWords, fingerprintOf, wordsFromDoor, wordsOf } from './mesh-words.ts'
export { makePhrase, phraseToSeed } from './recovery-phrase.ts'

// Pairing: a newcomer and a member that compare six digits.
export { codeOf, commitmentOf } from './commitment.ts'
export type { Committed, Opened, PairingSide, Transcript } from './commitment.ts'
export { helloOf, stepPairing } from './pairing.ts'
export { beginPairing } from './pairing-state.ts'
export type { PairingEnd, PairingEvent, PairingInit, PairingState, PairingStep } from './pairing-state.ts'
export { DOOR_OPEN_MS, DoorState } from './door.ts'

// Invites: one-time tickets.
export { decodeInvite, encodeInvite } from './invite.ts'
export type { InviteTicket } from './invite.ts'
export { Invites } from './invites.ts'
export type { InvitesInit, Redemption } from './invites.ts'
export { memberProof, newcomerProof, ticketId } from './ticket-proof.ts'
export type { ProofParties } from './ticket-proof.ts'

// Files that are carried by hand.
export { decodeRequest, encodeRequest } from './request-file.ts'
export type { DeviceRequest } from './request-file.ts'
export { decodeAdmission, encodeAdmission } from './admission-file.ts'
export type { AdmissionFile } from './admission-file.ts'
