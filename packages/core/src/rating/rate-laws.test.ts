// The laws of rating, over random plans and events and every model that a catalog may have: charges sum to the totals of their
// aggregates, order changes no total, an event that is split costs the same, a bound is never too low, and an explanation sums up.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import { compileCatalog } from '../catalog/compile.ts'
import type { CatalogDocument } from '../catalog/document.ts'
import { validateCatalog } from '../catalog/validate.ts'
import { measure } from '../meter/measure.ts'
import { quantity } from '../quantity.ts'
import { explainEvent } from './explain-event.ts'
import { sumOfLines } from './line.ts'
import { positionKey, START, type Position } from './position.ts'
import type { PriceModelDocument, UsagePriceDocument } from './price-document.ts'
import { isCumulative, pricedUsage, type RatedUsage } from './rate-usage.ts'
import { boundCharge, coverByAllowances, rateEvent, type RatedEvent } from './rate-event.ts'
import { entryPrice } from './rate-selected.ts'
import { rateOpening, rateTotal } from './rate.ts'
import type { Plan } from '../catalog/catalog.ts'

const decimal = fc.integer({ min: 0, max: 50_000 }).map((cents) => (cents / 100).toFixed(2))
const per = fc.constantFrom('1', '7', '1000')
const tiers = fc.array(fc.record({ width: fc.integer({ min: 1, max: 400 }), amount: decimal, flat: decimal }), { minLength: 1, maxLength: 4 }).map((list) => {
  let end = 0
  return list.map(({ width, amount, flat }, index) => ({ up_to: index === list.length - 1 ? null : String((end += width)), amount, flat: index === 0 ? '0' : flat }))
})
const cumulative: fc.Arbitrary<PriceModelDocument> = fc.oneof(
  fc.record({ model: fc.constant('per_unit' as const), amount: decimal, per }),
  fc.record({ model: fc.constantFrom('graduated' as const, 'volume' as const), per, tiers }),
  fc.record({ model: fc.constant('package' as const), amount: decimal, size: fc.constantFrom('1', '13', '250') }),
)
const MODELS = ['small', 'large', 'other']
const priceOn = (meter: string): fc.Arbitrary<readonly UsagePriceDocument[]> => {
  const identity = { id: `${meter}_price`, name: meter, meter }
  const matrix = fc.record({ small: cumulative, large: cumulative, otherwise: fc.option(cumulative) }).map(({ small, large, otherwise }): UsagePriceDocument => ({
    ...identity, model: 'matrix', otherwise, entries: [{ id: 'small', when: { model: ['small'] }, price: small }, { id: 'large', when: { model: ['large'] }, price: large }],
  }))
  return fc.oneof(
    cumulative.map((price) => [{ ...identity, ...price }]),
    matrix.map((price) => [price]),
    fc.tuple(cumulative, cumulative).map(([price, other]) => [{ ...identity, ...price }, { ...identity, id: `${meter}_large`, when: { model: ['large'] }, ...other }]),
  )
}
const plans = fc.record({ input: priceOn('input'), output: priceOn('output'), free: fc.integer({ min: 1, max: 300 }) }).map(({ input, output, free }): CatalogDocument => ({
  currency: 'USD', features: [{ id: 'chat', name: 'Chat', kind: 'metered' }], credit_assets: [], rate_card: [], gateway: { feature: 'chat', models: [] },
  meters: ['input', 'output'].map((id) => ({ id, name: id, unit: 'token', event_type: 'e', aggregation: 'sum', properties: [id], filter: {}, scale: 0 })),
  plans: [{
    id: 'p', name: 'P', public: true, period: 'month', fee: null, entitlements: [{ feature: 'chat', value: null, models: ['*'] }], prices: [...input, ...output], limits: [], funding: ['allowance', 'overage'],
    allowances: [{ id: 'free', name: 'Free', meters: ['input', 'output'], quantity: String(free) }],
  }],
}))

type Told = { readonly input: number; readonly output: number; readonly model: string }
const told: fc.Arbitrary<Told> = fc.record({ input: fc.integer({ min: 0, max: 500 }), output: fc.integer({ min: 0, max: 500 }), model: fc.constantFrom(...MODELS) })
const usageOf = ({ input, output, model }: Told): RatedUsage => ({ feature: 'chat', run: null, cost: null, dimensions: { model }, quantities: { input: String(input), output: String(output) } })

