// Usage events from outside in every form of CloudEvents, and what repeats: an event, a batch, an Idempotency-Key. Nothing is
// lost, nothing is charged twice, and one bad event harms no other.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { CustomerId } from '@tollgate/core'
import { testApi, type TestApi } from '../api.ts'

let api: TestApi
let customer: CustomerId
let count = 0
beforeAll(async () => { api = await testApi() })
beforeEach(async () => { customer = await api.world.customer({ plan: 'hybrid', id: `cus_e${count += 1}` }) })
afterAll(() => api.close())

const event = (fields: Record<string, unknown> = {}) => ({ specversion: '1.0', id: 'e1', source: 'app', type: 'agent.step', subject: customer, data: { steps: 2 }, ...fields })
const steps = async () => (await api.call(`GET /v1/customers/${customer}/usage?granularity=total&meter=agent_steps`)).body.totals[0]?.quantity ?? '0'
const post = (raw: string, type: string, headers: Record<string, string> = {}) => api.call('POST /v1/events', { raw, headers: { 'content-type': type, ...headers } })

describe('every form of CloudEvents is read:', () => {
  const one = () => JSON.stringify(event())
  test.each<[string, () => ReturnType<typeof post>]>([
    ['structured', () => post(one(), 'application/cloudevents+json; charset=UTF-8')],
    ['plain JSON', () => post(one(), 'application/json')],
    ['batched', () => post(`[${one()}]`, 'application/cloudevents-batch+json')],
    ['a plain array', () => post(`[${one()}]`, 'application/json')],
    ['one a line', () => post(`${one()}\n\n`, 'application/x-ndjson')],
    ['binary', () => post('{"steps":2}', 'application/json', { 'ce-specversion': '1.0', 'ce-id': 'e1', 'ce-source': 'app', 'ce-type': 'agent.step', 'ce-subject': customer })],
    ['binary with an encoded header', () => post('{"steps":2}', 'application/json', { 'ce-specversion': '1.0', 'ce-id': 'caf%C3%A9%20%221%22', 'ce-source': '/app', 'ce-type': 'agent.step', 'ce-subject': customer, 'ce-time': new Date().toISOString() })],
  ])('%s', async (name, send) => {
    expect(await send()).toMatchObject({ status: 200, body: { accepted: 1, results: [{ id: name.includes('encoded') ? 'café "1"' : 'e1', status: 'accepted', charge: { amount: '0.2', currency: 'USD' } }] } })
    expect(await steps()).toBe('2')
  })

  test.each([
    ['structured', 'application/cloudevents+json', '[]', 'invalid_json'], ['batched', 'application/cloudevents-batch+json', '{}', 'invalid_json'],
    ['structured without JSON', 'application/cloudevents+json', '{', 'invalid_json'], ['binary without JSON', 'application/json', 'x', 'invalid_json'],
  ])('%s with another body is refused', async (name, type, raw, code) => {
    expect(await post(raw, type, name.startsWith('binary') ? { 'ce-id': 'x', 'ce-specversion': '1.0' } : {})).toMatchObject({ status: 400, body: { code } })
  })
})

test('an event sent again is a duplicate, and with other content a conflict that is told; the first stands', async () => {
  expect((await api.call('POST /v1/events', { body: event() })).body.results[0].status).toBe('accepted')
  expect((await api.call('POST /v1/events', { body: event() })).body).toMatchObject({ accepted: 0, duplicate: 1, results: [{ id: 'e1', status: 'duplicate' }] })
  expect((await api.call('POST /v1/events', { body: event({ data: { steps: '2' } }) })).body.duplicate).toBe(1)
  expect(await api.call('POST /v1/events', { body: event({ data: { steps: 3 } }) })).toMatchObject({ status: 422, body: { code: 'event_conflict', field: 'id' } })
  expect((await api.call('POST /v1/events', { body: [event({ data: { steps: 3 } })] })).body).toMatchObject({ conflict: 1, results: [{ status: 'conflict', reason: expect.stringContaining('the first stands') }] })
  expect((await api.call('POST /v1/events', { body: event({ source: 'other app' }) })).body.accepted).toBe(1)
  expect(await steps()).toBe('4')
})

test('of a batch, what is good is charged and what is bad is told, each in its place', async () => {
  const batch = [event({ id: 'a' }), event({ id: 'b', data: { steps: -1 } }), event({ id: 'a' }), event({ id: 'c', subject: 'cus_nobody' }), 7, event({ id: 'd', data: { steps: '0.5' } }), event({ id: 'a', data: { steps: 9 } }), event({ id: 'e' })]
  const { status, body } = await api.call('POST /v1/events', { body: batch })
  expect(status).toBe(200)
  expect(body.results.map((one: { status: string; field?: string }) => [one.status, one.field ?? null])).toEqual([
    ['accepted', null], ['rejected', 'data.steps'], ['duplicate', null], ['rejected', 'customer'], ['rejected', null], ['rejected', 'data.steps'], ['conflict', null], ['accepted', null],
  ])
  expect(body).toMatchObject({ accepted: 2, duplicate: 1, conflict: 1, rejected: 4, parked: 0 })
  expect(await steps()).toBe('4')
  // The same batch again changes nothing.
  expect((await api.call('POST /v1/events', { body: batch })).body).toMatchObject({ accepted: 0, duplicate: 3, conflict: 1, rejected: 4 })
  expect(await steps()).toBe('4')
})

