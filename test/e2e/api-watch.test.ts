// What an operator is told to look at: alerts out of the messages that were told, and how the background jobs fare.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { testApi, type TestApi } from '../api.ts'

let api: TestApi
beforeAll(async () => {
  api = await testApi()
})
afterAll(() => api.close())

test('what calls for a look is an alert, newest first, by level and customer; settlements and refusals are none', async () => {
  const customer = await api.world.customer({ plan: 'prepaid', credit: '5', id: 'cus_watched' })
  await api.call('PUT /v1/customers/cus_watched/budgets/small', { body: { name: 'Small', limit: '0.02', window: 'month', thresholds: [50] } })
  const event = { specversion: '1.0', id: 'one', source: 'app', type: 'ai.request', subject: customer, data: { feature: 'chat', model: 'sandbox-small', input_tokens: 3_000, output_tokens: 0 } }
  await api.call('POST /v1/events', { body: event })
  await api.call('POST /v1/freezes', { body: { kind: 'customer', target: customer, reason: 'an agent ran away' } })
  const all = (await api.call('GET /v1/alerts')).body.data
  expect(all[0]).toMatchObject({ type: 'freeze.set', level: 'notice', customer, data: { kind: 'customer', reason: 'an agent ran away' } })
  expect(all).toContainEqual(expect.objectContaining({ type: 'budget.threshold', customer, data: expect.objectContaining({ name: 'Small', percent: 50 }) }))
  expect(all.map(({ type }: { readonly type: string }) => type)).not.toContain('usage.settled')
  expect((await api.call('GET /v1/alerts?level=problem')).body.data).toEqual([])
  await api.world.customer({ plan: 'prepaid', id: 'cus_calm' })
  expect((await api.call('GET /v1/alerts?customer=cus_calm')).body.data).toEqual([])
  const first = (await api.call('GET /v1/alerts?limit=1')).body
  const second = (await api.call(`GET /v1/alerts?limit=500&cursor=${first.next_cursor}`)).body
  expect([...first.data, ...second.data]).toEqual(all)
})

test('jobs are listed with their last run; a viewer may look, a tenant may not', async () => {
  api.world.plane.jobs.add({ name: 'close-periods', says: 'Closes.', everyMs: 60_000 })
  const end = api.world.plane.jobs.begin('close-periods')
  expect((await api.call('GET /v1/jobs')).body.data).toMatchObject([{ name: 'close-periods', every_seconds: 60, running: true, last_took_ms: null }])
  end(new Error('no'))
  const viewer = await api.key(['viewer'])
  expect((await api.call('GET /v1/jobs', { key: viewer })).body.data).toMatchObject([{ running: false, runs: 1, failures: 1, last_failure: 'no' }])
  const tenant = await api.key(['customer', 'tenant_admin'], await api.world.customer({ plan: 'prepaid' }))
  for (const path of ['GET /v1/jobs', 'GET /v1/alerts']) expect((await api.call(path, { key: tenant })).status).toBe(403)
})
