// Webhooks to real servers: signed as the standard's own package expects, tried again as its table says, and never to an address
// behind us.

import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { instant } from '@tollgate/core'
import { testApi, type TestApi } from '../../../../../test/api.ts'
import { virtualClock } from '../../platform/clock.ts'
import { deliverDue, outcomeOf, RETRY_DELAYS_MS } from './deliver.ts'
import { fanOut } from './fan-out.ts'

type Received = { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: string }

const clock = virtualClock(instant(Date.now()))
const received: Received[] = []
let reply: { status: number; headers: Record<string, string> } = { status: 204, headers: {} }
let api: TestApi
let server: Server
let url = ''
beforeAll(async () => {
  api = await testApi({ clock })
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() })
      response.writeHead(reply.status, reply.headers).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await api.close()
})
beforeEach(async () => {
  await turn()
  for (const { id } of (await api.call('GET /v1/webhooks')).body.data) await api.call(`DELETE /v1/webhooks/${id}`)
  received.length = 0
  reply = { status: 204, headers: {} }
})

async function endpoint(options: Readonly<Record<string, unknown>> = {}): Promise<{ readonly id: string; readonly secret: string }> {
  const answer = await api.call('POST /v1/webhooks', { body: { url: `${url}/hook`, allow_private: true, types: ['customer.created', 'credits.added', 'usage.settled', 'webhook.disabled'], ...options } })
  expect(answer.status, answer.text).toBe(201)
  return answer.body
}

/** A reader of the outbox stays below the oldest transaction of the whole server, also one of another test: wait until none is in the way. */
async function outboxVisible(): Promise<void> {
  const { sql } = api.world.plane
  const isVisible = async () => (await sql<{ visible: boolean }[]>`select not exists (select 1 from outbox where tx >= pg_snapshot_xmin(pg_current_snapshot())) as visible`)[0]!.visible
  await expect.poll(isVisible, { timeout: 20_000 }).toBe(true)
}

const turn = async () => {
  await outboxVisible()
  await fanOut(api.world.plane)
  return deliverDue(api.world.plane, () => 0)
}
const logOf = async (id: string) => (await api.call(`GET /v1/webhooks/${id}/deliveries`)).body.data
let count = 0
const happen = async (plan = 'prepaid') => {
  const id = `cus_w${(count += 1)}`
  await api.call('POST /v1/customers', { body: { id, name: 'W', plan } })
  return id
}

test('a message is signed as the standard’s own package verifies it, and sent once', async () => {
  const { id, secret } = await endpoint()
  const customer = await happen()
  expect([await turn(), await turn()]).toEqual([1, 0])
  const [{ headers, body }] = received as [Received]
  expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toMatchObject({ type: 'customer.created', data: { customer, plan: 'prepaid' } })
  expect(() => new Webhook(secret).verify(body.replace(customer, 'cus_else'), headers as Record<string, string>)).toThrow('No matching signature')
  expect(await logOf(id)).toMatchObject([{ type: 'customer.created', status: 'delivered', attempts: 1, last_status: 204, message: headers['webhook-id'] }])
})

test('what happened before the endpoint was added is not sent to it, and each type only to who wants it', async () => {
  await happen()
  await turn()
  const wants = await endpoint({ types: ['credits.added'], url: `${url}/credits` })
  await endpoint({ types: ['customer.created'], url: `${url}/customers` })
  const customer = await happen()
  await api.call(`POST /v1/customers/${customer}/credits`, { body: { amount: '5' } })
  await turn()
  expect(received.map(({ path, body }) => [path, JSON.parse(body).type]).sort()).toEqual([['/credits', 'credits.added'], ['/customers', 'customer.created']])
  expect(await logOf(wants.id)).toHaveLength(1)
})

test('an endpoint of a customer gets that customer’s messages and no other’s, without what only the operator may see', async () => {
  const [own, other] = [await happen(), await happen()]
  await turn()
  await endpoint({ customer: own })
  for (const customer of [own, other]) await api.call('POST /v1/events', { body: [{ specversion: '1.0', source: 'w', id: customer, subject: customer, type: 'ai.request', data: { feature: 'chat', model: 'm', input_tokens: 5 } }] })
  await api.call('PUT /v1/catalog', { body: { source: `${(await api.call('GET /v1/catalog')).body.source}\n` } })
  await turn()
  expect(received.map(({ body }) => JSON.parse(body)).map(({ type, data }) => [type, data.customer])).toEqual([['usage.settled', own]])
})

test('a failed attempt is made again with the same id at the time that the table says, and then it is given up', async () => {
  const { id } = await endpoint()
  await happen()
  reply = { status: 500, headers: {} }
  for (const delay of RETRY_DELAYS_MS) {
    expect(await turn()).toBe(1)
    clock.advance(delay - 1)
    expect(await turn(), `before ${delay} ms are over`).toBe(0)
    clock.advance(1)
  }
  expect(await turn()).toBe(1)
  expect(await logOf(id)).toMatchObject([{ status: 'failed', attempts: 10, last_status: 500 }])
  expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  expect(new Set(received.map(({ headers }) => headers['webhook-timestamp'])).size).toBeGreaterThan(5)
  expect((await api.call(`GET /v1/webhooks/${id}`)).body).toMatchObject({ disabled_reason: 'nothing reached the endpoint for three days' })
})

