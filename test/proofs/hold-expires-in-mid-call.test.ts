// Proof: a hold that runs out while its call still runs loses no money.
// Run: npx vitest run test/proofs/hold-expires-in-mid-call.test.ts
//
// A wallet of 10 dollars. The first caller holds all 10 for half a second, and its call takes longer. The hold expires, a second
// caller holds the same 10 and spends them. Then the first call ends: it cost 10, too, and the provider was paid for it. A gate that
// forgets expired holds drops that use; one that settles twice charges it twice. Here it is booked in full, once; the 10 dollars that
// nobody had are named as debt; and nothing passes until they are repaid. The same holds when the second caller is on another
// machine and the amount has moved there.

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CustomerId } from '@tollgate/core'
import { SYSTEM } from '../../packages/server/src/app/actor.ts'
import { topUp } from '../../packages/server/src/app/credits.ts'
import { balanceReport, checkSums } from '../../packages/server/src/app/reports.ts'
import type { HotNode } from '../../packages/server/src/hot/contract.ts'
import { testPlane, type TestPlane } from '../plane.ts'

/** One unit costs one dollar, out of a prepaid wallet. */
const CATALOG = `
currency: USD
features: [{ id: tasks, name: Tasks, kind: metered }]
meters: [{ id: units, unit: unit, event_type: ai.request, properties: [units] }]
plans:
  - id: prepaid
    name: Prepaid
    entitlements: [tasks]
    prices: [{ id: units, meter: units, model: per_unit, amount: 1 }]
    funding: [wallet]
credit_assets: [{ id: usd, name: Prepaid balance, currency: USD }]
gateway: { feature: tasks, models: [] }
`

let world: TestPlane
beforeAll(async () => { world = await testPlane({ catalog: CATALOG }) })
afterAll(() => world.close())

test.each(['the same machine', 'another machine'])('a hold expires in mid-call and a caller on %s takes the amount: the late settle is booked once, as debt, which blocks', async (where) => {
  const customer = await world.customer({ plan: 'prepaid', credit: '10' })
  const first = await world.node({ name: `first-${customer}` })
  const second = where === 'the same machine' ? first : await world.node({ name: `second-${customer}` })
  const balance = async () => {
    const { balance: left, debt } = await balanceReport(world.plane, customer)
    return { left, debt }
  }

  const slow = await authorize(first, customer, { units: '10', ttlMs: 500 })
  expect(slow.outcome).toBe('allowed')
  // While the hold stands nobody else gets the amount.
  expect((await authorize(second, customer, { units: '10' })).outcome).toBe('credit_balance_exhausted')

  // The hold ends; the call behind it does not. A second caller takes the amount and spends it.
  let quick = { outcome: '', reservation: '' }
  await expect.poll(async () => (quick = await authorize(second, customer, { units: '10' })).outcome, { timeout: 10_000 }).toBe('allowed')
  expect(await settle(second, quick.reservation, '10')).toEqual({ kind: 'settled', replayed: false })

  // The slow call ends and says what it used. Its caller is not sure that it was heard, and says it again.
  expect(await settle(first, slow.reservation, '10')).toEqual({ kind: 'settled', replayed: false })
  expect(await settle(first, slow.reservation, '10')).toEqual({ kind: 'settled', replayed: true })

  // Booked in full and once: two calls, 20 dollars, of which 10 were there.
  await expect.poll(balance, { timeout: 10_000 }).toEqual({ left: '-10', debt: '10' })
  const { sums, differences } = await checkSums(world.plane, customer)
  expect([sums.events, sums.eventCharges, differences]).toEqual([2n, '20', []])

  // The debt blocks the next call, however small, wherever it comes from.
  for (const node of [first, second]) expect((await authorize(node, customer, { units: '1' })).outcome).toBe('credit_balance_exhausted')

  // Repaid, and two dollars beyond: two more units fit, and not three.
  await topUp(world.plane, SYSTEM, customer, { amount: '12', category: 'paid', priority: 100, expiresAt: null, reference: null })
  expect(await balance()).toEqual({ left: '2', debt: '0' })
  expect((await authorize(first, customer, { units: '3' })).outcome).toBe('credit_balance_exhausted')
  expect((await authorize(second, customer, { units: '2' })).outcome).toBe('allowed')
})

async function authorize(node: HotNode, customer: CustomerId, { units, ttlMs = 60_000 }: { readonly units: string; readonly ttlMs?: number }): Promise<{ readonly outcome: string; readonly reservation: string }> {
  const answer = await node.authorize({
    reservation: null, customer, key: null, entity: null, feature: 'tasks', model: null, run: null, type: 'ai.request',
    bound: { quantities: { units }, dimensions: {} }, ttlMs, repeatable: true,
  })
  if (answer.kind === 'allowed') return { outcome: 'allowed', reservation: answer.reservation }
  return { outcome: answer.kind === 'denied' ? answer.denial.reason : answer.code, reservation: '' }
}

async function settle(node: HotNode, reservation: string, units: string): Promise<{ readonly kind: string; readonly replayed: boolean }> {
  const answer = node.settle(reservation as never, { quantities: { units }, dimensions: {}, cost: null, estimated: false, context: {} })
  if (answer.kind === 'problem') return { kind: answer.code, replayed: false }
  await answer.written
  return { kind: answer.kind, replayed: answer.replayed }
}
