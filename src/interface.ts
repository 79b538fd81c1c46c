/**
 * The words of ownmesh: every type that more than one folder speaks of. This file imports nothing and holds no code,
 * so that `protocols`, `trust`, `crdt` and `inference` can stay strangers to each other and still be understood.
 *
 * Units are in the names: `…Ms` milliseconds, `…Rate` tokens a second, `bytes` bytes. Times on one device are its own
 * monotonic or wall clock as stated; no time of another device is ever compared with ours.
 */

/** What ends a wait early. Everything that waits takes one, last. */
export interface AbortOptions {
  signal?: AbortSignal
}

// ---------------------------------------------------------------- devices

/** A device as it is shown (`name`) and as it is known for certain (`id`, the PeerId in base58). */
export interface PeerLabel {
  name: string
  id: string
}

/** How a device was found. */
export type FoundBy = 'mdns' | 'beacon' | 'remembered' | 'address' | 'scan' | 'gossip' | 'incoming'

/**
 * - `connected`: heartbeats arrive, it may be asked
 * - `silent`: connected, but no heartbeat lately (suspended, or the cable was pulled)
 * - `reachable`: in a mesh of many devices, heard of lately from others; connected as soon as it is asked
 * - `away`: known from before, not reachable now
 */
export type PeerState = 'connected' | 'silent' | 'reachable' | 'away'

/** A member as seen from here, now. */
export interface PeerInfo extends PeerLabel {
  state: PeerState
  /** The name of its strongest model, or null when it does not answer. */
  model: string | null
  /** Published decode rate of that model, or null. */
  tokensPerSecond: number | null
  /** Asks running or waiting there. */
  queue: number
  roundTripMs: number | null
  foundBy: FoundBy[]
  /** Milliseconds since it was last heard, by our own clock; 0 while connected. */
  lastSeenMs: number
  addresses: string[]
  version: string | null
  /** The processor or GPU that answers there, in words. */
  hardware: string | null
  /** Whether it takes asks; null while it has not said so. */
  answering: Answering | null
  /** Milliseconds until its pause ends by itself, or null. */
  resumesInMs: number | null
}

// ---------------------------------------------------------------- models

/** What a model needs of a device's main memory, in bytes. */
export interface ModelMemory {
  /** For as long as it is loaded: by its files, or as measured where that is more. */
  loaded: number
  /** More for each token of prompt and answer while it answers. */
  perToken: number
  /** What the device gives its models together; null where there is no limit. */
  budget: number | null
  /** Whether `loaded` was measured. */
  isMeasured: boolean
  /** Longest prompt and answer together that the model itself can do; `contextLength` is what fits, in tokens. */
  fullContext: number
}

/** A model that this device holds. */
export interface ModelInfo {
  /** The folder's name, or `mini` for the built-in one. */
  name: string
  /**
   * SHA-256, hexadecimal. Over its files: equal hashes mean equal greedy answers on one provider. Where another engine
   * serves it, over what that says of it: kind, name, and the digest if it gives one.
   */
  hash: string
  /** 0 where another engine serves it and does not tell. */
  bytes: number
  /** Number of weights, or null where the folder does not tell. */
  parameters: number | null
  /** For example `fp32`, `q8`, `q4f16`. */
  quantization: string | null
  /** Longest prompt and answer together, in tokens: what the model can do, and the memory holds. */
  contextLength: number
  loaded: boolean
  builtIn: boolean
  /** Why it cannot be used, naming the file; null when it can. */
  broken: string | null
  /** The graph that runs, in its folder, for example `onnx/model_q4.onnx`; absent of what is broken or served. */
  graph?: string
  /** Other graphs in its folder, which are not used. @default none */
  otherGraphs?: string[]
  /** Its folder, where it was added in place; absent where it lies in the home. */
  path?: string
  /** The name of the other engine that serves it. @default it is run here */
  engine?: string
  /** As in `ModelOffer`. @default false */
  startsOnly?: boolean
  /** Where it was pulled from the Hugging Face hub, and in which form. @default it came another way */
  origin?: ModelOrigin
  /** Absent where another engine serves it. */
  memory?: ModelMemory
  /** Why this device cannot load it, with the arithmetic and what to do; absent where it can. */
  tooLarge?: string
  /** Its owner chose it to answer where none is named. @default false */
  chosen?: boolean
  /** How long loading it took the last time; absent before the first. */
  loadMs?: number
  /** Since it was last asked; absent where that was not since the engine began. */
  lastUsedMs?: number
  /** As measured; absent before the first measurement. */
  rates?: Rates
  /** The execution provider that it runs on: onnxruntime's name. */
  provider?: string
}

/** What a model pulled from the hub remembers, wherever it is carried; its hash does not depend on it. */
export interface ModelOrigin {
  /** `OWNER/NAME` */
  repository: string
  /** 40 hexadecimal digits. */
  commit: string
  /** As the hub's files say it: `q4`, `q4f16`, `int8`, … */
  quantization: string
}

/** Lone-request speed of one model on one device, in tokens a second. */
export interface Rates {
  prefillRate: number
  decodeRate: number
}

/** What became of one execution provider on this device: the reasons `doctor` shows. */
export interface ProviderReport {
  /** onnxruntime's name: `cpu`, `cuda`, `webgpu`, `coreml`, `dml`. */
  provider: string
  state: 'used' | 'slower' | 'software' | 'failed'
  /** What is missing, the provider's own words, or a measured comparison. */
  reason: string
  decodeRate: number | null
  /** The command that brings what is missing. @default nothing is known to be */
  mend?: string
}

// ---------------------------------------------------------------- measuring this device

export interface BenchOptions extends AbortOptions {
  /** A model's name. @default the strongest that this device runs itself */
  model?: string
}

/** Rates of single runs, in tokens a second. Their spread tells how busy the device was. */
export interface BenchFigure {
  median: number
  lowest: number
  highest: number
  runs: number
}

/** In this order: one `started`; for each provider any `progress` and one `provider`; one `done`; or an error is thrown. */
export type BenchEvent = BenchStarted | BenchProgress | BenchProvider | BenchDone

export interface BenchStarted {
  type: 'started'
  model: string
  hash: string
  bytes: number
  parameters: number | null
  quantization: string | null
  /** The processor in words. */
  hardware: string
  /** Those that will be tried, in this order. */
  providers: string[]
  promptTokens: number
  answerTokens: number
}

