// Proof: five crashes in a row, each with a call in flight, and the budget is whole after each.
// Run: npx vitest run test/proofs/five-calls-crash.test.ts
//
// The program as a user starts it, with its own PostgreSQL, and a budget that has room for one call. Five times: a call is
// authorized, which takes all of the budget, and everything is killed with kill -9 before it settles. A gate that keeps its holds in a
// database leaves each of them there and is shut after the first crash; one that keeps them in memory only forgets the settled calls,
// too. Here, after each restart, the budget is whole again, nothing was charged for the call that nobody can prove, and exactly one
// call fits. The sixth is settled and then killed as well: that one is charged.

import { expect, test } from 'vitest'
import { dataFolder, startTollgate, type Sums, type Tollgate } from '../e2e/tollgate.ts'

const CRASHES = 5
const CUSTOMER = '/v1/customers/cus_crashing'
/** One task, and the budget counts tasks: there is room for one. */
const CATALOG = `
currency: USD
features: [{ id: tasks, name: Tasks, kind: metered }]
meters: [{ id: tasks, unit: task, event_type: ai.request, properties: [tasks] }]
plans:
  - id: prepaid
    name: Prepaid
    entitlements: [tasks]
    prices: [{ id: tasks, meter: tasks, model: per_unit, amount: 10 }]
    funding: [wallet]
credit_assets: [{ id: usd, name: Prepaid balance, currency: USD }]
gateway: { feature: tasks, models: [] }
`

test('kill -9 after authorize and before settle, five times: each restart finds the budget whole, nothing charged, room for exactly one call', { timeout: 180_000 }, async () => {
  const dataDir = dataFolder()
  let tollgate = await startTollgate(dataDir)
  try {
    await prepare(tollgate)
    for (let crash = 0; crash < CRASHES; crash++) {
      expect(await standing(tollgate), `before crash ${crash + 1}`).toEqual({ balance: '10', debt: '0', charged: '0', events: 0, differences: [] })
      expect((await authorize(tollgate, `res_crash-${crash}`))['decision']).toBe('allow')
      // It is the only one that fits.
      expect(await authorize(tollgate, `res_second-${crash}`)).toMatchObject({ decision: 'deny', reason: 'credit_balance_exhausted' })
      await tollgate.kill()
      tollgate = await startTollgate(dataDir)
    }

    // The sixth call settles, and is told so, and only then everything is killed: an acknowledged charge survives.
    expect((await authorize(tollgate, 'res_sixth'))['decision']).toBe('allow')
    const settled = await tollgate.post('/v1/reservations/res_sixth/settle', { quantities: { tasks: 1 } })
    expect(settled.status).toBe(200)
    await tollgate.kill()
    tollgate = await startTollgate(dataDir)
    expect(await standing(tollgate)).toEqual({ balance: '0', debt: '0', charged: '10', events: 1, differences: [] })
    expect(await authorize(tollgate, 'res_seventh')).toMatchObject({ decision: 'deny', reason: 'credit_balance_exhausted' })
  } finally {
    await tollgate.stop()
  }
})

/** The catalog above, and a customer with money for one task. */
async function prepare(tollgate: Tollgate): Promise<void> {
  const headers = { authorization: `Bearer ${tollgate.demo.admin_key}`, 'content-type': 'application/json' }
  const applied = await fetch(`${tollgate.demo.url}/v1/catalog`, { method: 'PUT', headers, body: JSON.stringify({ source: CATALOG }) })
  expect(applied.status, await applied.text()).toBe(200)
  expect((await tollgate.post('/v1/customers', { id: 'cus_crashing', name: 'Crashing', plan: 'prepaid' })).status).toBe(201)
  expect((await tollgate.post(`${CUSTOMER}/credits`, { amount: '10' })).status).toBe(201)
}

async function authorize(tollgate: Tollgate, reservation: string): Promise<Record<string, unknown>> {
  const response = await tollgate.post('/v1/authorize', { customer: 'cus_crashing', feature: 'tasks', reservation_id: reservation, quantities: { tasks: 1 } })
  return (await response.json()) as Record<string, unknown>
}

async function standing(tollgate: Tollgate): Promise<Record<string, unknown>> {
  const { balance, debt } = await tollgate.get<{ balance: string; debt: string }>(`${CUSTOMER}/balance`)
  const { events, sums, differences } = await tollgate.get<Sums>(`${CUSTOMER}/checks/sums`)
  return { balance, debt, charged: sums['event_charges'], events, differences }
}
