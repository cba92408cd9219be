// Instants and their text.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import { contains, formatInstant, HOUR_MS, hourOf, instant, parseInstant } from './time.ts'

test('RFC 3339 times are read in any zone, to the millisecond', () => {
  const check = (text: string, expected: string) => expect(formatInstant(parseInstant(text, 'time'))).toBe(expected)
  check('2026-03-01T12:00:00Z', '2026-03-01T12:00:00.000Z')
  check('2026-03-01t12:00:00z', '2026-03-01T12:00:00.000Z')
  check('2026-03-01T12:00:00.123999999Z', '2026-03-01T12:00:00.123Z')
  check('2026-03-01T00:30:00+05:30', '2026-02-28T19:00:00.000Z')
  check('2028-02-29T23:59:59-08:00', '2028-03-01T07:59:59.000Z')
})

test('a time without a zone, a date that does not exist and other texts are refused', () => {
  const texts = [
    '2026-03-01T12:00:00',
    '2026-03-01',
    '2026-02-29T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-04-31T00:00:00+02:00',
    '2026-13-01T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '2026-03-00T00:00:00Z',
    '2026-03-01T24:00:00Z',
    '2026-03-01T12:60:00Z',
    '2026-03-01T12:00:60Z',
    '2026-03-01 12:00:00Z',
    '2026-03-01T12:00:00+25:00',
    'now',
    '',
    ' 2026-03-01T12:00:00Z',
    '1e12',
  ]
  for (const text of [...texts, null, undefined, 1_767_225_600_000, {}])
    expect.soft(() => parseInstant(text, 'time'), String(text)).toThrow('time must be an RFC 3339 time')
})

test('every instant survives writing and reading', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (epochMs) => {
      expect(parseInstant(formatInstant(instant(epochMs)), 'time')).toBe(epochMs)
    }),
  )
})

test('each instant lies in its hour, before 1970 too', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(10 ** 13), max: 10 ** 13 }), (epochMs) => {
      const start = hourOf(instant(epochMs))
      expect(Math.abs(start % HOUR_MS)).toBe(0)
      expect(contains({ start, end: instant(start + HOUR_MS) }, instant(epochMs))).toBe(true)
    }),
  )
})

test('a span holds its start and not its end', () => {
  const span = { start: instant(10), end: instant(20) }
  expect([9, 10, 19, 20].map((at) => contains(span, instant(at)))).toEqual([false, true, true, false])
})
