import { expect, test } from 'vitest'
import { compileExchange, convert, exchangeAt, type QuotedRateDocument } from './exchange.ts'
import { parseUnits } from '../money.ts'
import type { Instant } from '../time.ts'

const quote = (day: string, currency: string, rate: string): QuotedRateDocument => ({ day, base: 'EUR', quote: currency, rate, source: 'ecb' })
const TABLE = compileExchange([quote('2026-11-20', 'USD', '1.15'), quote('2026-11-23', 'USD', '1.16'), quote('2026-11-23', 'GBP', '0.87')])
const at = (text: string) => Date.parse(text) as Instant
const rate = (from: string, to: string, time: string) => exchangeAt(TABLE, { from, to, at: at(time) })

test('the rate of a day holds until the next one, and names itself', () => {
  expect(rate('EUR', 'USD', '2026-11-22T12:00:00Z')).toMatchObject({ rate: 1_150_000_000n, name: '1 EUR = 1.1500 USD of 2026-11-20, ecb' })
  expect(rate('EUR', 'USD', '2026-11-23T00:00:00Z')).toMatchObject({ rate: 1_160_000_000n })
})

test('the other way round and across a third currency are computed from what is quoted, and say so', () => {
  expect(rate('USD', 'EUR', '2026-11-24T00:00:00Z')).toMatchObject({ rate: 862_068_966n })
  expect(rate('USD', 'GBP', '2026-11-24T00:00:00Z')).toMatchObject({ rate: 750_000_000n, name: '1 EUR = 0.8700 GBP of 2026-11-23, ecb over 1 EUR = 1.1600 USD of 2026-11-23, ecb' })
})

test('before the first rate, after a week without one, and for a pair that nobody quotes there is none', () => {
  expect(rate('EUR', 'USD', '2026-11-19T23:59:59Z')).toBeNull()
  expect(rate('EUR', 'USD', '2026-11-30T00:00:00Z')).not.toBeNull()
  expect(rate('EUR', 'USD', '2026-11-30T00:00:01Z')).toBeNull()
  expect(rate('EUR', 'JPY', '2026-11-23T00:00:00Z')).toBeNull()
})

test('an amount is converted with one rounding', () => {
  expect(convert({ asset: 'USD', units: parseUnits('100', 'USD') }, rate('USD', 'EUR', '2026-11-24T00:00:00Z')!)).toEqual({ asset: 'EUR', units: parseUnits('86.2068966', 'EUR') })
})
