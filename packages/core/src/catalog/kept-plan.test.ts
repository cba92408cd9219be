// Which plan a subscriber has after changes of it, by when it came onto the plan and where its billing periods are.

import { expect, test } from 'vitest'
import type { Instant } from '../time.ts'
import type { CatalogDocument, PlanDocument } from './document.ts'
import { compileCatalog } from './compile.ts'
import { keptAfter, plansChanged, planVersionAt, type KeptPlanDocument, type Migration } from './kept-plan.ts'

const plan = (fee: string, id = 'pro'): PlanDocument => ({ id, name: 'Pro', public: true, period: 'month', fee: { id: 'fee', name: 'Fee', amount: fee }, entitlements: [], prices: [], allowances: [], limits: [], funding: [] })
const document = (...plans: PlanDocument[]): CatalogDocument => ({ currency: 'USD', features: [], meters: [], plans, credit_assets: [], rate_card: [], gateway: { feature: '', models: [] } })
/** Periods of ten, from 0. */
const periodAt = (_: unknown, at: number) => ({ start: (Math.floor(at / 10) * 10) as Instant, end: (Math.floor(at / 10) * 10 + 10) as Instant })

/** Publishes fees one after the other, version by version, and asks for the fee of a subscriber at an instant. */
function published(first: string, ...steps: (readonly [at: number, fee: string, migration: Migration | null])[]) {
  let [version, own, kept] = [1, document(plan(first)), [] as readonly KeptPlanDocument[]]
  for (const [at, fee, migration] of steps) {
    const next = document(plan(fee))
    kept = keptAfter({ version, document: own, kept }, { document: next, migrations: migration === null ? [] : [{ plan: 'pro', migration }], changed: plansChanged(own, next), at: at as Instant })
    ;[version, own] = [version + 1, next]
  }
  const catalog = compileCatalog({ ...own, kept_plans: kept }, version)
  return (since: number, at: number): string => {
    const held = planVersionAt(catalog.keptPlans, { plan: 'pro', since: since as Instant, periodAt }, at as Instant)?.plan ?? catalog.plans.get('pro')!
    return String(Number(held.recurring[0]!.amount / 10n ** 12n))
  }
}

test.each<[what: string, fee: (since: number, at: number) => string, since: number, at: number, expected: string]>([
  ['now: everybody has the new plan', published('1', [25, '2', 'now']), 0, 26, '2'],
  ['keep: who was there keeps the old one', published('1', [25, '2', 'keep']), 24, 999, '1'],
  ['keep: who comes with the change has the new one', published('1', [25, '2', 'keep']), 25, 26, '2'],
  ['at renewal: the running period goes on', published('1', [25, '2', 'at_renewal']), 3, 29, '1'],
  ['at renewal: the next period has the new plan', published('1', [25, '2', 'at_renewal']), 3, 30, '2'],
  ['at renewal: a change on the boundary is the renewal', published('1', [30, '2', 'at_renewal']), 3, 30, '2'],
  ['late usage of before the change has the plan of its time', published('1', [25, '2', 'at_renewal']), 3, 12, '1'],
  ['kept twice: each keeps what it came to', published('1', [25, '2', 'keep'], [45, '3', 'keep']), 24, 99, '1'],
  ['kept twice: who came between', published('1', [25, '2', 'keep'], [45, '3', 'keep']), 30, 99, '2'],
  ['kept, then now: everybody follows', published('1', [25, '2', 'keep'], [45, '3', 'now']), 24, 46, '3'],
  ['kept, then at renewal: the running period goes on', published('1', [25, '2', 'keep'], [45, '3', 'at_renewal']), 24, 49, '1'],
  ['kept, then at renewal: then the newest', published('1', [25, '2', 'keep'], [45, '3', 'at_renewal']), 24, 50, '3'],
  ['at renewal, then kept: what it had renewed to', published('1', [25, '2', 'at_renewal'], [45, '3', 'keep']), 3, 99, '2'],
  ['at renewal, then kept before the renewal: the newest at the renewal', published('1', [25, '2', 'at_renewal'], [27, '3', 'keep']), 3, 99, '3'],
  ['a version that changes nothing of the plan changes nothing', published('1', [25, '2', 'keep'], [45, '2', null]), 24, 99, '1'],
  ['kept, then asked to follow without a change', published('1', [25, '2', 'keep'], [45, '2', 'now']), 24, 46, '2'],
])('%s', (_, fee, since, at, expected) => {
  expect(fee(since, at)).toBe(expected)
})

test('how a plan is called or shown is no change of it, and neither is the order in which a database keeps its members', () => {
  const reordered = Object.fromEntries(Object.entries(plan('1')).toReversed()) as PlanDocument
  expect([...plansChanged(document(plan('1')), document({ ...reordered, name: 'Professional', public: false, migration: 'keep' }))]).toEqual([])
  expect([...plansChanged(document(plan('1')), document(plan('2')))]).toEqual(['pro'])
})

test('a parent that changes changes the plans that inherit, and what they keep stands alone', () => {
  const parent = (units: string): PlanDocument => ({ ...plan('0', 'base'), allowances: [{ id: 'tokens', name: 'Tokens', meters: ['tokens'], quantity: units }] })
  const own = { ...plan('1'), parent: 'base' }
  const [before, after] = [document(parent('5'), own), document(parent('7'), own)]
  const changed = plansChanged(before, after)
  expect([...changed]).toEqual(['base', 'pro'])
  const kept = keptAfter({ version: 1, document: before, kept: [] }, { document: after, migrations: [{ plan: 'pro', migration: 'keep' }], changed, at: 9 as Instant })
  expect(kept).toMatchObject([{ version: 1, ends: null, plan: { id: 'pro', allowances: [{ quantity: '5' }] } }])
  expect(kept[0]!.plan.parent).toBeUndefined()
})
