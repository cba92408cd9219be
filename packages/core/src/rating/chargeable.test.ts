// What is not charged: what the plan excludes, and what happens inside a run that is charged by its result, once.

import { expect, test } from 'vitest'
import { compileCatalog } from '../catalog/compile.ts'
import type { CatalogDocument } from '../catalog/document.ts'
import { measure } from '../meter/measure.ts'
import { formatUnits } from '../money.ts'
import { quantity } from '../quantity.ts'
import { chargedRun, chargedRuns, type Exclusion } from './chargeable.ts'
import type { PriceDocument } from './price-document.ts'
import { START } from './position.ts'
import { boundOutcomes, coverByAllowances, rateEvent } from './rate-event.ts'
import { pricedUsage, type RatedUsage } from './rate-usage.ts'

const meter = { unit: 'unit', filter: {}, scale: 0 } as const
const outcome = (chargedOn: readonly string[], features: readonly string[] = []): PriceDocument => ({ id: 'task', name: 'Task', meter: chargedOn.length === 0 ? 'requests' : 'results', model: 'outcome', amount: '2', charged_on: chargedOn, features })
const documentOf = (prices: readonly PriceDocument[], excluded?: readonly Exclusion[]): CatalogDocument => ({
  currency: 'USD', features: [], credit_assets: [], rate_card: [], gateway: { feature: 'chat', models: [] },
  meters: [
    { id: 'tokens', name: 'Tokens', event_type: 'ai.request', aggregation: 'sum', properties: ['tokens'], ...meter },
    { id: 'requests', name: 'Requests', event_type: 'ai.request', aggregation: 'count', properties: [], ...meter },
    { id: 'results', name: 'Results', event_type: 'task.done', aggregation: 'count', properties: [], ...meter },
  ],
  plans: [{
    id: 'pro', name: 'Pro', public: true, period: 'month', fee: null, entitlements: [], limits: [], funding: ['allowance', 'overage'],
    prices: [{ id: 'tokens', name: 'Tokens', meter: 'tokens', model: 'per_unit', amount: '0.01', per: '1' }, ...prices],
    allowances: [{ id: 'free', name: 'Free', meters: ['tokens'], quantity: '5' }], ...(excluded === undefined ? {} : { excluded }),
  }],
})

type Told = Partial<RatedUsage> & { readonly type?: string }

/** Rates events in order, each run once, with five free tokens, and tells each total. */
function rate(document: CatalogDocument, events: readonly Told[]): string[] {
  const catalog = compileCatalog(document, 1)
  const plan = catalog.plans.get('pro')!
  const runs = new Set<string>()
  let free = 5n
  return events.map((told) => {
    const usage = { feature: 'chat', run: null, dimensions: {}, quantities: { tokens: '10' }, cost: null, ...told }
    const measured = measure(catalog.meters, { type: 'ai.request', ...usage })
    const coverage = coverByAllowances(plan, usage, measured, () => quantity(free))
    free -= coverage.reduce((sum, covered) => sum + covered.quantity, 0n)
    const rated = rateEvent({ plan, usage, measured, coverage, before: () => START, isRunCharged: (price, run) => runs.has(chargedRun(price, run)) })
    for (const run of chargedRuns(plan, usage.run, rated)) runs.add(run)
    expect(rated.unpriced).toEqual([])
    return formatUnits(rated.amount, 'USD')
  })
}

test('a hit of our own cache costs nothing and takes nothing of the allowance, unless the plan says so', () => {
  const hit = { dimensions: { cache_status: 'hit' } }
  expect(rate(documentOf([]), [hit, {}])).toEqual(['0', '0.05'])
  expect(rate(documentOf([], []), [hit, {}])).toEqual(['0.05', '0.1'])
})

test('retries and failed validations are charged unless they are excluded, however the retry is told', () => {
  const events: Told[] = [{ quantities: { tokens: '10', retry_count: '1' } }, { dimensions: { retry_count: '2' } }, { dimensions: { retry_count: '0' } }, { dimensions: { validation: 'failed' } }]
  expect(rate(documentOf([]), events)).toEqual(['0.05', '0.1', '0.1', '0.1'])
  expect(rate(documentOf([], ['retries', 'failed_validations']), events)).toEqual(['0', '0', '0.05', '0'])
})

test('a run is charged once by its result, and what it used is neither charged nor taken from the allowance', () => {
  const inside = { run: 'r1' }
  const done = { type: 'task.done', run: 'r1', quantities: {}, dimensions: { result: 'succeeded' } }
  const events: Told[] = [inside, inside, { ...done, dimensions: { result: 'failed' } }, done, done, {}, { ...done, run: null }]
  expect(rate(documentOf([outcome(['succeeded'])]), events)).toEqual(['0', '0', '0', '2', '0', '0.05', '2'])
})

test('a price of the run itself is charged with its first event, for the features that it names', () => {
  expect(rate(documentOf([outcome([], ['chat'])]), [{ run: 'r1' }, { run: 'r1' }, { run: 'r2' }, { run: 'r3', feature: 'search' }, {}])).toEqual(['2', '0', '2', '0.05', '0.1'])
})

test('a run may begin only where its result can be paid: what is held is its price, until it is charged', () => {
  const plan = compileCatalog(documentOf([outcome(['succeeded'])]), 1).plans.get('pro')!
  const held = (run: string | null, charged: boolean) => boundOutcomes(plan, pricedUsage({ feature: 'chat', run, dimensions: {}, cost: null }, { isRunCharged: () => charged }))
  expect([held('r1', false), held('r1', true), held(null, false)]).toEqual([2_000_000_000_000n, 0n, 0n])
})
