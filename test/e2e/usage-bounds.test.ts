// Where metering is bounded, and what it says then: distinct counts past the sketch, dimensions with too many values or too many names, more
// events than can be settled. Whatever happens to reports, money and totals stay exact, and nothing is lost.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { DIMENSION_VALUES_MAX, DIMENSIONS_MAX, DISTINCT_HASHES_MAX, EVENTS_PER_REQUEST_MAX, instant, SETTLEMENT_QUEUE_MAX } from '@tollgate/core'
import { testApi, type Json, type TestApi } from '../api.ts'
import { publishMeters } from '../meters.ts'

const NOW = instant(Date.parse('2026-03-29T12:00:00Z'))
let api: TestApi
beforeAll(async () => {
  api = await testApi({ clock: { now: () => NOW } as never })
  await publishMeters(api)
})
afterAll(() => api.close())

async function customer(id: string): Promise<string> {
  const answer = await api.call('POST /v1/customers', { body: { id, name: id, plan: 'metered', starts_at: '2026-01-01T00:00:00Z' } })
  expect(answer.status).toBe(201)
  return id
}

type Sent = { readonly id: string; readonly time: string; readonly data: Json; readonly type?: string }

async function sendLines(subject: string, events: readonly Sent[]): Promise<void> {
  const raw = events.map((event) => JSON.stringify({ specversion: '1.0', source: 'test', type: 'job', subject, ...event })).join('\n')
  const { text } = await api.call('POST /v1/events', { raw, headers: { 'content-type': 'application/x-ndjson', accept: 'application/x-ndjson' } })
  expect(JSON.parse(text.trim().split('\n').at(-1)!)).toMatchObject({ done: true, accepted: events.length })
}

const usage = async (id: string, query: string): Promise<Json> => (await api.call(`GET /v1/customers/${id}/usage?from=2026-03-01T00:00:00Z&${query}`)).body
const line = async (id: string, price: string): Promise<Json> => (await api.call(`GET /v1/customers/${id}/invoices/preview`)).body.lines.find((one: Json) => one.price === price)
const proof = async (id: string) => (await api.call(`GET /v1/checks/rollups?customer=${id}&from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z`)).body.differences

test('distinct values past the bound of an hour are estimated in reports, which say so, and counted exactly in what is charged', { timeout: 60_000 }, async () => {
  const id = await customer('cus_distinct')
  const people = DISTINCT_HASHES_MAX + 1_404
  const seen = (from: number, to: number, time: string) => Array.from({ length: to - from }, (_, index): Sent => ({ id: `${time} ${from + index}`, time, data: { user: `user ${from + index}`, region: index % 2 === 0 ? 'eu' : 'us' } }))
  await sendLines(id, seen(0, DISTINCT_HASHES_MAX, '2026-03-10T08:00:00Z'))
  expect((await usage(id, 'granularity=total&meter=active_users')).data).toMatchObject([{ quantity: String(DISTINCT_HASHES_MAX) }])
  expect((await usage(id, 'granularity=hour&meter=active_users')).data[0].exact).toBeUndefined()
  // Halves in two hours, half of each seen in the other, too: a day knows them all while no hour and group is full.
  await sendLines(id, seen(2_000, people, '2026-03-10T09:00:00Z'))
  expect((await usage(id, 'granularity=total&meter=active_users')).data).toMatchObject([{ quantity: String(people) }])
  await sendLines(id, seen(0, people, '2026-03-11T08:00:00Z').map((event) => ({ ...event, data: { user: event.data.user, region: 'eu' } })))
  const row = (await usage(id, 'granularity=day&meter=active_users')).data.at(-1)
  expect(row.exact).toBe(false)
  expect(Math.abs(Number(row.quantity) / people - 1)).toBeLessThan(3 / Math.sqrt(DISTINCT_HASHES_MAX))
  expect(await line(id, 'active_users')).toMatchObject({ quantity: String(people), exact: String(3 * 10 + (people - 3) * 7) })
  // One that is taken back on the last of its days is no longer counted; the others of its days still are.
  await sendLines(id, ['2026-03-10T09:00:00Z', '2026-03-11T08:00:00Z'].map((time, index) => ({ id: `void ${index}`, type: 'tollgate.void', time: '2026-03-29T11:00:00Z', data: { corrects: `${time} ${people - 1}` } })))
  expect(await line(id, 'active_users')).toMatchObject({ quantity: String(people - 1), exact: String(3 * 10 + (people - 4) * 7) })
  expect(await proof(id)).toEqual([])
  expect((await api.call(`GET /v1/customers/${id}/checks/sums`)).body.differences).toEqual([])
})

