import type { Verb } from '../verb.ts'
import { approve } from './approve.ts'
import { ask } from './ask.ts'
import { bench } from './bench.ts'
import { chat } from './chat.ts'
import { confirm } from './confirm.ts'
import { discover } from './discover.ts'
import { doctor } from './doctor.ts'
import { engine } from './engine.ts'
import { exportFile } from './export-file.ts'
import { forget } from './forget.ts'
import { importFile } from './import-file.ts'
import { invite } from './invite.ts'
import { join } from './join.ts'
import { leave } from './leave.ts'
import { members } from './members.ts'
import { memory } from './memory.ts'
import { model } from './model.ts'
import { pause } from './pause.ts'
import { peers } from './peers.ts'
import { recall } from './recall.ts'
import { recover } from './recover.ts'
import { remember } from './remember.ts'
import { remove } from './remove.ts'
import { rename } from './rename.ts'
import { resume } from './resume.ts'
import { service } from './service.ts'
import { status } from './status.ts'
import { stop } from './stop.ts'
import { why } from './why.ts'

/** Every command, in the order in which help lists them. */
export const verbs: readonly Verb[] = [
  join,
  ask,
  chat,
  status,
  peers,
  discover,
  why,
  doctor,
  invite,
  approve,
  confirm,
  members,
  rename,
  remove,
  leave,
  recover,
  remember,
  recall,
  forget,
  memory,
  exportFile,
  importFile,
  model,
  engine,
  bench,
  pause,
  resume,
  stop,
  service
]
