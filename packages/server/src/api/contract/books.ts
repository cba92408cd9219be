// Routes on the books: a month with its checks, how they are kept, and what an accounting system takes.

import { EXPORT_PART_ROWS_MAX } from '@tollgate/core'
import * as z from 'zod'
import { choice, currency, customerParam, decimal, id, nothing, text, time, wholeNumber } from './fields.ts'
import { route } from './route.ts'

const day = (description: string) => z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a day such as 2026-11-25').refine((value) => !Number.isNaN(Date.parse(value)) && new Date(Date.parse(value)).toISOString().startsWith(value), 'is no day of the calendar').meta({ description, format: 'date', examples: ['2026-11-01'] })
const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'must be a month such as 2026-11').meta({ description: 'A month, UTC.', examples: ['2026-11'] })

const account = z
  .strictObject({
    account: z.string().meta({ description: 'Account of the ledger; wallets are `wallet_paid` and `wallet_promotional`.', examples: ['deferred_revenue'] }),
    code: z.string().meta({ description: 'In your chart of accounts.', examples: ['2410'] }),
    name: z.string().meta({ examples: ['Deferred revenue'] }),
    kind: choice(['asset', 'liability', 'revenue', 'expense'], 'A balance above zero is a debit of an asset or expense, a credit of the others.'),
    opening: decimal('Balance when the month began.', '1200'),
    movements: z.array(z.strictObject({ cause: z.string().meta({ examples: ['recognition'] }), name: z.string(), amount: decimal('What it changed.', '-49') })).meta({ description: 'By cause; they sum to closing less opening.' }),
    debits: decimal('All debits.', '49'),
    credits: decimal('All credits.', '0'),
    closing: decimal('Balance when the month ended, or now.', '1151'),
  })
  .meta({ id: 'RolledAccount' })
const documents = z.strictObject({ documents: z.int(), net: decimal('Without tax.', '100'), tax: decimal('Tax.', '19'), gross: decimal('With tax.', '119') }).meta({ id: 'DocumentTotals' })
const check = z
  .strictObject({
    name: z.string().meta({ description: 'What is held against what.', examples: ['charges of events = usage revenue'] }),
    currency,
    left: decimal('The figure left of the =.', '1.515'),
    right: decimal('The figure right of it.', '1.515'),
    agrees: z.boolean(),
  })
  .meta({ id: 'BookCheck' })

const OVERHEADS_MAX = 50
const overheadName = text('Of the cost.', 'Servers', 60)
const overhead = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('per_request'), name: overheadName, amount: decimal('A request.', '0.0001') }),
  z.strictObject({ kind: z.literal('percent_of_cost'), name: overheadName, percent: decimal('Of provider cost.', '2') }),
  z.strictObject({ kind: z.literal('percent_of_revenue'), name: overheadName, percent: decimal('Of revenue.', '2.9') }),
  z.strictObject({ kind: z.literal('monthly'), name: overheadName, amount: decimal('A month.', '1200'), key: choice(['revenue', 'cost', 'requests', 'customers'], 'What it is shared by.') }),
])

const settings = z
  .strictObject({
    accounts: z
      .record(z.string().max(60), z.strictObject({ code: text('The account of your chart, or its internal id in NetSuite.', '4000', 60), name: text('Its name; ours unless set.', 'SaaS revenue', 100).nullable().default(null) }))
      .default({})
      .meta({ description: 'By account of ours. Accounts that are not here keep the code that GET /v1/books/{month} shows.' }),
    subsidiary: text('Internal id of the subsidiary in NetSuite.', '1', 60).nullable().default(null),
    target: z
      .strictObject({ min: decimal('Percent.', '40'), max: decimal('Percent.', '60') })
      .nullable()
      .default({ min: '40', max: '60' })
      .meta({ description: 'Margin that is meant. Whatever falls below `min` is told once a month as `margin.below_target`; null for no alerts.' }),
    overhead: z.array(overhead).max(OVERHEADS_MAX).default([]).meta({ description: 'What requests cost beyond their providers, in the currency of the catalog.' }),
  })
  .meta({ id: 'BookSettings' })