test('a line that is no JSON is one bad event', async () => {
  const { body } = await post(`${JSON.stringify(event({ id: 'a' }))}\n{"id": oops\n${JSON.stringify(event({ id: 'b' }))}`, 'application/x-ndjson')
  expect(body).toMatchObject({ accepted: 2, rejected: 1, results: [{ status: 'accepted' }, { status: 'rejected', id: null, reason: expect.stringContaining('event 2 is not valid JSON') }, { status: 'accepted' }] })
})

test('a label that looks like a number stays a label where a meter selects by it', async () => {
  const { source } = (await api.call('GET /v1/catalog')).body
  const filtered = source.replace('meters:\n', 'meters:\n  - { id: ok_calls, unit: call, event_type: tool.call, aggregation: count, filter: { status: [200] } }\n')
  expect((await api.call('PUT /v1/catalog', { body: { source: filtered } })).status).toBe(200)
  await api.call('POST /v1/events', { body: [200, '200', 500].map((status, index) => event({ id: `t${index}`, type: 'tool.call', data: { status } })) })
  expect((await api.call(`GET /v1/customers/${customer}/usage?granularity=total&meter=ok_calls`)).body.totals).toMatchObject([{ quantity: '2' }])
})

test('concurrent calls with the same events charge each once', async () => {
  const answers = await Promise.all(Array.from({ length: 10 }, () => api.call('POST /v1/events', { body: [event({ id: 'x' }), event({ id: 'y' })] })))
  expect(answers.map(({ body }) => body.accepted).reduce((a, b) => a + b)).toBe(2)
  expect(await steps()).toBe('4')
  expect((await api.call(`GET /v1/customers/${customer}/checks/sums`)).body.agrees).toBe(true)
})

describe('with an Idempotency-Key', () => {
  const topUp = (key: string, amount = '5', used?: string) => api.call(`POST /v1/customers/${customer}/credits`, { body: { amount }, headers: { 'idempotency-key': key }, ...(used === undefined ? {} : { key: used }) })
  const balance = async () => (await api.call(`GET /v1/customers/${customer}/balance`)).body.balance

  test('a repeated write gets the first answer and does nothing', async () => {
    const first = await topUp('k1')
    const again = await topUp('"k1"')
    expect([again.status, again.body]).toEqual([201, first.body])
    expect(again.headers['idempotency-replayed']).toBe('true')
    expect(await balance()).toBe('5')
  })

  test('another request under the same key is a conflict, and keys of others do not collide', async () => {
    await topUp('k2')
    expect(await topUp('k2', '6')).toMatchObject({ status: 422, body: { code: 'idempotency_conflict' } })
    expect(await api.call('POST /v1/customers', { body: { name: 'X', plan: 'free' }, headers: { 'idempotency-key': 'k2' } })).toMatchObject({ status: 422 })
    expect((await topUp('k2', '7', await api.key(['admin']))).status).toBe(201)
    expect(await balance()).toBe('12')
    expect(await topUp('a b')).toMatchObject({ status: 400, body: { code: 'invalid_idempotency_key' } })
  })

  test('concurrent repetitions do it once; those that come while it runs are told so', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => topUp('k3')))
    expect(new Set(answers.map(({ status }) => status)).isSubsetOf(new Set([201, 409]))).toBe(true)
    expect(await balance()).toBe('5')
  })

  test('a failed write may be tried again with its key', async () => {
    expect((await api.call('POST /v1/customers/cus_later/credits', { body: { amount: '5' }, headers: { 'idempotency-key': 'k4' } })).status).toBe(404)
    await api.world.customer({ plan: 'free', id: 'cus_later' })
    expect((await api.call('POST /v1/customers/cus_later/credits', { body: { amount: '5' }, headers: { 'idempotency-key': 'k4' } })).status).toBe(201)
  })

  test('a write whose answer was lost with the process adds nothing twice', async () => {
    const first = await topUp('k5')
    // As after a crash between the write and its answer, when the claim has been given up.
    await api.world.plane.sql`delete from idempotent_answer where key = 'k5'`
    const again = await topUp('k5')
    expect(again.body).toEqual(first.body)
    expect(again.headers['idempotency-replayed']).toBeUndefined()
    expect(await balance()).toBe('5')
    expect((await api.call(`GET /v1/customers/${customer}/checks/sums`)).body.agrees).toBe(true)
    await api.world.plane.sql`delete from idempotent_answer where key = 'k5'`
    expect(await topUp('k5', '9')).toMatchObject({ status: 422, body: { code: 'idempotency_conflict' } })
  })

  test('a key is made once, and its raw text is never stored in the clear', async () => {
    const make = () => api.call('POST /v1/keys', { body: { scopes: ['customer'], customer }, headers: { 'idempotency-key': 'k6' } })
    const first = await make()
    expect((await make()).body).toEqual(first.body)
    const [row] = await api.world.plane.sql<{ stored: string }[]>`select string_agg(body::text, ' ') as stored from idempotent_answer`
    expect(row!.stored.includes(first.body.key)).toBe(false)
    expect((await api.call(`GET /v1/keys?customer=${customer}`)).body.data).toHaveLength(1)
  })
})
