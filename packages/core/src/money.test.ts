// Amounts: exact text, the one rounding, holds that always cover, and splits that sum to the whole.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import {
  assetScale,
  formatUnits,
  fromHold,
  holdScale,
  isCurrency,
  minorDigits,
  parsePositiveUnits,
  parseUnits,
  roundToMinor,
  splitByWeight,
  toHold,
  units,
} from './money.ts'
import { pow10 } from './decimal.ts'

const assets = fc.constantFrom('USD', 'JPY', 'BHD', 'credits', 'gpu_credits')
/** Nine million units of a currency: what a hold can carry. */
const holdable = fc.bigInt({ min: -(9n * 10n ** 18n), max: 9n * 10n ** 18n })

test('a currency keeps twelve decimal places, credits six', () => {
  expect(assetScale('USD')).toBe(12)
  expect(assetScale('credits')).toBe(6)
  expect(holdScale('USD')).toBe(9)
  expect(holdScale('credits')).toBe(6)
  for (const [asset, currency] of [
    ['USD', true],
    ['usd', false],
    ['US', false],
    ['USDT', false],
    ['credits', false],
  ] as const)
    expect(isCurrency(asset)).toBe(currency)
})

test('the price of one token of the cheapest published models is exact', () => {
  expect(parseUnits('0.0375', 'USD') / 1_000_000n).toBe(37_500n)
  expect(formatUnits(units(37_500n), 'USD')).toBe('0.0000000375')
})

test('any amount survives writing and reading in its asset', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 36n), max: 10n ** 36n }), assets, (value, asset) => {
      expect(parseUnits(formatUnits(units(value), asset), asset)).toBe(value)
    }),
  )
})

test('an amount that must be above zero refuses zero and less', () => {
  expect(parsePositiveUnits('0.000000000001', 'USD')).toBe(1n)
  for (const text of ['0', '-0', '0.000', '-1']) expect(() => parsePositiveUnits(text, 'USD', 'top_up.amount')).toThrow('top_up.amount must be above zero')
  expect(() => parseUnits('0.0000001', 'credits')).toThrow('at most 6')
})

test('amounts print at what their currency has, half away from zero', () => {
  const check = (text: string, asset: string, expected: string) => expect(formatUnits(roundToMinor(parseUnits(text, asset), asset), asset)).toBe(expected)
  check('1.005', 'USD', '1.01')
  check('1.004999999999', 'USD', '1')
  check('-1.005', 'USD', '-1.01')
  check('0.5', 'JPY', '1')
  check('-0.5', 'JPY', '-1')
  check('0.4', 'JPY', '0')
  check('0.0005', 'BHD', '0.001')
  check('2.675', 'EUR', '2.68')
  check('12.345', 'credits', '12.35')
  for (const [currency, digits] of [
    ['USD', 2],
    ['JPY', 0],
    ['KRW', 0],
    ['BHD', 3],
    ['KWD', 3],
    ['XXX', 2],
  ] as const)
    expect(minorDigits(currency)).toBe(digits)
})

test('rounding to the printed digits moves an amount by at most half of the last one, and only once', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), assets, (value, asset) => {
      const printed = roundToMinor(units(value), asset)
      const step = pow10(assetScale(asset) - minorDigits(asset))
      const moved = printed - value
      expect(printed % step).toBe(0n)
      expect((moved < 0n ? -moved : moved) * 2n <= step).toBe(true)
      expect(roundToMinor(printed, asset)).toBe(printed)
    }),
  )
})

test('a hold never covers less than the amount, and less than one hold unit more', () => {
  fc.assert(
    fc.property(holdable, assets, (value, asset) => {
      const amount = units(asset.endsWith('credits') ? value / 10n ** 6n : value)
      const hold = toHold(amount, asset)
      const covered = fromHold(hold, asset)
      expect(Number.isSafeInteger(hold)).toBe(true)
      expect(covered >= amount).toBe(true)
      expect(covered - amount < pow10(assetScale(asset) - holdScale(asset))).toBe(true)
      expect(toHold(covered, asset)).toBe(hold)
    }),
  )
})

test('what a number cannot hold exactly is no hold', () => {
  expect(() => toHold(units(10n ** 19n), 'USD')).toThrow('does not fit')
  for (const wrong of [0.5, NaN, Infinity, 2 ** 53]) expect(() => fromHold(wrong, 'USD')).toThrow('not a hold')
})

test('the parts of a split sum to the whole and none is off by more than one unit', () => {
  const weights = fc.array(fc.bigInt({ min: 0n, max: 10n ** 12n }), { minLength: 1, maxLength: 12 }).filter((list) => list.some((weight) => weight > 0n))
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), weights, (total, list) => {
      const parts = splitByWeight(units(total), list)
      const sum = list.reduce((a, b) => a + b, 0n)
      expect(parts.reduce((a: bigint, b) => a + b, 0n)).toBe(total)
      for (const [index, part] of parts.entries()) {
        const off = part * sum - total * list[index]!
        expect((off < 0n ? -off : off) < sum).toBe(true)
        if (list[index] === 0n) expect(part).toBe(0n)
      }
    }),
  )
})

test('what is left of a split goes to the largest remainder, and to the first of equals', () => {
  const check = (total: bigint, weights: bigint[], expected: bigint[]) => expect(splitByWeight(units(total), weights)).toEqual(expected)
  check(100n, [1n, 1n, 1n], [34n, 33n, 33n])
  check(-100n, [1n, 1n, 1n], [-34n, -33n, -33n])
  check(10n, [1n, 2n, 3n], [2n, 3n, 5n])
  check(1n, [1n, 9n], [0n, 1n])
  check(0n, [5n, 5n], [0n, 0n])
  for (const wrong of [[], [0n, 0n], [2n, -1n]]) expect(() => splitByWeight(units(1n), wrong)).toThrow('splitByWeight')
})

test('a hold is the least number that covers the amount, for amounts of any size', () => {
  fc.assert(fc.property(fc.bigInt(0n, 9_007_199_254_740_991_000n), fc.constantFrom('USD', 'credits'), (value, asset) => {
    const exact = asset === 'USD' ? value : value / 1_000n
    const hold = toHold(units(exact), asset)
    expect(fromHold(hold, asset) >= exact).toBe(true)
    expect(hold === 0 || fromHold(hold - 1, asset) < exact).toBe(true)
  }), { examples: [[9_007_199_254_740_991n, 'USD'], [9_007_199_254_740_993n, 'USD'], [1n, 'USD'], [9_007_199_254_740_001n, 'USD'], [0n, 'USD']] })
})
