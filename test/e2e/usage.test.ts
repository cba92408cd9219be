// Usage reports over the API: every aggregation, by dimension, time zone, group and bucket, exactly as the events say.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { instant, type CustomerId } from '@tollgate/core'
import { testApi, type Json, type TestApi } from '../api.ts'
import { publishMeters } from '../meters.ts'

const NOW = instant(Date.parse('2026-03-29T12:00:00Z'))
let api: TestApi
beforeAll(async () => {
  api = await testApi({ clock: { now: () => NOW } as never })
  await publishMeters(api)
})
afterAll(() => api.close())

let count = 0
async function customer(timeZone = 'UTC'): Promise<CustomerId> {
  const id = `cus_usage${(count += 1)}` as CustomerId
  const answer = await api.call('POST /v1/customers', { body: { id, name: 'Usage', plan: 'metered', time_zone: timeZone, starts_at: '2026-01-01T00:00:00Z' } })
  if (answer.status !== 201) throw new Error(answer.text)
  return id
}

type Sent = readonly [time: string, data: Readonly<Record<string, Json>>]

async function send(subject: string, events: readonly Sent[]): Promise<void> {
  const body = events.map(([time, data], index) => ({ specversion: '1.0', source: 'test', id: `${time} ${index}`, type: 'job', subject, time, data }))
  const answer = await api.call('POST /v1/events', { body })
  expect(answer.body.results.filter(({ status }: Json) => status !== 'accepted')).toEqual([])
}

const rows = (body: Json, ...members: readonly string[]) => body.data.map((row: Json) => members.map((member) => row[member]))
const usage = async (id: string, query: string) => (await api.call(`GET /v1/customers/${id}/usage?${query}`)).body

test('each aggregation says what it is: the largest, the latest by time, the distinct, the worked out', async () => {
  const id = await customer()
  await send(id, [
    ['2026-03-10T10:00:00Z', { gpus: 3, user: 'ann', stored: '5.5', region: 'eu', images: 2, size: 'large' }],
    ['2026-03-10T12:00:00Z', { gpus: 8, user: 'bob', stored: '7', region: 'us', images: 1, size: 'small' }],
    ['2026-03-11T09:00:00Z', { gpus: 2, user: 'ann', stored: '9.25', region: 'eu' }],
    ['2026-03-10T11:00:00Z', { gpus: 5, user: 'cyd', stored: '9', region: 'eu' }],
  ])
  const total = await usage(id, 'from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z&granularity=total')
  expect(rows(total, 'meter', 'quantity')).toEqual([['active_users', '3'], ['gpu_peak', '8'], ['image_points', '9'], ['storage', '9.25']])
  const byRegion = await usage(id, 'from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z&granularity=total&group_by=region&meter=active_users')
  expect(rows(byRegion, 'region', 'quantity')).toEqual([['eu', '2'], ['us', '1']])
  const byDay = await usage(id, 'from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z&granularity=day&meter=gpu_peak')
  expect(rows(byDay, 'start', 'quantity')).toEqual([['2026-03-10T00:00:00.000Z', '8'], ['2026-03-11T00:00:00.000Z', '2']])
  // Charges of a meter that does not add are those of its aggregate: R(8) = 4 × 2 + 4 × 1.5, R(3) = 30, 9.25 × 0.02.
  expect(rows(total, 'meter', 'amount')).toEqual([['active_users', '30'], ['gpu_peak', '14'], ['image_points', '1.8'], ['storage', '0.185']])
})

test('filters, groups, the largest and the rest, and running sums', async () => {
  const id = await customer()
  await send(id, ['a', 'b', 'c', 'd'].flatMap((bucket, index) => [
    [`2026-03-0${index + 1}T08:00:00Z`, { gpu_ms: 100 * 10 ** index, bucket, region: index % 2 === 0 ? 'eu' : 'us' }] as Sent,
    [`2026-03-05T08:00:00Z`, { gpu_ms: 1, bucket, region: 'eu' }] as Sent,
  ]))
  const span = 'from=2026-03-01T00:00:00Z&to=2026-03-10T00:00:00Z&meter=gpu_ms'
  expect(rows(await usage(id, `${span}&granularity=total&group_by=bucket&top=2&top_by=quantity`), 'bucket', 'quantity', 'rest')).toEqual([['c', '10001', undefined], ['d', '100001', undefined], [null, '1102', true]])
  expect(rows(await usage(id, `${span}&granularity=total&filter=bucket:a&filter=bucket:d&filter=region:eu`), 'quantity')).toEqual([['102']])
  expect(rows(await usage(id, `${span}&granularity=day&cumulative=true`), 'quantity')).toEqual([['100'], ['1100'], ['11100'], ['111100'], ['111104']])
  expect((await api.call(`GET /v1/customers/${id}/usage?group_by=colour`)).body).toMatchObject({ code: 'unknown_dimension', field: 'group_by' })
  expect((await api.call(`GET /v1/customers/${id}/usage?meter=active_users&cumulative=true`)).status).toBe(200)
})

