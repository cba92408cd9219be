// Two gateway processes of one deployment, each a node with its own memory and journal, spend one wallet together.

import { spawn } from 'node:child_process'
import { Pool } from 'undici'
import { expect, test } from 'vitest'
import { MAIN, dataFolder, startTollgate, type Sums } from './tollgate.ts'

const TOKEN = 'shared-by-the-nodes-of-one-deployment'
const REQUESTS = 600

test('two gateway processes on one wallet never overspend it, and every charge is posted once', { timeout: 120_000 }, async () => {
  const tollgate = await startTollgate(dataFolder(), { env: { TOLLGATE_NODE_TOKEN: TOKEN } })
  const second = await startGateway(tollgate.demo.url)
  try {
    expect(await tollgate.get('/readyz')).toMatchObject({ nodes: 2 })
    const customer = `/v1/customers/${tollgate.demo.customer}`
    expect((await tollgate.post(`${customer}/credits`, { amount: '0.45' })).status).toBe(201)
    const statuses = (await Promise.all([drive(tollgate.demo.gateway_url, tollgate.demo.key), drive(second.url, tollgate.demo.key)])).flat()
    const admitted = statuses.filter((status) => status === 200).length
    expect([...new Set(statuses)].sort()).toEqual([200, 402])
    await expect.poll(async () => (await tollgate.get<Sums>(`${customer}/checks/sums`)).events, { timeout: 10_000 }).toBe(admitted)
    expect((await tollgate.get<Sums>(`${customer}/checks/sums`)).differences).toEqual([])
    const { balance, debt } = await tollgate.get<{ balance: string; debt: string }>(`${customer}/balance`)
    expect([debt, Number(balance) >= 0, Number(balance) < 0.02]).toEqual(['0', true, true])
  } finally {
    await second.stop()
    await tollgate.stop()
  }
})

async function startGateway(controlUrl: string): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const child = spawn(process.execPath, [MAIN, 'gateway', '--gateway-port', '0', '--node-id', 'second'], {
    env: { PATH: process.env['PATH'], TMPDIR: process.env['TMPDIR'], TOLLGATE_DATA_DIR: dataFolder(), TOLLGATE_CONTROL_URL: controlUrl, TOLLGATE_NODE_TOKEN: TOKEN, TOLLGATE_LOG_LEVEL: 'warn' }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.on('message', (message: { kind: string; url: string; message: string }) => (message.kind === 'ready' ? resolve(message.url) : reject(new Error(message.message))))
    child.once('exit', (code) => reject(new Error(`the gateway ended with ${code}`)))
  })
  return {
    url,
    stop: () => new Promise((resolve) => {
      child.removeAllListeners('exit')
      child.once('exit', () => resolve())
      child.kill('SIGTERM')
    }),
  }
}

async function drive(url: string, key: string): Promise<number[]> {
  const pool = new Pool(url, { connections: 16 })
  const statuses: number[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < REQUESTS / 2) {
      next += 1
      const body = JSON.stringify({ model: 'sandbox-small', max_tokens: 100, messages: [{ role: 'user', content: `request ${next}` }] })
      const answer = await pool.request({ method: 'POST', path: '/v1/chat/completions', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, body })
      const text = await answer.body.text()
      // A key that goes on after a hundred refusals in a second is refused with another word.
      statuses.push(answer.statusCode === 429 && text.includes('too_many_refusals') ? 402 : answer.statusCode)
    }
  }
  await Promise.all(Array.from({ length: 16 }, worker))
  await pool.destroy()
  return statuses
}
