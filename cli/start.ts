// `npm start`: joins, unless another command is named (`npm start -- peers`).
import { main } from './main.ts'
import { startArguments } from './start-arguments.ts'

await main(startArguments(process.argv.slice(2)))
