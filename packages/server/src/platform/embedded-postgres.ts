// Runs a real PostgreSQL as a child process, for a deployment of one machine: data in `<dataDir>/postgres`, a Unix socket that
// only its owner may reach, a password on top, no TCP. Invariant: at most one server runs on the data, and no process
// is signalled unless it is proven to be that server. The server outlives our `kill -9`; the next start takes it over. The caller
// holds the data folder's lock (data-dir-lock.ts), so two starts do not meet here.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, closeSync, existsSync, fchownSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from './log.ts'
import { connect } from './postgres.ts'
import { findPostmaster, hasWorkers, isPostmasterAlive, readPostmasterFile, removeForeignPostmasterFile } from './postgres-postmaster.ts'
import type { Postmaster } from './postgres-postmaster.ts'
import { preparePlace } from './postgres-place.ts'
import type { PostgresPlace } from './postgres-place.ts'
import { StartError } from './start-error.ts'

export type EmbeddedPostgres = {
  /** For `connect` and for psql: the socket's folder is in `?host=`. Holds the password. */
  readonly url: string
  /** The server of an earlier process, which did not stop it, was found alive and kept. */
  readonly tookOver: boolean
  /** The process id of the server. */
  readonly pid: number
  /** Stops the server: connected clients are cut, everything committed is kept. May be called twice. */
  readonly stop: () => Promise<void>
}

/** `test` trades durability for speed: a power cut may lose the whole database. */
export type Purpose = 'production' | 'test'

const DATABASE = 'tollgate'
const POLL_MS = 10
/** A server that replays its log after a power cut needs this long at most for 1 GB of it on a slow disk. */
const READY_TIMEOUT_MS = 120_000
/** How long an orphan that neither becomes ready nor ends is waited for before it is stopped. */
const ORPHAN_TIMEOUT_MS = 10_000
const PROBE_TIMEOUT_MS = 3_000
/** Bounds of a stop: the fast one writes a checkpoint, the immediate one leaves it to the next start's recovery. */
const FAST_STOP_TIMEOUT_MS = 15_000
const IMMEDIATE_STOP_TIMEOUT_MS = 5_000
const LOG_FILE_BYTES_MAX = 10 * 1024 * 1024

/**
 * Starts PostgreSQL on `<dataDir>/postgres`, or takes over one that runs there.
 * @throws {StartError} with what to do, when it cannot.
 */
export async function startEmbeddedPostgres(options: { readonly dataDir: string; readonly log: Log; readonly purpose?: Purpose }): Promise<EmbeddedPostgres> {
  const { log } = options
  const purpose = options.purpose ?? 'production'
  const place = await preparePlace(options.dataDir, log)
  if (!existsSync(place.data)) await createCluster(place, purpose)
  const orphan = await findOrphan(place, log)
  const postmaster = orphan ?? (await startServer(place, purpose))
  const url = urlOf(place, postmaster.socketFolder, DATABASE)
  await createDatabase(place, postmaster)
  log.debug({ pid: postmaster.pid, data: place.data }, orphan === null ? 'PostgreSQL started' : 'PostgreSQL taken over from an earlier process')
  return { url, tookOver: orphan !== null, pid: postmaster.pid, stop: stopper(postmaster, place, log) }
}

/** initdb into a folder beside, then renamed: an interrupted initdb leaves nothing that looks like a database. */
async function createCluster(place: PostgresPlace, purpose: Purpose): Promise<void> {
  const fresh = `${place.data}.new`
  rmSync(fresh, { recursive: true, force: true })
  writeFileSync(place.passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 })
  if (place.user !== null) chownSync(place.passwordFile, place.user.uid, place.user.gid)
  const args = [
    ['--pgdata', fresh, '--username', DATABASE, '--pwfile', place.passwordFile],
    // The builtin provider sorts by code point on every machine alike, so that no index breaks when a C library changes.
    ['--encoding', 'UTF8', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8', '--locale', 'C'],
    ['--auth', 'scram-sha-256', '--data-checksums', '--no-instructions', ...(purpose === 'test' ? ['--no-sync'] : [])],
  ].flat()
  const child = spawn(place.binaries.initdb, args, { ...spawnOptions(place), stdio: ['ignore', 'pipe', 'pipe'] })
  const output: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk))
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
  if (code !== 0) {
    throw new StartError({ code: 'postgres_initdb_failed', message: `PostgreSQL could not create its data folder ${place.data}:\n${Buffer.concat(output).toString().trim()}` })
  }
  renameSync(fresh, place.data)
}

