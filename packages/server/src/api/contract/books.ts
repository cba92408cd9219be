// Routes on the books: a month with its checks, how they are kept, and what an accounting system takes.

import { EXPORT_PART_ROWS_MAX } from '@tollgate/core'
import * as z from 'zod'
import { choice, currency, decimal, id, nothing, text, time, wholeNumber } from './fields.ts'
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

const settings = z
  .strictObject({
    accounts: z
      .record(z.string().max(60), z.strictObject({ code: text('The account of your chart, or its internal id in NetSuite.', '4000', 60), name: text('Its name; ours unless set.', 'SaaS revenue', 100).nullable().default(null) }))
      .default({})
      .meta({ description: 'By account of ours. Accounts that are not here keep the code that GET /v1/books/{month} shows.' }),
    subsidiary: text('Internal id of the subsidiary in NetSuite.', '1', 60).nullable().default(null),
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

export const journalQuery = z.strictObject({
  from: day('First day.'),
  to: day('Last day. Days that are not closed are left out: the header `tollgate-closed-through` names the last that is.'),
  format: choice(['csv', 'netsuite-csv', 'netsuite-json'], '`csv` for SAP and others, the file of NetSuite’s import assistant, or a NetSuite record on each line.').default('csv'),
})

export const partQuery = z.strictObject({
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
  exportJournals: route({ ...base, method: 'GET', path: '/v1/exports/journals', summary: 'Export journal entries', description: 'One balanced entry a day, currency and cause, with an id that is the same in every export: importing it twice posts nothing twice.', query: journalQuery, answer: null, problems: ['out_of_range'] }),
} as const
