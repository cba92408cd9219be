// Allocation between entities: what one loses the other gains, what was spent stays, and a lease in use is not moved.

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CustomerId } from '@tollgate/core'
import { testApi, type TestApi } from '../../../../../test/api.ts'
import type { AuthorizeInput } from '../../hot/contract.ts'

const CATALOG = `
currency: USD
features: [{ id: chat, name: Chat, kind: metered }]
meters: [{ id: tokens, unit: token, event_type: ai.request, properties: [tokens] }]
plans: [{ id: invoiced, name: Invoiced, entitlements: [chat], prices: [{ id: tokens, meter: tokens, model: per_unit, amount: 0.01 }], funding: [overage] }]
gateway: { feature: chat }
`
let api: TestApi
beforeAll(async () => {
  api = await testApi({ catalog: CATALOG, max: 12 })
})
afterAll(() => api.close())

let count = 0
async function company(): Promise<CustomerId> {
  const customer = `cus_a${(count += 1)}` as CustomerId
  await api.call('POST /v1/customers', { body: { id: customer, name: 'A', plan: 'invoiced' } })
  for (const name of ['design', 'legal']) {
    await api.call(`POST /v1/customers/${customer}/entities`, { body: { id: `ent_${name}`, kind: 'department', name } })
    expect((await api.call(`PUT /v1/customers/${customer}/budgets/${name}`, { body: { name, limit: '10', window: 'lifetime', entity: `ent_${name}` } })).status).toBe(200)
  }
  return customer
}
const move = (customer: string, from: string, to: string, amount: string, more: { readonly key?: string; readonly headers?: Record<string, string> } = {}) => api.call(`POST /v1/customers/${customer}/budgets/${from}/move`, { ...more, body: { to, amount, reason: 'allocation' } })
const limits = async (customer: string) => (await api.call(`GET /v1/customers/${customer}/budgets`)).body.data.filter(({ id }: { id: string }) => id.startsWith('cap:')).map(({ id, limit }: { id: string; limit: string }) => `${id.slice(4)} ${limit}`).sort()
const use = (customer: string, entity: string, tokens: number) => api.call('POST /v1/events', { body: [{ specversion: '1.0', source: 'a', id: `a${(count += 1)}`, subject: customer, type: 'ai.request', data: { feature: 'chat', entity, tokens } }] })

test('an amount moves and comes back; the same call twice, and many at once, move what they say', async () => {
  const customer = await company()
  const headers = { 'idempotency-key': 'once' }
  const [first, second] = [await move(customer, 'design', 'legal', '4', { headers }), await move(customer, 'design', 'legal', '4', { headers })]
  expect([first.status, second.body.id]).toEqual([201, first.body.id])
  expect(await limits(customer)).toEqual(['design 6', 'legal 14'])
  await move(customer, 'legal', 'design', '4')
  const answers = await Promise.all(Array.from({ length: 15 }, () => move(customer, 'design', 'legal', '1')))
  expect(answers.filter(({ status }) => status === 201).length).toBe(10)
  expect(await limits(customer)).toEqual(['design 0', 'legal 20'])
})

test('what was spent is not moved, nor what a gateway holds for a request that runs', async () => {
  const customer = await company()
  await use(customer, 'ent_design', 300)
  expect(await move(customer, 'design', 'legal', '7.01')).toMatchObject({ status: 400, body: { code: 'out_of_range', detail: expect.stringContaining('7 of budget') } })
  const node = await api.world.node({ name: `node-${customer}` })
  const request: AuthorizeInput = { reservation: null, customer, key: null, entity: 'ent_design' as never, feature: 'chat', model: null, run: null, type: 'ai.request', ttlMs: 60_000, repeatable: false, bound: { quantities: { tokens: '500' }, dimensions: {} } }
  const answer = await node.authorize(request)
  if (answer.kind !== 'allowed') throw new Error(answer.kind)
  expect((await move(customer, 'design', 'legal', '3')).body.code).toBe('credits_in_use')
  expect((await move(customer, 'design', 'legal', '2')).status).toBe(201)
  node.release(answer.reservation)
  expect((await move(customer, 'design', 'legal', '5')).status).toBe(201)
  expect((await node.authorize(request)).kind).toBe('denied')
})

test('budgets that count otherwise, the operator’s own by a tenant, and those of others are not moved', async () => {
  const [customer, other] = [await company(), await company()]
  await api.call(`PUT /v1/customers/${customer}/budgets/daily`, { body: { name: 'Daily', limit: '10', window: 'day', entity: 'ent_legal' } })
  expect((await move(customer, 'design', 'daily', '1')).body.code).toBe('budgets_differ')
  expect((await move(customer, 'design', 'nothing', '1')).status).toBe(404)
  const key = await api.key(['customer', 'tenant_admin'], customer)
  expect((await move(customer, 'design', 'legal', '1', { key })).body.code).toBe('budget_of_operator')
  expect((await move(other, 'design', 'legal', '1', { key })).status).toBe(404)
})
