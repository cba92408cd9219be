// Routes on exchange rates: by day, from files, for plans and providers in several currencies.

import * as z from 'zod'
import { nothing, text, wholeNumber } from './fields.ts'
import { route } from './route.ts'

/** The bank's history of thirty years has half of it. */
const CONTENT_LENGTH_MAX = 7 * 1024 * 1024
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a day such as 2026-11-25')
const quote = z
  .strictObject({
    day: day.meta({ description: 'UTC day.', examples: ['2026-11-25'] }),
    base: z.string().meta({ description: 'One of these …', examples: ['EUR'] }),
    quote: z.string().meta({ description: '… was worth this much of these.', examples: ['USD'] }),
    rate: z.string().meta({ description: 'Exact, at most nine places.', examples: ['1.1532'] }),
    source: z.string().meta({ description: 'Who says so.', examples: ['ecb'] }),
  })
  .meta({ id: 'ExchangeRate', description: 'What one currency was worth in another on a day.' })

export const exchangeRoutes = {
  listExchangeRates: route({
    method: 'GET', path: '/v1/exchange-rates', tag: 'catalog', summary: 'List exchange rates', description: 'Newest first; of the currencies that the catalog needs unless stated.',
    access: [], params: nothing,
    query: z.strictObject({ currency: z.string().regex(/^[A-Z]{3}$/, 'must be three capital letters').optional().meta({ description: 'Of one currency.', examples: ['USD'] }), from: day.optional().meta({ description: 'From this day on; the last 60 days unless stated.' }), limit: wholeNumber('How many rows.', { min: 1, max: 5_000, absent: 500 }) }),
    body: null, status: 200, answer: z.strictObject({ data: z.array(quote) }), problems: [],
  }),
  importExchangeRates: route({
    method: 'POST', path: '/v1/exchange-rates/import', tag: 'catalog', summary: 'Import exchange rates',
    description: 'A day keeps the rate that it was imported with; a file that says otherwise is told in `differing`. Where the catalog in force has several currencies it gets a new version.',
    access: [], params: nothing, query: nothing,
    body: z.strictObject({ content: z.string().min(1).max(CONTENT_LENGTH_MAX).meta({ description: 'The reference rates of the European Central Bank (XML or CSV), or CSV of day,base,quote,rate.' }), source: text('Name of the source; `ecb` or `csv` unless stated.', 'treasury', 40).optional() }),
    status: 200,
    answer: z.strictObject({
      source: z.string(), read: z.int(), added: z.int(),
      differing: z.array(z.strictObject({ day, base: z.string(), quote: z.string(), rate: z.string() })).meta({ description: 'What the file says otherwise than was imported, at most 20.' }),
      catalog_version: z.int().nullable().meta({ description: 'The new version; null where the catalog needs no exchange.' }),
    }),
    problems: ['invalid_exchange_rates'],
  }),
} as const
