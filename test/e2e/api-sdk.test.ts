// The client package against the real server: a whole request, outages and repetitions, and the built package on the Node 20 of the
// machine.

import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createTollgate, type Allowed, type Options } from '@tollgate/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CustomerId } from '@tollgate/core'
import { buildSdk } from '../../packages/sdk/build.ts'
import { createGateway, type Gateway } from '../../packages/server/src/gateway/server.ts'
import { systemClock } from '../../packages/server/src/platform/clock.ts'
import { silentLog } from '../../packages/server/src/platform/log.ts'
import { testApi, type TestApi } from '../api.ts'
import { testPlane } from '../plane.ts'

let api: TestApi
let gateway: Gateway
let gatewayUrl = ''
let url = ''
let customer: CustomerId
let key: string

beforeAll(async () => {
  const world = await testPlane()
  gateway = createGateway({ node: await world.node(), clock: systemClock, log: silentLog(), sandboxUrl: null })
  gatewayUrl = `http://127.0.0.1:${await gateway.listen(0, '127.0.0.1')}`
  api = await testApi({ world, gatewayUrl: () => gatewayUrl })
  url = await api.listen()
  customer = await world.customer({ plan: 'prepaid', credit: '1' })
  key = await api.key(['gateway', 'ingest'], customer)
})
afterAll(async () => {
  await gateway.close()
  await api.close()
})

const client = (options: Partial<Options> = {}) => createTollgate({ url, key, failMode: 'closed', ...options })
const request = { feature: 'chat', model: 'sandbox-small', quantities: { input_tokens: 3000, output_tokens: 500 } }
const balance = async () => (await api.call(`GET /v1/customers/${customer}/balance`)).body.balance
const posted = async (wanted: string) => {
  for (let waited = 0; waited < 5_000 && (await balance()) !== wanted; waited += 25) await delay(25)
  expect(await balance()).toBe(wanted)
}

test('a request is checked, admitted, extended, settled and charged; the next finds the wallet too small', async () => {
  const tollgate = client()
  expect(await tollgate.check({ ...request, customer })).toMatchObject({ allowed: true, balance: '1', estimate: { currency: 'USD' }, degraded: false })
  const decision = (await tollgate.authorize({ ...request, customer, run: 'run_1' })) as Allowed
  expect(decision).toMatchObject({ allowed: true, estimate: { amount: '0.03', currency: 'USD' }, replayed: false })
  expect(await decision.extend({ quantities: { input_tokens: 3000, output_tokens: 1000 } })).toMatchObject({ allowed: true, estimate: { amount: '0.045' } })
  expect(await decision.settle({ quantities: { input_tokens: 3000, output_tokens: 600 } })).toMatchObject({ charge: { amount: '0.033', currency: 'USD' }, balance: '0.967', replayed: false })
  expect(await decision.settle({ quantities: { input_tokens: 3000, output_tokens: 600 } })).toMatchObject({ replayed: true })
  await posted('0.967')
  expect(await tollgate.authorize({ ...request, quantities: { input_tokens: 1_000_000 } })).toMatchObject({ allowed: false, reason: 'credit_balance_exhausted', status: 402, topUpUrl: 'http://localhost/top-up' })
  expect(await tollgate.authorize({ ...request, feature: 'sso' })).toMatchObject({ allowed: false, reason: 'feature_not_entitled', status: 403 })
  const released = (await tollgate.authorize(request)) as Allowed
  await released.release()
  await released.release()
  await posted('0.967')
})

test('the same reservation asked twice is one hold', async () => {
  const ask = () => client().authorize({ ...request, reservationId: 'res_twice' }) as Promise<Allowed>
  const [first, second] = [await ask(), await ask()]
  expect([first.replayed, second.replayed, second.reservationId]).toEqual([false, true, 'res_twice'])
  await second.release()
})

test('events are charged once, however often they are sent', async () => {
  const before = Number(await balance())
  const events = [{ id: 't1', customer, type: 'agent.step', feature: 'agents', quantities: { steps: 1 } }, { id: 't2', customer, type: 'agent.step', quantities: { steps: '2' } }, { id: 't3', customer, type: 'agent.step', quantities: { steps: '0.5' } }]
  expect(await client().track(events)).toMatchObject([{ id: 't1', status: 'accepted', charge: { amount: '0.1' } }, { id: 't2', status: 'accepted' }, { id: 't3', status: 'rejected', field: 'data.steps' }])
  expect((await client().track(events)).map(({ status }) => status)).toEqual(['duplicate', 'duplicate', 'rejected'])
  expect(await client().track({ id: 't4', type: 'agent.step', quantities: { steps: 1 } })).toMatchObject([{ status: 'accepted' }])
  expect(Number(await balance())).toBeCloseTo(before - 0.4, 9)
})

