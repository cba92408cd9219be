// The routes that the gateway answers, through the API's address: the same bytes, the contract's shapes, and a gateway that comes and
// goes.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CustomerId } from '@tollgate/core'
import { ROUTES } from '../../packages/server/src/api/contract.ts'
import { createGateway, type Gateway } from '../../packages/server/src/gateway/server.ts'
import { systemClock } from '../../packages/server/src/platform/clock.ts'
import { silentLog } from '../../packages/server/src/platform/log.ts'
import { testApi, type TestApi } from '../api.ts'
import { testPlane } from '../plane.ts'

let api: TestApi
let gateway: Gateway
let gatewayUrl = ''
let customer: CustomerId
let key: string

beforeAll(async () => {
  const world = await testPlane()
  gateway = createGateway({ node: await world.node(), clock: systemClock, log: silentLog(), sandboxUrl: null })
  gatewayUrl = `http://127.0.0.1:${await gateway.listen(0, '127.0.0.1')}`
  api = await testApi({ world, gatewayUrl: () => gatewayUrl })
  customer = await world.customer({ plan: 'prepaid', credit: '1' })
  key = await api.key(['gateway'], customer)
})
afterAll(async () => {
  await gateway.close()
  await api.close()
})

test('authorize, extend, settle and release go through, in the shapes of the contract, and are charged', async () => {
  const request = { reservation_id: 'res_a', feature: 'chat', model: 'sandbox-small', quantities: { input_tokens: 2000, output_tokens: 100 } }
  const allowed = await api.call('POST /v1/authorize', { key, body: request })
  expect(ROUTES.authorize.answer!.parse(allowed.body)).toMatchObject({ decision: 'allow', reservation_id: 'res_a', estimate: { amount: '0.003', currency: 'USD' }, balance: '1', replayed: false })
  expect((await api.call('POST /v1/authorize', { key, body: request })).body).toMatchObject({ replayed: true })
  expect(await api.call('POST /v1/authorize', { key, body: { ...request, feature: 'agents' } })).toMatchObject({ status: 422, body: { code: 'reservation_conflict' } })
  const extended = await api.call('POST /v1/reservations/res_a/extend', { key, body: { quantities: { input_tokens: 2000, output_tokens: 500 } } })
  expect(ROUTES.extend.answer!.parse(extended.body)).toMatchObject({ decision: 'allow', estimate: { amount: '0.015' } })
  const settled = await api.call('POST /v1/reservations/res_a/settle', { key, body: { quantities: { input_tokens: 2000, output_tokens: 200 } } })
  expect(ROUTES.settle.answer!.parse(settled.body)).toMatchObject({ charge: { amount: '0.006', currency: 'USD' }, balance: '0.994', final: true })
  expect((await api.call('POST /v1/authorize', { key, body: { ...request, reservation_id: 'res_b' } })).status).toBe(200)
  expect(ROUTES.release.answer!.parse((await api.call('POST /v1/reservations/res_b/release', { key, body: {} })).body)).toMatchObject({ released: true })
  const denied = await api.call('POST /v1/check', { key, body: { feature: 'chat', quantities: { input_tokens: 1_000_000 } } })
  expect(ROUTES.check.answer!.parse(denied.body)).toMatchObject({ decision: 'deny', reason: 'credit_balance_exhausted', top_up_url: 'http://localhost/top-up' })
  expect(ROUTES.check.answer!.parse((await api.call('POST /v1/check', { key, body: { feature: 'chat', quantities: { input_tokens: 1 } } })).body)).toMatchObject({ decision: 'allow' })
  expect((await api.call('GET /v1/key', { key })).body).toMatchObject({ customer, scopes: ['gateway'] })
  for (let waited = 0; waited < 5_000; waited += 50) {
    if ((await api.call(`GET /v1/customers/${customer}/balance`)).body.balance === '0.994') break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  expect((await api.call(`GET /v1/customers/${customer}/events`)).body.data).toMatchObject([{ id: 'res_a', source: 'tollgate:api', amount: '0.006', dimensions: {} }])
  expect((await api.call(`GET /v1/customers/${customer}/checks/sums`)).body.agrees).toBe(true)
})

test('a top-up is in force at the gateway when it answers, and so is a budget', async () => {
  const poor = await api.world.customer({ plan: 'prepaid' })
  const ask = async () => (await api.call('POST /v1/check', { body: { customer: poor, feature: 'chat', quantities: { input_tokens: 100_000 } } })).body
  for (let round = 0; round < 5; round++) {
    expect((await ask()).decision).toBe(round === 0 ? 'deny' : 'allow')
    await api.call(`POST /v1/customers/${poor}/credits`, { body: { amount: '5' } })
    expect((await ask()).decision).toBe('allow')
  }
  await api.call(`PUT /v1/customers/${poor}/budgets/day`, { body: { name: 'A day', limit: '0.1', window: 'day' } })
  expect(await ask()).toMatchObject({ decision: 'deny', reason: 'limit_exhausted', scope: 'cap:day' })
  await api.call(`PUT /v1/customers/${poor}/budgets/day`, { body: { name: 'A day', limit: '100', window: 'day' } })
  expect((await ask()).decision).toBe('allow')
  await api.call(`PATCH /v1/customers/${poor}`, { body: { standing: 'suspended' } })
  expect(await ask()).toMatchObject({ decision: 'deny', reason: 'not_in_good_standing' })
})

test('what comes back is what the gateway said, to the byte', async () => {
  const seen: { headers: NodeJS.Dict<string | string[]>; body: string; url: string }[] = []
  const answers = [
    { status: 200, headers: { 'content-type': 'application/json', 'x-own': 'a', 'content-length': '14' }, body: '{ "a" :\n 1.0 }' },
    { status: 418, headers: { 'content-type': 'application/octet-stream' }, body: Buffer.from([0, 255, 10, 13]).toString('latin1') },
  ]
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('latin1').on('data', (chunk) => { body += chunk }).on('end', () => {
      const answer = answers[seen.length]!
      seen.push({ headers: request.headers, body, url: request.url! })
      response.writeHead(answer.status, answer.headers).end(Buffer.from(answer.body, 'latin1'))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const before = gatewayUrl
  gatewayUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const raw = '{"quantities" : {"a": 1e0}}  '
  const first = await api.call('POST /v1/authorize?x=%20y', { key: 'tg_any_key', raw, headers: { 'content-type': 'application/json', 'x-request-id': 'trace-1', 'x-custom': 'c' } })
  const second = await api.app.inject({ method: 'POST', url: '/v1/check', payload: Buffer.from([1, 2, 200]), headers: { 'content-type': 'text/weird' } })
  expect([first.status, first.text, first.headers['x-own']]).toEqual([200, answers[0]!.body, 'a'])
  expect([second.statusCode, second.rawPayload.toString('latin1')]).toEqual([418, answers[1]!.body])
  expect(seen[0]).toMatchObject({ url: '/v1/authorize?x=%20y', body: raw, headers: { authorization: 'Bearer tg_any_key', 'x-request-id': 'trace-1', 'x-custom': 'c' } })
  expect(seen[1]!.body).toBe(Buffer.from([1, 2, 200]).toString('latin1'))
  server.close()
  server.closeAllConnections()
  expect(await api.call('POST /v1/check', { key, body: {} })).toMatchObject({ status: 503, body: { code: 'gateway_unavailable' }, headers: { 'retry-after': '1' } })
  gatewayUrl = before
  expect((await api.call('GET /v1/key', { key })).status).toBe(200)
})

test('health is told: ready with a gateway, metrics without a tenant in them', async () => {
  expect((await api.call('GET /readyz', { key: null })).body).toEqual({ status: 'ready', database: 'ok', nodes: 1 })
  expect((await api.call('GET /healthz', { key: null })).body).toMatchObject({ status: 'ok' })
  const { text, headers } = await api.call('GET /metrics', { key: null })
  expect(headers['content-type']).toContain('text/plain')
  for (const name of ['tollgate_api_requests_total{operation="checkSums",status="200"}', 'tollgate_settlement_queue_events 0', 'tollgate_nodes_connected 1', 'tollgate_parked_events 0', 'tollgate_settlement_lag_seconds', 'process_cpu_seconds_total']) expect(text).toContain(name)
  expect(text).not.toContain(customer)
  const home = await api.app.inject({ method: 'GET', url: '/' })
  expect([home.statusCode, home.headers['content-type'], home.body.includes('<script')]).toEqual([200, 'text/html; charset=utf-8', false])
  expect(home.headers['content-security-policy']).toMatch(/default-src 'none'; style-src 'sha256-/)
  expect((await api.app.inject({ method: 'HEAD', url: '/healthz' })).statusCode).toBe(200)
  expect((await api.call('GET /docs', { key: null })).text).toContain('id="unknown_plan"')
})
