// The response cache that gateways share: what one was answered another replays, for its own customer alone; bounded, sealed, erased; and never
// in the way of a request.

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { instant, type CustomerId, type SharedAnswer } from '@tollgate/core'
import { TEST_CATALOG, testGateway, type TestGateway } from '../../../../../test/gateway.ts'
import { SYSTEM } from '../../app/actor.ts'
import { erasePrompts } from '../../app/prompts.ts'
import { createAnswerShelf } from '../../app/shared-answers.ts'
import { systemClock } from '../../platform/clock.ts'
import { silentLog } from '../../platform/log.ts'
import { countingMetrics } from '../metrics.ts'
import { createGateway, type Gateway } from '../server.ts'
import { createSharedCache } from './all-gateways.ts'
import { createAnswerStore } from './store.ts'

const CATALOG = TEST_CATALOG.replace('  feature_rules:', `  cache:
    - { feature: chat, ttl_seconds: 3600, kept_in: database }
    - { feature: agents, ttl_seconds: 3600 }
  feature_rules:`).replace('    entitlements:\n', '    entitlements:\n      - { feature: agents, models: [fixed-model] }\n')

let world: TestGateway
let second: Gateway
let secondUrl: string
let customer: CustomerId
let key: string
let count = 0
beforeAll(async () => {
  world = await testGateway({ catalog: CATALOG })
  const upstreams = () => [{ id: 'ups_fixed', name: 'fixed', kind: 'openai' as const, provider: 'openai', baseUrl: world.upstream.baseUrl, secret: 'sk', models: [], allowPrivate: true }]
  second = createGateway({ node: await world.world.node({ name: 'second' }), clock: systemClock, log: silentLog(), sandboxUrl: null, upstreams, sharedAnswers: world.world.plane.sharedAnswers, limits: { closeNoticeMs: 0 } })
  secondUrl = `http://127.0.0.1:${await second.listen(0, '127.0.0.1')}`
})
afterAll(async () => {
  await second.close()
  await world.close()
})
beforeEach(async () => {
  customer = await world.customer('1000')
  key = await world.key(customer)
  world.upstream.requests.length = 0
  world.upstream.answer = (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ model: 'gpt-4.1-nano', choices: [{ message: { content: `answer ${count++} ü` } }], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } }))
})

const ask = async (url: string, { raw = key, feature = 'chat', headers = {}, seed = 1 }: { readonly raw?: string; readonly feature?: string; readonly headers?: Record<string, string>; readonly seed?: number } = {}) => {
  const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers: { authorization: `Bearer ${raw}`, 'content-type': 'application/json', 'x-tollgate-feature': feature, ...headers }, body: JSON.stringify({ model: 'fixed-model', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 5, seed }) })
  return { cache: response.headers.get('x-tollgate-cache'), charge: response.headers.get('x-tollgate-charge'), text: await response.text() }
}
const stored = () => world.world.plane.sql<{ owner: string; sealed: string }[]>`select owner, sealed from shared_answer where customer_id = ${customer}`
const isStored = async (rows = 1) => {
  await expect.poll(async () => (await stored()).length, { timeout: 10_000 }).toBe(rows)
}

test('what one gateway was answered another replays byte for byte, and from then on out of its own memory', async () => {
  const first = await ask(world.url)
  await isStored()
  const hit = await ask(secondUrl)
  expect([first.cache, hit.cache, hit.charge, hit.text]).toEqual(['miss', 'hit', '0', first.text])
  const [row] = await stored()
  expect(row!.sealed).not.toMatch(/answer|choices/)
  await world.world.plane.sql`delete from shared_answer where customer_id = ${customer}`
  expect((await ask(secondUrl)).cache).toBe('hit')
  expect(world.upstream.requests).toHaveLength(1)
})

