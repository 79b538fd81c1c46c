import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createHub,
  type DownloadStep,
  type Hub,
  type HubFile,
  type HubInit,
  type HubModel
} from '../../src/hub/index.ts'
import { checkRoom, filesProblem, makeFolder, syncFolder, writing } from '../../src/packages/index.ts'
import { HubDouble } from './hub-double.ts'

/** Waits that a test can sit through, and silence that a loaded machine does not make by itself. */
export const QUICK = { silenceMs: 400, tries: 3, firstWaitMs: 5 }

/** A double, the hub spoken to there, and a folder to download into. */
export class Bench {
  readonly double = new HubDouble()
  readonly root = mkdtempSync(join(tmpdir(), 'ownmesh-hub-'))
  readonly into = join(this.root, 'incoming')

  async open(): Promise<this> {
    await this.double.start()
    return this
  }

  async close(): Promise<void> {
    await this.double.close()
    rmSync(this.root, { recursive: true })
  }

  hub(init: Partial<HubInit> = {}): Hub {
    return createHub({
      endpoint: this.double.endpoint,
      limits: QUICK,
      disk: { checkRoom, makeFolder, syncFolder, writing },
      pathsProblem: (files) => filesProblem(files, null),
      ...init
    })
  }
}

/** What a download comes to. */
export interface Downloaded {
  bytes: number
  kept: number
  remarks: string[]
}

export async function downloaded(steps: AsyncIterable<DownloadStep>): Promise<Downloaded> {
  const sum: Downloaded = { bytes: 0, kept: 0, remarks: [] }
  for await (const step of steps) {
    if ('remark' in step) sum.remarks.push(step.remark)
    else {
      sum.bytes += step.bytes
      sum.kept += step.kept
    }
  }
  return sum
}

export function fileOf({ files }: HubModel, path: string): HubFile {
  const found = files.find((file) => file.path === path)
  if (found === undefined) throw new Error(`there is no ${path}`)
  return found
}