test('days are those of the zone: 23 hours when the clocks go forward, and half hours in India', async () => {
  const berlin = await customer('Europe/Berlin')
  await send(berlin, [
    ['2026-03-28T22:30:00Z', { gpu_ms: 1 }],
    ['2026-03-28T23:30:00Z', { gpu_ms: 10 }],
    ['2026-03-29T11:30:00Z', { gpu_ms: 100 }],
  ])
  const days = await usage(berlin, 'from=2026-03-28T00:00:00Z&granularity=day&meter=gpu_ms')
  expect(rows(days, 'start', 'quantity')).toEqual([['2026-03-27T23:00:00.000Z', '1'], ['2026-03-28T23:00:00.000Z', '110']])
  const kolkata = await customer('Asia/Kolkata')
  await send(kolkata, [
    ['2026-03-10T18:29:59Z', { gpu_ms: 1 }],
    ['2026-03-10T18:30:00Z', { gpu_ms: 10 }],
  ])
  expect(rows(await usage(kolkata, 'from=2026-03-01T00:00:00Z&granularity=day&meter=gpu_ms'), 'start', 'quantity')).toEqual([['2026-03-09T18:30:00.000Z', '1'], ['2026-03-10T18:30:00.000Z', '10']])
})

test('the recent past is exact to the minute, and without bounds the report is the billing period', async () => {
  const id = await customer()
  await send(id, [
    ['2026-02-28T23:59:59.999Z', { gpu_ms: 1_000 }],
    ['2026-03-29T11:10:30Z', { gpu_ms: 1 }],
    ['2026-03-29T11:11:00Z', { gpu_ms: 10 }],
  ])
  expect(rows(await usage(id, 'from=2026-03-29T11:00:00Z&granularity=minute&meter=gpu_ms'), 'start', 'quantity')).toEqual([['2026-03-29T11:10:00.000Z', '1'], ['2026-03-29T11:11:00.000Z', '10']])
  expect(rows(await usage(id, 'from=2026-03-29T11:11:00Z&granularity=total&meter=gpu_ms'), 'quantity')).toEqual([['10']])
  const current = await usage(id, 'granularity=total&meter=gpu_ms')
  expect([current.period, ...rows(current, 'quantity')]).toEqual([{ start: '2026-03-01T00:00:00.000Z', end: '2026-04-01T00:00:00.000Z' }, ['11']])
  expect((await api.call(`GET /v1/customers/${id}/usage?granularity=minute&from=2026-03-01T00:00:00Z`)).body).toMatchObject({ code: 'out_of_range', field: 'from' })
})

test('the operator sees usage of all customers, and a customer’s key does not', async () => {
  const [one, two] = [await customer(), await customer()]
  await send(one, [['2026-03-20T00:00:00Z', { gpu_ms: 7_000_000 }]])
  await send(two, [['2026-03-20T00:00:00Z', { gpu_ms: 9_000_000 }]])
  const all = (await api.call('GET /v1/usage?granularity=total&meter=gpu_ms&group_by=customer&top=2')).body
  expect(rows(all, 'customer', 'quantity').slice(0, 2)).toEqual([[one, '7000000'], [two, '9000000']])
  const key = await api.key(['customer'], one)
  expect((await api.call('GET /v1/usage', { key })).status).toBe(403)
})

test('lines of any length are settled as they come, and each is answered', async () => {
  const id = await customer()
  const line = (index: number) => (index === 700 ? 'not json' : JSON.stringify({ specversion: '1.0', source: 'lines', id: String(index), type: 'job', subject: id, time: '2026-03-20T00:00:00Z', data: { gpu_ms: 1 } }))
  const raw = Array.from({ length: 2_500 }, (_, index) => line(index)).join('\n')
  const answer = await api.call('POST /v1/events', { raw, headers: { 'content-type': 'application/x-ndjson', accept: 'application/x-ndjson' } })
  const lines = answer.text.trim().split('\n').map((text) => JSON.parse(text) as Json)
  expect([lines.length, lines[0], lines[700].status, lines[700].reason]).toEqual([2_501, { line: 1, status: 'accepted', id: '0', charge: expect.anything() }, 'rejected', expect.stringContaining('not valid JSON')])
  expect(lines.at(-1)).toEqual({ done: true, lines: 2_500, accepted: 2_499, duplicate: 0, conflict: 0, rejected: 1, parked: 0 })
  expect(rows(await usage(id, 'from=2026-03-01T00:00:00Z&granularity=total&meter=gpu_ms'), 'quantity')).toEqual([['2499']])
})

test('a run is what its events add up to, corrections included', async () => {
  const id = await customer()
  const event = (name: string, data: Json) => ({ specversion: '1.0', source: 'test', id: name, type: 'job', subject: id, time: '2026-03-20T00:00:00Z', data: { run: 'run_7', ...data } })
  await api.call('POST /v1/events', { body: [event('a', { gpu_ms: 1_000 }), event('b', { gpu_ms: 2_000 }), event('c', { gpu_ms: 500, run: 'run_8' })] })
  await api.call('POST /v1/events', { body: { specversion: '1.0', source: 'test', id: 'v', type: 'tollgate.void', subject: id, data: { corrects: 'a', reason: 'counted twice' } } })
  // 2,000 ms at 0.4 a thousand, behind the tier's 1 flat, which the period opens with.
  expect((await api.call(`GET /v1/customers/${id}/runs/run_7`)).body).toMatchObject({ run: 'run_7', events: 1, quantities: { gpu_ms: '2000' } })
  const { data } = (await api.call(`GET /v1/customers/${id}/runs?from=2026-03-19T00:00:00Z`)).body
  expect(data.map((row: Json) => [row.run, row.events])).toEqual([['run_7', 1], ['run_8', 1]])
  expect((await api.call(`GET /v1/customers/${id}/runs/run_9`)).status).toBe(404)
  const events = (await api.call(`GET /v1/customers/${id}/events?run=run_7`)).body.data
  expect(events.map((row: Json) => [row.id, row.effect, row.corrects?.id ?? null])).toEqual([['a', 'use', null], ['b', 'use', null], ['v', 'reversal', 'a']])
})