const base = { tag: 'books', access: [], params: nothing, query: nothing, body: null, status: 200 } as const

export const bookRoutes = {
  getBooks: route({
    ...base, method: 'GET', path: '/v1/books/{month}', summary: 'Get the books of a month', params: z.strictObject({ month }),
    description: 'Every account rolled forward by cause, invoices and credit notes, and the checks that all of it agrees, read in one snapshot. A figure belongs to the month in which its transfers were posted.',
    answer: z
      .strictObject({
        month, from: time('First instant.'), to: time('First instant after it.'), closed_through: day('The last day that is closed: it never changes.').nullable(),
        is_running: z.boolean().meta({ description: 'The month is not over: balances are those of now.' }),
        agrees: z.boolean().meta({ description: 'All checks agree.' }),
        books: z.array(z.strictObject({ currency, accounts: z.array(account), revenue: decimal('Revenue of the month, after all that takes away from it.', '1000'), expenses: decimal('Provider cost and bad debt.', '450'), invoices: documents, credit_notes: documents })),
        checks: z.array(check),
      })
      .meta({ id: 'BooksMonth' }),
    problems: ['invalid_value'],
  }),
  getBookSettings: route({ ...base, method: 'GET', path: '/v1/book-settings', summary: 'Get how the books are kept', description: '', answer: settings, problems: [] }),
  putBookSettings: route({ ...base, method: 'PUT', path: '/v1/book-settings', summary: 'Set how the books are kept', description: 'Exports of closed days keep their amounts and ids; only accounts are named otherwise.', body: settings, answer: settings, problems: ['invalid_value'] }),
} as const

const dimensions = ['customer', 'feature', 'model', 'plan', 'day'] as const
const marginFigures = {
  requests: z.int().meta({ description: 'Events; reversals count against what they undo.' }),
  requests_without_cost: z.int().meta({ description: 'Of them those whose provider cost is not known: their margin is too high.' }),
  revenue: decimal('Charges and other revenue.', '1200'),
  charges: decimal('What usage was charged.', '1000'),
  charges_without_cost: decimal('Of them what requests of unknown provider cost were charged.', '0'),
  other_revenue: decimal('Fees and breakage, less discounts, credit notes, what fees include and promotional credit.', '200'),
  provider_cost: decimal('What providers charge.', '500'),
  overhead: decimal('As you set it.', '40'),
  margin: decimal('revenue − provider_cost − overhead.', '660'),
  margin_percent: decimal('Of revenue, with two decimal places; null without revenue.', '55').nullable(),
  known_margin_percent: decimal('The same without `charges_without_cost`, which would be all margin; null where nothing else is revenue.', '55').nullable(),
  below_target: z.boolean(),
}

