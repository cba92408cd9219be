// Jobs of metering on a clock that the test turns: levels become hours, new meters count past events, months are attached and dropped,
// persons are erased. The records stay, and the proofs still hold.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { instant } from '@tollgate/core'
import { backfillMeters } from '../../packages/server/src/app/backfill.ts'
import { addUpLevels } from '../../packages/server/src/app/levels.ts'
import { keepPartitions } from '../../packages/server/src/app/partitions.ts'
import { testApi, type Json, type TestApi } from '../api.ts'
import { publishMeters } from '../meters.ts'

let now = Date.parse('2026-03-29T12:00:00Z')
let api: TestApi
beforeAll(async () => {
  api = await testApi({ clock: { now: () => instant(now) } as never, personal: ['user_email'] })
  await publishMeters(api)
})
afterAll(() => api.close())

async function customer(id: string): Promise<string> {
  const answer = await api.call('POST /v1/customers', { body: { id, name: id, plan: 'metered', starts_at: '2026-01-01T00:00:00Z' } })
  expect(answer.status).toBe(201)
  return id
}
const send = async (subject: string, id: string, time: string, data: Json, type = 'job') => {
  const answer = await api.call('POST /v1/events', { body: [{ specversion: '1.0', source: 'test', id, type, subject, time, data }] })
  expect(answer.body.results.filter(({ status }: Json) => status !== 'accepted')).toEqual([])
}
const total = async (id: string, query: string) => (await api.call(`GET /v1/customers/${id}/usage?granularity=total&from=2026-01-01T00:00:00Z&${query}`)).body.data.map((row: Json) => [row.bucket ?? row.region ?? null, row.quantity])
const proof = async (id: string) => (await api.call(`GET /v1/checks/rollups?customer=${id}&from=2026-01-01T00:00:00Z&to=2026-04-01T00:00:00Z`)).body.differences

test('a level is added up by the hour, and a reading that comes late or is taken back corrects the hours since', async () => {
  const id = await customer('cus_level')
  await send(id, 'l1', '2026-03-28T10:00:00Z', { stored: 10, bucket: 'a' })
  await send(id, 'l2', '2026-03-28T10:30:00Z', { stored: 4, bucket: 'b' })
  await addUpLevels(api.world.plane)
  // Up to noon of the next day: 26 hours of 10, and 25.5 of 4.
  expect(await total(id, 'meter=storage_hours&group_by=bucket')).toEqual([['a', '260'], ['b', '102']])
  await addUpLevels(api.world.plane)
  await send(id, 'l3', '2026-03-28T20:00:00Z', { stored: 1, bucket: 'a' })
  await addUpLevels(api.world.plane)
  expect(await total(id, 'meter=storage_hours&group_by=bucket')).toEqual([['a', '116'], ['b', '102']])
  await send(id, 'v1', '2026-03-29T11:00:00Z', { corrects: 'l2' }, 'tollgate.void')
  await addUpLevels(api.world.plane)
  expect(await total(id, 'meter=storage_hours&group_by=bucket')).toEqual([['a', '116']])
  now += 3_600_000
  await addUpLevels(api.world.plane)
  expect(await total(id, 'meter=storage_hours&group_by=bucket')).toEqual([['a', '117']])
  expect(await proof(id)).toEqual([])
})

