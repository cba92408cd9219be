// Subscriptions over the API, on a test clock: a year of one customer passes in a second, and what was told of it is read back.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { instant } from '@tollgate/core'
import { testApi, type TestApi } from '../api.ts'
import { virtualClock } from '../../packages/server/src/platform/clock.ts'
import { runDueSubscriptions } from '../../packages/server/src/app/subscription/due.ts'

const CATALOG = `
currency: USD
features:
  - { id: chat, name: Chat, kind: metered }
  - { id: export, name: Export, kind: boolean }
  - { id: projects, name: Projects, kind: value }
meters:
  - { id: tokens, unit: token, event_type: ai.request, properties: [tokens] }
plans:
  - id: free
    name: Free
    entitlements: [chat, { feature: projects, value: "1" }]
    allowances: [{ id: tokens, meters: [tokens], quantity: 1000 }]
    funding: [allowance]
  - id: pro
    name: Pro
    parent: free
    fee: 30
    trial: { days: 14, notices: [3], entitlements: [export] }
    entitlements: [{ feature: projects, value: "10" }]
    allowances: [{ id: tokens, meters: [tokens], quantity: 5000 }]
    dunning:
      - { day: 0, action: notify, message: Please update your card. }
      - { day: 7, action: suspend }
    standings: { suspended: [export] }
  - id: team
    name: Team
    parent: pro
    fee: 90
    entitlements: [export]
add_ons:
  - id: more_tokens
    plans: [pro, team]
    fee: 10
    quantity_max: 5
    entitlements: [{ feature: projects, value: "5" }]
    allowances: [{ id: tokens, quantity: 2000 }]
promotions:
  - { id: launch, days: 30, entitlements: [{ feature: projects, value: "12" }] }
gateway: { feature: chat }
`

const clock = virtualClock(instant(Date.now()))
let api: TestApi
beforeAll(async () => {
  api = await testApi({ catalog: CATALOG, clock })
})
afterAll(() => api.close())

let count = 0
async function onClock(body: Readonly<Record<string, unknown>> = {}, now = '2026-01-10T10:00:00Z') {
  const testClock = (await api.call('POST /v1/test-clocks', { body: { name: 'a year', now } })).body.id as string
  const customer = `cus_clock${(count += 1)}`
  const made = await api.call('POST /v1/customers', { body: { id: customer, name: 'Clocked', plan: 'pro', test_clock: testClock, ...body } })
  expect(made.status, made.text).toBe(201)
  const path = `/v1/customers/${customer}`
  return {
    customer,
    path,
    advance: async (to: string) => expect((await api.call(`POST /v1/test-clocks/${testClock}/advance`, { body: { to } })).status).toBe(200),
    get: async () => (await api.call(`GET ${path}/subscription`)).body,
    post: async (what: string, sent: unknown) => {
      const answer = await api.call(`POST ${path}/subscription/${what}`, { body: sent })
      expect(answer.status, answer.text).toBe(200)
      return answer.body
    },
    told: async (from = 0) => (await api.call(`GET ${path}/subscription/events?after=${from}&limit=100`)).body.data.map(({ type, effective_at: at, voids }: { type: string; effective_at: string; voids: number | null }) => `${type.replace('subscription.', '')}@${at.slice(0, 10)}${voids === null ? '' : ` voids ${voids}`}`),
    grants: async () => Object.fromEntries((await api.call(`GET ${path}/entitlements`)).body.features.map((one: { feature: string; entitled: boolean; value: string | null }) => [one.feature, one.entitled ? (one.value ?? true) : false])),
    tokens: async () => (await api.call(`GET ${path}/budgets`)).body.data.find(({ id }: { id: string }) => id === 'allowance:tokens').limit,
  }
}