export interface BenchProgress {
  type: 'progress'
  provider: string
  step: 'loading' | 'measuring'
  /** Runs done, of at most `runs`. */
  run: number
  runs: number
}

export interface BenchProvider {
  type: 'provider'
  provider: string
  state: 'measured' | 'failed'
  /** Why it failed; null where it was measured. */
  reason: string | null
  /** As in `ProviderReport`. */
  mend?: string
  /** What computes in software in the place of a GPU, in words; else null. */
  software: string | null
  /** From the file to the first token; null where it failed. */
  loadMs: number | null
  /** What the process grew by; memory of a GPU is not seen. Null where it failed. */
  memoryBytes: number | null
  prefill: BenchFigure | null
  decode: BenchFigure | null
  /** Whether its greedy answer is token for token the processor's; null where one of them has none. */
  sameAnswer: boolean | null
}

export interface BenchDone {
  type: 'done'
  /** The provider that answers from now on. */
  used: string
  /** The measured comparison, in words. */
  reason: string
  /** Signs that something else worked on this device meanwhile, in words; else null. */
  busy: string | null
}

/** A model as a device offers it to others. */
export interface ModelOffer extends Rates {
  name: string
  hash: string
  parameters: number | null
  quantization: string | null
  contextLength: number
  builtIn: boolean
  /** It cannot carry on from what another has answered, so it is only asked for whole answers. @default false */
  startsOnly?: boolean
  /** Expected milliseconds until it is loaded. @default it is loaded */
  loadMs?: number
  /** The device's owner chose it: where none is named, it answers there and not another. @default false */
  chosen?: boolean
}

/**
 * Whether a device takes asks:
 * - `no`: the owner's setting (`--answer no`), or a device without an engine
 * - `paused`: the owner wants the device for something else for a while; asks for `here` are still answered
 * - `draining`: it ends as soon as the answers that run are done
 */
export type Answering = 'yes' | 'no' | 'paused' | 'draining'

/** What a device says of itself: what it runs, how fast, how busy. Sent on change and with every heartbeat's number. */
export interface Capability {
  name: string
  /** Random for each process: two alive under one id are two processes with one identity. */
  instance: string
  /** Release of ownmesh, for example `0.1.0`. */
  version: string
  /** Grows with each change within one instance. */
  sequence: number
  answering: Answering
  /** While it is paused: milliseconds from the sending of this until the pause ends by itself. @default it does not */
  resumesInMs?: number
  models: ModelOffer[]
  /** Asks running or waiting. */
  queue: number
  hardware: string | null
  addresses: string[]
  /** Digest of its roster, 64 hexadecimal digits: who has another one is asked for what it knows. Null outside any mesh. */
  roster: string | null
}

// ---------------------------------------------------------------- questions and answers

export interface Message {
  role: 'system' | 'user' | 'assistant'
  content: string
}

/** How tokens are chosen. What is left out comes from the model's `generation_config.json`, then from the default. */
export interface SamplingOptions {
  /** @default 512, or 4096 where another engine serves the model, which may think first; never beyond its context */
  maxTokens?: number
  /** 0 is greedy. @default 0 */
  temperature?: number
  /** @default 1 */
  topP?: number
  /** 0 is off. @default 0 */
  topK?: number
  /** 1 is off. @default 1 */
  repetitionPenalty?: number
  /** 32-bit. With the same seed, model and provider the same tokens come. @default random */
  seed?: number
  /** The answer ends before any of these. @default none */
  stop?: string[]
}

/** The options as an engine will use them, nothing left open. */
export type ResolvedSampling = Required<SamplingOptions>

/** What was already answered, for an engine that carries on where another failed. */
export interface Continuation {
  /** Token ids of the answer so far: exact, for the same model. Empty for another model, or where ids are not known. */
  tokens: number[]
  /** Text that the reader already has: for another model, and for an engine that knows no ids. */
  text: string
}

/** A question as an engine takes it, here or over the wire. */
export interface GenerateRequest {
  /** Random, 32 hexadecimal digits: an engine runs one id once. */
  id: string
  /** Hash of the model, exactly. */
  model: string
  messages: Message[]
  sampling: SamplingOptions
  continuation?: Continuation
}

export interface Accepted {
  type: 'accepted'
  model: { name: string; hash: string }
  sampling: ResolvedSampling
}

/** Sent every second until the first token: a sign of life that is shown. Each figure is null when it does not apply. */
export interface Waiting {
  type: 'waiting'
  /** Asks before this one; 0 is being worked on. */
  place: number
  /** Fraction of the model loaded, 0 to 1. */
  loaded: number | null
  /** Fraction of the prompt read, 0 to 1. */
  prefilled: number | null
}

/**
 * New tokens, and the text that they complete. Text lags while a character or a possible stop string is unfinished, so
 * either may be empty; all texts joined are the answer. An engine that knows no ids never gives any: then a piece of
 * text counts as one token.
 */
export interface Tokens {
  type: 'tokens'
  tokens: number[]
  text: string
}

export interface Done {
  type: 'done'
  /** `stop`: the model ended or a stop string came. `length`: the limit was reached. */
  finishReason: 'stop' | 'length'
  promptTokens: number
  /** Of those, and of an answer that is carried on, what was known from before and not read again. @default 0 */
  reusedTokens?: number
  answerTokens: number
  queueMs: number
  prefillMs: number
  decodeMs: number
}

/**
 * In this order: any `waiting` (for the engine's turn to be asked), one `accepted`, any `waiting`, any `tokens`, one
 * `done`; or an error is thrown.
 */
export type GenerateEvent = Accepted | Waiting | Tokens | Done

/** The one shape of "something that answers": the engine here, a peer over the wire, a fake in tests. */
export type Generate = (request: GenerateRequest, options?: AbortOptions) => AsyncIterable<GenerateEvent>

/** Something that turns a prompt into tokens. */
export interface Engine {
  /** All models, broken ones too. Reads folders, loads nothing. */
  models(): Promise<ModelInfo[]>
  /** Lone-request rates of a model: from the cache, else by a short measurement. */
  measure(hash: string, options?: AbortOptions & { again?: boolean }): Promise<Rates>
  /** What became of each provider; empty before the first load. */
  providers(): ProviderReport[]
  /** The processor or GPU that answers, in words. */
  hardware(): string
  generate: Generate
  /** Frees the model's memory. */
  unload(hash: string): Promise<void>
  stop(): Promise<void>
}

