/**
 * The Hugging Face hub: which files a model has there, which of them one quantization needs, and how they come here.
 *
 * What the hub has is asked with its own library (`@huggingface/hub`: the model's commit, the list of its files), through
 * a `fetch` of ours that knows the one host, bounds every answer and keeps the token to itself. The files are read by our
 * own requests: the library's `downloadFile` cannot go on where it ended, takes a whole file for the rest of one when a
 * server ignores `Range`, and reads files in Xet storage from further hosts. The hub serves those by plain HTTP too.
 *
 * Nothing here looks at a graph or runs anything; paths are judged by the rules that are handed in.
 */
import { HubAnswerError } from '../errors.ts'
import type { AbortOptions } from '../interface.ts'
import { FilesReader } from './files-reader.ts'
import { download } from './download.ts'
import { findModel } from './find-model.ts'
import { Requests } from './requests.ts'

export { CATALOGUE, type KnownModel } from './catalogue.ts'
export { chooseVariant, fitOf, memoryFor, type Choice, type Device, type Fit } from './choice.ts'
export { bytesOf, filesFor, usableVariants, variantsOf, type Variant } from './variants.ts'
export { isRepository } from './repository.ts'

export const DEFAULT_ENDPOINT = 'https://huggingface.co'

/** A file of a model, as the hub announces it. */
export interface HubFile {
  /** In the repository, with `/`. */
  path: string
  bytes: number
  /** SHA-256 of the contents for what is stored as LFS or Xet, else SHA-1 as git has it for a blob; hexadecimal. */
  digest: { kind: 'sha256' | 'git-blob'; hex: string }
}

/** A model as one commit has it. */
export interface HubModel {
  /** `OWNER/NAME`, as the hub spells it. */
  repository: string
  /** 40 hexadecimal digits. */
  commit: string
  /** As its card says, or null. */
  license: string | null
  /** Files at the top and in `onnx/`. */
  files: HubFile[]
}

/** A step of a download. A file that has to be fetched anew takes its bytes back. */
export type DownloadStep = { bytes: number; kept: number } | { remark: string }

/** What is asked of the disk. */
export interface Disk {
  /** @throws {DiskFullError} when so much does not fit beside what is there */
  checkRoom: (folder: string, bytes: number) => Promise<void>
  /** Makes a folder, or finds one that is no link. */
  makeFolder: (path: string, mode: number) => Promise<void>
  /** Makes the names in a folder last through a power cut. */
  syncFolder: (path: string) => Promise<void>
  /** Runs what writes to a path, and puts what goes wrong into words. */
  writing: <T>(path: string, work: () => Promise<T>) => Promise<T>
}

export interface HubLimits {
  /** So long a server may say nothing, or next to nothing. @default 30000 */
  silenceMs?: number
  /** So often in a row it may fail without a byte of progress. @default 6 */
  tries?: number
  /** The wait after the first failure; each further one is twice as long. @default 1000 */
  firstWaitMs?: number
}

export interface HubInit {
  /** @default https://huggingface.co */
  endpoint?: string
  /** Sent to the endpoint alone, and only where nobody on the way can read it. @default none */
  token?: string
  disk: Disk
  /** Why files of these names cannot be taken, or null. */
  pathsProblem: (files: readonly { path: string; bytes: number }[]) => string | null
  limits?: HubLimits
}

export interface Hub {
  /** Without the slash at its end. */
  readonly endpoint: string
  /**
   * @param options.commit the model as it was then. @default as it is now
   * @throws {NotOnHubError} {GatedModelError} and what says that the hub cannot be spoken with
   */
  find(repository: string, options?: AbortOptions & { commit?: string }): Promise<HubModel>
  /**
   * Brings files into a folder, which is made; the small ones first. What is there already is kept where it is right. At
   * the end every file is proved and on the disk.
   *
   * @throws {DiskFullError} before anything is fetched, or in the middle
   * @throws {HubBytesError} naming the file, of which nothing stays
   */
  download(
    model: Pick<HubModel, 'repository' | 'commit'>,
    files: readonly HubFile[],
    into: string,
    options?: AbortOptions
  ): AsyncGenerator<DownloadStep, void>
}

/** @throws {ConfigError} when the endpoint is no address, or the token none that could be sent */
export function createHub({ disk, pathsProblem, ...init }: HubInit): Hub {
  const requests = new Requests(init)
  return {
    endpoint: requests.endpoint,
    find: (repository, options = {}) => findModel(requests, repository, pathsProblem, options),
    download: (model, files, into, options = {}) => {
      const problem = pathsProblem(files)
      if (problem !== null) throw new HubAnswerError(`${model.repository} cannot be taken: ${problem}.`)
      return download(new FilesReader(requests, model), files, into, disk, options)
    }
  }
}
