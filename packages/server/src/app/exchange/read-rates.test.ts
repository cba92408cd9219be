import { expect, test } from 'vitest'
import * as fc from 'fast-check'
import { readExchangeRates } from './read-rates.ts'

test('the reference rates of the ECB as XML, several days, with both kinds of quotes', () => {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"><gesmes:subject>Reference rates</gesmes:subject>
<Cube><Cube time='2026-11-24'><Cube currency='USD' rate='1.1532'/><Cube currency='JPY' rate='180.51'/></Cube>
<Cube time="2026-11-23"><Cube currency="USD" rate="1.1500"/></Cube></Cube></gesmes:Envelope>`
  expect(readExchangeRates(xml)).toEqual({ source: 'ecb', rates: [
    { day: '2026-11-24', base: 'EUR', quote: 'USD', rate: '1.1532' }, { day: '2026-11-24', base: 'EUR', quote: 'JPY', rate: '180.51' }, { day: '2026-11-23', base: 'EUR', quote: 'USD', rate: '1.1500' },
  ] })
})

test('the same as CSV, with days in words, gaps, and the empty cell at the end of each line', () => {
  expect(readExchangeRates('Date, USD, JPY, \n25 November 2026, 1.1532, N/A, \n2026-11-24, 1.15, 180.5, \n').rates).toEqual([
    { day: '2026-11-25', base: 'EUR', quote: 'USD', rate: '1.1532' }, { day: '2026-11-24', base: 'EUR', quote: 'USD', rate: '1.15' }, { day: '2026-11-24', base: 'EUR', quote: 'JPY', rate: '180.5' },
  ])
})

test('a plain CSV says its own base, and a mistake is told with its line', () => {
  expect(readExchangeRates('day,base,quote,rate\n2026-11-25,USD,GBP,0.76\n')).toEqual({ source: 'csv', rates: [{ day: '2026-11-25', base: 'USD', quote: 'GBP', rate: '0.76' }] })
  for (const [row, message] of [['2026-13-01,USD,GBP,1', /line 2.*no day/], ['2026-11-25,usd,GBP,1', /line 2.*no currency/], ['2026-11-25,USD,GBP,0', /line 2.*above zero/], ['2026-11-25,USD,GBP,x', /rate must be a plain decimal/]] as const) {
    expect(() => readExchangeRates(`day,base,quote,rate\n${row}\n`)).toThrow(message)
  }
  expect(() => readExchangeRates('hello')).toThrow(/no exchange rates; known are/)
})

test('no text breaks the reader or hangs it', () => {
  fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => {
    try {
      readExchangeRates(`<Cube time='2026-11-24'>${text}`)
    } catch (error) {
      expect((error as { code?: string }).code).toMatch(/invalid_exchange_rates|invalid_decimal|out_of_range|too_many_digits/)
    }
  }))
})
