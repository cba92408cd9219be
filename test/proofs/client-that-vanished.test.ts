// Proof: a caller that vanishes between authorize and settle blocks nothing for longer than it asked for, and may still come back.
// Run: npx vitest run test/proofs/client-that-vanished.test.ts
//
// A wallet of 10 dollars, spoken to over HTTP. A caller authorizes all 10 for two seconds under an id of its own, and its connection
// breaks before the answer reaches it. A gate whose holds have no end keeps the 10 until somebody cleans up by hand; one that frees
// them when the socket breaks gives away money that may be running at a provider. Here the hold stands for exactly its time, then the
// 10 can be spent by others. When the caller starts again and settles under its id, late, its use is booked, once.

import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { balanceReport, checkSums } from '../../packages/server/src/app/reports.ts'
import { testGateway, type TestGateway } from '../gateway.ts'

/** The test gateway's price is a cent a token: a thousand are ten dollars. */
const ALL = { feature: 'chat', quantities: { input_tokens: 1_000 } }
const HOLD_SECONDS = 2

let world: TestGateway
beforeAll(async () => { world = await testGateway() })
afterAll(() => world.close())

test('a hold whose caller vanished returns at its time to live, and a late settle after that is booked once', async () => {
  const customer = await world.customer('10')
  const key = await world.key(customer)
  const post = async (path: string, body: unknown) => {
    const response = await world.post(path, body, { key })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  const startedAt = performance.now()
  await authorizeAndVanish(key, { ...ALL, reservation_id: 'res_vanished', ttl_seconds: HOLD_SECONDS })
  // The connection is gone; the hold is not: the call behind it may be running at a provider.
  expect(world.node.openFor(customer)).toBe(1)
  expect((await post('/v1/authorize', { feature: 'chat', quantities: { input_tokens: 1 } })).body).toMatchObject({ decision: 'deny', reason: 'credit_balance_exhausted' })

  // Nobody does anything, and after its time to live, not before, the whole amount can be held again.
  const other = async () => (await post('/v1/authorize', { ...ALL, reservation_id: 'res_other' })).body['decision']
  await expect.poll(other, { timeout: 10_000, interval: 50 }).toBe('allow')
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(HOLD_SECONDS * 1_000)
  expect((await post('/v1/reservations/res_other/release', {})).status).toBe(200)
  expect(await balanceReport(world.world.plane, customer)).toMatchObject({ balance: '10', debt: '0' })

  // The caller comes back: 6 dollars were used after all. It says so three times, as a client does that lost its answers.
  const late = { quantities: { input_tokens: 600 } }
  const answers = [await post('/v1/reservations/res_vanished/settle', late), await post('/v1/reservations/res_vanished/settle', late), await post('/v1/reservations/res_vanished/settle', late)]
  expect(answers.map(({ status, body }) => [status, body['charge'], body['replayed']])).toEqual([false, true, true].map((replayed) => [200, { amount: '6', currency: 'USD' }, replayed]))

  await expect.poll(async () => (await balanceReport(world.world.plane, customer)).balance, { timeout: 10_000 }).toBe('4')
  const { sums, differences } = await checkSums(world.world.plane, customer)
  expect([sums.events, sums.eventCharges, sums.debt, differences]).toEqual([1n, '6', '0', []])

  // What is left is there for others, to the last cent.
  expect((await post('/v1/authorize', { feature: 'chat', quantities: { input_tokens: 401 } })).body).toMatchObject({ decision: 'deny' })
  expect((await post('/v1/authorize', { feature: 'chat', quantities: { input_tokens: 400 } })).body).toMatchObject({ decision: 'allow' })
})

/** Sends the request and breaks the connection once the gateway holds for it, without reading an answer. */
async function authorizeAndVanish(key: string, body: unknown): Promise<void> {
  const before = world.node.stats()['authorized']!
  const sent = request(`${world.url}/v1/authorize`, { method: 'POST', agent: false, headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' } })
  sent.on('error', () => undefined)
  sent.on('response', (response) => void response.destroy())
  sent.end(JSON.stringify(body))
  await expect.poll(() => world.node.stats()['authorized'], { interval: 5 }).toBe(before + 1)
  sent.destroy()
}
