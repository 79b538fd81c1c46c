import type { Verb } from '../verb.ts'
import { ask } from './ask.ts'
import { chat } from './chat.ts'
import { discover } from './discover.ts'
import { doctor } from './doctor.ts'
import { join } from './join.ts'
import { model } from './model.ts'
import { peers } from './peers.ts'
import { status } from './status.ts'
import { stop } from './stop.ts'
import { why } from './why.ts'

/** Every command, in the order in which help lists them. */
export const verbs: readonly Verb[] = [join, ask, chat, status, peers, discover, why, doctor, model, stop]
