// Proof: 200 requests at once for the last 13 units, on two machines: 13 pass.
// Run: npx vitest run test/proofs/two-hundred-for-thirteen.test.ts
//
// A quota of 100 units, 87 of them used. Then 100 callers on each of two machines ask for one unit in the same moment. A gate that
// reads the balance and writes it later admits far more than 13; one that splits the rest between its machines admits fewer, because
// what one machine keeps the other cannot use; one that locks a row for each request answers "busy". Here exactly 13 pass, 187 are
// refused, nobody is told that the budget cannot be reached, and every table agrees.

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CustomerId } from '@tollgate/core'
import { balanceReport, checkSums } from '../../packages/server/src/app/reports.ts'
import type { HotNode } from '../../packages/server/src/hot/contract.ts'
import { testPlane, type TestPlane } from '../plane.ts'

/** 100 units for the life of the customer, free of charge. */
const CATALOG = `
currency: USD
features: [{ id: tasks, name: Tasks, kind: metered }]
meters: [{ id: units, unit: unit, event_type: ai.request, properties: [units] }]
plans:
  - id: hundred
    name: A hundred units
    entitlements: [tasks]
    limits: [{ id: units, name: Units, meters: [units], quantity: 100, window: lifetime }]
    allowances: [{ id: units, name: Units, meters: [units], quantity: 1000 }]
    funding: [allowance]
gateway: { feature: tasks, models: [] }
`
const QUOTA = 'limit:units'

let world: TestPlane
beforeAll(async () => { world = await testPlane({ catalog: CATALOG }) })
afterAll(() => world.close())

type Case = {
  readonly name: string
  /** Spends 87 and leaves the last 13 where the name says. */
  readonly spend: (left: HotNode, right: HotNode, customer: CustomerId) => Promise<void>
  /** How many of the 200 ask the left machine. */
  readonly leftAsked: number
}

const CASES: readonly Case[] = [
  { name: 'nobody keeps any ready, and half of the callers ask each machine', leftAsked: 100, spend: (left, _, customer) => spend(left, customer, 1, '87') },
  { name: 'one machine keeps some ready, and half ask each', leftAsked: 100, spend: (left, _, customer) => spend(left, customer, 87) },
  {
    name: 'both machines keep some ready, and half ask each', leftAsked: 100,
    spend: async (left, right, customer) => {
      for (let unit = 0; unit < 87; unit++) await spend(unit % 2 === 0 ? left : right, customer, 1)
    },
  },
  {
    name: 'one machine keeps all of them ready, and nobody asks it: they must be called back', leftAsked: 0,
    spend: async (left, _, customer) => {
      await spend(left, customer, 1, '87')
      const all = await authorize(left, customer, '13')
      if (all.kind === 'allowed') left.release(all.reservation)
    },
  },
]

test.each(CASES)('$name: of 200 at once for the last 13, exactly 13 pass', async (one) => {
  const customer = await world.customer({ plan: 'hundred' })
  const [left, right] = [await world.node({ name: `left-${customer}` }), await world.node({ name: `right-${customer}` })]
  await one.spend(left, right, customer)

  const outcomes = await Promise.all(Array.from({ length: 200 }, (_, index) => use(index % 2 === 0 && index < 2 * one.leftAsked ? left : right, customer)))
  const count = (outcome: string) => outcomes.filter((one) => one === outcome).length
  expect({ settled: count('settled'), refused: count('limit_exhausted'), unavailable: count('budget_unavailable') }).toEqual({ settled: 13, refused: 187, unavailable: 0 })

  // What was admitted is what was booked, and the quota is used to the last unit.
  const quota = async () => (await balanceReport(world.plane, customer)).budgets.find(({ id }) => id === QUOTA)
  await expect.poll(quota, { timeout: 10_000 }).toMatchObject({ limit: '100', used: '100', remaining: '0', leased: '0' })
  expect((await checkSums(world.plane, customer)).differences).toEqual([])
})

function authorize(node: HotNode, customer: CustomerId, units: string): ReturnType<HotNode['authorize']> {
  return node.authorize({
    reservation: null, customer, key: null, entity: null, feature: 'tasks', model: null, run: null, type: 'ai.request',
    bound: { quantities: { units }, dimensions: {} }, ttlMs: 60_000, repeatable: true,
  })
}

/** Authorizes a unit, or as many as named, and settles the same. */
async function use(node: HotNode, customer: CustomerId, units = '1'): Promise<string> {
  const answer = await authorize(node, customer, units)
  if (answer.kind !== 'allowed') return answer.kind === 'denied' ? answer.denial.reason : answer.code
  const settled = node.settle(answer.reservation, { quantities: { units }, dimensions: {}, cost: null, estimated: false, context: {} })
  if (settled.kind === 'settled') await settled.written
  return settled.kind
}

async function spend(node: HotNode, customer: CustomerId, calls: number, units = '1'): Promise<void> {
  for (let call = 0; call < calls; call++) expect(await use(node, customer, units)).toBe('settled')
}