test('a meter that is made later counts past events, corrections before and after included, and charges nothing for them', async () => {
  const id = await customer('cus_past')
  for (let index = 0; index < 8; index++) await send(id, `p${index}`, `2026-03-1${index}T00:00:00Z`, { gpu_ms: 100, user: index % 2 === 0 ? 'ann' : 'bob', region: 'eu' })
  await send(id, 'pv', '2026-03-29T11:00:00Z', { corrects: 'p1' }, 'tollgate.void')
  const before = (await api.call(`GET /v1/customers/${id}/invoices/preview`)).body
  const { source } = (await api.call('GET /v1/catalog')).body
  const meters = '\n  - { id: jobs, event_type: job, aggregation: count, backfill: true }\n  - { id: people, event_type: job, aggregation: unique_count, properties: [user], dimensions: [region], backfill: true }\nplans:'
  expect((await api.call('PUT /v1/catalog', { body: { source: source.replace('\nplans:', meters) } })).status).toBe(200)
  await send(id, 'new', '2026-03-20T00:00:00Z', { gpu_ms: 100, user: 'cyd', region: 'us' })
  await backfillMeters(api.world.plane)
  const { data } = (await api.call('GET /v1/meters/backfills')).body
  expect(data.map((row: Json) => [row.meter, row.state])).toEqual([['jobs', 'done'], ['people', 'done']])
  expect([await total(id, 'meter=jobs'), await total(id, 'meter=people&group_by=region')]).toEqual([[[null, '8']], [['eu', '2'], ['us', '1']]])
  await send(id, 'pv2', '2026-03-29T11:00:00Z', { corrects: 'p3' }, 'tollgate.void')
  await send(id, 'pv3', '2026-03-29T11:00:00Z', { corrects: 'new' }, 'tollgate.void')
  expect([await total(id, 'meter=jobs'), await total(id, 'meter=people&group_by=region')]).toEqual([[[null, '6']], [['eu', '2']]])
  const after = (await api.call(`GET /v1/customers/${id}/invoices/preview`)).body
  expect(after.lines.length).toBe(before.lines.length)
  expect(await proof(id)).toEqual([])
})

test('a person is erased from records that do not change', async () => {
  const id = await customer('cus_person')
  await send(id, 'a', '2026-03-20T00:00:00Z', { gpu_ms: 1, user_email: 'ann@example.com' })
  await send(id, 'b', '2026-03-20T00:00:00Z', { gpu_ms: 2, user_email: 'ann@example.com' })
  const names = async () => (await api.call(`GET /v1/customers/${id}/events`)).body.data.map((row: Json) => row.dimensions.user_email)
  const [pseudonym, same] = await names()
  expect([pseudonym, same]).toEqual([expect.stringMatching(/^psn_/), pseudonym])
  const erasure = { body: { dimension: 'user_email', value: 'ann@example.com' } }
  expect(await api.call(`POST /v1/customers/${id}/pseudonyms/look-up`, erasure)).toMatchObject({ status: 200, body: { pseudonym } })
  expect(await api.call(`POST /v1/customers/${id}/erasures`, erasure)).toMatchObject({ status: 200, body: { erased: true, pseudonym } })
  expect(await api.call(`POST /v1/customers/${id}/pseudonyms/look-up`, erasure)).toMatchObject({ status: 200, body: { pseudonym: null } })
  expect(await names()).toEqual([pseudonym, pseudonym])
  await send(id, 'c', '2026-03-20T00:00:00Z', { gpu_ms: 4, user_email: 'ann@example.com' })
  expect((await names())[2]).not.toBe(pseudonym)
  expect(await total(id, 'meter=gpu_ms')).toEqual([[null, '7']])
})

test('months are attached with what came before them, and dropped whole; sums and totals stay', async () => {
  const id = await customer('cus_months')
  const { plane } = api.world
  await send(id, 'jan', '2026-01-15T00:00:00Z', { gpu_ms: 5_000 })
  await keepPartitions(plane)
  await send(id, 'feb', '2026-02-15T00:00:00Z', { gpu_ms: 7_000 })
  expect((await api.call(`GET /v1/customers/${id}/checks/sums`)).body.differences).toEqual([])
  const months = async () => (await plane.sql<{ name: string }[]>`select tableoid::regclass::text as name from usage_event where customer_id = ${id} order by time`).map(({ name }) => name)
  expect(await months()).toEqual(['usage_event_2026_01', 'usage_event_2026_02'])
  await keepPartitions({ ...plane, retention: { eventMonths: 1 } })
  expect(await months()).toEqual(['usage_event_2026_02'])
  expect((await api.call(`GET /v1/customers/${id}/checks/sums`)).body.differences).toEqual([])
  expect(await total(id, 'meter=gpu_ms')).toEqual([[null, '12000']])
  expect(await proof(id)).toEqual([])
  await expect(plane.sql`delete from usage_event where customer_id = ${id}`).rejects.toThrow('append-only')
})