// ---------------------------------------------------------------- models as files

/**
 * What is told while a model is copied. In this order: one `started` (none where nothing has to be copied), any
 * `progress`, one `done`; or an error is thrown. A `notice` may come at any time before the end.
 */
export type ModelCopyEvent = ModelCopyStarted | ModelCopyProgress | ModelCopyNotice | ModelCopyDone

export interface ModelCopyStarted {
  type: 'started'
  name: string
  /** The package: a folder or a file. Of a pull, the model's folder here. */
  path: string
  bytes: number
  files: number
  /** Of a pull: the device that it comes from. */
  from?: PeerLabel
}

/** What its owner should know: a device went away and another takes its place, more memory is needed than there is. */
export interface ModelCopyNotice {
  type: 'notice'
  /** For a person. */
  message: string
}

export interface ModelCopyProgress {
  type: 'progress'
  /** Done so far, of `total`. */
  bytes: number
  total: number
  /** How many of them were there from an earlier try. */
  kept: number
}

export interface ModelCopyDone {
  type: 'done'
  /** `known`: the model was here already, and nothing was copied. */
  outcome: 'exported' | 'imported' | 'pulled' | 'known'
  /** The model's name here. */
  name: string
  hash: string
  /** As in `started`. */
  path: string
  bytes: number
  /** How many of them were there from an earlier try. */
  kept: number
  /** Of a pull: the device that gave the last of it, or would have. */
  from?: PeerLabel
}

/** A model that is not here, and that devices which are connected would give. */
export interface NearbyModel {
  name: string
  hash: string
  bytes: number
  parameters: number | null
  quantization: string | null
  /** Who has it, the quickest link first. */
  peers: PeerLabel[]
}

/** How a model would do on this device. `tight`: when other programs give up memory. `no-room`: on the disk. */
export type ModelFit = 'fits' | 'tight' | 'too-large' | 'no-room'

/** A model of the hub that was chosen for this list, in the quantization that would be taken by default. */
export interface CatalogueEntry {
  /** `OWNER/NAME` */
  repository: string
  parameters: number
  /** As the hub calls it: `apache-2.0`, … */
  license: string
  quantization: string
  /** To download, to about a hundredth; the hub has the exact number. */
  bytes: number
  /** Bytes needed to run it, estimated. */
  memory: number
  fit: ModelFit
  /** Why, with the numbers. */
  reason: string
  /** Its name where it is here already, or null. */
  here: string | null
}

/** The hub as the one who asks wants it. @default as the environment of the process that serves the home says */
export interface HubSettings {
  /** As HF_ENDPOINT: another server that speaks as the hub does. */
  endpoint?: string
  /** As HF_TOKEN. */
  token?: string
  /** As HF_HOME: the folder in which the hub's own tools keep a token. Absolute. */
  home?: string
}

/** The models of this device as files that are carried, added and removed. Paths are absolute, on this device. */
export interface ModelLibrary {
  /** Chosen models of the hub, the smallest first. Nothing is asked of the hub. */
  catalogue(options?: AbortOptions): Promise<CatalogueEntry[]>
  /**
   * Writes a portable package: into a folder as `NAME.meshmodel`, or as one file that ends in `.tar`. Where an earlier
   * try was interrupted it goes on.
   *
   * @param options.as the name in the package. @default the model's
   * @param options.partBytes files larger than this are split. @default what the disk takes
   * @param options.replace also where a package of another model lies
   * @throws {UnknownModelError} {BrokenModelError} {ModelExistsError} {DiskFullError} {FileUnusableError} {BusyError}
   */
  export(
    options: AbortOptions & { name: string; path: string; as?: string; partBytes?: number; replace?: boolean }
  ): AsyncIterable<ModelCopyEvent>
  /**
   * Takes in a package; it is listed when all of it has been proved, and not before. Where an earlier try was
   * interrupted it goes on.
   *
   * @param options.name the name here. @default the package's
   * @param options.replace puts it in the place of another model of that name
   * @throws {InvalidPackageError} {ModelExistsError} {DiskFullError} {FileUnusableError} {BusyError}
   */
  import(options: AbortOptions & { path: string; name?: string; replace?: boolean }): AsyncIterable<ModelCopyEvent>
  /**
   * Brings a model here: from another device, or from the Hugging Face hub where it is called `OWNER/NAME` and no device
   * that is connected has pulled it from there. It is listed when all of it has been proved, and not before. Where an
   * earlier try was interrupted it goes on; from the hub, with the files of the commit that it began with. When a device
   * goes away it waits ten minutes for it, or goes on from another one that has the same.
   *
   * @param options.name `OWNER/NAME` on the hub; else the model on the other device: its name, or a unique beginning of
   * its hash
   * @param options.from `hub`, a device's name, or a unique beginning of its PeerId. @default the quickest link of those
   * that have the model, else the hub
   * @param options.as the name here. @default the name there
   * @param options.replace puts it in the place of another model of that name
   * @param options.quantization of the hub: `q4`, `q4f16`, `q8`, `int8`, `fp16`, `fp32`, … @default the best that fits
   * this device
   * @throws {UnknownModelError} naming the devices and what they have {UnknownPeerError} {AmbiguousPeerError}
   * @throws {PeerUnreachableError} {WrongPieceError} {NotMemberError}
   * @throws {NotOnHubError} {GatedModelError} {NotOnnxError} {UnknownQuantizationError}
   * @throws {HubUnreachableError} {HubSilentError} {HubCutOffError} {HubAnswerError} {HubBytesError}
   * @throws {ModelExistsError} {BrokenModelError} {DiskFullError} {FileUnusableError} {BusyError}
   */
  pull(
    options: AbortOptions & {
      name: string
      from?: string
      as?: string
      replace?: boolean
      quantization?: string
      hub?: HubSettings
    }
  ): AsyncIterable<ModelCopyEvent>
  /** What could be pulled now: asks the devices that are connected, each for three seconds at most. */
  nearby(options?: AbortOptions): Promise<NearbyModel[]>
  /**
   * Lists a folder as a model without copying it.
   *
   * @param options.name the name here. @default the folder's
   * @throws {BrokenModelError} {ModelExistsError} {FileUnusableError} {BusyError}
   */
  add(options: AbortOptions & { path: string; name?: string }): Promise<ModelInfo>
  /**
   * Erases a model; one that was added in place is only taken off the list.
   *
   * @throws {UnknownModelError} {InvalidRequestError} for the built-in one {BusyError}
   */
  remove(options: AbortOptions & { name: string }): Promise<ModelInfo>
  /**
   * Chooses which of this device's models, those of other engines too, answers where none is named; null leaves it to
   * their strength again. Takes effect at once and outlives the node.
   *
   * @throws {UnknownModelError} {BrokenModelError} {ModelTooLargeError} {HomeUnusableError}
   */
  use(options: AbortOptions & { name: string | null }): Promise<ModelInfo | null>
}

