// What requests wait for when their budgets are not leased yet, on a real control plane: not for each other's budgets, and not for ever.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { instant, type Authority, type CustomerId, type LeaseNeed } from '@tollgate/core'
import { testPlane, type TestPlane } from '../../../../test/plane.ts'
import { SYSTEM } from '../app/actor.ts'
import { putBudget } from '../app/budgets.ts'
import type { AuthorizeInput, HotNode } from './contract.ts'

const CATALOG = `
currency: USD
features: [{ id: tasks, name: Tasks, kind: metered }]
meters: [{ id: tokens, unit: token, event_type: ai.request, properties: [tokens] }]
plans:
  - id: prepaid
    name: Prepaid
    entitlements: [tasks]
    prices: [{ id: tokens, meter: tokens, model: per_unit, amount: 1, per: 1000 }]
    allowances: [{ id: tokens, name: Included, meters: [tokens], quantity: 100 }]
    funding: [allowance, wallet]
credit_assets: [{ id: usd, name: Prepaid balance, currency: USD }]
gateway: { feature: tasks, models: [] }
`
const STARTED = Date.parse('2026-03-10T12:00:00Z')
const PERIOD_END = Date.parse('2026-04-10T12:00:00Z')
let now = STARTED
let world: TestPlane
let node: HotNode
/** Calls on their way now, and how many there were at once at most. */
const calls = { made: 0, running: 0, atOnce: 0 }
beforeAll(async () => {
  world = await testPlane({ clock: { now: () => instant(now) }, catalog: CATALOG })
  node = await world.node({ authority: counted })
})
afterAll(() => world.close())

function counted(authority: Authority): Authority {
  return {
    ...authority,
    acquire: (identity, request) => {
      calls.made += 1
      calls.running += 1
      calls.atOnce = Math.max(calls.atOnce, calls.running)
      return authority.acquire(identity, request).finally(() => { calls.running -= 1 })
    },
  }
}

const request = (customer: CustomerId, asked: { readonly tokens: number; readonly user?: string }): AuthorizeInput => ({
  reservation: null, customer, key: null, entity: null, feature: 'tasks', model: null, run: null, type: 'ai.request', ttlMs: 60_000, repeatable: false,
  bound: { quantities: { tokens: String(asked.tokens) }, dimensions: asked.user === undefined ? {} : { user_id: asked.user } },
})

test('a hold is raised in its own period after that is over, also when what is raised needs two rounds, and others are admitted meanwhile', async () => {
  const customer = await world.customer({ plan: 'prepaid', credit: '100' })
  await putBudget(world.plane, SYSTEM, customer, { id: 'cap', name: 'cap', meters: null, limit: '50', window: 'billing_period', enforcement: 'hard', entity: null, features: null, terms: {} })
  now = PERIOD_END - 2_000
  // The allowance is used up, so that each round asks for it first, and for the cap when it is known to be empty.
  const first = await node.authorize(request(customer, { tokens: 100 }))
  if (first.kind === 'allowed') node.settle(first.reservation, { quantities: { tokens: '100' }, dimensions: {}, cost: null, estimated: false, context: {} })
  const early = await node.authorize(request(customer, { tokens: 200 }))
  if (early.kind !== 'allowed') throw new Error('refused')
  now = PERIOD_END + 2_000
  // The next period has slices now; those of the last one are past.
  expect((await node.authorize(request(customer, { tokens: 150 }))).kind).toBe('allowed')
  calls.made = 0
  const answers = [node.extend(early.reservation, { quantities: { tokens: '9000' }, dimensions: {} }), node.authorize(request(customer, { tokens: 2_000 }))]
  expect((await Promise.all(answers)).map(({ kind }) => kind)).toEqual(['allowed', 'allowed'])
  expect(calls.made).toBeLessThanOrEqual(6)
})

test('five hundred users of one customer, none of them leased for, are admitted side by side', async () => {
  const customer = await world.customer({ plan: 'prepaid', credit: '10000' })
  await putBudget(world.plane, SYSTEM, customer, { id: 'each', name: 'each', meters: ['tokens'], limit: '1000', window: 'day', enforcement: 'hard', entity: null, features: null, terms: { per: ['user_id'] } })
  calls.atOnce = 0
  const answers = await Promise.all(Array.from({ length: 500 }, (_, index) => node.authorize(request(customer, { tokens: 10, user: `user ${index}` }))))
  expect(answers.filter(({ kind }) => kind !== 'allowed')).toEqual([])
  expect(calls.atOnce).toBeGreaterThan(1)
  expect(calls.atOnce).toBeLessThanOrEqual(64)
})

test('what is used of a budget before anything of it was lent is covered by its first lease, and a drained node holds nothing of it', async () => {
  const other = await world.node({ name: 'node-2' })
  const customer = await world.customer({ plan: 'prepaid', credit: '10' })
  const admitted = await other.authorize(request(customer, { tokens: 100 }))
  if (admitted.kind !== 'allowed') throw new Error('refused')
  // Within the allowance by its bound; half of what was really used is priced, and no wallet was asked for it.
  const usage = { quantities: { tokens: '200' }, dimensions: {}, cost: null, estimated: false, context: {} }
  const settled = other.settle(admitted.reservation, usage)
  if (settled.kind === 'settled') await settled.written
  const wallet = async () => (await world.database.sql`select limit_amount, settled, escrow from budget_state where customer_id = ${customer} and budget_id = 'wallet:USD'`).map((row) => [row['limit_amount'], row['settled'], row['escrow']].map(Number))
  await expect.poll(wallet).toEqual([[10, 0.1, 0]])
  const next = await other.authorize(request(customer, { tokens: 1_000 }))
  if (next.kind === 'allowed') other.release(next.reservation)
  await other.drain()
  expect(await wallet()).toEqual([[10, 0.1, 0]])
})

test('where others hold the rest of an allowance the next source pays, and they are not asked for it again with every request', async () => {
  let asked = 0
  const one = await world.node({
    name: 'sharing',
    authority: (authority) => ({
      ...authority,
      acquire: async (identity, call) => {
        const [{ budget }] = call.budgets as [LeaseNeed]
        if (!budget.id.startsWith('allowance:')) return authority.acquire(identity, call)
        asked += 1
        return [{ budget: budget.id, periodStart: budget.period.start, granted: 0, exhausted: false }]
      },
    }),
  })
  const customer = await world.customer({ plan: 'prepaid', credit: '1000' })
  for (let count = 0; count < 5; count++) expect((await one.authorize(request(customer, { tokens: 80 }))).kind).toBe('allowed')
  expect(asked).toBe(1)
  // For a second, as any refusal.
  now += 1_001
  expect((await one.authorize(request(customer, { tokens: 80 }))).kind).toBe('allowed')
  expect(asked).toBe(2)
})
