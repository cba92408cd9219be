// Decimal text ↔ scaled integers: exact both ways, and what cannot be exact is refused.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import { InputError } from './assert.ts'
import { divideRounded, divideUp, formatDecimal, parseDecimal, pow10 } from './decimal.ts'

const scales = fc.integer({ min: 0, max: 12 })
const amounts = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n })
const positives = fc.bigInt({ min: 1n, max: 10n ** 20n })

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return error instanceof InputError ? error.code : String(error)
  }
  return 'accepted'
}

test('every integer of a scale survives writing and reading', () => {
  fc.assert(
    fc.property(amounts, scales, (value, scale) => {
      const text = formatDecimal(value, scale)
      expect(parseDecimal(text, scale, 'amount')).toBe(value)
      expect(text).not.toMatch(/e|\.$|^-?\.|\.\d*0$/i)
    }),
  )
})

test('text is read digit by digit, with leading and trailing zeros', () => {
  const check = (text: string, scale: number, expected: bigint) => expect(parseDecimal(text, scale, 'amount')).toBe(expected)
  check('0', 12, 0n)
  check('-0', 12, 0n)
  check('0.000000037500', 12, 37_500n)
  check('12.5', 2, 1_250n)
  check('-12.05', 2, -1_205n)
  check('007', 0, 7n)
  check('1.000000000000000000', 0, 1n)
  check(`${'9'.repeat(26)}.${'9'.repeat(12)}`, 12, 10n ** 38n - 1n)
})

test('what is not a plain decimal of the scale is refused, never rounded', () => {
  const check = (text: string, scale: number, code: string) => expect(codeOf(() => parseDecimal(text, scale, 'amount'))).toBe(code)
  for (const text of [
    '',
    ' ',
    'NaN',
    'Infinity',
    '-Infinity',
    '1e3',
    '1E-3',
    '0x10',
    '+1',
    '1_000',
    '1,5',
    '.5',
    '5.',
    '--1',
    '1.2.3',
    '1 ',
    '\n1',
    '1\n',
    '٣',
    '½',
    '−1',
  ]) {
    check(text, 12, 'invalid_decimal')
  }
  check('0.1', 0, 'too_many_digits')
  check('1.0000000000001', 12, 'too_many_digits')
  check('1'.repeat(27), 12, 'out_of_range')
  check('1'.repeat(39), 0, 'out_of_range')
  check('1'.repeat(43), 0, 'invalid_decimal')
  check('9'.repeat(1_000_000), 0, 'invalid_decimal')
})

test('the error names the field and does not repeat hostile input at length', () => {
  const error = (() => {
    try {
      parseDecimal('x'.repeat(100_000), 2, 'tiers[0].amount')
    } catch (caught) {
      return caught
    }
  })() as InputError
  expect(error.field).toBe('tiers[0].amount')
  expect(error.message.length).toBeLessThan(200)
})

test('rounding is half away from zero, on both sides of zero', () => {
  const check = (numerator: bigint, denominator: bigint, expected: bigint) => expect(divideRounded(numerator, denominator)).toBe(expected)
  check(5n, 10n, 1n)
  check(-5n, 10n, -1n)
  check(4n, 10n, 0n)
  check(-4n, 10n, 0n)
  check(15n, 10n, 2n)
  check(25n, 10n, 3n)
  check(-25n, 10n, -3n)
  check(1n, 3n, 0n)
  check(2n, 3n, 1n)
})

test('rounding is the nearest integer, odd in its argument, and leaves whole results alone', () => {
  fc.assert(
    fc.property(amounts, positives, (numerator, denominator) => {
      const rounded = divideRounded(numerator, denominator)
      const distance = rounded * denominator - numerator
      expect((distance < 0n ? -distance : distance) * 2n <= denominator).toBe(true)
      expect(divideRounded(-numerator, denominator)).toBe(-rounded)
      expect(divideRounded(numerator * denominator, denominator)).toBe(numerator)
    }),
  )
})

test('rounding up is never below the quotient and less than one above it', () => {
  fc.assert(
    fc.property(amounts, positives, (numerator, denominator) => {
      const up = divideUp(numerator, denominator)
      expect(up * denominator >= numerator && (up - 1n) * denominator < numerator).toBe(true)
    }),
  )
})

test('a power of ten outside the table and a division by zero stop the program', () => {
  expect(pow10(12)).toBe(1_000_000_000_000n)
  for (const wrong of [-1, 40, 1.5, NaN]) expect(() => pow10(wrong)).toThrow('power of ten')
  expect(() => divideRounded(1n, 0n)).toThrow('denominator')
  expect(() => divideUp(1n, -1n)).toThrow('denominator')
})
