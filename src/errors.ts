/**
 * Every error that leaves ownmesh. A class each, with a stable `name` for programs and tests, and a message that says
 * what happened and what to do next. `errorFromName` rebuilds one that crossed the control socket.
 */

/** Facts for programs beside the message: JSON values only. */
export type ErrorDetails = Record<string, unknown>

export interface MeshErrorOptions extends ErrorOptions {
  details?: ErrorDetails
}

/** The parent of all: `error instanceof MeshError` means that the message is fit for a person. */
export class MeshError extends Error {
  override name = 'MeshError'
  readonly details: ErrorDetails

  constructor(message: string, { details = {}, ...options }: MeshErrorOptions = {}) {
    super(message, options)
    this.details = details
  }
}

// ---------------------------------------------------------------- asking

/** Thrown when a prompt is empty, or an option is out of its range. */
export class InvalidRequestError extends MeshError {
  override name = 'InvalidRequestError'
}

/** Thrown when the prompt does not fit the model's context. */
export class PromptTooLongError extends MeshError {
  override name = 'PromptTooLongError'
}

/** Thrown when no device has the model asked for; the message lists the known ones. */
export class UnknownModelError extends MeshError {
  override name = 'UnknownModelError'
}

/** Thrown when no device has the name or id asked for; the message lists the known ones. */
export class UnknownPeerError extends MeshError {
  override name = 'UnknownPeerError'
}

/** Thrown when a name or a beginning of an id fits several devices; the message lists their ids. */
export class AmbiguousPeerError extends MeshError {
  override name = 'AmbiguousPeerError'
}

/** Thrown when no device can answer; the message gives each one's reason. */
export class NobodyCanAnswerError extends MeshError {
  override name = 'NobodyCanAnswerError'
}

/** Thrown when an answer broke off and nobody could carry on; what came before it is the reader's to keep. */
export class AnswerInterruptedError extends MeshError {
  override name = 'AnswerInterruptedError'
}

// ---------------------------------------------------------------- engines and models

/** Thrown when this device has no engine; the message says why (unsupported platform, missing package). */
export class EngineUnavailableError extends MeshError {
  override name = 'EngineUnavailableError'
}

/** Thrown when the engine's process died or gave up in the middle of work. The next ask starts it again. */
export class EngineFailedError extends MeshError {
  override name = 'EngineFailedError'
}

/** Thrown when a model's folder lacks a file or holds one that cannot be read; the message names it. */
export class BrokenModelError extends MeshError {
  override name = 'BrokenModelError'
}

/** Thrown when a model does not fit what this device gives its models of its memory; the message has the arithmetic. */
export class ModelTooLargeError extends MeshError {
  override name = 'ModelTooLargeError'
}

/** Thrown when a model package is damaged, incomplete, or asks for what no package may. Nothing of it is taken. */
export class InvalidPackageError extends MeshError {
  override name = 'InvalidPackageError'
}

/** Thrown when the name, or the place, for a model is taken by another one; the message says how to go on. */
export class ModelExistsError extends MeshError {
  override name = 'ModelExistsError'
}

/** Thrown when a disk has too little room; the message says which, and how much is needed. */
export class DiskFullError extends MeshError {
  override name = 'DiskFullError'
}

/**
 * Thrown when another device sends, of a model, what is not what it promised: its disk is damaged, or it lies. The piece
 * was not kept.
 */
export class WrongPieceError extends MeshError {
  override name = 'WrongPieceError'
}

/** Thrown when a file or a folder that was named cannot be read or written: no permission, a stick that was pulled. */
export class FileUnusableError extends MeshError {
  override name = 'FileUnusableError'
}

/**
 * Thrown when another engine (Ollama, llama.cpp, …) fails at what it was asked: it is down, refuses the key, answers what
 * cannot be understood, or cannot carry on from a begun answer. The device's other models are as good as before.
 */
export class ServedEngineError extends MeshError {
  override name = 'ServedEngineError'
}

/** Thrown when no other engine of this device has the name; the message lists the known ones. */
export class UnknownEngineError extends MeshError {
  override name = 'UnknownEngineError'
}

/** Thrown when a device takes no asks now: paused, draining, or set to `--answer no`. */
export class NotAnsweringError extends MeshError {
  override name = 'NotAnsweringError'
}

/** Thrown when a queue or a limit for one peer is full; try elsewhere or later. */
export class BusyError extends MeshError {
  override name = 'BusyError'
}

// ---------------------------------------------------------------- the Hugging Face hub

/** Thrown when the hub cannot be reached: no network, no such host, nobody listens, a certificate that cannot be trusted. */
export class HubUnreachableError extends MeshError {
  override name = 'HubUnreachableError'
}

