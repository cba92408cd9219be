// Reads postmaster.pid, PostgreSQL's own note of who runs on a data folder, and proves that the process it names is that
// server: after a power cut the pid may belong to anybody.

import { readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { commandOf, identityOf, isPidAlive, isPidTaken, isSameProcessAlive, workingFolderOf } from './process-identity.ts'
import type { ProcessIdentity } from './process-identity.ts'

export type PostmasterStatus = 'starting' | 'ready' | 'stopping' | 'standby' | 'unknown'

export type Postmaster = ProcessIdentity & { readonly status: PostmasterStatus; readonly socketFolder: string }

/** What postmaster.pid says, whether or not the process lives; null without a complete file. */
export function readPostmasterFile(data: string): Postmaster | null {
  try {
    // Lines: pid, data folder, start time, port, socket folder, listen address, shared memory key, status.
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n').map((line) => line.trim())
    const pid = Number(lines[0])
    if (!Number.isSafeInteger(pid) || pid <= 0) return null
    return { ...identityOf(pid), socketFolder: lines[4] ?? '', status: statusOf(lines[7]) }
  } catch {
    return null
  }
}

/** The living server on this data folder, or null. */
export function findPostmaster(data: string): Postmaster | null {
  const noted = readPostmasterFile(data)
  return noted !== null && isServerOf(noted.pid, data) ? noted : null
}

export function isPostmasterAlive(postmaster: Postmaster, data: string): boolean {
  return isSameProcessAlive(postmaster) && isServerOf(postmaster.pid, data)
}

/**
 * Removes a note whose pid is taken by a stranger, or by a zombie that its parent does not collect: PostgreSQL would refuse
 * to start. Call it only when nothing works in the folder any more. A note whose pid is free stays: PostgreSQL itself uses it to look
 * for children that still hold the dead server's memory.
 */
export function removeForeignPostmasterFile(data: string): void {
  const noted = readPostmasterFile(data)
  if (noted !== null && isPidTaken(noted.pid) && !isServerOf(noted.pid, data)) rmSync(join(data, 'postmaster.pid'), { force: true })
}

/** Whether any process works in the folder: children of a killed server need a moment to notice. Known on Linux only. */
export function hasWorkers(data: string): boolean {
  if (process.platform !== 'linux') return false
  const folder = realpathSync(data)
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && workingFolderOf(Number(name)) === folder)
}

/** A server works in its data folder; where the system does not tell that, its command line names the folder. */
function isServerOf(pid: number, data: string): boolean {
  if (!isPidAlive(pid)) return false
  const command = commandOf(pid)
  if (command === null || !command.includes('postgres')) return false
  const folder = workingFolderOf(pid)
  return folder === null ? command.includes(data) : folder === realpathSync(data)
}

function statusOf(line: string | undefined): PostmasterStatus {
  return line === 'starting' || line === 'ready' || line === 'stopping' || line === 'standby' ? line : 'unknown'
}
