// The live stream over a real socket: every message once and in order, also over breaks and late commits; a tenant sees its own and
// never cost or key ids; a client that does not read is cut and loses nothing.

import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { STREAM_CLIENTS_PER_CUSTOMER_MAX, type CustomerId } from '@tollgate/core'
import { testApi, type Json, type TestApi } from '../api.ts'

// Longer than the longest wait below.
vi.setConfig({ testTimeout: 60_000 })

type Message = { readonly id: string; readonly event: string; readonly data: Readonly<Record<string, Json>> }
type Follower = {
  readonly messages: Message[]
  readonly status: number
  /** Resolves when this many messages have come, fails when they do not. */
  readonly until: (count: number) => Promise<Message[]>
  readonly ended: Promise<void>
  readonly stop: () => void
}

let api: TestApi
let url: string
let count = 0
const followers: Follower[] = []
beforeAll(async () => {
  api = await testApi()
  url = await api.listen()
})
afterEach(() => { for (const follower of followers.splice(0)) follower.stop() })
afterAll(() => api.close())

async function follow(key: string, options: { readonly query?: string; readonly lastEventId?: string } = {}): Promise<Follower> {
  const stop = new AbortController()
  const answer = await fetch(`${url}/v1/stream${options.query ?? ''}`, { signal: stop.signal, headers: { authorization: `Bearer ${key}`, ...(options.lastEventId === undefined ? {} : { 'last-event-id': options.lastEventId }) } })
  const messages: Message[] = []
  const read = async () => {
    let rest = ''
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      const frames = (rest + chunk).split('\n\n')
      rest = frames.pop()!
      for (const frame of frames) {
        const field = (name: string) => frame.split('\n').find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
        if (field('data') !== undefined) messages.push({ id: field('id')!, event: field('event')!, data: JSON.parse(field('data')!) })
      }
    }
  }
  const ended = answer.ok ? read().catch(() => undefined) : Promise.resolve()
  const until = async (wanted: number) => {
    // An open transaction of another test holds every reader back for its time.
    for (let waited = 0; messages.length < wanted && waited < 15_000; waited += 10) await delay(10)
    expect(messages.length).toBeGreaterThanOrEqual(wanted)
    return messages
  }
  const follower = { messages, status: answer.status, until, ended, stop: () => stop.abort() }
  followers.push(follower)
  return follower
}

const newCustomer = (plan = 'prepaid') => api.world.customer({ plan, id: `cus_live${count += 1}` })
const use = (customer: string, id: string) => api.call('POST /v1/events', { body: { specversion: '1.0', source: 'test', id, type: 'agent.step', subject: customer, data: { steps: 1 } } })
const settledIds = (messages: readonly Message[]) => messages.filter(({ event }) => event === 'usage.settled').flatMap(({ data }) => data.latest.map(({ id }: { id: string }) => id))

test('what happens is told as it happens, with its numbers', async () => {
  const customer = await newCustomer()
  const live = await follow(api.admin, { query: `?customer=${customer}&after=0-0` })
  await live.until(1)
  const start = performance.now()
  await api.call(`POST /v1/customers/${customer}/credits`, { body: { amount: '5' } })
  await use(customer, 'a')
  await api.call(`PATCH /v1/customers/${customer}`, { body: { standing: 'grace' } })
  const messages = await live.until(6)
  expect(performance.now() - start).toBeLessThan(5_000)
  expect(messages).toMatchObject([
    { event: 'customer.created', data: { plan: 'prepaid' } },
    { event: 'subscription.created', data: { sequence: 1, state: 'active', plan: 'prepaid' } },
    { event: 'credits.added', data: { type: 'credits.added', customer, amount: '5', currency: 'USD', repaid: '0', at: expect.stringMatching(/^\d{4}-.*Z$/) } },
    { event: 'usage.settled', data: { customer, events: 1, charge: { amount: '0.1', currency: 'USD' }, latest: [{ id: 'a', type: 'agent.step' }] } },
    { event: 'subscription.grace_entered', data: { sequence: 2, state: 'grace', takes_effect_at: expect.stringMatching(/^\d{4}-.*Z$/) } },
    { event: 'subscription.payment_reminder', data: { sequence: 3, day: 0 } },
  ])
  expect(messages.every(({ id }) => /^\d+-\d+$/.test(id))).toBe(true)
})

