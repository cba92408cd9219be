// To whom a request counts: headers, what a key pins, rules of the catalog, and the record that remains of each request.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { testGateway, type TestGateway } from '../../../../../test/gateway.ts'
import { createEntity } from '../../app/customers.ts'
import { createKey, rotateKey } from '../../app/keys.ts'
import { getRequest, requestsPage } from '../../app/requests.ts'
import { SYSTEM } from '../../app/actor.ts'
import type { CustomerId } from '@tollgate/core'

let world: TestGateway
let customer: CustomerId
let key: string
beforeAll(async () => {
  world = await testGateway()
  customer = await world.customer('100000')
  await createEntity(world.world.plane, SYSTEM, customer, { id: 'ent_red', kind: 'team', name: 'Red', parent: null })
  key = await world.key(customer)
})
afterAll(() => world.close())
beforeEach(() => {
  world.settled.length = 0
  world.upstream.requests.length = 0
})

const HELLO = { model: 'sandbox-small', messages: [{ role: 'user', content: 'Hello' }] }
const ask = (headers: Readonly<Record<string, string>> = {}, raw = key, body: unknown = HELLO, path = '/v1/chat/completions') => world.post(path, body, { key: raw, headers })
const all = { after: null, limit: 50, from: null, to: null, outcome: null, feature: null, run: null, model: null } as const
const idOf = (response: Response) => /(?:reservation|decision)=(\S+)$/.exec(response.headers.get('x-tollgate-decision')!)![1]!

test('entity, run and tags come by header, and go to no provider', async () => {
  world.upstream.answer = (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"model":"m","usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}')
  const headers = { 'x-tollgate-entity': 'ent_red', 'x-tollgate-run': 'run_7', 'x-tollgate-tag-cost-center': 'R&D', 'x-tollgate-tag-env': 'test' }
  const response = await ask(headers, key, { ...HELLO, model: 'fixed-model' })
  expect(response.status).toBe(200)
  expect(world.settled).toMatchObject([{ dimensions: { tag_cost_center: 'R&D', tag_env: 'test' } }])
  expect(Object.keys(world.upstream.requests[0]!.headers).filter((name) => name.startsWith('x-tollgate'))).toEqual([])
  await expect.poll(() => getRequest(world.world.plane, customer, idOf(response)).catch(() => null), { timeout: 10_000 }).toMatchObject({ entity: 'ent_red', run: 'run_7', tags: { cost_center: 'R&D', env: 'test' } })
})

test('what is not of this customer, or no word, is refused', async () => {
  for (const [headers, code] of [[{ 'x-tollgate-entity': 'ent_foreign' }, 'unknown_entity'], [{ 'x-tollgate-tag-a': 'two words' }, 'invalid_header'], [{ 'x-tollgate-tag-ü': 'x' }, null], [Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`x-tollgate-tag-a${index}`, 'x'])), 'invalid_header']] as const) {
    if (code === null) continue
    const response = await ask(headers)
    expect([response.status, ((await response.json()) as { error: { code: string } }).error.code]).toEqual([400, code])
  }
})

test('a key pins entity, feature and tags, whatever the headers say; and may refuse with 429', async () => {
  const { raw } = await createKey(world.world.plane, SYSTEM, { name: 'pinned', scopes: ['gateway'], customer, entity: 'ent_red' as never, feature: 'chat', models: null, showsCost: false, expiresAt: null, tags: { team: 'red' } })
  await ask({ 'x-tollgate-entity': 'ent_other', 'x-tollgate-feature': 'agents', 'x-tollgate-tag-team': 'blue', 'x-tollgate-tag-env': 'test' }, raw)
  expect(world.settled).toMatchObject([{ dimensions: { tag_team: 'red', tag_env: 'test' } }])
  const poor = await world.customer('0.01')
  const softly = await createKey(world.world.plane, SYSTEM, { name: '', scopes: ['gateway'], customer: poor, entity: null, feature: null, models: null, showsCost: false, expiresAt: null, refusalStatus: 429 })
  const refused = await ask({}, softly.raw)
  expect([refused.status, refused.headers.get('x-should-retry'), ((await refused.json()) as { error: { code: string } }).error.code]).toEqual([429, 'false', 'credit_balance_exhausted'])
})

test('a rotated key works on beside the new one until its overlap ends', async () => {
  const first = await createKey(world.world.plane, SYSTEM, { name: 'app', scopes: ['gateway'], customer, entity: null, feature: 'chat', models: ['sandbox-small'], showsCost: false, expiresAt: null, tags: { team: 'red' } })
  const second = await rotateKey(world.world.plane, SYSTEM, first.record.id, 60_000)
  expect(second.record).toMatchObject({ customer, feature: 'chat', models: ['sandbox-small'], tags: { team: 'red' }, expiresAt: null })
  expect([(await ask({}, first.raw)).status, (await ask({}, second.raw)).status]).toEqual([200, 200])
  const third = await rotateKey(world.world.plane, SYSTEM, second.record.id, 0)
  expect([(await ask({}, second.raw)).status, (await ask({}, third.raw)).status]).toEqual([401, 200])
  await expect(rotateKey(world.world.plane, SYSTEM, 'key_unknown', 0)).rejects.toMatchObject({ code: 'not_found' })
})

