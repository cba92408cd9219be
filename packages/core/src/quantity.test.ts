// Quantities at the edge: whoever holds one may add it without looking.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import { InputError } from './assert.ts'
import { formatQuantity, parseQuantity, quantity, QUANTITY_MAX, QUANTITY_SCALE_MAX } from './quantity.ts'

test('every quantity of a scale survives writing and reading', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: QUANTITY_MAX }), fc.integer({ min: 0, max: QUANTITY_SCALE_MAX }), (value, scale) => {
      expect(parseQuantity(formatQuantity(quantity(value), scale), scale, 'tokens')).toBe(value)
    }),
  )
})

test('whole JSON numbers and decimal strings are read alike', () => {
  const check = (value: unknown, scale: number, expected: bigint) => expect(parseQuantity(value, scale, 'tokens')).toBe(expected)
  check(1200, 0, 1200n)
  check('1200', 0, 1200n)
  check(1200, 3, 1_200_000n)
  check('0.250', 3, 250n)
  check(0, 0, 0n)
  check(-0, 0, 0n)
  check(String(QUANTITY_MAX), 9, QUANTITY_MAX * 10n ** 9n)
})

test('what is not a quantity is refused with a stable code', () => {
  const check = (value: unknown, scale: number, code: string) => {
    expect
      .soft(
        (() => {
          try {
            return parseQuantity(value, scale, 'tokens')
          } catch (error) {
            return error instanceof InputError ? error.code : error
          }
        })(),
        String(value),
      )
      .toBe(code)
  }
  for (const value of [NaN, Infinity, -Infinity, 0.1, 1e21, 2 ** 53, null, undefined, true, {}, [], [1], 10n]) check(value, 9, 'invalid_quantity')
  for (const value of ['NaN', 'Infinity', '1e3', '', 'ten', '0x10']) check(value, 9, 'invalid_decimal')
  for (const value of [-1, '-1', '-0.1']) check(value, 9, 'negative_quantity')
  check('0.5', 0, 'too_many_digits')
  check('0.0000000001', 9, 'too_many_digits')
  check('1000000000000.000000001', 9, 'out_of_range')
  check('1000000000001', 0, 'out_of_range')
})

test('a JSON fraction is told why it must be a string', () => {
  expect(() => parseQuantity(0.1, 2, 'gpu_seconds')).toThrow(
    'gpu_seconds must be a whole number or a decimal string, got 0.1 (a JSON fraction is already a float: send it as a string)',
  )
})