test('410 disables the endpoint; enabled again it gets what waited meanwhile', async () => {
  const { id } = await endpoint()
  await happen()
  reply = { status: 410, headers: {} }
  await turn()
  expect((await api.call(`GET /v1/webhooks/${id}`)).body.disabled_reason).toBe('the endpoint answered 410 Gone')
  await happen()
  expect(await turn()).toBe(0)
  reply = { status: 200, headers: {} }
  expect((await api.call(`POST /v1/webhooks/${id}/enable`)).body.disabled_at).toBeNull()
  await turn()
  expect((await logOf(id)).map(({ status }: { status: string }) => status).sort()).toEqual(['delivered', 'delivered', 'failed'])
})

test('a redirect is a failure and is not followed', async () => {
  const { id } = await endpoint()
  await happen()
  reply = { status: 307, headers: { location: `${url}/elsewhere` } }
  await turn()
  expect(received.map(({ path }) => path)).toEqual(['/hook'])
  expect(await logOf(id)).toMatchObject([{ status: 'pending', last_status: 307 }])
})

test('a replay sends what failed once more, or everything', async () => {
  // The outbox is stamped by the database, whose clock nobody turns.
  const since = new Date(Date.now() - 1).toISOString()
  const { id } = await endpoint()
  await happen()
  reply = { status: 410, headers: {} }
  await turn()
  reply = { status: 200, headers: {} }
  await api.call(`POST /v1/webhooks/${id}/enable`)
  await turn()
  const again = async (all: boolean) => [(await api.call(`POST /v1/webhooks/${id}/replay`, { body: { since, all } })).body.queued, await turn()]
  const [queued] = await again(false)
  expect(queued).toBeGreaterThanOrEqual(1)
  expect(await again(false)).toEqual([0, 0])
  expect((await again(true))[0]).toBeGreaterThanOrEqual(queued as number)
})

test('a rotated secret signs beside the new one for a day', async () => {
  const { id, secret } = await endpoint()
  const { body: { secret: fresh } } = await api.call(`POST /v1/webhooks/${id}/rotate`)
  await happen()
  await turn()
  const { headers, body } = received.at(-1)!
  const signed = (one: string) => new Webhook(one).sign(String(headers['webhook-id']), new Date(Number(headers['webhook-timestamp']) * 1_000), body)
  expect(headers['webhook-signature']).toBe(`${signed(fresh)} ${signed(secret)}`)
  clock.advance(86_400_001)
  await happen()
  await turn()
  const stamped = Number(received.at(-1)!.headers['webhook-timestamp'])
  expect(stamped).toBe(Math.floor(clock.now() / 1_000))
  expect(received.at(-1)!.headers['webhook-signature']).not.toContain(' ')
})

test('an address behind us is refused when it is set, and when a public name leads there', async () => {
  const refused = async (address: string) => (await api.call('POST /v1/webhooks', { body: { url: address } })).body.code
  expect(await Promise.all(['http://127.0.0.1/x', 'https://169.254.169.254/latest', 'https://localhost/x', 'https://[::1]/x', 'https://db/x'].map(refused))).toEqual(Array(5).fill('private_webhook'))
  expect(await Promise.all(['http://example.com/x', 'ftp://example.com', 'https://user:pass@example.com', 'nothing'].map(refused))).toEqual(Array(4).fill('invalid_webhook_url'))
  const { id } = await endpoint()
  await api.world.plane.sql`update webhook_endpoint set allow_private = false, url = ${`${url}/x`} where id = ${id}`
  await api.world.plane.sql`update webhook_endpoint set url = ${`http://localhost:${(server.address() as AddressInfo).port}/x`} where id = ${id}`
  await happen()
  await turn()
  expect(received).toEqual([])
  expect(await logOf(id)).toMatchObject([{ status: 'pending', last_error: expect.stringContaining('private address') }])
})

test('two control planes that deliver at once send each message once', async () => {
  await endpoint()
  for (let index = 0; index < 12; index += 1) await happen()
  await Promise.all([fanOut(api.world.plane), fanOut(api.world.plane)])
  for (let turns = 0; turns < 4; turns += 1) await Promise.all([deliverDue(api.world.plane), deliverDue(api.world.plane)])
  const ids = received.map(({ headers }) => headers['webhook-id'])
  expect([ids.length, new Set(ids).size]).toEqual([12, 12])
})

test('retry-after is honoured up to a day, and only lengthens the wait', () => {
  const next = (attempts: number, retryAfterMs: number | null) => outcomeOf({ id: 1n, attempts }, { status: 429, retryAfterMs }, { now: instant(0), random: () => 0 }).nextAttemptAt
  expect([next(1, null), next(1, 60_000), next(2, 1_000), next(1, 10 * 86_400_000)]).toEqual([5_000, 60_000, 300_000, 86_400_000])
})
