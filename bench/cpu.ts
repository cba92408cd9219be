// What a piece of work takes of the processor, database and this process together: unlike the clock it is the same on a machine that has
// other things to do. Of a database that runs here, by Linux's /proc; null where there is none.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Of a clock tick in /proc: 100 a second on all that we meet. */
const TICK_US = 10_000

/** Microseconds so far. `dataDir` is that of the database. */
export function cpuUs(dataDir: string): number | null {
  const pidFile = join(dataDir, 'postmaster.pid')
  if (!existsSync('/proc/self/stat') || !existsSync(pidFile)) return null
  const server = Number(readFileSync(pidFile, 'utf8').split('\n')[0])
  const { user, system } = process.cpuUsage()
  let ticks = 0
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? statOf(name) : null
    if (stat === null) continue
    // Of the server also what children took that have ended.
    if (stat.pid === server) ticks += stat.own + stat.ofEnded
    else if (stat.parent === server) ticks += stat.own
  }
  return user + system + ticks * TICK_US
}

function statOf(pid: string): { readonly pid: number; readonly parent: number; readonly own: number; readonly ofEnded: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name in parentheses may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ').map(Number)
    return { pid: Number(pid), parent: fields[1]!, own: fields[11]! + fields[12]!, ofEnded: fields[13]! + fields[14]! }
  } catch {
    return null
  }
}