test('a stream that breaks goes on where it was, without a gap and without a repetition', async () => {
  const customer = await newCustomer()
  const sent = Array.from({ length: 60 }, (_, index) => `e${index}`)
  const traffic = (async () => { for (const id of sent) await use(customer, id) })()
  const received: Message[] = []
  let cursor: string | undefined
  const first = await follow(api.admin, { query: `?customer=${customer}&after=0-0` })
  await first.until(1)
  for (let part = first; ;) {
    await delay(30)
    part.stop()
    await part.ended
    received.push(...part.messages)
    cursor = part.messages.at(-1)?.id ?? cursor
    if (settledIds(received).includes('e59')) break
    part = await follow(api.admin, { query: `?customer=${customer}&after=0-0`, lastEventId: cursor! })
  }
  await traffic
  expect(settledIds(received)).toEqual(sent)
  expect(new Set(received.map(({ id }) => id)).size).toBe(received.length)
})

test('a message that commits late is not lost to those that were told later ones', async () => {
  const customer = await newCustomer()
  const live = await follow(api.admin, { query: `?customer=${customer}&after=0-0` })
  const { sql } = api.world.plane
  let release = () => {}
  const slow = sql.begin(async (tx) => {
    await tx`insert into outbox (customer_id, type, payload) values (${customer}, 'test.slow', '{}')`
    await new Promise<void>((resolve) => { release = resolve })
  })
  await delay(50)
  await use(customer, 'fast')
  // Another that connects now waits for the same order.
  const late = await follow(api.admin, { query: `?customer=${customer}&after=0-0` })
  await delay(400)
  release()
  await slow
  for (const follower of [live, late]) expect((await follower.until(4)).map(({ event }) => event)).toEqual(['customer.created', 'subscription.created', 'test.slow', 'usage.settled'])
})

test('a stream that begins amid traffic has every message after its cursor', async () => {
  const customer = await newCustomer()
  const sent = Array.from({ length: 120 }, (_, index) => `e${index}`)
  let isOver = false
  const traffic = Promise.all([0, 1, 2].map(async (lane) => { for (const id of sent.filter((_, index) => index % 3 === lane)) await use(customer, id) })).then(() => { isOver = true })
  const all: Follower[] = []
  while (!isOver && all.length < 30) {
    all.push(await follow(api.admin, { query: `?customer=${customer}&after=0-0` }))
    await delay(15)
  }
  await traffic
  for (const follower of all) {
    await follower.until(all[0]!.messages.length)
    for (let waited = 0; settledIds(follower.messages).length < sent.length && waited < 10_000; waited += 20) await delay(20)
    expect(settledIds(follower.messages).toSorted()).toEqual(sent.toSorted())
    expect(follower.messages).toEqual(all[0]!.messages)
  }
  expect(all.length).toBeGreaterThan(2)
})

test('a tenant sees its own events only, without provider cost and key ids; what nobody listed is the operator’s', async () => {
  const [own, other] = [await newCustomer(), await newCustomer()]
  const tenant = await follow(await api.key(['customer'], own), { query: '?after=0-0' })
  const gateway = await follow(await api.key(['gateway'], own), { query: '?after=0-0' })
  const operator = await follow(api.admin, { query: `?customer=${own}&after=0-0` })
  const { sql } = api.world.plane
  const denial = { decision: 'dec_1', customer: own, time: Date.parse('2026-03-01T00:00:00Z'), key: 'key_secret', feature: 'chat', model: 'm', reason: 'credit_balance_exhausted', scope: 'wallet:USD', required: '1', unrecorded: 0, resetsAt: null, cost: '0.5' }
  await sql`insert into outbox (customer_id, type, payload) values (${own}, 'request.denied', ${sql.json(denial)}), (${own}, 'new.type', '{"cost":"1"}'), (null, 'catalog.published', '{"version":9}')`
  await use(other, 'theirs')
  await use(own, 'mine')
  expect((await operator.until(5)).map(({ event }) => event)).toEqual(['customer.created', 'subscription.created', 'request.denied', 'new.type', 'usage.settled'])
  expect(operator.messages[2]!.data).toMatchObject({ decision_id: 'dec_1', key: 'key_secret', time: '2026-03-01T00:00:00.000Z' })
  for (const follower of [tenant, gateway]) {
    const messages = await follower.until(4)
    expect(messages.map(({ event }) => event)).toEqual(['customer.created', 'subscription.created', 'request.denied', 'usage.settled'])
    expect(messages[2]!.data).toEqual({ type: 'request.denied', customer: own, at: expect.any(String), decision_id: 'dec_1', time: '2026-03-01T00:00:00.000Z', feature: 'chat', model: 'm', reason: 'credit_balance_exhausted', scope: 'wallet:USD', required: '1', resets_at: null, unrecorded: 0 })
  }
  const all = await follow(api.admin, { query: '?after=0-0' })
  expect((await all.until(6)).some(({ event }) => event === 'catalog.published')).toBe(true)
})

