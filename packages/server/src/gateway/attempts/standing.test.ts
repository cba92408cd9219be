// How upstreams stand, as the API and the gauges tell it: which rest, at which key, why and until when, and that it is over.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { instant, UPSTREAM_ROUTING, type RestingUpstream, type UpstreamConfig } from '@tollgate/core'
import { testApi, type TestApi } from '../../../../../test/api.ts'
import { testGateway, type TestGateway } from '../../../../../test/gateway.ts'
import { createRestingUpstreams } from '../../app/resting-upstreams.ts'
import { silentLog } from '../../platform/log.ts'
import { prometheusMetrics } from '../prometheus.ts'
import { createRestReporter, type Standing } from './standing.ts'

let world: TestGateway
let api: TestApi
let key: string
beforeAll(async () => {
  world = await testGateway()
  api = await testApi({ world: world.world })
  key = await world.key(await world.customer())
})
afterAll(async () => {
  await api.app.close()
  await world.close()
})

const ask = async (model: string) => (await world.post('/v1/chat/completions', { model, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 5 }, { key })).status
const resting = async () => (await api.call('GET /v1/upstreams/resting')).body.data
const fine = JSON.stringify({ model: 'gpt-4.1-nano', choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } })

test('an upstream that fails in a row is told with its reason until it answers again, and nothing is told while all is well', { timeout: 30_000 }, async () => {
  expect(await resting()).toEqual([])
  world.upstream.answer = (response) => void response.writeHead(503, { 'content-type': 'application/json' }).end('{"error":{"message":"no"}}')
  for (let time = 0; time < 5; time++) await ask('fixed-model')
  await expect.poll(resting, { timeout: 5_000, interval: 20 }).toEqual([{ upstream: 'fixed', key: null, node: 'node-1', why: '503', failures: 5, until: expect.any(String), trying: false }])
  world.upstream.answer = (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(fine)
  await expect.poll(() => ask('fixed-model'), { timeout: 10_000 }).toBe(200)
  await expect.poll(resting, { timeout: 10_000 }).toEqual([])
})

test('a key that is limited rests alone, and is told by its name', { timeout: 30_000 }, async () => {
  const upstream: UpstreamConfig = {
    id: 'ups_keys', name: 'with-keys', kind: 'openai', provider: 'openai', baseUrl: world.upstream.baseUrl, secret: null, models: ['gpt-4.1-nano'], allowPrivate: true, routing: UPSTREAM_ROUTING,
    keys: [{ name: 'one', weight: 1, secret: 'sk-one' }, { name: 'two', weight: 1, secret: 'sk-two' }],
  }
  world.withUpstreams([upstream])
  world.upstream.answer = (response, { headers }) => void (headers['authorization'] === 'Bearer sk-one' ? response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '20' }).end('{"error":{"message":"slow down"}}') : response.writeHead(200, { 'content-type': 'application/json' }).end(fine))
  await expect.poll(async () => {
    expect(await ask('gpt-4.1-nano')).toBe(200)
    return resting()
  }, { timeout: 10_000 }).toEqual([{ upstream: 'with-keys', key: 'one', node: 'node-1', why: '429', failures: 1, until: expect.any(String), trying: false }])
})

test('no key of a customer sees which upstreams there are', async () => {
  expect((await api.call('GET /v1/upstreams/resting', { key })).status).toBe(403)
})

test('the gauges tell each upstream, and a key only while it rests', async () => {
  const metrics = prometheusMetrics({ id: 'n', stats: () => ({}), isReady: () => true })
  const rest = { upstream: 'a', why: '503', failures: 5, until: instant(1), isTried: false }
  let standing: Standing[] = [{ upstream: 'a', running: 3, waiting: 1, rests: [{ ...rest, key: null }, { ...rest, key: 'k' }] }, { upstream: 'b', running: 0, waiting: 0, rests: [] }]
  metrics.watches!(() => standing)
  const text = (await metrics.render([])).split('\n')
  for (const line of ['tollgate_upstream_resting{upstream="a"} 1', 'tollgate_upstream_resting{upstream="b"} 0', 'tollgate_upstream_key_resting{upstream="a",key="k"} 1', 'tollgate_upstream_requests{upstream="a"} 3', 'tollgate_upstream_requests_waiting{upstream="a"} 1']) expect(text).toContain(line)
  standing = [{ upstream: 'b', running: 0, waiting: 0, rests: [] }]
  expect((await metrics.render([])).includes('upstream="a"')).toBe(false)
})

test('a report is made at a change and again while anything rests, a failed one is made anew, and what is not told again is forgotten', async () => {
  let now = 1_000_000
  const clock = { now: () => instant(now) }
  const rests = createRestingUpstreams(clock)
  const rest: RestingUpstream = { upstream: 'a', key: null, why: 'cut', failures: 5, until: instant(now + 3_600_000), isTried: false }
  let standing: Standing[] = [{ upstream: 'a', running: 0, waiting: 0, rests: [] }]
  let isAway = false
  let reports = 0
  const reporter = createRestReporter({
    standing: () => standing, clock, log: silentLog(), lookEveryMs: 2,
    reports: { tell: async (told) => {
      if (isAway) throw new Error('away')
      reports += 1
      rests.told('n', told)
    } },
  })
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(reports).toBe(0)
  isAway = true
  standing = [{ upstream: 'a', running: 0, waiting: 0, rests: [rest] }]
  await new Promise((resolve) => setTimeout(resolve, 30))
  isAway = false
  await expect.poll(() => rests.list()).toEqual([{ ...rest, node: 'n' }])
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(reports).toBe(1)
  now += 6_000
  await expect.poll(() => reports).toBe(2)
  standing = []
  await expect.poll(() => rests.list()).toEqual([])
  reporter.close()
  rests.told('gone', [rest])
  now += 20_000
  expect(rests.list()).toEqual([])
})
