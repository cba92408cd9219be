// Usage becomes an amount: a table of prices that a person can check by hand, and the laws that hold for all of them.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import { formatUnits, parseUnits, units, type Units } from '../money.ts'
import { parseQuantity, quantity, type Quantity } from '../quantity.ts'
import type { PriceModel, PriceOf, Tier } from './price.ts'
import { isLinear, rateAdded, rateBound, rateOpening, rateTotal } from './rate.ts'

/** Decimal places of the quantities in the tables: tenths of a unit. */
const SCALE = 1
const usd = (text: string) => parseUnits(text, 'USD')
const count = (text: string) => parseQuantity(text, SCALE, 'quantity')
/** `100: 2 + 10` is a tier up to 100, 2 a unit, 10 flat; `*` is the open end. */
const tiers = (lines: readonly string[]): Tier[] =>
  lines.map((line) => {
    const [, upTo = '', amount = '', flat = '0'] = /^(\S+): (\S+)(?: \+ (\S+))?$/.exec(line) ?? []
    return { upTo: upTo === '*' ? null : count(upTo), amount: usd(amount), flat: usd(flat) }
  })
const perUnit = (amount: string, per = '1'): PriceModel => ({ model: 'per_unit', amount: usd(amount), per: count(per) })
const graduated = (...lines: string[]): PriceModel => ({ model: 'graduated', per: count('1'), tiers: tiers(lines) })
const volume = (...lines: string[]): PriceModel => ({ model: 'volume', per: count('1'), tiers: tiers(lines) })
const packages = (amount: string, size: string): PriceModel => ({ model: 'package', amount: usd(amount), size: count(size) })
const total = (price: PriceModel, used: string) => formatUnits(rateTotal(price, count(used)), 'USD')

test('per unit: multiplied first, divided once', () => {
  const check = (amount: string, per: string, used: string, expected: string) =>
    expect.soft(total(perUnit(amount, per), used), `${used} at ${amount} per ${per}`).toBe(expected)
  check('0.25', '1000000', '0', '0')
  check('0.25', '1000000', '1', '0.00000025')
  check('0.25', '1000000', '1234567', '0.30864175')
  check('3', '7', '7', '3')
  check('1', '3', '1', '0.333333333333')
  check('1', '3', '2', '0.666666666667')
  check('1', '3', '3000000', '1000000')
  check('0', '1', '999999', '0')
  check('4', '1', '2.5', '10')
})

test('graduated: each unit at the price of its tier, a flat fee once its tier is reached', () => {
  const price = graduated('10: 4 + 6', '30: 2 + 5', '*: 0.5')
  const check = (used: string, expected: string) => expect.soft(total(price, used), used).toBe(expected)
  check('0', '6')
  check('0.1', '6.4')
  check('10', '46')
  check('10.1', '51.2')
  check('30', '91')
  check('30.1', '91.05')
  check('130', '141')
})

test('graduated: flat fees without a unit price are owed from the first unit of their tier', () => {
  const price = graduated('5: 0 + 20', '8: 0 + 15', '*: 3')
  for (const [used, expected] of [
    ['0', '20'],
    ['5', '20'],
    ['5.1', '35'],
    ['8', '35'],
    ['8.1', '35.3'],
  ] as const)
    expect.soft(total(price, used), used).toBe(expected)
})

test('volume: all units at the price of the tier that holds the total, and a fraction above a tier belongs to the next', () => {
  const price = volume('100: 3 + 7', '400: 2', '*: 1 + 30')
  const check = (used: string, expected: string) => expect.soft(total(price, used), used).toBe(expected)
  check('0', '7')
  check('100', '307')
  check('100.5', '201')
  check('101', '202')
  check('400', '800')
  check('400.1', '430.1')
})

test('volume: the event that crosses into a cheaper tier carries the discount', () => {
  const price = volume('100: 3', '*: 2')
  expect(formatUnits(rateAdded(price, count('99'), count('2')), 'USD')).toBe('-95')
  expect(formatUnits(rateAdded(price, count('100'), count('0.5')), 'USD')).toBe('-99')
})

test('package: the started one is paid in full, none for nothing', () => {
  const price = packages('12', '50')
  for (const [used, expected] of [
    ['0', '0'],
    ['0.1', '12'],
    ['50', '12'],
    ['50.1', '24'],
    ['1000', '240'],
  ] as const)
    expect.soft(total(price, used), used).toBe(expected)
})

test('what is due before any usage is the first tier’s flat fee and nothing else', () => {
  const check = (price: PriceModel, expected: string) => expect.soft(formatUnits(rateOpening(price), 'USD'), price.model).toBe(expected)
  check(graduated('10: 1 + 9', '*: 1 + 5'), '9')
  check(volume('10: 1 + 9', '*: 1 + 5'), '9')
  check(packages('12', '50'), '0')
  check(perUnit('12'), '0')
})

