import { expect, test } from 'vitest'
import { InputError } from '../assert.ts'
import { compileCatalog } from './compile.ts'
import type { CatalogDocument, MeterDocument, PlanDocument } from './document.ts'
import { rateInForce } from '../rating/cost.ts'
import { instant } from '../time.ts'

const meter = (id: string, scale: number): MeterDocument => ({ id, name: id, unit: 'unit', event_type: 'e', aggregation: 'sum', properties: [id], filter: { model: ['x'] }, scale })

const PLAN: PlanDocument = {
  id: 'pro', name: 'Pro', public: true, period: 'month',
  fee: { id: 'fee', name: 'Fee', amount: '49' },
  entitlements: [{ feature: 'chat', value: null, models: ['*'] }],
  prices: [
    { id: 'tokens', name: 'Tokens', meter: 'tokens', model: 'per_unit', amount: '0.015', per: '1000' },
    { id: 'hours', name: 'Hours', meter: 'hours', model: 'graduated', per: '1', tiers: [{ up_to: '1.5', amount: '2', flat: '0.5' }, { up_to: null, amount: '1', flat: '0' }] },
  ],
  allowances: [{ id: 'hours', name: 'Hours', meters: ['hours'], quantity: '0.25' }],
  limits: [{ id: 'tokens', name: 'Tokens', meters: ['tokens', 'more'], quantity: '7', window: 'day', enforcement: 'soft' }],
  funding: ['allowance', 'overage'],
}

const rate = (from: string, input: string) => ({ provider: 'p', model: 'm', aliases: ['alias'], from, currency: 'USD', per_million: { input }, context_window: 10, output_max: 5 })

const DOCUMENT: CatalogDocument = {
  currency: 'USD',
  features: [{ id: 'chat', name: 'Chat', kind: 'metered' }],
  meters: [meter('tokens', 0), meter('more', 0), meter('hours', 3)],
  plans: [PLAN],
  credit_assets: [],
  rate_card: [rate('2026-01-01', '1'), rate('2026-03-01', '0.0375')],
  gateway: { feature: 'chat', models: [{ name: 'fast', upstream: null, model: 'm' }] },
}

test('amounts become units of the currency and quantities units of their meter', () => {
  const plan = compileCatalog(DOCUMENT, 7).plans.get('pro')!
  expect(plan.recurring).toMatchObject([{ model: 'flat', amount: 49_000_000_000_000n, timing: 'in_advance' }])
  expect(plan.pricesByMeter.get('tokens')).toMatchObject([{ amount: 15_000_000_000n, per: 1000n, scale: 0, asset: 'USD' }])
  expect(plan.pricesByMeter.get('hours')).toMatchObject([{ per: 1000n, scale: 3, tiers: [{ upTo: 1500n, amount: 2_000_000_000_000n, flat: 500_000_000_000n }, { upTo: null }] }])
  expect(plan.allowances).toEqual([{ id: 'hours', name: 'Hours', meters: ['hours'], quantity: 250n, scale: 3 }])
  expect(plan.limits).toMatchObject([{ quantity: 7n, scale: 0, window: 'day', enforcement: 'soft' }])
})

test('the rate card answers by name or alias with the newest rate that has begun', () => {
  const { rateCard } = compileCatalog(DOCUMENT, 1)
  const at = (day: string, name: string) => rateInForce(rateCard, name, instant(Date.parse(`${day}T00:00:00Z`)))?.perMillion.get('input')
  expect([at('2025-12-31', 'm'), at('2026-01-01', 'm'), at('2026-02-28', 'alias'), at('2026-03-01', 'alias'), at('2026-03-01', 'other')]).toEqual([
    undefined, 1_000_000_000_000n, 1_000_000_000_000n, 37_500_000_000n, undefined,
  ])
})

test('looks things up by id', () => {
  const catalog = compileCatalog(DOCUMENT, 7)
  expect([catalog.version, catalog.meterById.get('tokens')?.filter.get('model'), catalog.features.get('chat')?.kind, catalog.gatewayModels.get('fast')?.model]).toEqual([7, ['x'], 'metered', 'm'])
})

const BROKEN: readonly (readonly [title: string, plan: Partial<PlanDocument>, field: string])[] = [
  ['an unknown meter', { prices: [{ id: 'tokens', name: 'Tokens', meter: 'missing', model: 'per_unit', amount: '1', per: '1' }] }, 'plans[0].prices[0].meter'],
  ['too many digits', { fee: { id: 'fee', name: 'Fee', amount: '0.0000000000001' } }, 'plans[0].fee.amount'],
  ['two scales under one quantity', { limits: [{ ...PLAN.limits[0]!, meters: ['tokens', 'hours'] }] }, 'plans[0].limits[0].meters'],
  ['a price per zero', { prices: [{ id: 'tokens', name: 'Tokens', meter: 'tokens', model: 'package', amount: '1', size: '0' }] }, 'plans[0].prices[0].size'],
]

test.each(BROKEN)('refuses %s with its path', (_, change, field) => {
  const compile = () => compileCatalog({ ...DOCUMENT, plans: [{ ...PLAN, ...change }] }, 1)
  expect(compile).toThrow(InputError)
  try {
    compile()
  } catch (error) {
    expect((error as InputError).field).toBe(field)
  }
})