test('a year: trial, paid, failed, grace, recovered, upgraded, disputed, won, downgraded, cancelled', async () => {
  const life = await onClock()
  expect(await life.get()).toMatchObject({ state: 'trialing', trial_ends_at: '2026-01-24T10:00:00.000Z', ahead: [{ state: 'active', from: '2026-01-24T10:00:00.000Z' }] })
  expect(await life.grants()).toEqual({ chat: true, export: true, projects: '10' })
  await life.advance('2026-01-25T00:00:00Z')
  expect(await life.get()).toMatchObject({ state: 'active', notice: null, period: { start: '2026-01-24T10:00:00.000Z' } })
  expect(await life.grants()).toEqual({ chat: true, export: false, projects: '10' })
  await life.post('facts', { kind: 'payment_failed', invoice: 'inv_1' })
  expect(await life.get()).toMatchObject({ state: 'grace', notice: { level: 'warning', message: expect.stringContaining('2026-02-01') } })
  await life.advance('2026-02-03T00:00:00Z')
  expect(await life.get()).toMatchObject({ state: 'suspended', standing: 'suspended', reason: 'nothing was paid until day 7 after the failed payment' })
  expect(await life.grants()).toEqual({ chat: false, export: false, projects: false })
  await life.post('facts', { kind: 'payment_succeeded', invoice: 'inv_1' })
  await life.advance('2026-02-10T10:00:00Z')
  const upgraded = await life.post('change', { plan: 'team' })
  expect(upgraded).toMatchObject({ upgrade: true, lines: [{ kind: 'unused_time', whole: '30' }, { kind: 'remaining_time', whole: '90' }] })
  await life.post('facts', { kind: 'dispute_opened', ref: 'dp_1' })
  expect(await life.get()).toMatchObject({ state: 'disputed', blocks: [{ kind: 'dispute', ref: 'dp_1' }] })
  await life.post('facts', { kind: 'dispute_won', ref: 'dp_1' })
  const downgrade = await life.post('change', { plan: 'pro' })
  expect(downgrade).toMatchObject({ upgrade: false, lines: [], takes_effect_at: '2026-02-24T10:00:00.000Z' })
  expect(await life.get()).toMatchObject({ plan: 'team', scheduled: [{ plan: 'pro' }] })
  await life.advance('2026-03-01T00:00:00Z')
  expect(await life.get()).toMatchObject({ plan: 'pro', state: 'active' })
  await life.post('actions', { action: 'cancel' })
  await life.advance('2027-01-10T10:00:00Z')
  expect(await life.get()).toMatchObject({ state: 'cancelled', standing: 'cancelled' })
  expect(await life.told()).toEqual([
    'created@2026-01-10', 'trial_started@2026-01-10', 'trial_ending@2026-01-21', 'trial_converted@2026-01-24', 'grace_entered@2026-01-25', 'payment_reminder@2026-01-25', 'suspended@2026-02-01',
    'recovered@2026-02-03', 'plan_changed@2026-02-10', 'disputed@2026-02-10', 'dispute_resolved@2026-02-10', 'change_scheduled@2026-02-10', 'plan_changed@2026-02-24', 'renewed@2026-02-24',
    'cancellation_scheduled@2026-03-01', 'cancelled@2026-03-24',
  ])
})

test('add-ons add up with their quantity, a promotion competes, a replacement wins, a denial beats all', async () => {
  const life = await onClock({ add_ons: [{ id: 'more_tokens', quantity: 2 }], trial_days: 0 })
  expect(await life.grants()).toMatchObject({ projects: '20' })
  expect(await life.tokens()).toBe('9000')
  const grant = (body: Readonly<Record<string, unknown>>) => api.call(`POST ${life.path}/grants`, { body: { reason: 'a test', ...body } })
  await grant({ kind: 'promotion', promotion: 'launch' })
  expect(await life.grants()).toMatchObject({ projects: '20' })
  await life.post('change', { add_ons: [], when: 'now' })
  expect(await life.grants()).toMatchObject({ projects: '12' })
  expect(await life.tokens()).toBe('5000')
  const replaced = await grant({ kind: 'replace', entitlements: [{ feature: 'projects', value: '3' }], allowances: [{ id: 'tokens', quantity: '7000' }] })
  expect(replaced.status, replaced.text).toBe(201)
  expect(await life.grants()).toMatchObject({ projects: '3' })
  expect(await life.tokens()).toBe('7000')
  await grant({ kind: 'denial', entitlements: [{ feature: 'chat' }] })
  expect(await life.grants()).toMatchObject({ chat: false, projects: '3' })
  await api.call(`POST ${life.path}/grants/${replaced.body.id}/withdraw`, { body: { reason: 'over' } })
  expect(await life.grants()).toMatchObject({ projects: '12' })
  await life.advance('2026-02-20T00:00:00Z')
  expect(await life.grants()).toMatchObject({ projects: '10' })
})

