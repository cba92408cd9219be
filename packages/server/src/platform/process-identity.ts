// Tells whether a process that we once knew still lives. A pid alone does not say it: after a `kill -9` or a restart of the
// machine another process may have it. The pid together with its start time does.

import { spawnSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'

/** A process by pid and start time; `start` is null where the system does not tell it. */
export type ProcessIdentity = { readonly pid: number; readonly start: string | null }

export function identityOf(pid: number): ProcessIdentity {
  return { pid, start: startOf(pid) }
}

export function isSameProcessAlive(identity: ProcessIdentity): boolean {
  return isPidAlive(identity.pid) && startOf(identity.pid) === identity.start
}

/** A zombie is not alive: it holds nothing any more but its pid. */
export function isPidAlive(pid: number): boolean {
  return isPidTaken(pid) && statFields(pid)?.[0] !== 'Z'
}

/** A process that we may not signal counts too (EPERM). */
export function isPidTaken(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** The folder a process works in, where the system tells it; null otherwise. */
export function workingFolderOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return null
  }
}

/** The command line of a process, or null when there is none or it may not be seen. */
export function commandOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return askPs(pid, 'command=')
  }
}

function startOf(pid: number): string | null {
  // Field 22 of proc(5)'s stat, in clock ticks after boot: unique for a pid in practice, because pids wrap slowly.
  return statFields(pid)?.[19] ?? askPs(pid, 'lstart=')
}

/** The fields of /proc/<pid>/stat after the command's name, which may itself hold spaces and brackets. */
function statFields(pid: number): readonly string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

/** macOS has no /proc. */
function askPs(pid: number, column: string): string | null {
  if (process.platform === 'linux') return null
  const answer = spawnSync('ps', ['-o', column, '-p', String(pid)], { encoding: 'utf8', timeout: 2_000 })
  return answer.status === 0 && answer.stdout.trim() !== '' ? answer.stdout.trim() : null
}
