import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readDecimal, readInteger } from './number-text.ts'

test.each([
  ['0', '0'],
  ['0.015', '0.015'],
  ['0.0150', '0.015'],
  ['49.00', '49'],
  ['-0.5', '-0.5'],
  ['-0.0', '0'],
  ['100', '100'],
  ['0.000000000001', '0.000000000001'],
])('reads %s as %s', (source, text) => {
  expect(readDecimal(source)).toEqual({ kind: 'decimal', text })
})

test.each([
  ['1_000', '1000', '"1_000" groups its digits. Write 1000.'],
  ['1 000', '1000', '"1 000" groups its digits. Write 1000.'],
  ['500,000', '500000', '"500,000" has a comma. Write 500000.'],
  ['1,234,567.89', '1234567.89', '"1,234,567.89" has a comma. Write 1234567.89.'],
  ['0,015', '0.015', '"0,015" has a comma. Write 0.015.'],
  ['1.500,25', null, '"1.500,25" has a comma. Write a plain decimal such as 0.015.'],
  ['1.5e-2', '0.015', '"1.5e-2" is in exponent form. Write 0.015.'],
  ['2E3', '2000', '"2E3" is in exponent form. Write 2000.'],
  ['1e99', null, '"1e99" is in exponent form. Write a plain decimal such as 0.015.'],
  ['0x1F', '31', '"0x1F" is not decimal. Write 31.'],
  ['0o17', '15', '"0o17" is not decimal. Write 15.'],
  ['007', '7', '"007" is not a plain decimal. Write 7.'],
  ['.5', '0.5', '".5" is not a plain decimal. Write 0.5.'],
  ['5.', '5', '"5." is not a plain decimal. Write 5.'],
  ['+5', '5', '"+5" is not a plain decimal. Write 5.'],
  ['$49', '49', '"$49" names a currency, which has a field of its own. Write 49.'],
  ['49 USD', '49', '"49 USD" names a currency, which has a field of its own. Write 49.'],
  ['.nan', null, '".nan" is not a plain decimal. Write a plain decimal such as 0.015.'],
  ['.', null, '"." is not a plain decimal. Write a plain decimal such as 0.015.'],
  ['free', null, '"free" is not a plain decimal. Write a plain decimal such as 0.015.'],
])('refuses %s and says what to write', (source, suggestion, message) => {
  expect(readDecimal(source)).toEqual({ kind: 'refused', message, suggestion })
})

test('a whole number has neither fraction nor sign, and fits a double', () => {
  const read = (source: string) => readInteger(source).kind
  expect([read('0'), read('8192'), read('3.0'), read('1.5'), read('-1'), read('9'.repeat(16))]).toEqual(['decimal', 'decimal', 'decimal', 'refused', 'refused', 'refused'])
})

test('what is suggested for an exponent form is the same number exactly', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 15n }), fc.integer({ min: 0, max: 12 }), fc.integer({ min: -12, max: 12 }), (digits, places, exponent) => {
      const mantissa = places === 0 ? `${digits}` : `${digits}`.padStart(places + 1, '0').replace(new RegExp(`(\\d{${places}})$`), '.$1')
      const read = readDecimal(`${mantissa}e${exponent}`)
      const [whole, fraction = ''] = (read.kind === 'refused' ? (read.suggestion ?? '') : '').split('.')
      // digits × 10^(exponent − places), both sides as integers of 10^-24.
      expect(BigInt(whole + fraction.padEnd(24, '0'))).toBe(digits * 10n ** BigInt(24 + exponent - places))
    }),
  )
})
