import { createServer } from 'node:net'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { dataFolder, spawnTollgate, startTollgate, type Tollgate } from './tollgate.ts'

const running: Tollgate[] = []
afterEach(async () => {
  for (const tollgate of running.splice(0)) await tollgate.stop()
})

async function start(dataDir: string = dataFolder(), options: Parameters<typeof startTollgate>[1] = {}): Promise<Tollgate> {
  const tollgate = await startTollgate(dataDir, options)
  running.push(tollgate)
  return tollgate
}

test('a first start prints a curl that works at once, and the same facts stand in demo.json for its owner only', async () => {
  const tollgate = await start()
  expect(tollgate.startedInMs).toBeLessThan(20_000)
  expect(Object.keys(tollgate.demo)).toEqual(['url', 'gateway_url', 'key', 'admin_key', 'customer', 'model'])
  expect(statSync(join(tollgate.dataDir, 'demo.json')).mode & 0o777).toBe(0o600)
  const answer = await fetch(`${tollgate.demo.gateway_url}/v1/chat/completions`, {
    method: 'POST', headers: { authorization: `Bearer ${tollgate.demo.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: tollgate.demo.model, messages: [{ role: 'user', content: 'Say hello' }] }),
  })
  expect(answer.status).toBe(200)
  expect(tollgate.output()).toContain(tollgate.demo.key)
})

test('a later start keeps keys and balances and is quick', async () => {
  const first = await start()
  const { demo } = first
  expect(await first.stop()).toBe(0)
  const second = await start(first.dataDir)
  // One second on an idle machine; the bound only catches a start that does the first one's work again.
  expect(second.startedInMs).toBeLessThan(15_000)
  expect([second.demo.key, second.demo.admin_key]).toEqual([demo.key, demo.admin_key])
  expect(await second.get(`/v1/customers/${demo.customer}/balance`)).toMatchObject({ balance: '0.05' })
})

test('a second Tollgate on the same data folder says so and ends, and the first goes on', async () => {
  const first = await start()
  const second = spawnTollgate(first.dataDir)
  expect(await second.exited).toBe(1)
  expect(second.output()).toMatch(/^Another Tollgate \(pid \d+\) is running on the data folder/)
  expect((await fetch(`${first.demo.url}/healthz`)).status).toBe(200)
})

test('a taken port is named, with the way to choose another', async () => {
  const blocker = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => blocker.once('listening', resolve))
  const { port } = blocker.address() as { port: number }
  for (const [flag, setting] of [['--port', 'TOLLGATE_PORT'], ['--gateway-port', 'TOLLGATE_GATEWAY_PORT']] as const) {
    const other = flag === '--port' ? '--gateway-port' : '--port'
    const { exited, output } = spawnTollgate(dataFolder(), { args: [flag, String(port), other, '0'] })
    expect(await exited).toBe(1)
    expect(output()).toContain(`Port ${port}`)
    expect(output()).toContain(setting)
    expect(output()).not.toContain('    at ')
  }
  blocker.close()
})

test('after kill -9 of everything the next start takes the orphaned PostgreSQL over and works', async () => {
  const first = await startTollgate()
  const postmaster = () => readFileSync(join(pgFolder(first.dataDir), 'postmaster.pid'), 'utf8').split('\n')[0]
  const before = postmaster()
  await first.kill()
  const second = await start(first.dataDir)
  expect(postmaster()).toBe(before)
  expect(second.startedInMs).toBeLessThan(30_000)
  expect(second.demo.key).toBe(first.demo.key)
  expect((await fetch(`${second.demo.url}/readyz`)).status).toBe(200)
})

test('a gateway that dies is started again and serves on the same port', async () => {
  const tollgate = await start()
  const children = readFileSync(`/proc/${await gatewayPid(tollgate)}/cmdline`, 'utf8')
  expect(children).toContain('gateway')
  process.kill(await gatewayPid(tollgate), 'SIGKILL')
  await expect.poll(async () => (await fetch(`${tollgate.demo.gateway_url}/readyz`).catch(() => null))?.status, { timeout: 15_000 }).toBe(200)
})

test('misspelt settings stop the start with all that is wrong', async () => {
  const { exited, output } = spawnTollgate(dataFolder(), { env: { TOLLGATE_PROT: '1', TOLLGATE_LOG_LEVEL: 'loud' } })
  expect(await exited).toBe(1)
  expect(output()).toContain('TOLLGATE_PROT')
  expect(output()).toContain('TOLLGATE_LOG_LEVEL')
})

function pgFolder(dataDir: string): string {
  const root = join(dataDir, 'postgres')
  const [version] = readdirSync(root).filter((name) => /^\d+$/.test(name))
  return version === undefined ? root : join(root, version)
}

async function gatewayPid(tollgate: Tollgate): Promise<number> {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const command = read(`/proc/${pid}/cmdline`)
    if (command.includes('\0gateway\0') && read(`/proc/${pid}/environ`).includes(`TOLLGATE_DATA_DIR=${tollgate.dataDir}\0`)) return Number(pid)
  }
  throw new Error('there is no gateway process')
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