test('no other customer gets it, no rule without the database shares, and a fresh one replaces it', async () => {
  const first = await ask(world.url)
  await isStored()
  const other = await world.key(await world.customer('1000'))
  expect((await ask(secondUrl, { raw: other })).cache).toBe('miss')
  await ask(world.url, { feature: 'agents', seed: 2 })
  expect((await ask(secondUrl, { feature: 'agents', seed: 2 })).cache).toBe('miss')
  const [old] = await stored()
  const fresh = await ask(world.url, { headers: { 'cache-control': 'no-cache' } })
  expect(fresh.text).not.toBe(first.text)
  await expect.poll(async () => (await stored())[0]!.sealed === old!.sealed, { timeout: 10_000 }).toBe(false)
  expect((await ask(secondUrl)).text).toBe(fresh.text)
  await isStored()
  // Moved among another customer's it does not open.
  const thief = await world.customer('1000')
  await world.world.plane.sql`update shared_answer set owner = ${thief} where customer_id = ${customer}`
  expect((await ask(secondUrl, { raw: await world.key(thief) })).cache).toBe('miss')
})

test('it is forgotten with its time and with its customer', async () => {
  await ask(world.url, { seed: 7 })
  await isStored()
  await world.world.plane.sql`update shared_answer set expires_at = now() - interval '1 second' where customer_id = ${customer}`
  expect((await ask(secondUrl, { seed: 7 })).cache).toBe('miss')
  await ask(world.url, { seed: 8 })
  await world.world.plane.sharedAnswers.trim()
  await isStored(2)
  await erasePrompts(world.world.plane, SYSTEM, customer)
  expect(await stored()).toEqual([])
})

const ANSWER: SharedAnswer = { contentType: 'text/plain', body: Buffer.alloc(900).toString('base64'), usage: {} as SharedAnswer['usage'], cost: null, at: instant(0), expiresAt: instant(Date.now() + 3_600_000) }

test('neither an owner nor all together keep more than their bound, and a trim makes room by the oldest', async () => {
  const shelf = createAnswerShelf(world.world.plane, { perOwner: 20_000, total: 50_000 })
  const bytes = async (owner: string | null = null) => Number((await world.world.plane.sql<{ sum: number }[]>`select coalesce(sum(bytes), 0)::float8 as sum from shared_answer where ${owner}::text is null or owner = ${owner}`)[0]!.sum)
  await world.world.plane.sql`delete from shared_answer`
  for (let index = 0; index < 40; index++) await shelf.keep(customer, { owner: 'flood', place: String(index) }, ANSWER)
  expect(await bytes('flood')).toBeLessThanOrEqual(20_000)
  for (let owner = 0; owner < 6; owner++) for (let index = 0; index < 8; index++) await shelf.keep(customer, { owner: `o${owner}`, place: String(index) }, ANSWER)
  expect(await bytes()).toBeLessThanOrEqual(50_000)
  await shelf.trim()
  expect([(await bytes('flood')) <= 18_000, (await bytes()) <= 45_000, (await shelf.find({ owner: 'flood', place: '0' })) === null]).toEqual([true, true, true])
  await shelf.keep(customer, { owner: 'late', place: 'x' }, ANSWER)
  expect(await shelf.find({ owner: 'late', place: 'x' })).toEqual(ANSWER)
  await world.world.plane.sql`delete from shared_answer`
})

test('where stored answers do not come the provider is asked after a moment, then at once, and what cannot be kept is counted', async () => {
  const metrics = countingMetrics()
  let now = 1_000_000
  let asked = 0
  const cache = createSharedCache({
    shared: { find: () => { asked += 1; return new Promise(() => undefined) }, keep: () => Promise.reject(new Error('away')) },
    own: createAnswerStore(), clock: { now: () => instant(now) }, metrics, log: silentLog(), waitMs: 30,
  })
  const place = { owner: 'o', name: 'n', ttlMs: 1_000, isShared: true, isRenewed: false }
  const answer = { contentType: 'a', body: Buffer.alloc(10), usage: {} as SharedAnswer['usage'], cost: null, at: instant(0), expiresAt: instant(now + 9_000) }
  expect([await cache.find(place), await cache.find(place), asked]).toEqual([null, null, 1])
  cache.keep(customer, place, answer)
  now += 6_000
  cache.keep(customer, place, answer)
  await expect.poll(() => [metrics.counts.get('shared_answers_away'), metrics.counts.get('answer_not_shared')]).toEqual([2, 2])
  now += 6_000
  expect([await cache.find(place), asked]).toEqual([null, 2])
  now += 6_000
  cache.keep(customer, place, { ...answer, body: Buffer.alloc(40_000_000) })
  expect(metrics.counts.get('answer_not_shared')).toBe(3)
})