// ---------------------------------------------------------------- other engines

/** What a server is, as far as it could be told; `other` speaks the same API and is none of the known ones. */
export type EngineKind = 'ollama' | 'llama.cpp' | 'lm-studio' | 'vllm' | 'exo' | 'other'

/** A server with the OpenAI API whose models this device offers to its mesh. */
export interface EngineInfo {
  name: string
  /** Without the `/v1` at its end. */
  url: string
  /** Null until it was reached. */
  kind: EngineKind | null
  /** `loading`: it is there, and its model is not yet. */
  state: 'up' | 'loading' | 'down'
  /** Why it is not up, and what to do; null while it is. */
  reason: string | null
  /** Those that it had when it was last up. */
  models: EngineModel[]
  keyFile: string | null
  /** Number of weights that its owner gave, for models that do not tell; or null. */
  parameters: number | null
  /** What its owner should know, a sentence each. */
  remarks: string[]
}

/** A model of another engine. */
export interface EngineModel {
  name: string
  hash: string
  parameters: number | null
  contextLength: number
  /** Lone-request decode rate in tokens a second. */
  decodeRate: number
  /** Whether the rate comes from real answers; else it is estimated from the size. */
  measured: boolean
  /** Whether it can carry on from what another has answered. */
  carriesOn: boolean
  /** Why it is not offered now; null while it is. */
  reason: string | null
}

/** A known engine that runs on this machine and was not added. */
export interface FoundEngine {
  kind: EngineKind
  /** To be called so, where no other name is wished. */
  name: string
  url: string
  /** Number of its models. */
  models: number
}

export interface AddEngineOptions extends AbortOptions {
  /** Letters, digits, `.`, `_` and `-`. */
  name: string
  /** `http:` or `https:`, with or without `/v1` at the end. */
  url: string
  /** Absolute path of the file that holds the key, which its owner alone may read. @default none */
  keyFile?: string
  /** Number of weights, for models that do not tell. @default unknown */
  parameters?: number
}

/** The other engines of this device. Changes take effect at once and outlive the node. */
export interface Engines {
  list(options?: AbortOptions): Promise<EngineInfo[]>
  /**
   * Looks at the server first, and adds what can be used. One of the same name is replaced.
   *
   * @throws {InvalidRequestError} for a name or an address that cannot be
   * @throws {ServedEngineError} when it is no such server, or refuses
   */
  add(options: AddEngineOptions): Promise<EngineInfo>
  /** @throws {UnknownEngineError} */
  remove(options: AbortOptions & { name: string }): Promise<void>
  /** Known engines at their usual ports of this machine, loopback only, that were not added. */
  look(options?: AbortOptions): Promise<FoundEngine[]>
}

// ---------------------------------------------------------------- memories and conversations

/** What a memory is: something that is so, something to look up again, or how somebody wants things. */
export type MemoryKind = 'fact' | 'note' | 'preference'

/** One thing worth keeping. */
export interface Memory {
  /** 16 letters and digits; a unique beginning of it serves wherever an id is asked for. */
  id: string
  text: string
  kind: MemoryKind
  tags: string[]
  /** Where it comes from: an address, a file's name, words; or null. */
  source: string | null
  /** When it was written, in milliseconds since 1970 by the clock of the device that wrote it; for showing only. */
  time: number
  /** The device that wrote it, by its id (a label, not a proof), or null where that had none yet. */
  device: string | null
}

/** A memory that fits what was asked for. */
export interface RecalledMemory extends Memory {
  /** Larger is better; comparable within one answer only. */
  score: number
}

/** What a person gives; the rest is found out. */
export interface NewMemory {
  text: string
  /** @default 'fact' */
  kind?: MemoryKind
  /** @default [] */
  tags?: string[]
  /** @default null */
  source?: string | null
}

/** The fields that change; those left out keep what they have, also when another device changes them meanwhile. */
export type MemoryEdit = Partial<NewMemory>

/** One moment in the life of a memory. */
export interface MemoryVersion {
  /** When this device learned of it, in milliseconds since 1970 by its clock. */
  time: number
  /** The device that wrote it, by its id, or null. */
  device: string | null
  change: 'written' | 'edited' | 'forgotten' | 'restored'
  /** As it was from then on; null where it was forgotten. */
  memory: Memory | null
}

/** A conversation as it is listed. */
export interface Conversation {
  id: string
  title: string | null
  messages: number
  /** When this device last learned of something in it, in milliseconds since 1970. */
  time: number
}

/** One message of a conversation. It is never changed. */
export interface ConversationMessage extends Message {
  id: string
  /** When it was written, by the clock of the device that wrote it; the order of messages does not depend on it. */
  time: number
  /** The device that wrote it, by its id, or null. */
  device: string | null
  /** The model that answered, or null for a person's message. */
  model: string | null
}

/** Many memories that vanished at once, because another device forgot them. */
export interface MemoryNotice {
  /** To be given to `undo`. */
  id: string
  /** Milliseconds since 1970 by this device's clock. */
  time: number
  /** The device that gave the change, or null where it was this one. */
  from: PeerLabel | null
  count: number
}

/** What `undo` has brought about. */
export interface Undone {
  /** Memories that are as they were before. */
  count: number
  /** The one that was named, as it is now; null where it is forgotten now, or a notice was named. */
  memory: Memory | null
}

/** An id of a memory or a conversation, or a unique beginning of one. */
export interface ById extends AbortOptions {
  id: string
}

/**
 * What the owner wants to be remembered. Every change is on the disk of this device when it is fulfilled; the other members
 * come to know it as soon as they are connected. Works before there is a mesh.
 *
 * All that takes an id throws {UnknownMemoryError} and {AmbiguousMemoryError}.
 */
