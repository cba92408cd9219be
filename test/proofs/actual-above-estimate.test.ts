// Proof: a call that uses far more than it said is booked in full, and the wallet says so.
// Run: npx vitest run test/proofs/actual-above-estimate.test.ts
//
// A wallet of 10 dollars. A call is admitted for at most 1 dollar and then uses 50. A gate that caps the charge at the estimate gives
// 49 dollars away; one that lets the balance rest at zero hides them. Here all 50 are charged: 10 from the wallet, 40 as debt. Nothing
// passes while there is debt, the next credits repay it first, and what they leave can be spent.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { formatUnits, type CustomerId } from '@tollgate/core'
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

test('50 used where 1 was authorized: all of it is charged, the debt blocks, and the next top-up repays it first', async () => {
  const customer = await world.customer({ plan: 'prepaid', credit: '10' })
  const [near, far] = [await world.node({ name: 'near' }), await world.node({ name: 'far' })]
  const balance = async () => {
    const { balance: left, debt } = await balanceReport(world.plane, customer)
    return { left, debt }
  }

  const answer = await near.authorize(request(customer, '1'))
  if (answer.kind !== 'allowed') throw new Error(`refused: ${JSON.stringify(answer)}`)
  const settled = near.settle(answer.reservation, { quantities: { units: '50' }, dimensions: {}, cost: null, estimated: false, context: {} })
  if (settled.kind !== 'settled') throw new Error(settled.message)
  await settled.written

  // At once, before anything was settled in PostgreSQL: the node that saw the use admits no more.
  expect(await ask(near, customer)).toBe('credit_balance_exhausted')

  await expect.poll(balance, { timeout: 10_000 }).toEqual({ left: '-40', debt: '40' })
  const { sums, differences } = await checkSums(world.plane, customer)
  expect([sums.events, sums.eventCharges, sums.debt, differences]).toEqual([1n, '50', '40', []])
  for (const node of [near, far]) expect(await ask(node, customer)).toBe('credit_balance_exhausted')

  // 30 more: all of it repays, and still nothing passes.
  expect(await add(customer, '30')).toBe('30')
  expect(await balance()).toEqual({ left: '-10', debt: '10' })
  for (const node of [near, far]) expect(await ask(node, customer)).toBe('credit_balance_exhausted')

  // 15 more: 10 repay the rest, 5 are left, and exactly 5 can be spent, on either machine.
  expect(await add(customer, '15')).toBe('10')
  expect(await balance()).toEqual({ left: '5', debt: '0' })
  const outcomes: string[] = []
  for (let call = 0; call < 6; call++) outcomes.push(await ask(call % 2 === 0 ? near : far, customer))
  expect(outcomes).toEqual(['allowed', 'allowed', 'allowed', 'allowed', 'allowed', 'credit_balance_exhausted'])
  expect((await checkSums(world.plane, customer)).differences).toEqual([])
})

function request(customer: CustomerId, units: string): Parameters<HotNode['authorize']>[0] {
  return {
    reservation: null, customer, key: null, entity: null, feature: 'tasks', model: null, run: null, type: 'ai.request',
    bound: { quantities: { units }, dimensions: {} }, ttlMs: 60_000, repeatable: true,
  }
}

/** One unit; the hold stays. */
async function ask(node: HotNode, customer: CustomerId): Promise<string> {
  const answer = await node.authorize(request(customer, '1'))
  return answer.kind === 'denied' ? answer.denial.reason : answer.kind === 'problem' ? answer.code : answer.kind
}

/** Returns how much of it repaid debt. */
async function add(customer: CustomerId, amount: string): Promise<string> {
  const { repaid } = await topUp(world.plane, SYSTEM, customer, { amount, category: 'paid', priority: 100, expiresAt: null, reference: null })
  return formatUnits(repaid, 'USD')
}