/** Rates events in their order from an empty period; `free` is what the allowance has. */
function rateAll(document: CatalogDocument, events: readonly Told[], free: bigint): { readonly plan: Plan; readonly total: bigint; readonly positions: ReadonlyMap<string, Position>; readonly rated: readonly RatedEvent[] } {
  const catalog = compileCatalog(document, 1)
  const plan = catalog.plans.get('p')!
  const positions = new Map<string, Position>()
  let left = free
  let total = 0n
  const rated = events.map((event) => {
    const usage = usageOf(event)
    const measured = measure(catalog.meters, { type: 'e', ...usage })
    const coverage = coverByAllowances(plan, usage, measured, () => quantity(left))
    for (const covered of coverage) left -= covered.quantity
    const input = { plan, usage, measured, coverage, before: (price: { readonly id: string }, entry: string) => positions.get(positionKey(price.id, entry)) ?? START }
    const one = rateEvent(input)
    const explained = explainEvent(input)
    expect(explained.charges.map(({ lines }) => sumOfLines(lines))).toEqual(one.charges.map(({ amount }) => amount))
    const covered = measured.map(({ meter, quantity: used }) => Number(used - coverage.reduce((sum, part) => (part.meter === meter.id ? sum + part.quantity : sum), 0n)))
    const bound = boundCharge(plan, measured, covered, pricedUsage(usage, {}))
    const isVolume = document.plans[0]!.prices.some((price) => JSON.stringify(price).includes('"volume"'))
    expect(bound === null).toBe(one.unpriced.length > 0)
    if (bound !== null && !isVolume) expect(one.amount <= bound).toBe(true)
    for (const { price, entry, before, quantity: used, included } of one.charges) {
      positions.set(positionKey(price, entry), { billable: quantity(before.billable + used - included), included: quantity(before.included + included), events: before.events + 1 })
    }
    total += one.amount
    return one
  })
  return { plan, total, positions, rated }
}

/** Σ over all aggregates of R(total) − R(0). */
function totalsOf(plan: Plan, positions: ReadonlyMap<string, Position>): bigint {
  return [...positions].reduce((sum, [key, { billable }]) => {
    const [id, entry = ''] = key.split('/')
    const price = plan.prices.find((one) => one.id === id)
    if (price === undefined) return sum
    const model = isCumulative(price) ? price : price.model === 'matrix' ? entryPrice(price, entry)! : null
    return model === null ? sum : sum + rateTotal(model, billable) - rateOpening(model)
  }, 0n)
}

const events = fc.array(told, { maxLength: 25 })

test('the charges of a period sum to R of each aggregate, whatever the models, the conditions and the allowance', () => {
  fc.assert(fc.property(plans, events, (document, list) => {
    expect(validateCatalog(document).filter(({ level }) => level === 'error')).toEqual([])
    const { plan, total, positions } = rateAll(document, list, BigInt(document.plans[0]!.allowances[0]!.quantity))
    expect(total).toBe(totalsOf(plan, positions))
  }), { numRuns: 400 })
})

test('the order of events changes no total', () => {
  fc.assert(fc.property(plans, events, fc.func(fc.integer()), (document, list, orderOf) => {
    const shuffled = list.map((event, index) => ({ event, key: orderOf(index, event) })).sort((a, b) => a.key - b.key).map(({ event }) => event)
    const [one, other] = [rateAll(document, list, 0n), rateAll(document, shuffled, 0n)]
    expect(other.total).toBe(one.total)
    expect(new Map([...other.positions].sort())).toEqual(new Map([...one.positions].sort()))
  }), { numRuns: 300 })
})

test('an event that is split into two costs the same together', () => {
  fc.assert(fc.property(plans, events, fc.integer({ min: 0, max: 100 }), (document, list, share) => {
    const split = list.flatMap((event): Told[] => {
      const first = { ...event, input: Math.floor((event.input * share) / 100), output: Math.floor((event.output * share) / 100) }
      return [first, { ...event, input: event.input - first.input, output: event.output - first.output }]
    })
    expect(rateAll(document, split, 0n).total).toBe(rateAll(document, list, 0n).total)
  }), { numRuns: 300 })
})

test('included and billable units sum to the used, and an allowance is empty before a price is asked', () => {
  fc.assert(fc.property(plans, events, (document, list) => {
    const free = BigInt(document.plans[0]!.allowances[0]!.quantity)
    const { rated } = rateAll(document, list, free)
    let left = free
    for (const { charges, amount } of rated) {
      for (const { quantity: used, included } of charges) {
        expect(included >= 0n && included <= used).toBe(true)
        left -= included
      }
      expect(left >= 0n && (amount === 0n || left === 0n)).toBe(true)
    }
  }), { numRuns: 200 })
})
