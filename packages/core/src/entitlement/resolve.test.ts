// A customer's facts compiled into the snapshot that nodes decide by.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import type { Catalog, Plan, PlanLimit } from '../catalog/catalog.ts'
import { LIFETIME } from '../budget/budget.ts'
import type { CustomerId, EntityId } from '../id.ts'
import { quantity } from '../quantity.ts'
import { formatInstant, instant, type Instant } from '../time.ts'
import { resolveSnapshot, windowSpan, type CustomerFacts } from './resolve.ts'

const at = (text: string): Instant => instant(Date.parse(text))
const LINKS = { topUpUrl: 'https://pay.example/top-up', upgradeUrl: 'https://pay.example/plans' }
const limit = (id: string, window: PlanLimit['window'], enforcement: PlanLimit['enforcement'] = 'hard'): PlanLimit => ({
  id,
  name: id,
  meters: ['input', 'output'],
  quantity: quantity(10n),
  scale: 0,
  window,
  enforcement,
})

function catalogOf(part: Partial<Plan> = {}): Catalog {
  const plan: Plan = {
    id: 'pro',
    name: 'Pro',
    public: true,
    period: 'month',
    currency: 'USD', inCurrency: new Map(), asset: 'USD',
    outcomes: [],
    needsUncachedCost: false,
    excluded: [],
    recurring: [],
    entitlements: new Map(),
    prices: [],
    pricesByMeter: new Map(),
    limits: [limit('daily', 'day'), limit('monthly', 'billing_period', 'soft')],
    allowances: [{ id: 'tokens', name: 'Included tokens', meters: ['input', 'output'], quantity: quantity(1_000n), scale: 0 }],
    funding: ['allowance', 'wallet', 'overage'],
    ...part,
  }
  const meter = { id: 'input', name: 'input', unit: 'token', eventType: 'ai.request', aggregation: 'sum' as const, properties: [], filter: new Map(), scale: 0 }
  return {
    version: 7,
    currency: 'USD',
    features: new Map(),
    meters: [meter],
    meterById: new Map([['input', meter]]),
    plans: new Map([['pro', plan]]),
    creditAssets: new Map(),
    addOns: new Map(),
    promotions: new Map(),
    rateCard: new Map(),
    exchange: new Map(),
    gatewayFeature: 'chat',
    gatewayModels: new Map(),
  } as Catalog
}

const FACTS: CustomerFacts = {
  customer: 'cus_1' as CustomerId,
  name: 'Acme',
  version: 4,
  standing: 'good',
  plan: 'pro',
  timeZone: 'Europe/Berlin',
  anchorAt: at('2026-01-31T09:00:00Z'),
  timeline: [],
  grants: [],
  clockOffsetMs: 0,
  entityPaths: {},
  budgets: [],
  positions: {},
  walletChangesAt: null,
}
const NOW = at('2026-03-10T12:00:00Z')
const span = ({ start, end }: { readonly start: number; readonly end: number }) =>
  `${formatInstant(instant(start)).slice(0, 16)} ${formatInstant(instant(end)).slice(0, 16)}`

test('the billing period follows the anchor, calendar windows follow the midnight of the customer’s zone', () => {
  const window = (name: PlanLimit['window'], now = NOW) => span(windowSpan(name, FACTS, catalogOf().plans.get('pro')!, now))
  expect(window('billing_period')).toBe('2026-02-28T09:00 2026-03-31T08:00')
  expect(window('day')).toBe('2026-03-09T23:00 2026-03-10T23:00')
  expect(window('day', at('2026-03-29T12:00:00Z'))).toBe('2026-03-28T23:00 2026-03-29T22:00')
  expect(window('week')).toBe('2026-03-08T23:00 2026-03-15T23:00')
  expect(window('month')).toBe('2026-02-28T23:00 2026-03-31T22:00')
  expect(windowSpan('lifetime', FACTS, catalogOf().plans.get('pro')!, NOW)).toEqual(LIFETIME)
})

test('a snapshot names each budget once: the limits, then who pays in the order of the plan', () => {
  const snapshot = resolveSnapshot(FACTS, catalogOf(), NOW, LINKS)
  expect(snapshot.limits.map((budget) => `${budget.id} ${budget.enforcement} ${span(budget.period)}`)).toEqual([
    'limit:daily hard 2026-03-09T23:00 2026-03-10T23:00',
    'limit:monthly soft 2026-02-28T09:00 2026-03-31T08:00',
  ])
  expect(snapshot.funding.map((source) => (source.kind === 'overage' ? 'overage' : source.budget.id))).toEqual(['allowance:tokens', 'wallet:USD', 'overage'])
  expect(snapshot).toMatchObject({ customer: 'cus_1', version: 4, catalogVersion: 7, plan: 'pro', standing: 'good', currency: 'USD', ...LINKS })
})

test('a snapshot ends when the first of its windows, its period or a credit block does', () => {
  const validUntil = (facts: Partial<CustomerFacts>, plan: Partial<Plan> = {}) =>
    formatInstant(resolveSnapshot({ ...FACTS, ...facts }, catalogOf(plan), NOW, LINKS).validUntil)
  expect(validUntil({})).toBe('2026-03-10T23:00:00.000Z')
  expect(validUntil({}, { limits: [] })).toBe('2026-03-31T08:00:00.000Z')
  expect(validUntil({ walletChangesAt: at('2026-03-10T13:00:00Z') })).toBe('2026-03-10T13:00:00.000Z')
})

test('the operator’s own budgets stand after those of the plan, with entity and features', () => {
  const rule = {
    id: 'cap:team',
    name: 'Team cap',
    unit: { kind: 'money' as const, asset: 'USD' },
    window: 'month' as const,
    enforcement: 'hard' as const,
    entity: 'ent_team' as EntityId,
    features: ['chat'],
  }
  const snapshot = resolveSnapshot({ ...FACTS, budgets: [rule] }, catalogOf(), NOW, LINKS)
  expect(snapshot.limits.at(-1)).toEqual({
    id: 'cap:team',
    name: 'Team cap',
    unit: { kind: 'money', asset: 'USD' },
    enforcement: 'hard',
    entity: 'ent_team',
    features: ['chat'],
    period: { start: at('2026-02-28T23:00:00Z'), end: at('2026-03-31T22:00:00Z') },
  })
})

test('a plan that the catalog does not have is told by name', () => {
  expect(() => resolveSnapshot({ ...FACTS, plan: 'gone' }, catalogOf(), NOW, LINKS)).toThrow('catalog version 7 has no plan gone')
})

test('a snapshot holds at the instant it was made for, and survives JSON', () => {
  const moments = fc.integer({ min: at('2025-01-01T00:00:00Z'), max: at('2030-01-01T00:00:00Z') }).map(instant)
  fc.assert(
    fc.property(moments, moments, fc.constantFrom('UTC', 'Europe/Berlin', 'America/Santiago', 'Asia/Beirut'), (now, anchorAt, timeZone) => {
      const snapshot = resolveSnapshot({ ...FACTS, anchorAt, timeZone }, catalogOf(), now, LINKS)
      for (const { period } of [snapshot, ...snapshot.limits]) expect(period.start <= now && now < period.end).toBe(true)
      expect(snapshot.validUntil > now).toBe(true)
      expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot)
    }),
  )
})
