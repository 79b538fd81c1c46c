import type { Account, Ran, Runner } from '../../../cli/service/manager.ts'

export const ACCOUNT: Account = { user: 'ada', uid: 1000, userHome: '/home/ada', configHome: '/home/ada/.config' }

/** A machine in memory: files, and what commands say; every command is written down. */
export class FakeRunner implements Runner {
  readonly files = new Map<string, string | Uint8Array>()
  readonly commands: string[] = []
  /** What a command says, by its beginning; others succeed without a word. */
  readonly says = new Map<string, Partial<Ran>>()

  run(command: string, args: readonly string[]): Promise<Ran> {
    const line = [command, ...args].join(' ')
    this.commands.push(line)
    const [, said = {}] = [...this.says].find(([beginning]) => line.startsWith(beginning)) ?? []
    return Promise.resolve({ code: 0, stdout: '', stderr: '', ...said })
  }

  show(command: string, args: readonly string[]): Promise<Ran> {
    return this.run(command, args)
  }

  tail(path: string, { lines, follow }: { lines: number; follow: boolean }): Promise<void> {
    this.commands.push(`tail ${path} ${lines}${follow ? ' follow' : ''}`)
    return Promise.resolve()
  }

  read(path: string): string | null {
    const content = this.files.get(path)
    if (content === undefined) return null
    return typeof content === 'string'
      ? content
      : Buffer.from(content)
          .toString('utf16le')
          .replace(/^\uFEFF/, '')
  }

  write(path: string, content: string | Uint8Array): void {
    this.files.set(path, content)
    this.commands.push(`write ${path}`)
  }

  remove(path: string): void {
    this.files.delete(path)
    this.commands.push(`remove ${path}`)
  }
}
