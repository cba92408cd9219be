// The client against a server that answers what the test says: what is retried and with which bytes, what a missing answer means,
// and what is thrown. That the real server understands it is shown in test/e2e/api-sdk.test.ts.

import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, expectTypeOf, test } from 'vitest'
import type { DenialReason as CoreDenialReason } from '@tollgate/core'
import { createTollgate, TollgateError, TrackError, type Allowed, type DenialReason, type Options } from './index.ts'

type Script = (response: ServerResponse, request: { readonly path: string; readonly body: string }) => void
const seen: { readonly path: string; readonly body: string; readonly key: string | undefined }[] = []
let script: Script[] = []
let url = ''

const server = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk) => { body += String(chunk) }).on('end', () => {
    seen.push({ path: request.url!, body, key: request.headers.authorization })
    const next = script.length > 1 ? script.shift() : script[0]
    next?.(response, { path: request.url!, body })
  })
})
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
beforeEach(() => {
  seen.length = 0
  script = []
})
afterAll(() => {
  server.close()
  server.closeAllConnections()
})

const client = (options: Partial<Options> = {}) => createTollgate({ url, key: 'tg_gateway_x', failMode: 'closed', timeoutMs: 200, ...options })
const json = (status: number, body: unknown, headers: Record<string, string> = {}): Script => (response) => void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
const silence: Script = () => {}
const hangUp: Script = (response) => void response.socket?.destroy()
const ALLOW = { decision: 'allow', estimate: { amount: '0.1', currency: 'USD' }, balance: '5', expires_at: '2026-03-01T00:15:00.000Z', catalog_version: 3, replayed: false }
const DENY = { decision: 'deny', decision_id: 'dec_1', reason: 'credit_balance_exhausted', scope: 'wallet:USD', message: 'Insufficient quota', limit: null, used: null, required: '1', unit: 'USD', resets_at: null, top_up_url: 'http://t', upgrade_url: null }
const REQUEST = { customer: 'cus_a', feature: 'chat', quantities: { input_tokens: 5 } }
const problem = (status: number, code: string) => json(status, { status, code, detail: `it is ${code}`, field: 'x', request_id: 'req_1' })

test('an admitted request is settled, extended and released by its id', async () => {
  script = [json(200, ALLOW)]
  const decision = (await client().authorize({ ...REQUEST, reservationId: 'res_mine', ttlSeconds: 60 })) as Allowed
  expect(decision).toMatchObject({ allowed: true, reservationId: 'res_mine', estimate: { amount: '0.1', currency: 'USD' }, balance: '5', catalogVersion: 3, degraded: false, replayed: false })
  expect(JSON.parse(seen[0]!.body)).toEqual({ reservation_id: 'res_mine', customer: 'cus_a', feature: 'chat', quantities: { input_tokens: 5 }, ttl_seconds: 60 })
  expect(seen[0]!.key).toBe('Bearer tg_gateway_x')
  script = [json(200, DENY)]
  expect(await decision.extend({ quantities: { input_tokens: 500 } })).toMatchObject({ allowed: false, reason: 'credit_balance_exhausted' })
  script = [json(200, { charge: { amount: '0.07', currency: 'USD' }, final: true, balance: '4.93', replayed: false })]
  expect(await decision.settle({ quantities: { input_tokens: 4 }, cost: { amount: '0.01', currency: 'USD' } })).toEqual({ charge: { amount: '0.07', currency: 'USD' }, final: true, balance: '4.93', replayed: false })
  script = [json(200, { released: true })]
  await decision.release()
  expect(seen.map(({ path }) => path)).toEqual(['/v1/authorize', '/v1/reservations/res_mine/extend', '/v1/reservations/res_mine/settle', '/v1/reservations/res_mine/release'])
})