test('while the gateway is away the fail mode decides, and usage admitted by it is charged once it is told', async () => {
  const [before, address] = [Number(await balance()), gatewayUrl]
  gatewayUrl = ''
  expect(await client({ retries: 0 }).authorize({ ...request, customer })).toMatchObject({ allowed: false, reason: 'budget_unavailable', degraded: true })
  const decision = (await client({ retries: 0, failMode: 'open' }).authorize(request)) as Allowed
  expect(decision).toMatchObject({ allowed: true, degraded: true })
  await expect(decision.settle({ quantities: { input_tokens: 1000 } })).rejects.toMatchObject({ code: 'gateway_unavailable', retryable: true })
  gatewayUrl = address
  expect(await decision.settle({ quantities: { input_tokens: 1000 } })).toMatchObject({ charge: { amount: '0.015', currency: 'USD' }, replayed: false })
  expect(await decision.settle({ quantities: { input_tokens: 1000 } })).toMatchObject({ replayed: true })
  expect(Number(await balance())).toBeCloseTo(before - 0.015, 9)
})

test('a settlement whose reservation was forgotten is not charged again as an event', async () => {
  const decision = (await client().authorize({ ...request, reservationId: 'res_forgotten' })) as Allowed
  await decision.settle({ quantities: { input_tokens: 10 } })
  for (let waited = 0; waited < 5_000; waited += 25) {
    if ((await api.call(`GET /v1/customers/${customer}/events?order=newest&limit=1`)).body.data[0].id === 'res_forgotten') break
    await delay(25)
  }
  const after = await balance()
  // Another gateway knows nothing of it.
  const world = api.world
  const other = createGateway({ node: await world.node({ name: 'node-2' }), clock: systemClock, log: silentLog(), sandboxUrl: null })
  const address = gatewayUrl
  gatewayUrl = `http://127.0.0.1:${await other.listen(0, '127.0.0.1')}`
  expect(await decision.settle({ quantities: { input_tokens: 10 } })).toMatchObject({ replayed: true })
  gatewayUrl = address
  await other.close()
  expect(await balance()).toBe(after)
  expect((await api.call(`GET /v1/customers/${customer}/checks/sums`)).body.agrees).toBe(true)
})

test('a wrong key is thrown, whatever the fail mode', async () => {
  await expect(client({ key: 'tg_gateway_wrong', failMode: 'open' }).check(request)).rejects.toMatchObject({ code: 'invalid_api_key', status: 401, retryable: false })
})

test('the built package works on the Node 20 of the machine', async (context) => {
  const node = findNode20()
  if (node === null) return context.skip('there is no Node 20 on this machine: set NODE20 to one to run this test')
  const folder = mkdtempSync(join(tmpdir(), 'sdk-'))
  buildSdk(folder)
  const program = `
    import { createTollgate } from ${JSON.stringify(join(folder, 'index.js'))}
    const tollgate = createTollgate({ url: process.env.URL, key: process.env.KEY, failMode: 'closed' })
    const decision = await tollgate.authorize({ feature: 'chat', quantities: { input_tokens: 100 } })
    const settled = await decision.settle({ quantities: { input_tokens: 100 } })
    const [event] = await tollgate.track({ customer: process.env.CUSTOMER, type: 'agent.step', quantities: { steps: 1 } })
    const refused = await tollgate.check({ feature: 'chat', quantities: { input_tokens: 1e9 } })
    console.log(JSON.stringify([process.versions.node, decision.allowed, settled.charge, event.status, refused.reason]))`
  const { stdout } = await promisify(execFile)(node, ['--input-type=module', '--eval', program], { env: { URL: url, KEY: key, CUSTOMER: customer } })
  expect(JSON.parse(stdout)).toEqual([expect.stringMatching(/^20\./), true, { amount: '0.0015', currency: 'USD' }, 'accepted', 'credit_balance_exhausted'])
}, 60_000)

/** NODE20, else the first Node of version 20 on the PATH or at its usual places. */
function findNode20(): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/bin', '/usr/bin', '/opt/homebrew/opt/node@20/bin']
  const candidates = [process.env['NODE20'] ?? '', ...folders.map((folder) => join(folder, 'node'))]
  return candidates.find((path) => path !== '' && existsSync(path) && execFileSync(path, ['--version'], { encoding: 'utf8' }).startsWith('v20.')) ?? null
}
