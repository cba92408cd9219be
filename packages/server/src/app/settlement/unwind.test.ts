// Usage that is taken back after the credit that paid it has expired: it is no credit any more, so it goes to breakage, whether the
// expiry was booked before or not.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { BLOCK_CLOSING_MS, BLOCK_ENDS_MARGIN_MS, parseInstant } from '@tollgate/core'
import { testApi, type Json, type TestApi } from '../../../../../test/api.ts'
import { publishMeters } from '../../../../../test/meters.ts'
import { virtualClock } from '../../platform/clock.ts'
import { expireBlocks } from '../wallets/expire.ts'

const clock = virtualClock(parseInstant('2026-03-02T00:00:00Z', 'start'))
const HOUR = 3_600_000
let api: TestApi
beforeAll(async () => {
  api = await testApi({ clock })
  await publishMeters(api)
})
afterAll(() => api.close())

/** Until nothing of them pays any more. */
async function expire(): Promise<void> {
  await expireBlocks(api.world.plane)
  clock.advance(BLOCK_ENDS_MARGIN_MS + BLOCK_CLOSING_MS)
  await expireBlocks(api.world.plane)
}

let count = 0
/** A wallet of a block that expires in an hour and one that does not. */
async function customer(): Promise<string> {
  const id = `cus_unwind${(count += 1)}`
  expect((await api.call('POST /v1/customers', { body: { id, name: id, plan: 'metered_wallet' } })).status).toBe(201)
  for (const body of [{ amount: '1', category: 'promotional', expires_at: new Date(clock.now() + HOUR).toISOString() }, { amount: '5' }]) expect((await api.call(`POST /v1/customers/${id}/credits`, { body })).status).toBe(201)
  return id
}

/** 2,000 ms are included, the next 5,000 cost 0.4 a thousand. */
async function send(id: string, name: string, data: Json, type = 'job'): Promise<Json> {
  const { body } = await api.call('POST /v1/events', { body: [{ specversion: '1.0', source: 'test', id: name, type, subject: id, time: new Date(clock.now()).toISOString(), data }] })
  expect(body.accepted, JSON.stringify(body)).toBe(1)
  return body.results[0].charge
}

async function money(id: string) {
  const { balance, blocks } = (await api.call(`GET /v1/customers/${id}/balance`)).body
  const accounts = (await api.call(`GET /v1/customers/${id}/ledger/accounts`)).body.data
  expect((await api.call(`GET /v1/customers/${id}/checks/sums`)).body.differences).toEqual([])
  return { balance, left: blocks.map(({ remaining }: Json) => remaining), breakage: accounts.find(({ account }: Json) => account === 'breakage')?.balance ?? '0' }
}

test.each([['before', true], ['after', false]])('what an expired block had paid goes to breakage when its usage is taken back %s the expiry is booked', async (_, isBookedLater) => {
  const id = await customer()
  expect(await send(id, 'e1', { gpu_ms: 7_000 })).toEqual({ amount: '2', currency: 'USD' })
  expect(await money(id)).toMatchObject({ balance: '4', breakage: '0' })
  clock.advance(2 * HOUR)
  if (!isBookedLater) await expire()
  // The one that lives was burnt last, so it is filled first.
  expect(await send(id, 'v1', { corrects: 'e1' }, 'tollgate.void')).toEqual({ amount: '-2', currency: 'USD' })
  expect(await money(id)).toMatchObject({ balance: '5', breakage: '1' })
  await expire()
  expect(await money(id)).toMatchObject({ balance: '5', breakage: '1' })
  expect(await send(id, 'e2', { gpu_ms: 2_500 })).toEqual({ amount: '0.2', currency: 'USD' })
  expect(await money(id)).toMatchObject({ balance: '4.8' })
})

test('of a block that was used in part, what was left expires and what was used follows it when it is taken back', async () => {
  const id = await customer()
  await send(id, 'e1', { gpu_ms: 3_000 })
  await send(id, 'e2', { gpu_ms: 500 })
  clock.advance(2 * HOUR)
  await expire()
  expect(await money(id)).toMatchObject({ balance: '5', breakage: '0.4' })
  // What stands instead is paid by what had paid for it: no credit that lives is touched.
  await send(id, 'c1', { corrects: 'e1', set: { gpu_ms: 2_500 } }, 'tollgate.correction')
  expect(await money(id)).toMatchObject({ balance: '5', breakage: '0.6' })
  await send(id, 'c2', { corrects: 'e1', set: { gpu_ms: 2_500, stored: 40 } }, 'tollgate.correction')
  expect(await money(id)).toMatchObject({ balance: '4.26', breakage: '0.6' })
  await send(id, 'c3', { corrects: 'e1', set: { gpu_ms: 2_500, stored: 0 } }, 'tollgate.correction')
  expect(await money(id)).toMatchObject({ balance: '5', breakage: '0.6' })
  await send(id, 'v2', { corrects: 'e2' }, 'tollgate.void')
  await send(id, 'v1', { corrects: 'e1' }, 'tollgate.void')
  expect(await money(id)).toMatchObject({ balance: '5', breakage: '1' })
})

test('what an allowance had paid goes back to it, also where the plan of its time has come to be one without it', async () => {
  const plan = (id: string, more: string) => `  - { id: ${id}, name: ${id}, entitlements: [chat], prices: [{ id: ${id}_tokens, meter: tokens, model: per_unit, amount: 0.01 }], ${more} }\n`
  const other = await testApi({
    clock,
    catalog: `currency: USD\nfeatures: [{ id: chat, name: Chat, kind: metered }]\nmeters: [{ id: tokens, unit: token, event_type: ai.request, properties: [tokens] }]\nplans:\n${plan('gifted', 'allowances: [{ id: monthly, name: Monthly, quantity: 4 }], funding: [allowance, overage]')}${plan('invoiced', 'funding: [overage]')}gateway: { feature: chat }\n`,
  })
  try {
    await other.call('POST /v1/customers', { body: { id: 'cus_g', name: 'G', plan: 'gifted' } })
    const post = (name: string, type: string, data: Json) => other.call('POST /v1/events', { body: [{ specversion: '1.0', source: 't', id: name, type, subject: 'cus_g', data }] })
    await post('e', 'ai.request', { feature: 'chat', tokens: 100 })
    // The clock stands still: the change holds from the very instant of the use.
    expect((await other.call('POST /v1/customers/cus_g/subscription/change', { body: { plan: 'invoiced', when: 'now' } })).status).toBe(200)
    expect((await post('v', 'tollgate.void', { corrects: 'e' })).body.accepted).toBe(1)
    const accounts = (await other.call('GET /v1/customers/cus_g/ledger/accounts')).body.data
    expect(accounts.filter(({ balance }: Json) => balance !== '0')).toEqual([])
    const [row] = await other.world.plane.sql<{ settled: string }[]>`select settled from budget_state where customer_id = 'cus_g' and budget_id = 'allowance:monthly'`
    expect(Number(row!.settled)).toBe(0)
  } finally {
    await other.close()
  }
})