test('what a request must be changed to is told as data, to whom says that it can', async () => {
  const degrade = { model: 'gpt-5-mini', output_tokens: 310, instruction: 'Be brief.', budget: 'cap:research', reason: 'limit_exhausted' }
  script = [json(200, { ...ALLOW, decision: 'degrade', degrade })]
  expect(await client().authorize({ ...REQUEST, canDegrade: true })).toMatchObject({ allowed: true, degraded: false, degrade: { model: 'gpt-5-mini', outputTokens: 310, instruction: 'Be brief.', budget: 'cap:research', reason: 'limit_exhausted' } })
  expect(JSON.parse(seen[0]!.body)).toMatchObject({ can_degrade: true })
  script = [json(200, ALLOW)]
  expect(await client().authorize(REQUEST)).toMatchObject({ degrade: null })
})

test('a denial is data with a status for one’s own answer', async () => {
  for (const [reason, status] of [['credit_balance_exhausted', 402], ['limit_exhausted', 402], ['feature_not_entitled', 403], ['budget_unavailable', 503]] as const) {
    script = [json(200, { ...DENY, reason })]
    expect(await client().authorize(REQUEST)).toMatchObject({ allowed: false, reason, status, decisionId: 'dec_1', topUpUrl: 'http://t', degraded: false })
    expect(await client().check(REQUEST)).toMatchObject({ allowed: false, reason, status })
  }
  expect(seen).toHaveLength(8)
})

describe('when Tollgate does not answer', () => {
  test.each<[string, Script]>([['nothing', silence], ['a broken connection', hangUp], ['503', problem(503, 'stopping')], ['500', problem(500, 'internal_error')], ['429', problem(429, 'settlement_backlog')], ['a proxy’s 502', (response) => void response.writeHead(502).end('<html>')]])(
    '%s is tried again with the same bytes, then the fail mode decides',
    async (_name, answer) => {
      script = [answer]
      const closed = await client({ timeoutMs: 60, retries: 2 }).authorize(REQUEST)
      expect(closed).toMatchObject({ allowed: false, reason: 'budget_unavailable', status: 503, degraded: true, decisionId: null })
      expect(seen).toHaveLength(3)
      expect(new Set(seen.map(({ body }) => body)).size).toBe(1)
      expect(JSON.parse(seen[0]!.body).reservation_id).toMatch(/^res_[0-9a-f]{32}$/)
      expect(await client({ timeoutMs: 60, retries: 0, failMode: 'open' }).authorize(REQUEST)).toMatchObject({ allowed: true, degraded: true, estimate: null })
      expect(await client({ timeoutMs: 60, retries: 0, failMode: 'open' }).check(REQUEST)).toMatchObject({ allowed: true, degraded: true })
    },
  )

  test('an answer after a failure is the answer', async () => {
    script = [hangUp, problem(503, 'stopping'), json(200, ALLOW)]
    expect(await client().authorize(REQUEST)).toMatchObject({ allowed: true, degraded: false })
    expect(seen).toHaveLength(3)
  })

  test('the pause that a server asks for is kept', async () => {
    script = [json(503, {}, { 'retry-after': '0' }), json(200, ALLOW)]
    const start = performance.now()
    await client().check(REQUEST)
    expect(performance.now() - start).toBeLessThan(150)
    script = [json(503, {}, { 'retry-after': '1' }), json(200, ALLOW)]
    const later = performance.now()
    await client().check(REQUEST)
    expect(performance.now() - later).toBeGreaterThan(900)
  })

  test('usage is delivered or told: never lost', async () => {
    script = [json(200, ALLOW)]
    const decision = (await client({ retries: 1 }).authorize({ ...REQUEST, reservationId: 'res_a' })) as Allowed
    script = [hangUp]
    await expect(decision.settle({ quantities: { input_tokens: 4 } })).rejects.toMatchObject({ name: 'TollgateError', code: 'unavailable', retryable: true })
    script = [json(200, { charge: { amount: '1', currency: 'USD' }, final: true, balance: null, replayed: true })]
    expect(await decision.settle({ quantities: { input_tokens: 4 } })).toMatchObject({ replayed: true })
    script = [hangUp]
    const error = await client({ retries: 1 }).track([{ customer: 'cus_a', quantities: { steps: 1 } }, { id: 'mine', customer: 'cus_a', quantities: { steps: 1 } }]).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(TrackError)
    expect((error as TrackError).events).toMatchObject([{ id: expect.stringMatching(/^[0-9a-f]{32}$/), source: 'tollgate-sdk' }, { id: 'mine' }])
    script = [json(200, { results: [{ id: 'x', status: 'accepted', charge: null }, { id: 'mine', status: 'duplicate' }] })]
    await client().track((error as TrackError).events)
    expect(JSON.parse(seen.at(-1)!.body)).toEqual(JSON.parse(seen.at(-2)!.body))
  })
})

