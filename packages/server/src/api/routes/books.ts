// The books of a month, and how they are kept.

import { CAUSE_NAMES, formatUnits, type Units } from '@tollgate/core'
import { booksOfMonth, type AssetMonth, type DocumentTotals } from '../../app/books/month.ts'
import { bookSettings, mappedAccount, setBookSettings, type BookSettings } from '../../app/books/settings.ts'
import type { bookRoutes } from '../contract/books.ts'
import { timeOf } from '../contract/fields.ts'
import type { Handlers } from '../handler.ts'

export const bookHandlers: Handlers<keyof typeof bookRoutes> = {
  getBooks: async ({ plane, params }) => {
    const [books, settings] = [await booksOfMonth(plane, params.month), await bookSettings(plane.sql)]
    return {
      month: books.month, from: timeOf(books.from), to: timeOf(books.to), closed_through: books.closedThrough, is_running: books.isRunning, agrees: books.checks.every(({ agrees }) => agrees),
      books: books.assets.map((one) => assetBody(one, settings)),
      checks: books.checks.map(({ name, asset, left, right, agrees }) => ({ name, currency: asset, left: formatUnits(left, asset), right: formatUnits(right, asset), agrees })),
    }
  },
  getBookSettings: async ({ plane }) => settingsBody(await bookSettings(plane.sql)),
  putBookSettings: async ({ plane, caller, body }) => {
    await setBookSettings(plane, caller.actor, body)
    return settingsBody(body)
  },
}

function assetBody({ books, invoices, notes }: AssetMonth, settings: BookSettings) {
  const { asset } = books
  const text = (amount: Units) => formatUnits(amount, asset)
  const totals = (of: DocumentTotals) => ({ documents: of.documents, net: text(of.net), tax: text(of.tax), gross: text(of.gross) })
  return {
    currency: asset, revenue: text(books.revenue), expenses: text(books.expenses), invoices: totals(invoices), credit_notes: totals(notes),
    accounts: books.accounts.map(({ account, kind, opening, movements, debits, credits, closing }) => ({
      account, kind, ...mappedAccount(settings, account), opening: text(opening), debits: text(debits), credits: text(credits), closing: text(closing),
      movements: movements.map(({ cause, amount }) => ({ cause, name: CAUSE_NAMES[cause] ?? cause, amount: text(amount) })),
    })),
  }
}

function settingsBody({ accounts, overhead, ...rest }: BookSettings) {
  return { accounts: { ...accounts }, overhead: [...overhead], ...rest }
}
