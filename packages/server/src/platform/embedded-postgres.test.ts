import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { startEmbeddedPostgres } from './embedded-postgres.ts'
import type { EmbeddedPostgres, Purpose } from './embedded-postgres.ts'
import { silentLog } from './log.ts'
import { connect } from './postgres.ts'
import type { Sql } from './postgres.ts'
import { isPidAlive } from './process-identity.ts'

const isRoot = process.getuid?.() === 0
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

function dataFolder(...below: readonly string[]): string {
  const top = mkdtempSync(join(tmpdir(), 'tollgate-embedded-'))
  chmodSync(top, 0o711)
  cleanups.push(() => rmSync(top, { recursive: true, force: true }))
  return join(top, ...below)
}

async function start(dataDir: string, purpose: Purpose = 'test'): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, log: silentLog(), purpose })
  cleanups.push(() => server.stop())
  return server
}

async function query<T>(server: { readonly url: string }, work: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = connect({ url: server.url, applicationName: 'test', max: 1 })
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

const write = (server: EmbeddedPostgres) => query(server, (sql) => sql.unsafe('create table kept as select 42 as value'))
const read = (server: EmbeddedPostgres) => query(server, async (sql) => (await sql.unsafe('select value from kept'))[0]?.['value'])

/** A process that starts the server and then does nothing, until it is killed. */
async function startElsewhere(dataDir: string): Promise<{ readonly kill: () => Promise<unknown>; readonly serverPid: number }> {
  const script = `
    import { startEmbeddedPostgres } from ${JSON.stringify(join(import.meta.dirname, 'embedded-postgres.ts'))}
    import { silentLog } from ${JSON.stringify(join(import.meta.dirname, 'log.ts'))}
    const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, log: silentLog(), purpose: 'test' })
    console.log(server.pid)
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.on('exit', resolve))
  const kill = () => (child.kill('SIGKILL'), ended)
  cleanups.push(kill)
  const serverPid = await new Promise<number>((resolve) => child.stdout.on('data', (chunk: Buffer) => resolve(Number(chunk))))
  return { kill, serverPid }
}

test('the first start creates the database, a stop ends the server, and the next start finds the data', async () => {
  const dataDir = dataFolder()
  const first = await start(dataDir)
  expect(first.tookOver).toBe(false)
  await write(first)
  await first.stop()
  await expect.poll(() => isPidAlive(first.pid)).toBe(false)
  const second = await start(dataDir)
  expect(await read(second)).toBe(42)
})

test('it is PostgreSQL 18 in UTF-8, durable unless for tests, reachable over its socket alone', async () => {
  const server = await start(dataFolder())
  const setting = (name: string) => query(server, async (sql) => (await sql<{ value: string }[]>`select current_setting(${name}) as value`)[0]?.value)
  expect(await setting('server_version')).toMatch(/^18\./)
  expect(await setting('server_encoding')).toBe('UTF8')
  expect(await setting('listen_addresses')).toBe('')
  expect(await setting('fsync')).toBe('off')
  const wrong = { url: server.url.replace(/:[^:@/]+@/, ':wrong@') }
  await expect(query(wrong, (sql) => sql`select 1`)).rejects.toThrow('password authentication failed')
})

test('a server whose parent was killed is taken over with its data, and then stops when told', async () => {
  const dataDir = dataFolder()
  const elsewhere = await startElsewhere(dataDir)
  await elsewhere.kill()
  expect(isPidAlive(elsewhere.serverPid)).toBe(true)
  const server = await start(dataDir)
  expect({ tookOver: server.tookOver, pid: server.pid }).toEqual({ tookOver: true, pid: elsewhere.serverPid })
  await write(server)
  await server.stop()
  await expect.poll(() => isPidAlive(server.pid)).toBe(false)
})

test('a server that was itself killed starts again with everything committed', async () => {
  const dataDir = dataFolder()
  const first = await start(dataDir, 'production')
  await write(first)
  process.kill(first.pid, 'SIGKILL')
  await expect.poll(() => isPidAlive(first.pid)).toBe(false)
  const second = await start(dataDir, 'production')
  expect(second.tookOver).toBe(false)
  expect(await read(second)).toBe(42)
})

test('a pid file that names a living stranger neither blocks the start nor harms the stranger', async () => {
  const dataDir = dataFolder()
  const first = await start(dataDir)
  await write(first)
  const pidFile = join(dataDir, 'postgres', '18', 'postmaster.pid')
  const note = readFileSync(pidFile, 'utf8')
  await first.stop()
  writeFileSync(pidFile, note.replace(/^\d+/, String(process.pid)))
  const second = await start(dataDir)
  expect(await read(second)).toBe(42)
})

test('a data folder with a path too long for a socket gets its socket elsewhere', async () => {
  const server = await start(dataFolder('a'.repeat(60), 'b'.repeat(60)))
  expect(await query(server, (sql) => sql`select 1 as one`)).toEqual([{ one: 1 }])
})

test.runIf(process.platform === 'linux')('the server sees nothing of our environment, which holds provider keys', async () => {
  process.env['OPENAI_API_KEY'] = 'sk-not-for-postgres'
  cleanups.push(() => delete process.env['OPENAI_API_KEY'])
  const server = await start(dataFolder())
  expect(readFileSync(`/proc/${server.pid}/environ`, 'utf8')).not.toContain('sk-not-for-postgres')
})

test.runIf(isRoot)('under root, a database that its user could not reach is kept elsewhere, with a link that later starts follow', async () => {
  const closed = dataFolder('closed')
  mkdirSync(closed, { mode: 0o700 })
  const dataDir = join(closed, 'data')
  const first = await start(dataDir)
  const target = readlinkSync(join(dataDir, 'postgres'))
  cleanups.unshift(() => rmSync(dirname(target), { recursive: true, force: true }))
  expect(target.startsWith(realpathSync(tmpdir()))).toBe(false)
  await write(first)
  await first.stop()
  chmodSync(closed, 0o755)
  expect(await read(await start(dataDir))).toBe(42)
})

test('a database whose folder is gone is told, never replaced by an empty one', async () => {
  const dataDir = dataFolder()
  mkdirSync(dataDir, { recursive: true })
  spawnSync('ln', ['-s', '/nonexistent/tollgate', join(dataDir, 'postgres')])
  await expect(start(dataDir)).rejects.toMatchObject({ code: 'postgres_data_missing' })
  expect(existsSync('/nonexistent/tollgate')).toBe(false)
})
