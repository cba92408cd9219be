// Entitlements and batches of checks at the gateway, from memory; and what a tenant in grace is told with each answer.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { testGateway, type TestGateway } from '../../../../../test/gateway.ts'
import { SYSTEM } from '../../app/actor.ts'
import { changeSubscription } from '../../app/subscription/set-standing.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await testGateway()
})
afterAll(() => gateway.close())

const get = async (path: string, key: string) => {
  const answer = await fetch(`${gateway.url}${path}`, { headers: { authorization: `Bearer ${key}` } })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

test('an entitlement is explained from memory: its sources, the one that won, and why not', async () => {
  const customer = await gateway.customer()
  const key = await gateway.key(customer)
  const one = await get(`/v1/customers/${customer}/entitlements/chat`, key)
  expect(one.body).toMatchObject({ plan: 'wallet', standing: 'good', entitlement: { entitled: true, reason: null, sources: [{ kind: 'plan', id: 'wallet', won: true }] } })
  const all = await get(`/v1/customers/${customer}/entitlements`, key)
  expect(all.body).toMatchObject({ features: [{ feature: 'chat', entitled: true }, { feature: 'agents', entitled: false, reason: 'feature_not_entitled', upgrade_plans: [] }] })
  expect((await get(`/v1/customers/${customer}/entitlements/nothing`, key)).status).toBe(404)
  expect((await get(`/v1/customers/${await gateway.customer()}/entitlements`, key)).status).toBe(404)
})

test('a batch of checks answers each by itself, in order', async () => {
  const customer = await gateway.customer()
  const key = await gateway.key(customer)
  const requests = [{ feature: 'chat', quantities: { input_tokens: 1 } }, { feature: 'agents' }, { feature: 'chat', quantities: { input_tokens: -1 } }]
  const answer = await gateway.post('/v1/check/batch', { requests }, { key })
  expect(await answer.json()).toMatchObject({ results: [{ decision: 'allow' }, { decision: 'deny', reason: 'feature_not_entitled' }, { decision: 'error', field: 'quantities.input_tokens' }] })
  expect((await gateway.post('/v1/check/batch', { requests: [] }, { key })).status).toBe(400)
  expect((await gateway.post('/v1/check/batch', { requests: [...requests, { feature: 'chat', customer: 'cus_other' }] }, { key })).status).toBe(403)
})

test('in grace each answer warns, and suspended the refusal says what to do', async () => {
  const customer = await gateway.customer()
  const key = await gateway.key(customer)
  const ask = () => gateway.post('/v1/chat/completions', { model: 'sandbox-small', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] }, { key })
  expect((await ask()).headers.get('x-tollgate-warning')).toBeNull()
  await changeSubscription(gateway.world.plane, SYSTEM, customer, { plan: null, standing: 'grace' })
  const warned = await ask()
  expect([warned.status, warned.headers.get('x-tollgate-warning')]).toEqual([200, expect.stringMatching(/^A payment failed\. Everything goes on until \d{4}-/)])
  await changeSubscription(gateway.world.plane, SYSTEM, customer, { plan: null, standing: 'suspended' })
  const refused = await ask()
  expect([refused.status, ((await refused.json()) as { error: { message: string } }).error.message]).toEqual([403, expect.stringContaining('suspended')])
})