test('a dimension has a bounded number of values: further ones are counted together, the operator is told once, totals stay exact', { timeout: 60_000 }, async () => {
  const id = await customer('cus_many_values')
  const over = 40
  const events = Array.from({ length: DIMENSION_VALUES_MAX + over }, (_, index): Sent => ({ id: `e${index}`, time: '2026-03-12T08:00:00Z', data: { gpu_ms: 3, bucket: `b${index}`, region: 'eu' } }))
  await sendLines(id, events)
  await sendLines(id, [0, DIMENSION_VALUES_MAX, DIMENSION_VALUES_MAX + over].map((index): Sent => ({ id: `again ${index}`, time: '2026-03-12T09:00:00Z', data: { gpu_ms: 5, bucket: `b${index}`, region: 'us' } })))
  const largest = (await usage(id, 'granularity=total&meter=gpu_ms&group_by=bucket&top=2&top_by=quantity')).data
  expect(largest.map((row: Json) => [row.bucket, row.quantity])).toEqual([['(other)', String(over * 3 + 2 * 5)], ['b0', '8'], [null, String((DIMENSION_VALUES_MAX - 1) * 3)]])
  // Dimensions that kept their bound are what they were, and so is the whole.
  expect((await usage(id, 'granularity=total&meter=gpu_ms&group_by=region')).data.map((row: Json) => [row.region, row.quantity])).toEqual([['eu', String(events.length * 3)], ['us', '15']])
  const told = await api.world.plane.sql<{ payload: Json }[]>`select payload from outbox where type = 'dimension.overflowed' and payload ->> 'customer' = ${id}`
  expect(told.map(({ payload }) => [payload.meter, payload.dimension, payload.values_kept])).toEqual([['gpu_ms', 'bucket', DIMENSION_VALUES_MAX]])
  expect(await proof(id)).toEqual([])
})

test('an event with more dimensions than the bound is refused by name, and others of its call are taken', async () => {
  const id = await customer('cus_wide')
  const labels = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`label_${index}`, 'x']))
  const events = [DIMENSIONS_MAX, DIMENSIONS_MAX + 1].map((count) => ({ specversion: '1.0', source: 'test', id: `w${count}`, type: 'job', subject: id, time: '2026-03-12T08:00:00Z', data: { gpu_ms: 1, ...labels(count) } }))
  const { body } = await api.call('POST /v1/events', { body: events })
  expect(body.results).toMatchObject([{ status: 'accepted' }, { status: 'rejected', reason: expect.stringContaining(`at most ${DIMENSIONS_MAX} dimensions`) }])
})

test('more than can wait for settlement is answered 429 with a hint, takes nothing of that call, and loses nothing that was taken', { timeout: 60_000 }, async () => {
  const id = await customer('cus_pushed')
  const calls = SETTLEMENT_QUEUE_MAX / EVENTS_PER_REQUEST_MAX + 2
  const batch = (call: number) => Array.from({ length: EVENTS_PER_REQUEST_MAX }, (_, index) => ({ specversion: '1.0', source: 'flood', id: `${call} ${index}`, type: 'job', subject: id, time: '2026-03-13T08:00:00Z', data: { gpu_ms: 1 } }))
  const post = (call: number) => api.call('POST /v1/events', { body: batch(call) })
  let answers: Awaited<ReturnType<typeof post>>[] = []
  // Settlement waits for a row that somebody else has locked.
  await api.world.plane.sql.begin(async (tx) => {
    await tx`select 1 from customer where id = ${id} for update`
    const running = Array.from({ length: calls }, (_, call) => post(call))
    expect(await Promise.race(running)).toMatchObject({ status: 429 })
    answers = running as never
  })
  answers = await Promise.all(answers)
  const refused = answers.flatMap(({ status }, call) => (status === 429 ? [call] : []))
  expect(answers.map(({ status }) => status).filter((status) => status !== 200)).toEqual([429, 429])
  for (const call of refused) expect(answers[call]).toMatchObject({ headers: { 'retry-after': '1' }, body: { code: 'settlement_backlog' } })
  const taken = async () => Number((await usage(id, 'granularity=total&meter=gpu_ms')).data[0].quantity)
  expect(await taken()).toBe(SETTLEMENT_QUEUE_MAX)
  for (const call of refused) expect(await post(call)).toMatchObject({ status: 200, body: { accepted: EVENTS_PER_REQUEST_MAX } })
  expect(await taken()).toBe(calls * EVENTS_PER_REQUEST_MAX)
})
