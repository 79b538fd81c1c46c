import assert from 'node:assert/strict'
import type { Outcome } from './device.ts'

/** What `mesh ask --json` prints. */
export interface AskData {
  answer: string
  model: string
  peer: { name: string; id: string }
  promptTokens: number
  answerTokens: number
  failovers: number
}

export function askData({ code, stdout, stderr }: Outcome): AskData {
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as AskData
}

/** The error that a verb with `--json` ended with. */
export function failure({ code, stdout, stderr }: Outcome): { code: number | null; name: string; message: string } {
  assert.equal(stdout, '')
  const { error } = JSON.parse(stderr) as { error: { name: string; message: string } }
  return { code, ...error }
}