export interface MeshMemory {
  /** @throws {InvalidRequestError} when it is empty, or too long */
  remember(memory: NewMemory & AbortOptions): Promise<Memory>
  /**
   * The newest first.
   *
   * @param options.limit at most so many. @default 100, up to 1000
   * @param options.before only those that were written before this moment, in milliseconds since 1970
   */
  list(options?: AbortOptions & { limit?: number; before?: number; kind?: MemoryKind; tag?: string }): Promise<Memory[]>
  get(options: ById): Promise<Memory>
  /** @throws {InvalidRequestError} */
  edit(options: ById & MemoryEdit): Promise<Memory>
  /** Puts tags on it and takes others off. @throws {InvalidRequestError} */
  tag(options: ById & { add?: string[]; remove?: string[] }): Promise<Memory>
  /**
   * The texts are gone from every list and search at once, and from the disks of all devices within 30 days.
   *
   * @param options.now erases them from the disks at once; that cannot be undone
   * @param options.sure also where they are very many
   * @throws {ManyForgottenError}
   */
  forget(options: AbortOptions & { ids: string[]; now?: boolean; sure?: boolean }): Promise<Memory[]>
  /** Those that fit the words best; not all of the words have to occur. @param options.limit @default 10, up to 100 */
  recall(options: AbortOptions & { query: string; limit?: number }): Promise<RecalledMemory[]>
  /** How it came to be as it is, the oldest first, as far as this device still knows: 30 days at least. */
  history(options: ById): Promise<MemoryVersion[]>
  /** Takes back the last change of a memory, or all that a notice tells of. @throws {NotUndoableError} */
  undo(options: ById): Promise<Undone>
  /** What vanished in great number lately, the oldest first. */
  notices(options?: AbortOptions): Promise<MemoryNotice[]>
  /** Builds the index for searching again. Resolves to the number of memories. */
  reindex(options?: AbortOptions): Promise<{ memories: number }>
}

/** What is said in a conversation. */
export interface NewConversationMessage extends Message {
  /** The model that answered. @default null */
  model?: string | null
}

/** What people and models have said to each other; the same on every device of the mesh. Errors as with memories. */
export interface MeshConversations {
  /** Those that hold something, the last written first. */
  list(options?: AbortOptions): Promise<Conversation[]>
  /** Begins one; it is on no list before it has a title or a message. */
  create(options?: AbortOptions & { title?: string }): Promise<Conversation>
  get(options: ById): Promise<Conversation>
  messages(options: ById): Promise<ConversationMessage[]>
  /** Adds messages in this order; they are never changed. @throws {InvalidRequestError} when one is too long */
  append(options: ById & { messages: NewConversationMessage[] }): Promise<ConversationMessage[]>
  /** @throws {InvalidRequestError} when it is empty or longer than a line */
  title(options: ById & { title: string }): Promise<Conversation>
  /** @throws {ManyForgottenError} */
  forget(options: ById & { now?: boolean; sure?: boolean }): Promise<void>
}

// ---------------------------------------------------------------- the mesh, as its users see it

export interface AskOptions extends SamplingOptions, AbortOptions {
  /** Put before the messages as a system message. */
  system?: string
  /** A name, a unique beginning of a PeerId, or `here`. @default the best by placement */
  peer?: string
  /** A model's name or a unique beginning of its hash. @default the strongest */
  model?: string
  /** @default 'quality' */
  prefer?: 'quality' | 'speed'
  /** Whether memories that fit the question may be put before it. @default true */
  memories?: boolean
}

/**
 * Memories that fit the question. `given`: they were put before it, as data. The built-in model is given none, since it can
 * make nothing of them: they are for the reader then.
 */
export interface AskMemories {
  type: 'memories'
  memories: RecalledMemory[]
  given: boolean
}

export interface AskAccepted {
  type: 'accepted'
  peer: PeerLabel
  model: { name: string; hash: string }
}

export interface AskWaiting extends Omit<Waiting, 'type'> {
  type: 'waiting'
  peer: PeerLabel
}

export interface AskText {
  type: 'text'
  text: string
}

/** The answering device failed and another carries on. */
export interface AskMoved {
  type: 'moved'
  from: PeerLabel
  to: PeerLabel
  /** Why the first one failed, in words. */
  reason: string
  /** False when another model carries on: the text may then differ from what the first would have said. */
  sameModel: boolean
}

export interface AskDone extends AnswerSummary {
  type: 'done'
}

export interface AnswerSummary {
  model: string
  peer: PeerLabel
  finishReason: 'stop' | 'length'
  promptTokens: number
  answerTokens: number
  timeToFirstTokenMs: number
  tokensPerSecond: number
  failovers: number
}

/** What a reader of an answer gets; the texts joined are the answer. */
export type AskEvent = AskAccepted | AskMemories | AskWaiting | AskText | AskMoved | AskDone

/** One line of the table that `mesh why` prints. */
export interface PlacementRow {
  peer: PeerLabel
  here: boolean
  model: string | null
  eligible: boolean
  /** Expected milliseconds to the end of the answer; null when not eligible. */
  expectedMs: number | null
  /** In words, for a person. */
  reason: string
}

/** A device that was heard of, and by which ways. */
export interface Discovery extends PeerLabel {
  foundBy: FoundBy[]
  addresses: string[]
  connected: boolean
  /** Why the last dial failed, or null. */
  dialError: string | null
}

/** One check of `mesh doctor`. */
export interface Finding {
  /** Stable, for programs: `default-route`, `firewall`, … */
  check: string
  state: 'ok' | 'warning' | 'problem'
  message: string
  /** The command that mends it. */
  mend?: string
}

export interface MeshStatus extends PeerLabel {
  version: string
  home: string
  /** `running`: a node listens. `visiting`: this process only asks. */
  state: 'running' | 'visiting' | 'stopping'
  answering: Answering
  addresses: string[]
  /** Its two words, or null while it belongs to none. */
  mesh: string | null
  membership: MembershipStatus
  models: ModelInfo[]
  hardware: string
  tokensPerSecond: number | null
  peers: PeerInfo[]
  /** Milliseconds until the pause ends by itself; null where it does not, or there is none. */
  resumesInMs: number | null
  asks: { running: number; answered: number; asked: number; failed: number }
  counters: Counters
  remembered: Remembered
  uptimeMs: number
  /** Megabytes resident, node and engine apart. */
  memory: { node: number; engine: number | null }
}

