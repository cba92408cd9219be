// One Tollgate per data folder: a second would write into the same journal and start a second PostgreSQL on the same files.
// The lock is a file with the owner's pid and start time, so that one left by `kill -9` or a power cut does not block, and a new
// process that happens to have the old pid does not either. It does not protect against another machine on a shared disk.

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { placeFile } from './place-file.ts'
import { identityOf, isSameProcessAlive } from './process-identity.ts'
import type { ProcessIdentity } from './process-identity.ts'
import { StartError } from './start-error.ts'

export type DataDirLock = { readonly release: () => void }

/** Of processes that race for a stale lock at most this many rounds are needed; each round one of them wins. */
const ATTEMPTS_MAX = 20

/**
 * Takes the data folder for this process, creating the folder when needed. Released by `release` and at exit.
 * @throws {StartError} `data_dir_in_use` while another Tollgate has it.
 */
export function acquireDataDirLock(dataDir: string): DataDirLock {
  createDataDir(dataDir)
  const path = join(dataDir, 'lock')
  const mine = `${path}.${process.pid}`
  writeFileSync(mine, JSON.stringify(identityOf(process.pid)))
  try {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      if (placeFile(mine, path)) return held(path)
      const owner = readOwner(path)
      if (owner !== null && isSameProcessAlive(owner)) throw inUse(dataDir, owner)
      removeStale(path, owner)
    }
  } finally {
    rmSync(mine, { force: true })
  }
  throw inUse(dataDir, readOwner(path))
}

/** Under root it can be walked through, because PostgreSQL runs as another user; its secrets have modes of their own. */
export function createDataDir(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
}

function held(path: string): DataDirLock {
  let isHeld = true
  const release = () => {
    if (isHeld) rmSync(path, { force: true })
    isHeld = false
    process.off('exit', release)
  }
  process.on('exit', release)
  return { release }
}

/**
 * Moves the dead owner's lock to a grave named after it. Of two processes that saw the same dead owner the slower one could move
 * the faster one's new lock: so the grave is read again, and a living owner's lock is put back.
 */
function removeStale(path: string, owner: ProcessIdentity | null): void {
  const grave = `${path}.stale-${owner?.pid ?? 'unknown'}-${process.pid}`
  try {
    renameSync(path, grave)
  } catch {
    return
  }
  const buried = readOwner(grave)
  if (buried !== null && isSameProcessAlive(buried)) placeFile(grave, path)
  rmSync(grave, { force: true })
}

function readOwner(path: string): ProcessIdentity | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity
  } catch {
    return null
  }
}

function inUse(dataDir: string, owner: ProcessIdentity | null): StartError {
  return new StartError({
    code: 'data_dir_in_use',
    message: `Another Tollgate${owner === null ? '' : ` (pid ${owner.pid})`} is running on the data folder ${dataDir}. Stop it, or give this one a folder and ports of its own: TOLLGATE_DATA_DIR, TOLLGATE_PORT, TOLLGATE_GATEWAY_PORT.`,
  })
}
