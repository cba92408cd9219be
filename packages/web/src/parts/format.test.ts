import { expect, test } from 'vitest'
import { measure, money, percent, plural, quantity, relative, words } from './format.ts'

/** The machine's locale decides about separators; the digits are the same everywhere. */
const digits = (text: string) => text.replaceAll(/[^\d]/g, '')

test('an amount below one unit shows what it is, and a large one its cents', () => {
  expect(digits(money('0.006075', 'USD'))).toBe('0006075')
  expect(digits(money('0.00000123456', 'USD'))).toBe('0000001235')
  expect(digits(money('1234.5678', 'USD'))).toBe('123457')
  expect(digits(money('5', 'USD'))).toBe('500')
})

test('all digits are all there are, also those that a float would lose', () => {
  expect(digits(money('123456789012345.123456789012', 'USD', true))).toBe('123456789012345123456789012')
  expect(digits(quantity('90071992547409931', true))).toBe('90071992547409931')
})

test('a unit that is a currency is money, any other is counted in words', () => {
  expect(digits(measure('1', 'USD'))).toBe('100')
  expect(measure('1', 'token')).toBe('1 token')
  expect(measure('2', 'token')).toBe('2 tokens')
  expect(plural('tokens', 2)).toBe('tokens')
})

test('words of the API become words for people', () => {
  expect(words('credit_balance_exhausted')).toBe('Credit balance exhausted')
  expect(words('usage.settled')).toBe('Usage settled')
})

test('times are told from now, and a share as percent', () => {
  const now = Date.parse('2026-03-01T12:00:00Z')
  expect(relative('2026-03-01T12:00:01Z', now)).toBe('just now')
  expect(relative('2026-03-01T11:57:00Z', now)).toContain('3')
  expect(digits(percent(0.805))).toMatch(/^8[01]$/)
})