/** Sums since the start of this process; none of them ever shrinks. */
export interface Counters {
  /** Answers that this device gave to their end, its own owner's among them. */
  answered: number
  /** Asks that it turned away: its queue was full, it was paused, or it was ending. */
  refused: number
  /** Answers that its engine broke off. */
  broken: number
  /** Answers that it let go of for a pause or its end, to be carried on elsewhere. */
  movedAway: number
  /** Tokens read and written in answers that came to their end. */
  promptTokens: number
  answerTokens: number
  /** Questions asked from here. */
  asked: number
  /** Those of them that ended in an error. */
  failed: number
  /** Times that another device took over an answer asked for from here. */
  failovers: number
  uptimeMs: number
  pausedMs: number
}

export interface PauseOptions extends AbortOptions {
  /** Ends the pause by itself. Counted while the node runs; what is left survives its restart. @default none */
  forMs?: number
  /** How long answers that run for other devices may take until they move to another one. @default 60000 */
  finishMs?: number
}

export interface Pause {
  /** Milliseconds until it ends by itself, or null. */
  resumesInMs: number | null
  /** Answers for other devices that still run, and what they have left before they move. */
  running: number
  finishMs: number
}

/** What this device remembers, and with whom it shares that now. */
export interface Remembered {
  memories: number
  conversations: number
  /** Members that are connected. */
  shared: SyncedPeer[]
}

/**
 * - `comparing`: what differs is being found and sent
 * - `synced`: both had the same when they last compared, and tell each other at once what changes
 * - `stuck`: they differ, and comparing brought nothing; it is tried again
 */
export interface SyncedPeer extends PeerLabel {
  state: 'comparing' | 'synced' | 'stuck'
}

export type MeshEvent =
  /** This device was paused, or with null takes asks again. */
  | { type: 'pause'; pause: Pause | null }
  /** The node ends when these answers are done, or after that time. */
  | { type: 'draining'; running: number; finishMs: number }
  | { type: 'peer-connected'; peer: PeerInfo }
  | { type: 'peer-changed'; peer: PeerInfo }
  | { type: 'peer-lost'; peer: PeerInfo; reason: string }
  | MembershipEvent
  | MemoryEvent
  /** Seen on loopback when the node started; it answers nothing until it is added. */
  | { type: 'engine-found'; engine: FoundEngine }
  | { type: 'warning'; message: string }
  | { type: 'stopping' }

/** Something is remembered otherwise than before, here and on the disk. `from`: the device that told it; null: this one. */
export type MemoryEvent =
  /** Ids of memories. */
  | { type: 'memory-changed'; added: string[]; changed: string[]; forgotten: string[]; from: PeerLabel | null }
  /** Ids of messages; a title may be new as well. */
  | { type: 'conversation-changed'; conversation: string; added: string[]; forgotten: string[]; from: PeerLabel | null }
  /** Very many vanished at once. They can be brought back for 30 days. */
  | { type: 'memories-vanished'; notice: MemoryNotice }

export interface DiscoverOptions extends AbortOptions {
  /** How long to listen. @default 3000 */
  timeoutMs?: number
  /** A subnet in CIDR form to try address by address; only on request. */
  scan?: string
}

// ---------------------------------------------------------------- membership

/**
 * Where this device stands:
 * - `none`: no identity yet; it speaks to nobody
 * - `looking`: no mesh yet, and it looks for one for a few seconds
 * - `waiting`: no mesh yet; ownmesh devices are near, but none lets it in until somebody there opens the door
 * - `provisional`: it has started a mesh and is the only device in it, so it may still move into another
 * - `member`: one of several devices of a mesh
 * - `removed`: its mesh has removed it
 */
export type MembershipState = 'none' | 'looking' | 'waiting' | 'provisional' | 'member' | 'removed'

export interface MembershipStatus {
  state: MembershipState
  /** Members now, this device among them; 0 outside any mesh. */
  members: number
  /** Whether a recovery phrase was made. */
  recovery: boolean
  door: Door
  /** Of a newcomer: what is being compared with a member, or null. */
  comparing: Comparison | null
  /** Of a newcomer: meshes nearby whose door is open. */
  openDoors: OpenDoor[]
}

/** The spell in which newcomers may speak to this device. */
export interface Door {
  open: boolean
  /** Milliseconds until it closes by itself; 0 when it is closed. */
  closesInMs: number
  newcomers: Newcomer[]
}

/** A device that asks to be let in here. Its name is told only after it was accepted on both sides. */
export interface Newcomer {
  /** PeerId in base58. */
  id: string
  /** Six digits, which the newcomer's screen must show too. */
  code: string
  /** Multiaddr it came from. */
  address: string
  /** `comparing`: nobody has accepted it here. `accepted`: here it was; its own side has not confirmed yet. */
  state: 'comparing' | 'accepted'
}

/** Six digits, seen by a newcomer; the member's screen must show them too. */
export interface Comparison {
  code: string
  /** The mesh's two words. */
  mesh: string
  /** The member's PeerId and address. */
  id: string
  address: string
  /** Whether it was confirmed here. */
  confirmed: boolean
}

/** A mesh nearby that lets newcomers in now. */
export interface OpenDoor {
  /** Its two words; null where the way of discovery cannot carry them. */
  mesh: string | null
  id: string
  addresses: string[]
}

export interface MemberInfo extends PeerLabel {
  /** `here` is this device; `removed` ones are listed only when asked for. */
  state: 'here' | PeerState | 'removed'
  role: string
  /** Null for the device that started the mesh; `recovery phrase` where that did it. */
  admittedBy: string | null
  /** Null while it is a member. */
  removedBy: string | null
}

export type MembershipEvent =
  /** This device belongs to a mesh now, or (with null) to none any more. */
  | { type: 'mesh'; mesh: string | null; how: 'started' | 'joined' | 'left' | 'removed' }
  | { type: 'door'; door: Door }
  /** Somebody's device wants to be let in here, and its code is to be compared. */
  | { type: 'newcomer'; newcomer: Newcomer }
  /** It is no longer there to be let in: it was admitted, refused, or went away. */
  | { type: 'newcomer-gone'; id: string; reason: string }
  /** A device looks for a mesh nearby, while the door here is closed; at most once a minute. */
  | { type: 'knock'; id: string }
  /** Of a newcomer: ownmesh devices are near, and none lets it in (`doors` is empty) or several do. */
  | { type: 'doors'; doors: OpenDoor[] }
  | { type: 'comparing'; comparison: Comparison }
  /** Of a newcomer: the attempt to join came to nothing; it goes on looking. */
  | { type: 'not-joined'; reason: string }
  | { type: 'member-admitted'; member: MemberInfo }
  | { type: 'member-removed'; member: MemberInfo }

