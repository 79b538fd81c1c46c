import { findVerb } from './parse.ts'

/** Flags alone are `join`'s, except those that ask about the command itself. */
export function startArguments(args: readonly string[]): string[] {
  const aboutItself = args.some((argument) => ['--help', '-h', '--version'].includes(argument))
  return findVerb(args).name === undefined && !aboutItself ? ['join', ...args] : [...args]
}