/** A server of an earlier process that answers; one that does not is waited for, then stopped. Null: start one. */
async function findOrphan(place: PostgresPlace, log: Log): Promise<Postmaster | null> {
  for (const deadlineMs = Date.now() + ORPHAN_TIMEOUT_MS; ; await delay(POLL_MS)) {
    const isLate = Date.now() > deadlineMs
    const found = findPostmaster(place.data)
    if (found === null) {
      if (hasWorkers(place.data) && !isLate) continue
      removeForeignPostmasterFile(place.data)
      return null
    }
    if (found.status === 'ready' && (await answers(place, found))) return found
    // A server in recovery is at work: killing it would only make the next recovery longer.
    if (found.status === 'starting' || !isLate) continue
    log.warn({ pid: found.pid }, 'an earlier PostgreSQL on this data folder does not answer; stopping it')
    await stopPostmaster(found, place, log)
    if (isPostmasterAlive(found, place.data)) throw orphanStuck(place, found)
  }
}

function orphanStuck(place: PostgresPlace, found: Postmaster): StartError {
  return new StartError({ code: 'postgres_orphan_stuck', message: `An earlier PostgreSQL (pid ${found.pid}) holds ${place.data} and neither answers nor stops. End that process, then start again.` })
}

async function startServer(place: PostgresPlace, purpose: Purpose): Promise<Postmaster> {
  const output = openLogFile(place)
  // Nothing runs on the data, so the sockets of a killed server are dead, although its pid may be taken again.
  for (const name of readdirSync(place.socketFolder)) rmSync(join(place.socketFolder, name), { force: true })
  const args = ['-D', place.data, '-k', place.socketFolder, ...Object.entries(settings(purpose)).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  // Its own process group: the terminal's Ctrl-C must reach Tollgate alone, which stops its database last.
  const child = spawn(place.binaries.postgres, args, { ...spawnOptions(place), detached: true, stdio: ['ignore', output, output] })
  closeSync(output)
  let ended: string | null = null
  child.on('error', (error) => (ended = error.message))
  child.on('exit', (code, signal) => (ended = signal ?? `exit code ${code}`))
  child.unref()
  const deadlineMs = Date.now() + READY_TIMEOUT_MS
  while (ended === null && Date.now() < deadlineMs) {
    const file = readPostmasterFile(place.data)
    if (file !== null && file.pid === child.pid && file.status === 'ready') return file
    await delay(POLL_MS)
  }
  if (ended === null) child.kill('SIGQUIT')
  throw startFailed(place, child, ended)
}

function startFailed(place: PostgresPlace, child: ChildProcess, ended: string | null): StartError {
  const tail = readFileSync(place.logFile, 'utf8').trimEnd().split('\n').slice(-12).join('\n')
  const what = ended === null ? `was not ready after ${READY_TIMEOUT_MS / 1000} s (pid ${child.pid})` : `ended at once (${ended})`
  return new StartError({ code: 'postgres_start_failed', message: `PostgreSQL ${what}. The end of its log, ${place.logFile}:\n${tail}` })
}

/** On the command line rather than in a file, so that a new version of Tollgate brings its own. */
function settings(purpose: Purpose): Readonly<Record<string, string>> {
  const isDurable = purpose === 'production' ? 'on' : 'off'
  return {
    listen_addresses: '',
    unix_socket_permissions: '0700',
    max_connections: purpose === 'production' ? '60' : '120',
    shared_buffers: '128MB',
    fsync: isDurable,
    synchronous_commit: isDurable,
    full_page_writes: isDurable,
    wal_level: purpose === 'production' ? 'replica' : 'minimal',
    // Files in the data folder instead of the system's shared memory: they go with the folder, however the server ended.
    ...(purpose === 'production' ? {} : { max_wal_senders: '0', dynamic_shared_memory_type: 'mmap' }),
    max_wal_size: purpose === 'production' ? '1GB' : '128MB',
    // Short statements by index: compiling them costs more than it saves, and disks of today seek well.
    jit: 'off',
    random_page_cost: '1.1',
    work_mem: '8MB',
    idle_in_transaction_session_timeout: '60s',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_min_messages: 'warning',
    log_line_prefix: '%m [%p] %a ',
    logging_collector: 'off',
  }
}

async function answers(place: PostgresPlace, postmaster: Postmaster): Promise<boolean> {
  const sql = connect({ url: urlOf(place, postmaster.socketFolder, 'postgres'), applicationName: 'tollgate start', max: 1 })
  try {
    const timedOut = delay(PROBE_TIMEOUT_MS, false, { ref: false })
    return await Promise.race([sql`select 1`.then(() => true, () => false), timedOut])
  } finally {
    void sql.end({ timeout: 0 }).catch(() => {})
  }
}

async function createDatabase(place: PostgresPlace, postmaster: Postmaster): Promise<void> {
  const sql = connect({ url: urlOf(place, postmaster.socketFolder, 'postgres'), applicationName: 'tollgate start', max: 1 })
  try {
    const found = await sql`select 1 from pg_database where datname = ${DATABASE}`
    if (found.length === 0) await sql`create database ${sql(DATABASE)}`
  } finally {
    await sql.end()
  }
}

function urlOf(place: PostgresPlace, socketFolder: string, database: string): string {
  const password = readFileSync(place.passwordFile, 'utf8').trim()
  return `postgres://${DATABASE}:${password}@localhost/${database}?host=${encodeURIComponent(socketFolder)}`
}

/** Nothing of our environment is handed down: it holds provider keys. */
function spawnOptions(place: PostgresPlace): { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly uid?: number; readonly gid?: number } {
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
  return place.user === null ? { cwd: place.folder, env } : { cwd: place.folder, env, uid: place.user.uid, gid: place.user.gid }
}

function openLogFile(place: PostgresPlace): number {
  if (existsSync(place.logFile) && statSync(place.logFile).size > LOG_FILE_BYTES_MAX) renameSync(place.logFile, `${place.logFile}.1`)
  const file = openSync(place.logFile, 'a', 0o600)
  if (place.user !== null) fchownSync(file, place.user.uid, place.user.gid)
  return file
}

/** Also when the process ends without stopping (an uncaught error): a signal is all that can be sent then. */
function stopper(postmaster: Postmaster, place: PostgresPlace, log: Log): () => Promise<void> {
  const atExit = () => void signal(postmaster, place, 'SIGINT')
  process.on('exit', atExit)
  let stopping: Promise<void> | null = null
  return () => {
    stopping ??= stopPostmaster(postmaster, place, log).then(() => {
      process.off('exit', atExit)
      // It may be in the temporary folder; the next start makes it anew.
      if (!isPostmasterAlive(postmaster, place.data)) rmSync(place.socketFolder, { recursive: true, force: true })
    })
    return stopping
  }
}

/** Fast, then immediate, then by force; each only while the process is proven to be our server. */
async function stopPostmaster(postmaster: Postmaster, place: PostgresPlace, log: Log): Promise<void> {
  const steps = [['SIGINT', FAST_STOP_TIMEOUT_MS], ['SIGQUIT', IMMEDIATE_STOP_TIMEOUT_MS], ['SIGKILL', IMMEDIATE_STOP_TIMEOUT_MS]] as const
  for (const [name, timeoutMs] of steps) {
    if (name !== 'SIGINT') log.warn({ pid: postmaster.pid, signal: name }, 'PostgreSQL has not stopped yet')
    if (!signal(postmaster, place, name)) return
    const deadlineMs = Date.now() + timeoutMs
    while (Date.now() < deadlineMs) {
      if (!isPostmasterAlive(postmaster, place.data)) return
      await delay(POLL_MS)
    }
  }
  log.error({ pid: postmaster.pid }, 'PostgreSQL does not stop; the next start takes it over')
}

function signal(postmaster: Postmaster, place: PostgresPlace, name: NodeJS.Signals): boolean {
  if (!isPostmasterAlive(postmaster, place.data)) return false
  try {
    return process.kill(postmaster.pid, name)
  } catch {
    return false
  }
}