/** A one-time ticket. */
export interface Invite {
  /** `mesh://…` */
  invite: string
  /** ISO 8601, by this device's clock; the inviter's monotonic clock decides. */
  expires: string
}

/** What one device carries to another by hand. */
export interface Admission {
  member: MemberInfo
  /** To be saved in a file and imported on the admitted device. */
  admission: Uint8Array
}

export interface Imported {
  /** The mesh's two words. */
  mesh: string
  /** Records that were not known here. */
  new: number
}

/** Who belongs to the mesh, and how that changes. Every change is a signed record that all members come to know. */
export interface Membership {
  /** Members in the order of their admission; with `all` the removed ones after them. */
  list(options?: AbortOptions & { all?: boolean }): Promise<MemberInfo[]>
  /** Starts a mesh now instead of looking on. @throws {AlreadyMemberError} */
  start(options?: AbortOptions): Promise<{ mesh: string }>
  /** Lets newcomers speak for five minutes from now. Starts a mesh where there is none. @throws {NotMemberError} */
  openDoor(options?: AbortOptions): Promise<Door>
  closeDoor(options?: AbortOptions): Promise<void>
  /**
   * Accepts the newcomer that shows this code; resolves when it is a member, which needs its own side's word too.
   *
   * @throws {NoSuchNewcomerError} {PairingFailedError}
   */
  approve(options: AbortOptions & { code: string }): Promise<MemberInfo>
  /** Sends a newcomer away. @throws {NoSuchNewcomerError} */
  refuse(options: AbortOptions & { code: string }): Promise<void>
  /** Of a newcomer: asks to be let in at an open door, by the mesh's words or the device's id. @throws {PairingFailedError} */
  knock(options: AbortOptions & { door: string }): Promise<Comparison>
  /**
   * Of a newcomer: says that the other screen shows this code; resolves when it is a member.
   *
   * @throws {NoSuchNewcomerError} when nothing, or another code, is being compared
   * @throws {PairingFailedError}
   */
  confirm(options: AbortOptions & { code: string }): Promise<{ mesh: string }>
  /** Of a newcomer: the codes differ. Nothing happens where nothing is being compared. */
  deny(options?: AbortOptions): Promise<void>
  /** Makes a ticket that is good for ten minutes and one device. @throws {NotMemberError} */
  invite(options?: AbortOptions): Promise<Invite>
  /** @throws {InvalidInviteError} {InviteExpiredError} {InviteUsedError} {PairingFailedError} {AlreadyMemberError} */
  redeem(options: AbortOptions & { invite: string }): Promise<{ mesh: string }>
  /** This device's public keys, to be approved on a member without a network. */
  request(options?: AbortOptions & { name?: string }): Promise<{ request: Uint8Array }>
  /** Admits the device of a request. @throws {InvalidFileError} {NotMemberError} {RemovedError} */
  admit(options: AbortOptions & { request: Uint8Array }): Promise<Admission>
  /** What an admission is about, before it is believed: six words that the admitting device shows too. */
  inspect(options: AbortOptions & { admission: Uint8Array }): Promise<{ mesh: string; words: string }>
  /** Takes the roster of an admission; makes this device a member where it was admitted. @throws {InvalidFileError} */
  import(options: AbortOptions & { admission: Uint8Array }): Promise<Imported>
  /** @throws {UnknownPeerError} {AmbiguousPeerError} {NotMemberError} */
  rename(options: AbortOptions & { peer: string; name: string }): Promise<MemberInfo>
  /** @throws {UnknownPeerError} {AmbiguousPeerError} {NotMemberError} */
  remove(options: AbortOptions & { peer: string }): Promise<MemberInfo>
  /**
   * Removes this device from the mesh, forgets the mesh and the keys, and ends the node; with `erase` everything of this
   * home but the models goes.
   */
  leave(options?: AbortOptions & { erase?: boolean }): Promise<void>
  /**
   * Makes the recovery phrase, 24 words, shown once and kept nowhere. The old one replaces itself by `phrase`.
   *
   * @throws {RecoveryError} when there is one and `phrase` is not it, or this device cannot make the first one
   */
  makePhrase(options?: AbortOptions & { phrase?: string }): Promise<{ phrase: string }>
  /**
   * With the phrase, which nothing outranks: removes the lost devices and brings back those that they had removed, this
   * one always. @throws {RecoveryError} {UnknownPeerError} {AmbiguousPeerError}
   */
  recover(options: AbortOptions & { phrase: string; remove?: string[]; restore?: string[] }): Promise<MemberInfo[]>
}

// ---------------------------------------------------------------- pairing, between a newcomer and a member

/**
 * What a newcomer and a member say to each other, in this order; `N` says a newcomer, `M` a member.
 * Byte strings are lower-case hexadecimal, records are bytes.
 */
export type PairMessage =
  /** N: begins. With a ticket, `proof` shows that it knows the seed. */
  | { type: 'hello'; session: string; ticket: { id: string; proof: string } | null }
  /** M and N: SHA-256, see PROTOCOL.md; `mesh` is the mesh's id, said by M, null from N. */
  | { type: 'commitment'; commitment: string; mesh: string | null }
  /** M and N, after both commitments. */
  | { type: 'reveal'; nonce: string }
  /** N, when its person has confirmed: what the roster shall say of it. `box` is its X25519 key. */
  | { type: 'confirmed'; name: string; box: string }
  /** M, any number: the roster. */
  | { type: 'records'; records: Uint8Array[] }
  /** M: the newcomer is admitted. With a ticket, `proof` shows that M knows the seed. */
  | { type: 'admitted'; mesh: string; proof: string | null }
  /** M or N: the end, with a reason out of a closed table. */
  | { type: 'refused'; reason: PairRefusal }

export type PairRefusal =
  | 'door-closed'
  | 'busy'
  | 'declined'
  | 'mismatch'
  | 'expired'
  | 'used'
  | 'unknown-ticket'
  | 'removed'
  | 'timeout'
  | 'malformed'

// ---------------------------------------------------------------- snapshots

/** How far a snapshot is: it is written and then `verifying` reads it back; or all of it is `checking`, then `merging`. */
export interface SnapshotProgress {
  type: 'progress'
  phase: 'writing' | 'verifying' | 'checking' | 'merging'
  bytes: number
  /** Null while it is not known. */
  total: number | null
}