const amount = fc.bigInt({ min: 0n, max: 10n ** 15n }).map(units)
const size = fc.bigInt({ min: 1n, max: 10n ** 7n }).map(quantity)
const used = fc.oneof(fc.bigInt({ min: 0n, max: 60n }), fc.bigInt({ min: 0n, max: 10n ** 9n })).map(quantity)
const tierLists = fc
  .array(
    fc.record({
      width: fc.oneof(fc.bigInt({ min: 1n, max: 20n }), fc.bigInt({ min: 1n, max: 10n ** 6n })),
      amount,
      flat: fc.oneof(fc.constant(units(0n)), amount),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((parts) => {
    let end = 0n
    return parts.map((part, index): Tier => ({ upTo: index === parts.length - 1 ? null : quantity((end += part.width)), amount: part.amount, flat: part.flat }))
  })
const graduatedPrices = fc.record({ model: fc.constant('graduated' as const), per: size, tiers: tierLists })
const volumePrices = fc.record({ model: fc.constant('volume' as const), per: size, tiers: tierLists })
const cheaperVolumePrices = volumePrices.map((price): PriceOf<'volume'> => {
  const amounts = price.tiers.map((tier) => tier.amount).sort((a, b) => (a < b ? 1 : -1))
  return { ...price, tiers: price.tiers.map((tier, index) => ({ ...tier, amount: amounts[index]! })) }
})
const perUnitPrices = fc.record({ model: fc.constant('per_unit' as const), amount, per: size })
const packagePrices = fc.record({ model: fc.constant('package' as const), amount, size })
const anyPrice: fc.Arbitrary<PriceModel> = fc.oneof(perUnitPrices, graduatedPrices, volumePrices, packagePrices)
const boundedPrice: fc.Arbitrary<PriceModel> = fc.oneof(perUnitPrices, graduatedPrices, cheaperVolumePrices, packagePrices)

test('the charges of a period and what was due at its opening sum to R(total), however usage is split', () => {
  fc.assert(
    fc.property(anyPrice, fc.array(used, { maxLength: 20 }), (price, parts) => {
      let position = 0n
      let charged: bigint = rateOpening(price)
      for (const part of parts) {
        charged += rateAdded(price, quantity(position), part)
        position += part
      }
      expect(charged).toBe(rateTotal(price, quantity(position)))
    }),
    { numRuns: 300 },
  )
})

test('the order of arrival moves charges between events and changes nothing of their sum', () => {
  const sumOf = (price: PriceModel, parts: readonly Quantity[]) =>
    parts.reduce(({ position, sum }, part) => ({ position: position + part, sum: sum + rateAdded(price, quantity(position), part) }), { position: 0n, sum: 0n })
      .sum
  const twoOrders = fc
    .array(used, { minLength: 2, maxLength: 12 })
    .chain((parts) => fc.tuple(fc.constant(parts), fc.shuffledSubarray(parts, { minLength: parts.length })))
  fc.assert(
    fc.property(anyPrice, twoOrders, (price, [one, other]) => {
      expect(sumOf(price, one)).toBe(sumOf(price, other))
    }),
    { numRuns: 300 },
  )
})

test('a graduated price is the sum of its tiers, divided once', () => {
  fc.assert(
    fc.property(graduatedPrices, used, (price, aggregate) => {
      let product = 0n
      let flats = 0n
      for (const [index, tier] of price.tiers.entries()) {
        const from = index === 0 ? 0n : price.tiers[index - 1]!.upTo!
        const inTier = (tier.upTo === null || aggregate < tier.upTo ? aggregate : tier.upTo) - from
        if (inTier > 0n) product += inTier * tier.amount
        if (index === 0 || aggregate > from) flats += tier.flat
      }
      const off = (rateTotal(price, aggregate) - flats) * price.per - product
      expect((off < 0n ? -off : off) * 2n <= price.per).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test('the bound covers the charge wherever the aggregate stands', () => {
  fc.assert(
    fc.property(boundedPrice, used, used, (price, before, added) => {
      expect(rateAdded(price, before, added) <= rateBound(price, added)).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})

test('a volume price with a dearer tier can charge more than its bound, so the catalog keeps it off wallets and hard limits', () => {
  const price = volume('10: 1', '*: 2')
  expect(rateAdded(price, count('10'), count('1')) > rateBound(price, count('1'))).toBe(true)
})

test('the bound of a linear price is its charge, that of a package is reached, and none grows by dividing a request', () => {
  fc.assert(
    fc.property(perUnitPrices, used, used, (price, before, added) => {
      const over = rateBound(price, added) - rateAdded(price, before, added)
      expect(over >= 0n && over <= 2n).toBe(true)
      if (isLinear(price)) expect(over).toBe(0n)
    }),
  )
  fc.assert(
    fc.property(packagePrices, used, (price, added) => {
      expect(rateAdded(price, quantity(0n), added)).toBe(rateBound(price, added))
    }),
  )
  fc.assert(
    fc.property(boundedPrice, used, used, (price, one, other) => {
      expect(rateBound(price, quantity(one + other)) <= rateBound(price, one) + rateBound(price, other)).toBe(true)
    }),
  )
})

test('more usage never costs less, except by a volume discount', () => {
  const monotone: fc.Arbitrary<PriceModel> = fc.oneof(perUnitPrices, graduatedPrices, packagePrices)
  fc.assert(
    fc.property(monotone, used, used, (price, before, added) => {
      expect(rateAdded(price, before, added) >= 0n).toBe(true)
    }),
  )
})

test('a linear price charges the same at every position', () => {
  const linear = fc.record({ each: amount, per: size }).map(({ each, per }): PriceModel => ({ model: 'per_unit', amount: (each * per) as Units, per }))
  fc.assert(
    fc.property(linear, used, used, used, (price, one, other, added) => {
      expect(isLinear(price)).toBe(true)
      expect(rateAdded(price, one, added)).toBe(rateAdded(price, other, added))
    }),
  )
  for (const price of [perUnit('1', '3'), graduated('*: 1'), packages('1', '1'), volume('*: 1')]) expect.soft(isLinear(price), price.model).toBe(false)
})

test('an aggregate below zero is a programmer’s error', () => {
  for (const price of [perUnit('1'), graduated('*: 1'), volume('*: 1'), packages('1', '1')]) {
    expect(() => rateAdded(price, quantity(-1n), quantity(1n))).toThrow('below zero')
    expect(() => rateAdded(price, quantity(1n), quantity(-2n))).toThrow('below zero')
  }
})
