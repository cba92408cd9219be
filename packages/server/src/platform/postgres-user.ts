// As whom PostgreSQL runs when we are root, and what that user may reach. An existing database decides by its owner; a new
// one goes to `postgres`, else `tollgate`, which is created when the system can, else `nobody`.

import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import type { Log } from './log.ts'
import { StartError } from './start-error.ts'

export type SystemUser = { readonly name: string; readonly uid: number; readonly gid: number }

/** @param existing the folder of an existing database, or null. */
export function userFor(existing: string | null, log: Log): SystemUser {
  if (existing !== null) {
    const { uid, gid } = statSync(existing)
    if (uid !== 0) return { name: nameOf(uid), uid, gid }
  }
  const found = findUser('postgres') ?? findUser('tollgate') ?? createUser('tollgate', log) ?? findUser('nobody')
  if (found !== null) return found
  throw new StartError({
    code: 'postgres_no_user',
    message: 'PostgreSQL does not run as root, and this system has none of the users postgres, tollgate and nobody. Start Tollgate as an ordinary user, or set DATABASE_URL.',
  })
}

/**
 * Whether `user` (null: ourselves) may do this with a folder. Asked of the system by a process of that user, because modes
 * alone do not tell (access lists, mounts).
 */
export function mayEnter(folder: string, user: SystemUser | null, what: 'write' | 'pass' = 'write'): boolean {
  const command = what === 'write' ? 'cd -- "$1" && test -w .' : 'cd -- "$1"'
  const as = user === null ? {} : { uid: user.uid, gid: user.gid }
  const answer = spawnSync('/bin/sh', ['-c', command, 'sh', folder], { ...as, cwd: '/', env: {}, stdio: 'ignore', timeout: 10_000 })
  if ((answer.error as NodeJS.ErrnoException | undefined)?.code === 'EPERM') {
    throw new StartError({
      code: 'postgres_no_user_switch',
      message: 'PostgreSQL does not run as root, and this root may not become another user (a container without CAP_SETUID?). Start Tollgate as an ordinary user, or set DATABASE_URL.',
    })
  }
  return answer.status === 0
}

function findUser(name: string): SystemUser | null {
  const uid = askId('-u', name)
  const gid = askId('-g', name)
  return uid === null || gid === null || uid === 0 ? null : { name, uid, gid }
}

function askId(option: string, name: string): number | null {
  const answer = spawnSync('id', [option, name], { encoding: 'utf8', timeout: 10_000 })
  return answer.status === 0 ? Number(answer.stdout.trim()) : null
}

function nameOf(uid: number): string {
  const answer = spawnSync('id', ['-un', String(uid)], { encoding: 'utf8', timeout: 10_000 })
  return answer.status === 0 ? answer.stdout.trim() : String(uid)
}

/** Linux distributions have `useradd`, small ones (BusyBox) only `adduser`. */
function createUser(name: string, log: Log): SystemUser | null {
  const attempts: readonly (readonly [string, readonly string[]])[] = [
    ['useradd', ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin', name]],
    ['adduser', ['-S', '-D', '-H', '-s', '/sbin/nologin', name]],
  ]
  for (const [command, args] of attempts) {
    if (spawnSync(command, args, { stdio: 'ignore', timeout: 30_000 }).status !== 0) continue
    log.info(`created the system user ${name}: PostgreSQL does not run as root`)
    return findUser(name)
  }
  return null
}