export const marginRoutes = {
  getMargin: route({
    ...base, method: 'GET', path: '/v1/margin', summary: 'Report the margin', description: 'By the days of settlement, as the books: over a month its revenue is that of the books.',
    query: z.strictObject({
      from: day('First day, UTC.'), to: day('Last day.'),
      by: z.string().regex(/^(customer|feature|model|plan|day)(,(customer|feature|model|plan|day)){0,2}$/, `must be one to three of ${dimensions.join(', ')}, with commas`).default('customer').meta({ description: 'What rows stand for, up to three.', examples: ['customer', 'feature,model'] }),
      customer: id('cus', 'Only this customer.').optional(),
      top: wholeNumber('Rows: those of the largest revenue; all others are one.', { min: 1, max: 1_000, absent: 100 }),
    }),
    answer: z
      .strictObject({
        from: time('First instant.'), to: time('First instant after it.'), currency,
        target: z.strictObject({ min: decimal('Percent.', '40'), max: decimal('Percent.', '60') }).nullable(),
        total: z.strictObject(marginFigures),
        rows: z.array(z.strictObject({ group: z.record(z.string(), z.string()).meta({ description: 'By the names asked for; an empty text where usage named none, and for revenue that is no usage.' }), is_rest: z.boolean().meta({ description: 'All rows that are not shown.' }), ...marginFigures })),
        overheads: z.array(z.strictObject({ name: z.string(), amount: decimal('In the span.', '40') })),
        metrics: z.strictObject({
          customers: z.int().meta({ description: 'With usage or revenue.' }),
          revenue_per_customer: decimal('ARPU of the span.', '120').nullable(),
          users: z.int().meta({ description: 'Entities of the kind user with usage.' }),
          revenue_per_user: decimal('Revenue by user.', '12').nullable(),
          net_revenue_retention: decimal('Percent: revenue now of the customers of the span before, against theirs then. Null without one.', '104.2').nullable(),
          plans: z.array(z.strictObject({ plan: z.string(), requests: z.int(), margin: decimal('Of the plan.', '660'), margin_per_request: decimal('margin ÷ requests.', '0.012').nullable() })),
        }),
        exchange: z.array(z.string()).meta({ description: 'Rates that were used.' }),
        unconverted: z.array(z.strictObject({ currency, revenue: decimal('Left out.', '10'), cost: decimal('Left out.', '4') })).meta({ description: 'Amounts that no exchange rate tells in the currency: they are in no figure.' }),
      })
      .meta({ id: 'MarginReport' }),
    problems: ['out_of_range', 'not_found'],
  }),
} as const

const journalQuery = z.strictObject({
  from: day('First day.'),
  to: day('Last day. Days that are not closed are left out: the header `tollgate-closed-through` names the last that is.'),
  format: choice(['csv', 'netsuite-csv', 'netsuite-json'], '`csv` for SAP and others, the file of NetSuite’s import assistant, or a NetSuite record on each line.').default('csv'),
})

const partQuery = z.strictObject({
  from: day('First day, UTC. Events and charges go by their time, invoices and credit notes by that of their number.'),
  to: day('Last day.'),
  customer: id('cus', 'Only of this customer.').optional(),
  format: choice(['csv', 'parquet'], 'CSV: the parts one after the other are one file. Parquet: each part is a file; amounts are decimals.').default('csv'),
  rows: wholeNumber('About how many rows a part has.', { min: 1, max: EXPORT_PART_ROWS_MAX, absent: 10_000 }),
  after: z.string().min(1).max(600).meta({ description: 'The header `tollgate-next` of the part before. Opaque: do not build one.' }).optional(),
})

/** Answers that are no JSON. */
export const exportRoutes = {
  exportData: route({ ...base, method: 'GET', path: '/v1/exports/data/{dataset}', summary: 'Export records as CSV or Parquet', params: z.strictObject({ dataset: choice(['events', 'charges', 'invoices', 'invoice-lines', 'focus'], '`focus`: what customers are charged, in the columns of FOCUS 1.4.') }), description: 'One part. The header `tollgate-rows` says how many rows it has, and `tollgate-next` where the next one begins; it is left out at the end. Ask for the same part again after a failure.', query: partQuery, answer: null, problems: ['out_of_range', 'invalid_cursor', 'not_found'] }),
  exportDispute: route({ ...base, method: 'GET', path: '/v1/customers/{customer}/dispute-file', summary: 'Export a dispute file', params: customerParam, description: 'A ZIP of everything that says why a customer was charged what it was in a time: events, charges with their price versions, decisions, invoices, the ledger with its checkpoints, and a page that explains how to verify it. Provider cost is not in it.', query: z.strictObject({ from: day('First day, UTC.'), to: day('Last day.') }), answer: null, problems: ['not_found', 'out_of_range'] }),
  exportJournals: route({ ...base, method: 'GET', path: '/v1/exports/journals', summary: 'Export journal entries', description: 'One balanced entry a day, currency and cause, with an id that is the same in every export: importing it twice posts nothing twice.', query: journalQuery, answer: null, problems: ['out_of_range'] }),
} as const
