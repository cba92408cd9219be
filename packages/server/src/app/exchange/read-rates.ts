// Exchange rates out of a file: the reference rates of the European Central Bank as XML (`eurofxref-daily`, `-hist`) or CSV, and a plain
// CSV of `day,base,quote,rate`. A port with one adapter for each shape; the shape is told by the text itself.

import { InputError, parseRatio, RATIO_SCALE } from '@tollgate/core'
import type { NewQuote } from '../../store/exchange.ts'

export type RatesFile = { readonly source: string; readonly rates: readonly NewQuote[] }
export type ExchangeFormat = { readonly name: string; readonly isOne: (text: string) => boolean; readonly read: (text: string) => RatesFile }

const DAY = /^\d{4}-\d{2}-\d{2}$/
const CURRENCY = /^[A-Z]{3}$/

const ecbXml: ExchangeFormat = {
  name: 'ECB reference rates, XML',
  isOne: (text) => /<Cube\s+time=/.test(text),
  read: (text) => {
    const rates: NewQuote[] = []
    // A flat file of self-closing elements: a day, then its currencies, nothing nested deeper.
    let day: string | null = null
    for (const [, attributes = ''] of text.matchAll(/<Cube\s+([^>]{1,200}?)\/?>/g)) {
      const values = new Map([...attributes.matchAll(/(\w+)=['"]([^'"]{1,40})['"]/g)].map(([, name, value]) => [name!, value!]))
      day = values.get('time') ?? day
      const [quote, rate] = [values.get('currency'), values.get('rate')]
      if (quote !== undefined && rate !== undefined && day !== null) rates.push(checked({ day, base: 'EUR', quote, rate }, rates.length + 1))
    }
    return { source: 'ecb', rates }
  },
}

const ecbCsv: ExchangeFormat = {
  name: 'ECB reference rates, CSV',
  isOne: (text) => /^\s*Date\s*,/i.test(text),
  read: (text) => {
    const [head = [], ...rows] = linesOf(text)
    return {
      source: 'ecb',
      rates: rows.flatMap(([date = '', ...values], index) => values.flatMap((rate, column) => {
        const quote = head[column + 1] ?? ''
        // `N/A` stands where a currency was not quoted; each line ends with an empty cell.
        return quote === '' || rate === '' || rate === 'N/A' ? [] : [checked({ day: dayOf(date), base: 'EUR', quote, rate }, index + 2)]
      })),
    }
  },
}

const plainCsv: ExchangeFormat = {
  name: 'CSV of day, base, quote, rate',
  isOne: (text) => /^\s*day\s*,\s*base\s*,\s*quote\s*,\s*rate/i.test(text),
  read: (text) => ({ source: 'csv', rates: linesOf(text).slice(1).map(([day = '', base = '', quote = '', rate = ''], index) => checked({ day, base, quote, rate }, index + 2)) }),
}

export const EXCHANGE_FORMATS: readonly ExchangeFormat[] = [ecbXml, plainCsv, ecbCsv]

/** @throws InputError when the text has none of the shapes, or one line of it cannot be read. */
export function readExchangeRates(text: string): RatesFile {
  const format = EXCHANGE_FORMATS.find(({ isOne }) => isOne(text))
  const file = format?.read(text)
  if (file === undefined || file.rates.length === 0) throw new InputError({ code: 'invalid_exchange_rates', field: 'content', message: `the text holds no exchange rates; known are: ${EXCHANGE_FORMATS.map(({ name }) => name).join('; ')}` })
  return file
}

function checked(row: NewQuote, line: number): NewQuote {
  const refuse = (what: string) => new InputError({ code: 'invalid_exchange_rates', field: 'content', message: `line ${line}: ${what}` })
  if (!DAY.test(row.day) || Number.isNaN(Date.parse(row.day))) throw refuse(`${JSON.stringify(row.day.slice(0, 40))} is no day`)
  for (const currency of [row.base, row.quote]) if (!CURRENCY.test(currency)) throw refuse(`${JSON.stringify(currency.slice(0, 20))} is no currency`)
  if (parseRatio(shortened(row.rate), 'rate') <= 0n) throw refuse('a rate is above zero')
  return { ...row, rate: shortened(row.rate) }
}

/** Rates are kept to nine places. */
function shortened(rate: string): string {
  const [whole, fraction = ''] = rate.trim().split('.')
  return fraction.length > RATIO_SCALE ? `${whole}.${fraction.slice(0, RATIO_SCALE)}` : rate.trim()
}

/** `25 November 2026`, as the bank's daily CSV writes it, or the day itself. */
function dayOf(text: string): string {
  if (DAY.test(text)) return text
  const at = Date.parse(`${text} UTC`)
  return Number.isNaN(at) ? text : new Date(at).toISOString().slice(0, 10)
}

function linesOf(text: string): string[][] {
  return text.split(/\r?\n/).filter((line) => line.trim() !== '').map((line) => line.split(',').map((cell) => cell.trim()))
}
