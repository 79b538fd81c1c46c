#!/usr/bin/env node
// This file must be readable by any Node that knows import(): it says which Node is needed before the rest, which an
// old one could not even parse, is loaded. Everything else is in main.ts.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `mesh needs Node 20.19 or newer; this is Node ${process.versions.node}. See https://nodejs.org.\n`
  )
  process.exitCode = 1
} else {
  void import('./main.ts').then(({ main }) => main(process.argv.slice(2)))
}