test('a fact that came late corrects what was told: the event is voided, and what really happened is told', async () => {
  const life = await onClock({ trial_days: 0 })
  await life.post('facts', { kind: 'payment_failed' })
  await life.advance('2026-01-20T10:00:00Z')
  expect((await life.get()).state).toBe('suspended')
  await life.post('facts', { kind: 'payment_succeeded', at: '2026-01-12T09:00:00Z' })
  expect((await life.get()).state).toBe('active')
  expect(await life.told(3)).toEqual(['suspended@2026-01-17', 'event_voided@2026-01-17 voids 4', 'recovered@2026-01-12'])
})

test('what cannot be is refused with what would be possible', async () => {
  const life = await onClock({ trial_days: 0 })
  const refused = async (what: string, body: unknown) => (await api.call(`POST ${life.path}/subscription/${what}`, { body })).body.code
  expect(await refused('actions', { action: 'resume' })).toBe('subscription_state')
  expect(await refused('change', { plan: 'gold' })).toBe('unknown_plan')
  expect(await refused('change', { add_ons: [{ id: 'more_tokens', quantity: 9 }] })).toBe('out_of_range')
  expect(await refused('change', {})).toBe('required')
  expect(await refused('facts', { kind: 'dispute_opened' })).toBe('required')
  expect(await refused('facts', { kind: 'payment_failed', at: '2030-01-01T00:00:00Z' })).toBe('out_of_range')
  expect((await api.call('POST /v1/customers', { body: { name: 'x', plan: 'free', add_ons: [{ id: 'more_tokens' }] } })).body.code).toBe('add_on_not_for_plan')
})

test('a preview writes nothing, and a tenant’s key reads its subscription but changes nothing', async () => {
  const life = await onClock({ trial_days: 0 })
  const key = await api.key(['customer'], life.customer as never)
  const preview = await api.call(`POST ${life.path}/subscription/preview`, { body: { plan: 'team' } })
  expect(preview.body).toMatchObject({ upgrade: true, currency: 'USD' })
  expect((await api.call(`POST ${life.path}/subscription/change`, { key, body: { plan: 'team' } })).status).toBe(403)
  expect((await api.call(`GET ${life.path}/subscription`, { key })).body.plan).toBe('pro')
})

test('after a downtime what was missed is told once, in order', async () => {
  const customer = 'cus_downtime'
  const start = new Date(clock.now() - 40 * 86_400_000).toISOString()
  await api.call('POST /v1/customers', { body: { id: customer, name: 'Down', plan: 'pro', starts_at: start } })
  const told = async () => (await api.call(`GET /v1/customers/${customer}/subscription/events?limit=100`)).body.data.map(({ type }: { type: string }) => type.replace('subscription.', ''))
  const before = await told()
  expect(before).toEqual(['created', 'trial_started', 'trial_ending', 'trial_converted'])
  await runDueSubscriptions(api.world.plane)
  await runDueSubscriptions(api.world.plane)
  expect(await told()).toEqual(before)
})

test('the audit log has who, what, before, after and why, and is exported as CSV and NDJSON', async () => {
  const life = await onClock({ trial_days: 0 })
  await life.post('actions', { action: 'pause', reason: '=holiday' })
  const page = await api.call(`GET /v1/audit?customer=${life.customer}&action=subscription`)
  expect(page.body.data).toMatchObject([{ action: 'subscription.pause', reason: '=holiday', before: { state: 'active' } }])
  const csv = await api.call(`GET /v1/audit/export?format=csv&customer=${life.customer}`)
  expect(csv.text.split('\r\n')[0]).toBe('id,at,actor,action,customer,target,before,after,reason')
  expect(csv.text).toContain("'=holiday")
  const ndjson = await api.call(`GET /v1/audit/export?customer=${life.customer}`)
  expect(ndjson.text.trim().split('\n').map((line) => JSON.parse(line).action)).toContain('customer.created')
  expect((await api.call('GET /v1/audit/export', { key: await api.key(['customer'], life.customer as never) })).status).toBe(403)
})
