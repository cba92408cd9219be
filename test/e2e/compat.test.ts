// Teams that meter with OpenMeter or Lago try Tollgate by changing a URL: the real clients send events, query meters and read
// entitlement values here.

import { OpenMeter } from '@openmeter/sdk'
import { Client as LagoClient, getLagoError } from 'lago-javascript-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testApi, type TestApi } from '../api.ts'
import { publishMeters } from '../meters.ts'

let api: TestApi
let url: string
let openmeter: OpenMeter
beforeAll(async () => {
  api = await testApi()
  await publishMeters(api)
  url = await api.listen()
  openmeter = new OpenMeter({ baseUrl: `${url}/openmeter`, apiKey: api.admin })
})
afterAll(() => api.close())

const day = new Date(Date.now() - 3_600_000)
const hour = new Date(Math.floor(day.getTime() / 3_600_000) * 3_600_000)

async function customer(id: string, plan: string, externalId: string): Promise<void> {
  const answer = await api.call('POST /v1/customers', { body: { id, name: id, plan, external_id: externalId, starts_at: '2026-01-01T00:00:00Z' } })
  expect(answer.status).toBe(201)
}

test('@openmeter/sdk: events in, meters out', async () => {
  await customer('cus_om', 'metered', 'acme')
  await openmeter.events.ingest([
    { id: 'om1', source: 'app', type: 'job', subject: 'acme', time: day, data: { gpu_ms: 1_500, region: 'eu', stored: 1.25 } },
    { id: 'om2', source: 'app', type: 'job', subject: 'cus_om', time: day, data: { gpu_ms: 250, region: 'us', nested: { bucket: 'x' } } },
  ])
  await openmeter.events.ingest({ id: 'om1', source: 'app', type: 'job', subject: 'acme', time: day, data: { gpu_ms: 1_500, region: 'eu', stored: 1.25 } })
  const total = await openmeter.meters.query('gpu_ms', { subject: ['acme'] })
  expect(total?.data.map(({ value, subject }) => [value, subject])).toEqual([[1_750, null]])
  const grouped = await openmeter.meters.query('gpu_ms', { subject: ['acme'], groupBy: ['subject', 'region'], windowSize: 'HOUR', from: hour })
  expect(grouped?.data).toEqual([
    { value: 1_500, windowStart: hour, windowEnd: new Date(hour.getTime() + 3_600_000), subject: 'acme', groupBy: { region: 'eu' } },
    { value: 250, windowStart: hour, windowEnd: new Date(hour.getTime() + 3_600_000), subject: 'acme', groupBy: { region: 'us' } },
  ])
  const filtered = await openmeter.meters.query('gpu_ms', { filterGroupBy: { region: 'us' } as never, filterCustomerId: ['cus_om'] as never })
  expect(filtered?.data.map(({ value }) => value)).toEqual([250])
  const posted = (await openmeter.meters.queryPost('gpu_ms', { filterGroupBy: { region: ['eu'] }, subject: ['acme'] } as never)) as typeof total
  expect(posted?.data.map(({ value }) => value)).toEqual([1_500])
  expect((await openmeter.meters.list())?.map(({ slug }) => slug)).toContain('gpu_ms')
  expect(await openmeter.meters.get('active_users')).toMatchObject({ slug: 'active_users', aggregation: 'UNIQUE_COUNT', valueProperty: '$.user' })
  expect(await openmeter.meters.listGroupByValues('gpu_ms', 'region')).toEqual(['eu', 'us'])
})

test('@openmeter/sdk: access and the value of an entitlement', async () => {
  await customer('cus_access', 'hybrid', 'access-co')
  const before = await openmeter.customers.entitlements.value('access-co', 'chat')
  await openmeter.events.ingest({ id: 'a1', source: 'app', type: 'ai.request', subject: 'access-co', data: { feature: 'chat', input_tokens: 1_000 } })
  const after = await openmeter.customers.entitlements.value('access-co', 'chat')
  expect([before?.hasAccess, before?.usage]).toEqual([true, 0])
  expect(after).toMatchObject({ hasAccess: true, usage: 1_000, balance: (before?.balance ?? 0) - 1_000 })
  expect((await openmeter.customers.getAccess('access-co'))?.entitlements['chat']).toMatchObject({ hasAccess: true })
  expect(await openmeter.customers.get('access-co')).toMatchObject({ id: 'cus_access', key: 'access-co' })
  await expect(openmeter.customers.entitlements.value('access-co', 'nothing')).rejects.toThrow('[404]')
})

