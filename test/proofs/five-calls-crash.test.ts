// Proof: five calls crash one after another on a budget for one, and one call is all that a provider ever ran.
// Run: npx vitest run test/proofs/five-calls-crash.test.ts
//
// The program as a user starts it, with its own PostgreSQL, and a wallet that has room for one call. A call is authorized, which takes
// all of it, and everything is killed with kill -9 before it settles: a provider may be running it. Then the next one asks, and so on,
// five times with a crash each. A gate that frees what a dead process held admits all five: the provider runs five calls, the ledger says
// none. One that leaves the hold in its database is shut for ever. Here the hold of the first stays, in doubt: the other four are refused,
// also after each restart. Then the first tells what it used, late, and is charged for it, once. And a call that nobody ever tells about
// is held for as long as it was given time, and no longer.

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

test('five calls crash on a budget for one: one is admitted, its hold outlives every restart, and its late use is charged once', { timeout: 300_000 }, async () => {
  const dataDir = dataFolder()
  let tollgate = await startTollgate(dataDir)
  const crash = async () => {
    await tollgate.kill()
    tollgate = await startTollgate(dataDir)
  }
  try {
    await prepare(tollgate)
    expect((await authorize(tollgate, 'res_crash-1'))['decision']).toBe('allow')
    await crash()
    for (let call = 2; call <= CRASHES; call++) {
      expect(await authorize(tollgate, `res_crash-${call}`), `call ${call}`).toMatchObject({ decision: 'deny', reason: 'credit_balance_exhausted' })
      await crash()
    }
    // Nobody was charged for what nobody can prove.
    expect(await standing(tollgate)).toEqual({ balance: '10', debt: '0', charged: '0', events: 0, differences: [] })

    // The first comes back and tells: its hold is used up by what it really used.
    const late = { specversion: '1.0', id: 'res_crash-1', source: 'the-caller', type: 'ai.request', subject: 'cus_crashing', data: { feature: 'tasks', tasks: '1' } }
    for (let times = 0; times < 2; times++) expect((await tollgate.post('/v1/events', late)).status).toBeLessThan(300)
    expect(await standing(tollgate)).toEqual({ balance: '0', debt: '0', charged: '10', events: 1, differences: [] })
    expect(await authorize(tollgate, 'res_after')).toMatchObject({ decision: 'deny', reason: 'credit_balance_exhausted' })

    // A call that was given two seconds and that nobody tells about: then its hold is free again, and nothing is charged.
    expect((await tollgate.post(`${CUSTOMER}/credits`, { amount: '10' })).status).toBe(201)
    expect((await authorize(tollgate, 'res_silent', 2))['decision']).toBe('allow')
    await crash()
    await expect.poll(async () => (await authorize(tollgate, 'res_last'))['decision'], { timeout: 30_000, interval: 500 }).toBe('allow')

    // It settles, is told so, and only then everything is killed: an acknowledged charge survives.
    expect((await tollgate.post('/v1/reservations/res_last/settle', { quantities: { tasks: 1 } })).status).toBe(200)
    await crash()
    expect(await standing(tollgate)).toEqual({ balance: '0', debt: '0', charged: '20', events: 2, differences: [] })
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

async function authorize(tollgate: Tollgate, reservation: string, ttlSeconds = 900): Promise<Record<string, unknown>> {
  const response = await tollgate.post('/v1/authorize', { customer: 'cus_crashing', feature: 'tasks', reservation_id: reservation, ttl_seconds: ttlSeconds, quantities: { tasks: 1 } })
  return (await response.json()) as Record<string, unknown>
}

async function standing(tollgate: Tollgate): Promise<Record<string, unknown>> {
  const { balance, debt } = await tollgate.get<{ balance: string; debt: string }>(`${CUSTOMER}/balance`)
  const { events, sums, differences } = await tollgate.get<Sums>(`${CUSTOMER}/checks/sums`)
  return { balance, debt, charged: sums['event_charges'], events, differences }
}