test('wrong cursors and customers are refused before the stream begins', async () => {
  expect((await follow(api.admin, { query: '?after=yesterday' })).status).toBe(400)
  expect((await follow(api.admin, { query: '?customer=cus_nobody' })).status).toBe(404)
  expect((await follow('tg_admin_wrong')).status).toBe(401)
})

test('revoking a key ends its streams at once', async () => {
  const customer = await newCustomer()
  const { body } = await api.call('POST /v1/keys', { body: { scopes: ['customer'], customer } })
  const live = await follow(body.key)
  await api.call(`DELETE /v1/keys/${body.id}`)
  await live.ended
  expect((await follow(body.key)).status).toBe(401)
})

test('one customer takes no more than its share of streams', async () => {
  const customer = await newCustomer()
  const key = await api.key(['customer'], customer as CustomerId)
  const all = await Promise.all(Array.from({ length: STREAM_CLIENTS_PER_CUSTOMER_MAX }, () => follow(key)))
  expect(all.every(({ status }) => status === 200)).toBe(true)
  expect((await follow(key)).status).toBe(503)
  expect((await follow(api.admin)).status).toBe(200)
  all[0]!.stop()
  for (let waited = 0, status = 503; status !== 200; waited += 20) {
    expect(waited).toBeLessThan(2_000)
    await delay(20)
    status = (await follow(key)).status
  }
})

test('a client that does not read is cut, and the others are not held up', async () => {
  const customer = await newCustomer()
  const { sql } = api.world.plane
  const key = await api.key(['customer'], customer as CustomerId)
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(`GET /v1/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\n\r\n`)
  await delay(100)
  socket.pause()
  const fine = await follow(key)
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  for (let round = 0; round < 12; round++) {
    await sql`insert into outbox (customer_id, type, payload) select ${customer}, 'customer.created', jsonb_build_object('name', repeat('x', 60000)) from generate_series(1, 50)`
    await fine.until((round + 1) * 50)
  }
  const open = async () => Number(/^tollgate_stream_clients (\d+)$/m.exec((await api.call('GET /metrics', { key: null })).text)![1])
  for (let waited = 0; (await open()) > 1 && waited < 5_000; waited += 50) await delay(50)
  expect(await open()).toBe(1)
  socket.resume()
  await closed
})

test('stopping the server ends all streams, finishes what runs, and tells the rest to come back', async () => {
  const own = await testApi()
  url = await own.listen()
  const live = await follow(own.admin)
  const { sql } = own.world.plane
  const customer = await own.world.customer({ plan: 'free' })
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => { text += String(chunk) })
  const ask = (target: string, body = '') => socket.write(`${target} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${own.admin}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  // One call waits for a lock while the server is told to stop, and another comes on the same connection.
  let release = () => {}
  const lock = sql.begin(async (tx) => {
    await tx`select 1 from customer where id = ${customer} for update`
    await new Promise<void>((resolve) => { release = resolve })
  })
  await delay(50)
  ask(`POST /v1/customers/${customer}/credits`, '{"amount":"1"}')
  await delay(50)
  const closed = own.app.close()
  ask('GET /v1/customers')
  await live.ended
  await delay(50)
  release()
  await lock
  await closed
  await delay(50)
  expect(text).toMatch(/^HTTP\/1\.1 201 [^]*"amount":"1"[^]*HTTP\/1\.1 503 [^]*"code":"stopping"/)
  await own.world.close()
})
