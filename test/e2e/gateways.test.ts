// Several gateway processes on one port: to a client they are one gateway. Each is a node with a journal of its own.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataFolder, startTollgate, type Sums, type Tollgate } from './tollgate.ts'

const PROCESSES = 3
const dataDir = dataFolder()
let tollgate: Tollgate
beforeAll(async () => {
  tollgate = await startTollgate(dataDir, { args: ['--port', '0', '--gateway-port', '0', '--gateways', String(PROCESSES)] })
}, 60_000)
afterAll(() => tollgate.stop())

const pidOf = (node: string) => (JSON.parse(readFileSync(join(dataDir, 'journal', node, 'lock'), 'utf8')) as { pid: number }).pid
const customer = () => `/v1/customers/${tollgate.demo.customer}`

/** One call on a connection of its own, so that the system picks the process anew. */
async function call(path: string, body: unknown): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const client = new Client(tollgate.demo.gateway_url)
  try {
    const answer = await client.request({ method: 'POST', path, headers: { authorization: `Bearer ${tollgate.demo.key}`, 'content-type': 'application/json' }, body: JSON.stringify(body) })
    return { status: answer.statusCode, body: (await answer.body.json()) as Record<string, unknown> }
  } finally {
    await client.close()
  }
}

const chat = (content: string) => call('/v1/chat/completions', { model: tollgate.demo.model, max_tokens: 10, messages: [{ role: 'user', content }] })
const wanted = (reservation?: string) => ({ ...(reservation === undefined ? {} : { reservation_id: reservation }), feature: 'chat', model: tollgate.demo.model, quantities: { input_tokens: '10', output_tokens: '10' } })

async function authorizedBy(): Promise<Map<string, number>> {
  const text = await (await fetch(`${tollgate.demo.gateway_url}/metrics`)).text()
  return new Map([...text.matchAll(/^tollgate_node_authorized_total\{node="([^"]+)"\} (\d+)$/gm)].map((found) => [found[1]!, Number(found[2])]))
}

test('all answer on one port, a scrape of any tells of each, and their charges sum up', { timeout: 60_000 }, async () => {
  expect(await tollgate.get('/readyz')).toMatchObject({ nodes: PROCESSES })
  const statuses = await Promise.all(Array.from({ length: 60 }, async (_, index) => (await chat(`request ${index}`)).status))
  expect(new Set(statuses)).toEqual(new Set([200]))
  const counts = await authorizedBy()
  expect([...counts.keys()].sort()).toEqual(['local-1', 'local-2', 'local-3'])
  expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(60)
  expect([...counts.values()].filter((count) => count > 0).length).toBeGreaterThan(1)
  await expect.poll(async () => (await tollgate.get<Sums>(`${customer()}/checks/sums`)).events, { timeout: 10_000 }).toBe(60)
  expect((await tollgate.get<Sums>(`${customer()}/checks/sums`)).differences).toEqual([])
})

test('a reservation is one whichever process hears of it: repeated, raised, settled, and never settled twice', { timeout: 60_000 }, async () => {
  for (let round = 0; round < 12; round++) {
    const id = round % 2 === 0 ? `res_client${round}` : undefined
    const first = await call('/v1/authorize', wanted(id))
    expect(first).toMatchObject({ status: 200, body: { decision: 'allow', replayed: false } })
    const reservation = String(first.body['reservation_id'])
    if (id !== undefined) expect((await call('/v1/authorize', wanted(id))).body).toMatchObject({ reservation_id: id, replayed: true })
    expect((await call(`/v1/reservations/${reservation}/extend`, { quantities: { output_tokens: '20' } })).body).toMatchObject({ decision: 'allow' })
    const settle = () => call(`/v1/reservations/${reservation}/settle`, { quantities: { input_tokens: '10', output_tokens: '15' } })
    expect((await settle()).body).toMatchObject({ reservation_id: reservation, replayed: false })
    expect((await settle()).body).toMatchObject({ reservation_id: reservation, replayed: true })
  }
})

test('one that is killed takes its own requests with it and no others; it comes back as the next incarnation of its node', { timeout: 60_000 }, async () => {
  process.kill(pidOf('local-2'), 'SIGKILL')
  const answered = await Promise.all(Array.from({ length: 30 }, (_, index) => chat(`after the kill ${index}`).then(({ status }) => status, () => 0)))
  expect(answered.filter((status) => status === 200).length).toBeGreaterThan(10)
  await expect.poll(async () => [...(await authorizedBy()).keys()].sort(), { timeout: 10_000 }).toEqual(['local-1', 'local-2', 'local-3'])
  const { nodes } = await tollgate.get<{ nodes: { id: string; incarnation: number; connected: boolean }[] }>('/v1/system')
  expect(nodes.map(({ id, incarnation, connected }) => [id, incarnation, connected]).sort()).toEqual([['local-1', 1, true], ['local-2', 2, true], ['local-3', 1, true]])
})

test('what the processes wrote is settled also when fewer of them start again', { timeout: 60_000 }, async () => {
  const before = await tollgate.get<Sums>(`${customer()}/checks/sums`)
  const answered = await Promise.all(Array.from({ length: 40 }, async (_, index) => (await chat(`just before ${index}`)).status))
  expect(new Set(answered)).toEqual(new Set([200]))
  await tollgate.kill()
  tollgate = await startTollgate(dataDir, { args: ['--port', '0', '--gateway-port', '0'] })
  await expect.poll(async () => (await tollgate.get<Sums>(`${customer()}/checks/sums`)).events, { timeout: 10_000 }).toBe(before.events + 40)
  expect((await tollgate.get<Sums>(`${customer()}/checks/sums`)).differences).toEqual([])
  expect(['local-2', 'local-3'].filter((node) => existsSync(join(dataDir, 'journal', node)))).toEqual([])
})