test('usage of a reservation that is not known goes in as an event under the same id', async () => {
  script = [json(200, ALLOW)]
  const decision = (await client().authorize({ ...REQUEST, reservationId: 'res_a', model: 'm', run: 'r1' })) as Allowed
  script = [problem(404, 'reservation_not_found'), json(200, { results: [{ id: 'res_a', status: 'accepted', charge: { amount: '0.07', currency: 'USD' } }] })]
  expect(await decision.settle({ quantities: { input_tokens: 4 } })).toEqual({ charge: { amount: '0.07', currency: 'USD' }, final: true, balance: null, replayed: false })
  expect(JSON.parse(seen.at(-1)!.body)).toEqual([{ specversion: '1.0', id: 'res_a', source: 'tollgate:api', type: 'ai.request', subject: 'cus_a', data: { model: 'm', input_tokens: 4, feature: 'chat', run: 'r1' } }])
  script = [problem(404, 'reservation_not_found'), json(200, { results: [{ id: 'res_a', status: 'conflict', reason: 'the first stands' }] })]
  expect(await decision.settle({ quantities: { input_tokens: 4 } })).toMatchObject({ replayed: true })
  script = [problem(404, 'reservation_not_found')]
  await decision.release()
})

test('what is wrong with the call itself is thrown at once, with code and field', async () => {
  for (const [status, code] of [[400, 'unknown_field'], [401, 'invalid_api_key'], [403, 'wrong_scope'], [404, 'customer_not_found'], [422, 'reservation_conflict']] as const) {
    script = [problem(status, code)]
    const error = await client({ failMode: 'open' }).authorize(REQUEST).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(TollgateError)
    expect(error).toMatchObject({ code, status, field: 'x', requestId: 'req_1', retryable: false, message: `it is ${code}` })
  }
  expect(seen).toHaveLength(5)
  await expect(client().authorize({ ...REQUEST, quantities: { hours: 0.1 + 0.2 } })).rejects.toMatchObject({ code: 'invalid_quantity', field: 'quantities.hours' })
  expect(() => createTollgate({ url, key: 'k' } as never)).toThrow('failMode')
})

test('many events go in batches, and each has its result', async () => {
  script = [(response, { body }) => json(200, { results: (JSON.parse(body) as { id: string }[]).map(({ id }) => ({ id, status: 'accepted', charge: null })) })(response, { path: '', body })]
  const results = await client().track(Array.from({ length: 2_500 }, (_, index) => ({ id: `e${index}`, customer: 'cus_a', quantities: { steps: 1 }, time: new Date(0) })))
  expect(seen.map(({ body }) => (JSON.parse(body) as unknown[]).length)).toEqual([1_000, 1_000, 500])
  expect(results.map(({ id }) => id)).toEqual(Array.from({ length: 2_500 }, (_, index) => `e${index}`))
  expect(JSON.parse(seen[0]!.body)[0]).toMatchObject({ time: '1970-01-01T00:00:00.000Z', subject: 'cus_a', data: { steps: 1 } })
})

test('the reasons are those of the server', () => {
  expectTypeOf<DenialReason>().toEqualTypeOf<CoreDenialReason>()
})
