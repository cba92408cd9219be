// Explanations say the same as the rating, line by line.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import type { Meter, Plan } from '../catalog/catalog.ts'
import { formatUnits, parseUnits, units, type Units } from '../money.ts'
import { NONE, quantity } from '../quantity.ts'
import { explainAdded, explainPrinted, explainTotal } from './explain.ts'
import { explainEvent } from './explain-event.ts'
import { sumOfLines, type PriceLine } from './line.ts'
import type { UsagePrice, PriceModel, Tier } from './price.ts'
import { coverByAllowances } from './rate-event.ts'
import { rateAdded, rateTotal } from './rate.ts'

const usd = (text: string) => parseUnits(text, 'USD')
const tier = (upTo: number | null, amount: string, flat = '0'): Tier => ({ upTo: upTo === null ? null : quantity(BigInt(upTo)), amount: usd(amount), flat: usd(flat) })
const text = (lines: readonly PriceLine[]) => lines.map(({ kind, tier: at, quantity: count, unitAmount, amount }) => [kind, at, count, unitAmount === null ? null : formatUnits(unitAmount, 'USD'), formatUnits(amount, 'USD')].filter((part) => part !== null).join(' '))
const graduated: PriceModel = { model: 'graduated', per: quantity(1n), tiers: [tier(4, '6', '10'), tier(9, '5', '20'), tier(null, '2')] }
const volume: PriceModel = { model: 'volume', per: quantity(1n), tiers: [tier(20, '8'), tier(null, '6', '7')] }

test('a total is explained tier by tier', () => {
  expect(text(explainTotal(graduated, quantity(0n)).lines)).toEqual(['tier_flat 1 10 10'])
  expect(text(explainTotal(graduated, quantity(12n)).lines)).toEqual(['tier_units 1 4 6 24', 'tier_flat 1 10 10', 'tier_units 2 5 5 25', 'tier_flat 2 20 20', 'tier_units 3 3 2 6'])
  expect(text(explainTotal({ model: 'package', amount: usd('12'), size: quantity(50n) }, quantity(101n)).lines)).toEqual(['packages 3 12 36'])
  expect(text(explainTotal({ model: 'per_unit', amount: usd('0.25'), per: quantity(1_000n) }, quantity(2_000n)).lines)).toEqual(['units 2000 0.25 0.5'])
})

test('a charge is explained by what it adds; crossing into a volume tier takes the old tier back', () => {
  expect(text(explainAdded(graduated, quantity(3n), quantity(3n)).lines)).toEqual(['tier_units 1 1 6 6', 'tier_units 2 2 5 10', 'tier_flat 2 20 20'])
  expect(text(explainAdded(volume, quantity(18n), quantity(7n)).lines)).toEqual(['tier_units 1 -18 8 -144', 'tier_units 2 25 6 150', 'tier_flat 2 7 7'])
  expect(text(explainAdded({ model: 'package', amount: usd('12'), size: quantity(50n) }, quantity(10n), quantity(5n)).lines)).toEqual([])
})

test('what a division leaves over is a line of its own', () => {
  const thirds: PriceModel = { model: 'graduated', per: quantity(3n), tiers: [tier(1, '1'), tier(null, '1')] }
  expect(text(explainTotal(thirds, quantity(2n)).lines)).toEqual(['tier_units 1 1 1 0.333333333333', 'tier_units 2 1 1 0.333333333333', 'rounding 0.000000000001'])
})

test('a printed amount tells what its rounding took or gave', () => {
  const told = (exact: string, currency: string) => Object.values(explainPrinted(parseUnits(exact, currency), currency)).map((amount: Units) => formatUnits(amount, currency))
  expect([told('1.005', 'USD'), told('-1.005', 'USD'), told('1.004', 'USD'), told('99.5', 'JPY')]).toEqual([['1.005', '1.01', '0.005'], ['-1.005', '-1.01', '-0.005'], ['1.004', '1', '-0.004'], ['99.5', '100', '0.5']])
})

const TOLD = { feature: null, run: null, dimensions: {}, quantities: {}, cost: null }