/** Thrown when the hub is connected and says nothing, or next to nothing, for longer than its limit. */
export class HubSilentError extends MeshError {
  override name = 'HubSilentError'
}

/** Thrown when the hub ended a connection in the middle, again and again. What came is kept. */
export class HubCutOffError extends MeshError {
  override name = 'HubCutOffError'
}

/** Thrown when what answers is not as a hub does: a web page, a redirect without end, an internal error, too much. */
export class HubAnswerError extends MeshError {
  override name = 'HubAnswerError'
}

/** Thrown when the bytes of a file are not those that the hub has announced. Nothing of that file is kept. */
export class HubBytesError extends MeshError {
  override name = 'HubBytesError'
}

/** Thrown when the hub has no model of that name, or shows none to whoever asked. */
export class NotOnHubError extends MeshError {
  override name = 'NotOnHubError'
}

/** Thrown when the hub hands a model only to those whom its owner has let in; the message says how to ask. */
export class GatedModelError extends MeshError {
  override name = 'GatedModelError'
}

/** Thrown when a model lies on the hub in a form that is not run here; the message says which is, and the other road. */
export class NotOnnxError extends MeshError {
  override name = 'NotOnnxError'
}

/** Thrown when a model is there, and not in the quantization asked for; the message lists the ones that are. */
export class UnknownQuantizationError extends MeshError {
  override name = 'UnknownQuantizationError'
}

// ---------------------------------------------------------------- the wire

/** Thrown when bytes from outside break the protocol: malformed, oversized, out of order. */
export class ProtocolError extends MeshError {
  override name = 'ProtocolError'
}

/** Thrown when a peer went away: reset, hung up, or could not be dialled. */
export class PeerUnreachableError extends MeshError {
  override name = 'PeerUnreachableError'
}

/** Thrown when a peer is connected but says nothing for longer than its limit. */
export class PeerSilentError extends MeshError {
  override name = 'PeerSilentError'
}

/** Thrown when a peer reports a failure that has no better name. */
export class RemoteError extends MeshError {
  override name = 'RemoteError'
}

// ---------------------------------------------------------------- this device

/** Thrown when another process serves this home; the message says which. */
export class HomeInUseError extends MeshError {
  override name = 'HomeInUseError'
}

/** Thrown when the home cannot be created, read or written. */
export class HomeUnusableError extends MeshError {
  override name = 'HomeUnusableError'
}

/** Thrown when the identity file is damaged, or readable by others; the message has the command that mends it. */
export class IdentityError extends MeshError {
  override name = 'IdentityError'
}

/** Thrown when `config.json` or an environment variable holds what cannot be used. */
export class ConfigError extends MeshError {
  override name = 'ConfigError'
}

/** Thrown when no port could be listened on. */
export class ListenError extends MeshError {
  override name = 'ListenError'
}

/** Thrown when no node runs for this home, or it stopped while we spoke to it. */
export class NodeUnreachableError extends MeshError {
  override name = 'NodeUnreachableError'
}

/** Thrown when the other side could not prove that it belongs to this home. */
export class NotAllowedError extends MeshError {
  override name = 'NotAllowedError'
}

// ---------------------------------------------------------------- membership

/** Thrown when something needs a mesh and this device belongs to none, or was removed from it. */
export class NotMemberError extends MeshError {
  override name = 'NotMemberError'
}

/** Thrown when this device is one of several in a mesh already, and would have to leave it first. */
export class AlreadyMemberError extends MeshError {
  override name = 'AlreadyMemberError'
}

/** Thrown when no newcomer, or no comparison, shows the code that was given. */
export class NoSuchNewcomerError extends MeshError {
  override name = 'NoSuchNewcomerError'
}

/** Thrown when two devices did not come together; `details.reason` is a `PairRefusal` where there is one. */
export class PairingFailedError extends MeshError {
  override name = 'PairingFailedError'
}

/** Thrown when a text is no invite, or a damaged one. */
export class InvalidInviteError extends MeshError {
  override name = 'InvalidInviteError'
}

/** Thrown when an invite's ten minutes are over, or the device that made it was restarted. */
export class InviteExpiredError extends MeshError {
  override name = 'InviteExpiredError'
}

/** Thrown when another device has used the invite. */
export class InviteUsedError extends MeshError {
  override name = 'InviteUsedError'
}

/** Thrown when a file is no request, no admission, or a damaged one. */
export class InvalidFileError extends MeshError {
  override name = 'InvalidFileError'
}

/** Thrown when a roster record is malformed, forged, or of another mesh. */
export class InvalidRecordError extends MeshError {
  override name = 'InvalidRecordError'
}

