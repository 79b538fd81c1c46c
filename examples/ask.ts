/**
 * Asks the mesh from a program of your own: attaches to the node of this home, or starts one.
 *
 *   node dist/examples/ask.js "What is 7 times 8?"
 */
import { openMesh, NobodyCanAnswerError } from 'ownmesh'

const prompt = process.argv[2] ?? 'What is 7 times 8?'
const mesh = await openMesh()
try {
  // Ctrl-C takes the question back; the answering device stops before its next token.
  const interrupted = new AbortController()
  process.once('SIGINT', () => {
    interrupted.abort()
  })
  for await (const event of mesh.ask(prompt, { signal: interrupted.signal })) {
    if (event.type === 'text') process.stdout.write(event.text)
    if (event.type === 'done') process.stdout.write(`\n— ${event.peer.name} · ${event.model}\n`)
  }
} catch (err) {
  if (!(err instanceof NobodyCanAnswerError)) throw err
  process.stderr.write(`${err.message}\n`)
  process.exitCode = 3
} finally {
  await mesh.stop()
}