test('@openmeter/sdk: what is not taken is told, and another tenant is not seen', async () => {
  await expect(openmeter.events.ingest({ id: 'bad', source: 'app', type: 'job', subject: 'nobody', data: { gpu_ms: 1 } })).rejects.toThrow(/there is no customer nobody/)
  await expect(openmeter.events.ingest({ id: 'bad', source: 'app', type: 'job', subject: 'acme', data: { gpu_ms: 0.5 } })).rejects.toThrow(/decimal places/)
  const own = new OpenMeter({ baseUrl: `${url}/openmeter`, apiKey: await api.key(['customer'], 'cus_access' as never) })
  await expect(own.customers.get('acme')).rejects.toThrow('[404]')
  expect((await own.meters.query('gpu_ms', { subject: ['acme'] }))?.data).toEqual([])
  await expect(new OpenMeter({ baseUrl: `${url}/openmeter`, apiKey: 'wrong' }).meters.list()).rejects.toThrow('[401]')
})

test('lago-javascript-client: events in, current usage and entitlements out', async () => {
  await customer('cus_lago', 'metered', 'lago-co')
  const lago = LagoClient(api.admin, { baseUrl: `${url}/lago/api/v1` })
  const seconds = Math.floor(day.getTime() / 1_000)
  const sent = await lago.events.createEvent({ event: { transaction_id: 't1', external_subscription_id: 'lago-co', code: 'job', timestamp: seconds, properties: { gpu_ms: 6_000, stored: '2.5' } } })
  expect(sent.data.event).toMatchObject({ transaction_id: 't1', code: 'job', external_subscription_id: 'lago-co' })
  const batch = [{ transaction_id: 't2', external_subscription_id: 'lago-co', code: 'job', properties: { gpu_ms: 1 } }, { transaction_id: 't1', external_subscription_id: 'lago-co', code: 'job', timestamp: seconds, properties: { gpu_ms: 6_000, stored: '2.5' } }]
  expect((await lago.events.createBatchEvents({ events: batch } as never)).data.events).toHaveLength(2)
  const { customer_usage: usage } = (await lago.customers.findCustomerCurrentUsage('lago-co', { external_subscription_id: 'lago-co' })).data
  const gpu = usage.charges_usage.find(({ billable_metric: metric }) => metric.code === 'gpu_ms')
  // 5,000 ms at 0.4 a thousand and 1 flat, 1,001 at 0.3: 3.3003.
  expect([gpu?.units, gpu?.events_count, gpu?.amount_cents]).toEqual(['6001', 2, 330])
  const { entitlements } = (await lago.subscriptions.findAllSubscriptionEntitlements('lago-co')).data
  expect(entitlements.map(({ code }) => code)).toContain('chat')
})

test('lago-javascript-client: duplicates, faults and strangers are told in its own words', async () => {
  const lago = LagoClient(api.admin, { baseUrl: `${url}/lago/api/v1` })
  const refusal = async (event: object) => {
    try {
      await lago.events.createEvent({ event } as never)
      return 'accepted'
    } catch (error) {
      return (await getLagoError(error)) as unknown
    }
  }
  const event = { transaction_id: 't1', external_subscription_id: 'lago-co', code: 'job', timestamp: Math.floor(day.getTime() / 1_000), properties: { gpu_ms: 6_000, stored: '2.5' } }
  expect(await refusal(event)).toMatchObject({ status: 422, code: 'validation_errors', error_details: { transaction_id: ['value_already_exist'] } })
  expect(await refusal({ ...event, transaction_id: 't9', timestamp: 'now' })).toMatchObject({ error_details: { timestamp: ['invalid_format'] } })
  expect(await refusal({ ...event, transaction_id: 't9', external_subscription_id: 'nobody' })).toMatchObject({ error_details: { external_subscription_id: ['subscription_not_found'] } })
  expect(await refusal({ ...event, transaction_id: 't9', properties: { gpu_ms: 'many' } })).toMatchObject({ error_details: { 'properties.gpu_ms': [expect.stringContaining('plain decimal')] } })
})