/** Thrown when a device was removed: it returns only with a new key. */
export class RemovedError extends MeshError {
  override name = 'RemovedError'
}

/** Thrown when a recovery phrase is mistyped or another one, or cannot be made here. */
export class RecoveryError extends MeshError {
  override name = 'RecoveryError'
}

// ---------------------------------------------------------------- memories

/** Thrown when no memory or conversation has the id that was given. */
export class UnknownMemoryError extends MeshError {
  override name = 'UnknownMemoryError'
}

/** Thrown when the beginning of an id fits several memories; the message lists them. */
export class AmbiguousMemoryError extends MeshError {
  override name = 'AmbiguousMemoryError'
}

/** Thrown when so much would be forgotten at once that a person should say it twice; `details.count` tells how much. */
export class ManyForgottenError extends MeshError {
  override name = 'ManyForgottenError'
}

/** Thrown when what was changed or forgotten is too long ago to be undone, or was erased at once. */
export class NotUndoableError extends MeshError {
  override name = 'NotUndoableError'
}

// ---------------------------------------------------------------- snapshots

/** Thrown when a file is no snapshot, was not written as ownmesh writes them, or is not signed by whom it names. */
export class InvalidSnapshotError extends MeshError {
  override name = 'InvalidSnapshotError'
}

/** Thrown when a snapshot is not as it was written; `details.mebibyte` tells where, counted from 1. */
export class DamagedSnapshotError extends MeshError {
  override name = 'DamagedSnapshotError'
}

/** Thrown when the end of a snapshot is missing. */
export class TruncatedSnapshotError extends MeshError {
  override name = 'TruncatedSnapshotError'
}

/** Thrown when a snapshot was written by a later release. */
export class NewerSnapshotError extends MeshError {
  override name = 'NewerSnapshotError'
}

/** Thrown when a snapshot is of another mesh. */
export class ForeignSnapshotError extends MeshError {
  override name = 'ForeignSnapshotError'
}

/** Thrown when a snapshot is closed to other keys than those of this device: it was admitted after it was written. */
export class NotForThisDeviceError extends MeshError {
  override name = 'NotForThisDeviceError'
}

/** Thrown when a snapshot is closed by a passphrase and none, or another one, was given. */
export class WrongPassphraseError extends MeshError {
  override name = 'WrongPassphraseError'
}

/** Thrown when a snapshot was signed by a device that was removed since; its owner decides whether it counts. */
export class RemovedSignerError extends MeshError {
  override name = 'RemovedSignerError'
}

const byName: Readonly<Record<string, typeof MeshError>> = {
  MeshError,
  InvalidRequestError,
  PromptTooLongError,
  UnknownModelError,
  UnknownPeerError,
  AmbiguousPeerError,
  NobodyCanAnswerError,
  AnswerInterruptedError,
  EngineUnavailableError,
  EngineFailedError,
  BrokenModelError,
  ModelTooLargeError,
  InvalidPackageError,
  ModelExistsError,
  DiskFullError,
  WrongPieceError,
  FileUnusableError,
  ServedEngineError,
  UnknownEngineError,
  NotAnsweringError,
  BusyError,
  HubUnreachableError,
  HubSilentError,
  HubCutOffError,
  HubAnswerError,
  HubBytesError,
  NotOnHubError,
  GatedModelError,
  NotOnnxError,
  UnknownQuantizationError,
  ProtocolError,
  PeerUnreachableError,
  PeerSilentError,
  RemoteError,
  HomeInUseError,
  HomeUnusableError,
  IdentityError,
  ConfigError,
  ListenError,
  NodeUnreachableError,
  NotAllowedError,
  NotMemberError,
  AlreadyMemberError,
  NoSuchNewcomerError,
  PairingFailedError,
  InvalidInviteError,
  InviteExpiredError,
  InviteUsedError,
  InvalidFileError,
  InvalidRecordError,
  RemovedError,
  RecoveryError,
  UnknownMemoryError,
  AmbiguousMemoryError,
  ManyForgottenError,
  NotUndoableError,
  InvalidSnapshotError,
  DamagedSnapshotError,
  TruncatedSnapshotError,
  NewerSnapshotError,
  ForeignSnapshotError,
  NotForThisDeviceError,
  WrongPassphraseError,
  RemovedSignerError
}

/** The error of that name, or a plain `MeshError` for a name that this release does not know. */
export function errorFromName(name: string, message: string, details: ErrorDetails = {}): MeshError {
  const ErrorClass = Object.hasOwn(byName, name) ? byName[name] : undefined
  return new (ErrorClass ?? MeshError)(message, { details })
}