/** It lies there, is synced, and was read back as it was written: a stick can be removed. */
export interface SnapshotExported {
  type: 'done'
  /** Absolute path. */
  file: string
  bytes: number
  /** Memories and messages in it. */
  entries: number
  /** Milliseconds since 1970: when it began. Given as `since`, the next one has what was changed after it. */
  time: number
  /** The mesh's two words, or null outside any. */
  mesh: string | null
  /** Devices that can open it; null where a passphrase does. */
  members: number | null
  /** Whether the recovery phrase opens it. */
  recovery: boolean
}

/** What a snapshot brought, in memories and messages. Everything of it is on the disk. */
export interface SnapshotImported {
  type: 'done'
  new: number
  changed: number
  /** Were here already, as they are in it. */
  known: number
  /** Milliseconds since 1970, by the clock of the device that wrote it. */
  time: number
  /** The two words of the mesh that it is from, or null. */
  mesh: string | null
  /** Who wrote it, or null outside any mesh. */
  from: PeerLabel | null
}

/** What can be said of a snapshot without opening it. */
export interface SnapshotInfo {
  /** What opens it. */
  to: 'members' | 'passphrase'
  bytes: number
}

/** What the owner wants to be taken although nobody vouches for it any more. */
export type SnapshotConsent =
  /** It was signed by a device that was removed since. */
  | 'removed'
  /** It is of another mesh, and opens by its passphrase or that mesh's recovery phrase. */
  | 'foreign'

/** What the devices remember as a file that one carries. Paths are absolute, on this device. */
export interface MeshSnapshots {
  /** @throws {InvalidSnapshotError} {TruncatedSnapshotError} {NewerSnapshotError} {FileUnusableError} */
  inspect(options: AbortOptions & { path: string }): Promise<SnapshotInfo>
  /**
   * Writes what this device remembers into a file that the members of its mesh can open, those of now, and whoever has
   * the recovery phrase. Nothing is ever overwritten; what is not finished is removed.
   *
   * @param options.path a file, or a folder in which it gets a name
   * @param options.since milliseconds since 1970: only documents (a thousand memories, or a conversation) that were
   * changed here since then
   * @param options.conversation the id of one, or a unique beginning: nothing else is in it then
   * @param options.passphrase opens it, and no key does. At least eight characters
   * @throws {NotMemberError} outside any mesh, without a passphrase {UnknownMemoryError} {AmbiguousMemoryError}
   * @throws {InvalidRequestError} {FileUnusableError} {DiskFullError}
   * @throws {DamagedSnapshotError} when it cannot be read back as it was written
   */
  export(
    options: AbortOptions & { path: string; since?: number; conversation?: string; passphrase?: string }
  ): AsyncIterable<SnapshotProgress | SnapshotExported>
  /**
   * Reads all of a snapshot, and merges it when nothing is wrong with it and its word counts. Again it changes nothing.
   *
   * @param options.passphrase of one that is closed by a passphrase
   * @param options.phrase the recovery phrase, where this device's key does not open it
   * @throws {InvalidSnapshotError} {DamagedSnapshotError} {TruncatedSnapshotError} {NewerSnapshotError}
   * @throws {ForeignSnapshotError} {NotForThisDeviceError} {WrongPassphraseError} {RemovedSignerError} {RecoveryError}
   * @throws {NotMemberError} {RemovedError} {FileUnusableError} {DiskFullError} what was merged until then stays
   */
  import(
    options: AbortOptions & { path: string; passphrase?: string; phrase?: string; accept?: SnapshotConsent[] }
  ): AsyncIterable<SnapshotProgress | SnapshotImported>
}

/**
 * The whole of ownmesh for whoever uses it. Three bodies: in this process (`node`), over the control socket (`http`),
 * and a fake for tests; one compliance suite runs against the first two.
 */
export interface Mesh {
  /** Streams one answer. @throws {NobodyCanAnswerError} and the other errors of `errors.ts` */
  ask(prompt: string | Message[], options?: AskOptions): AsyncIterable<AskEvent>
  status(options?: AbortOptions): Promise<MeshStatus>
  peers(options?: AbortOptions): Promise<PeerInfo[]>
  discover(options?: DiscoverOptions): Promise<Discovery[]>
  /** Who would answer and why, best first. */
  why(prompt?: string | Message[], options?: AskOptions): Promise<PlacementRow[]>
  models(options?: AbortOptions): Promise<ModelInfo[]>
  doctor(options?: AbortOptions): Promise<Finding[]>
  /**
   * Measures this device with one of its models, a provider at a time and each in a process of its own. The fastest
   * answers from then on.
   *
   * @throws {UnknownModelError} {BrokenModelError} {InvalidRequestError} for a model that another engine serves
   * @throws {BusyError} while this device answers {EngineUnavailableError}
   */
  bench(options?: BenchOptions): AsyncIterable<BenchEvent>
  /** Who belongs to the mesh. */
  readonly membership: Membership
  /** The models of this device as files. */
  readonly library: ModelLibrary
  /** The other engines of this device. */
  readonly engines: Engines
  /** What the owner wants to be remembered. */
  readonly memory: MeshMemory
  /** What people and models have said to each other. */
  readonly conversations: MeshConversations
  /** The same as a file that one carries. */
  readonly snapshots: MeshSnapshots
  /** What happens from now on, until the signal or the end of the mesh. */
  events(options?: AbortOptions): AsyncIterable<MeshEvent>
  /**
   * Asks go elsewhere from now on; answers that run finish, or move. Only asks for `here` are answered meanwhile. Again
   * while paused, it sets the end anew.
   *
   * @throws {InvalidRequestError} when a time is none, or longer than 30 days
   */
  pause(options?: PauseOptions): Promise<Pause>
  /** Takes asks again; nothing happens where there is no pause. */
  resume(options?: AbortOptions): Promise<void>
  /** Lets go: a mesh in this process ends at once; an attached one only detaches. */
  stop(): Promise<void>
  /**
   * Ends the node itself, wherever it runs: it takes no more asks, waits for those that run, and ends. A second call with
   * less time cuts that short.
   *
   * @param options.finishMs how long they may take; then they break off here, and move elsewhere. @default 60000
   */
  shutdown(options?: { finishMs?: number }): Promise<void>
}