test('a rated event is explained with what each allowance paid and the tiers that it climbed', () => {
  const meter: Meter = { id: 'tokens', name: 'Tokens', unit: 'token', eventType: 'e', aggregation: 'sum', properties: ['tokens'], filter: new Map(), scale: 0 }
  const price: UsagePrice = { id: 'tokens', name: 'Tokens', meter: 'tokens', scale: 0, asset: 'USD', when: new Map(), ...graduated }
  const plan: Plan = {
    id: 'p', name: 'P', public: true, period: 'month', currency: 'USD', inCurrency: new Map(), asset: 'USD', outcomes: [], needsUncachedCost: false, excluded: [], recurring: [], entitlements: new Map(), limits: [], prices: [price], pricesByMeter: new Map([['tokens', [price]]]),
    allowances: [{ id: 'free', name: 'Free', meters: ['tokens'], quantity: NONE, scale: 0 }], funding: ['allowance', 'overage'],
  }
  const measured = [{ meter, quantity: quantity(6n) }]
  const coverage = coverByAllowances(plan, TOLD, measured, () => quantity(2n))
  const { charges, amount } = explainEvent({ plan, usage: TOLD, measured, coverage, before: () => ({ billable: quantity(3n), included: NONE, events: 1 }) })
  expect(charges.map(({ coverage: paid, lines }) => [paid.map(({ budget, quantity: part }) => `${budget} ${part}`), text(lines)])).toEqual([[['allowance:free 2'], ['tier_units 1 1 6 6', 'tier_units 2 3 5 15', 'tier_flat 2 20 20']]])
  expect(formatUnits(amount, 'USD')).toBe('41')
})

const amount = fc.bigInt({ min: 0n, max: 10n ** 15n }).map(units)
const size = fc.bigInt({ min: 1n, max: 10n ** 6n }).map(quantity)
const used = fc.oneof(fc.bigInt({ min: 0n, max: 60n }), fc.bigInt({ min: 0n, max: 10n ** 8n })).map(quantity)
const tiers = fc.array(fc.record({ width: fc.bigInt({ min: 1n, max: 50n }), amount, flat: fc.oneof(fc.constant(units(0n)), amount) }), { minLength: 1, maxLength: 5 }).map((parts) => {
  let end = 0n
  return parts.map((part, index): Tier => ({ upTo: index === parts.length - 1 ? null : quantity(end += part.width), amount: part.amount, flat: part.flat }))
})
const prices: fc.Arbitrary<PriceModel> = fc.oneof(
  fc.record({ model: fc.constant('per_unit' as const), amount, per: size }), fc.record({ model: fc.constantFrom('graduated' as const, 'volume' as const), per: size, tiers }), fc.record({ model: fc.constant('package' as const), amount, size }),
)

test('the lines of every total and every charge sum to it, to the last unit, and the rounding is smaller than a unit a line', () => {
  fc.assert(fc.property(prices, used, used, (price, before, added) => {
    const total = explainTotal(price, before)
    expect([total.amount, sumOfLines(total.lines)]).toEqual([rateTotal(price, before), rateTotal(price, before)])
    const charge = explainAdded(price, before, added)
    expect([charge.amount, sumOfLines(charge.lines)]).toEqual([rateAdded(price, before, added), rateAdded(price, before, added)])
    for (const { lines } of [total, charge]) {
      const rounding = lines.find(({ kind }) => kind === 'rounding')?.amount ?? 0n
      expect((rounding < 0n ? -rounding : rounding) <= BigInt(lines.length)).toBe(true)
    }
  }), { numRuns: 1_000 })
})

test('units on the lines of a graduated charge sum to the units that were added', () => {
  fc.assert(fc.property(fc.record({ model: fc.constant('graduated' as const), per: size, tiers }), used, used, (price, before, added) => {
    const { lines } = explainAdded(price, before, added)
    const paid = lines.filter(({ kind }) => kind === 'tier_units').reduce((sum, { quantity: count }) => sum + (count ?? 0n), 0n)
    expect(paid).toBe(added)
  }), { numRuns: 300 })
})
