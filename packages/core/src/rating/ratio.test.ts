// Proportions: read exactly, applied with one division.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import { units } from '../money.ts'
import { applyRatio, formatPercent, formatRatio, ONE, parsePercent, parseRatio, parseShare } from './ratio.ts'

test('percent and factors are read digit by digit', () => {
  expect([parseRatio('1.1', 'f'), parseRatio('0', 'f'), parsePercent('2.9', 'f'), parsePercent('100', 'f'), parsePercent('0.0000001', 'f')]).toEqual([1_100_000_000n, 0n, 29_000_000n, ONE, 1n])
  expect([formatRatio(parseRatio('1.10', 'f')), formatPercent(parsePercent('2.90', 'f'))]).toEqual(['1.1', '2.9'])
})

test('what is negative, too fine, or more than the whole of a share is refused', () => {
  expect(() => parseRatio('-0.1', 'factor')).toThrow('factor must not be negative')
  expect(() => parsePercent('0.00000001', 'percent')).toThrow('percent has 8 decimal places')
  expect(() => parseShare('100.5', 'discount')).toThrow('discount must be at most 100 percent')
  expect(parseShare('100', 'discount')).toBe(ONE)
})

test('applying a ratio is within half a unit of the exact product, and one changes nothing', () => {
  fc.assert(fc.property(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), fc.bigInt({ min: 0n, max: 5n * 10n ** 9n }), (amount, ratio) => {
    const off = applyRatio(units(amount), ratio as typeof ONE) * ONE - amount * ratio
    expect((off < 0n ? -off : off) * 2n <= ONE).toBe(true)
    expect(applyRatio(units(amount), ONE)).toBe(amount)
  }))
})