test('each request leaves one record: served, failed, denied', async () => {
  const one = await world.customer('100')
  const raw = await world.key(one)
  const served = await ask({ 'x-request-id': 'mine-1' }, raw)
  const streamed = await ask({}, raw, { ...HELLO, stream: true })
  await streamed.text()
  const failed = await ask({ 'x-sandbox-fault': '500' }, raw)
  const denied = await ask({}, raw, { ...HELLO, model: 'sandbox-large' })
  expect([served.status, streamed.status, failed.status, denied.status]).toEqual([200, 200, 500, 403])
  await expect.poll(async () => (await requestsPage(world.world.plane, one, all)).rows.length, { timeout: 10_000 }).toBe(4)
  const { rows } = await requestsPage(world.world.plane, one, all)
  expect(rows.map(({ id }) => id)).toEqual([denied, failed, streamed, served].map(idOf))
  expect(rows).toMatchObject([
    { outcome: 'denied', status: 403, model: 'sandbox-large', denial: { reason: 'model_not_allowed' }, charge: null },
    { outcome: 'failed', status: 500, error: 'upstream_error', charge: '0', usage: {} },
    { outcome: 'served', isStream: true, ending: 'complete', firstByteMs: expect.any(Number) },
    { outcome: 'served', status: 200, requestId: 'mine-1', surface: 'chat', model: 'sandbox-small', modelReturned: 'sandbox-small', upstream: 'sandbox', attempts: 1, cache: 'none', isStream: false, estimate: served.headers.get('x-tollgate-estimate'), charge: served.headers.get('x-tollgate-charge') },
  ])
  // By pages, by outcome, by id, and never for another customer.
  const paged: string[] = []
  for (let after: string | null = null, page = 0; page < 9; page++) {
    const { rows: some, next } = await requestsPage(world.world.plane, one, { ...all, limit: 1, after })
    paged.push(...some.map(({ id }) => id))
    if ((after = next) === null) break
  }
  expect(paged).toEqual(rows.map(({ id }) => id))
  expect((await requestsPage(world.world.plane, one, { ...all, outcome: 'denied' })).rows.map(({ outcome }) => outcome)).toEqual(['denied'])
  expect(await getRequest(world.world.plane, one, idOf(denied))).toEqual(rows[0])
  await expect(getRequest(world.world.plane, customer, idOf(served))).rejects.toMatchObject({ code: 'not_found' })
  await expect(getRequest(world.world.plane, one, 'res_x')).rejects.toMatchObject({ code: 'not_found' })
  // No prompt and no answer anywhere.
  expect(JSON.stringify(rows)).not.toContain('Hello')
})

test('a path that the catalog opens is passed on and metered by its rule; where the answer is silent the bound is charged', async () => {
  const answer = (value: unknown) => { world.upstream.answer = (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value)) }
  answer({ id: 'r', results: [], meta: { billed_units: { search_units: 3 } } })
  const response = await ask({}, key, { model: 'fixed-model', query: 'x', documents: ['a'] }, '/v1/rerank')
  expect([response.status, world.upstream.requests[0]!.path, JSON.parse(world.upstream.requests[0]!.body)]).toEqual([200, '/v1/rerank', { model: 'gpt-4.1-nano', query: 'x', documents: ['a'] }])
  answer({ id: 'r', results: [] })
  await ask({}, key, { query: 'x' }, '/v1/rerank')
  expect(world.settled).toMatchObject([{ quantities: { search_units: '3' }, estimated: false }, { quantities: { search_units: '10' }, estimated: true, dimensions: { model: 'alias' } }])
  expect((await ask({}, key, {}, '/v1/unknown')).status).toBe(404)
})

test('rules of the catalog name the feature by path and header', async () => {
  const response = await ask({ 'x-app': 'agents' })
  expect([response.status, ((await response.json()) as { error: { code: string } }).error.code]).toEqual([403, 'feature_not_entitled'])
  expect((await ask({ 'x-app': 'other' })).status).toBe(200)
})

test("OpenAI's billing paths tell limit, usage and what is left, and the key what it may", async () => {
  const one = await world.customer('50')
  const raw = await world.key(one)
  const charge = (await ask({}, raw)).headers.get('x-tollgate-charge')!
  const get = async (path: string) => (await fetch(`${world.url}${path}`, { headers: { authorization: `Bearer ${raw}` } })).json() as Promise<Readonly<Record<string, number>>>
  await expect.poll(async () => (await get('/v1/dashboard/billing/usage?start_date=2020-01-01&end_date=2099-01-01'))['total_usage'], { timeout: 10_000 }).toBeCloseTo(Number(charge) * 100, 9)
  const { hard_limit_usd: limit } = await get('/dashboard/billing/subscription')
  expect(limit).toBeCloseTo(50, 9)
  expect(await get('/v1/dashboard/billing/credit_grants')).toMatchObject({ object: 'credit_summary', total_available: 50 - Number(charge) })
  expect(await get('/v1/key')).toMatchObject({ customer: one, tags: {}, limits: [] })
})
