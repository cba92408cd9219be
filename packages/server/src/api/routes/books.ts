// The books and what is exported of them.

import { CAUSE_NAMES, DAY_MS, formatUnits, instant, type Units } from '@tollgate/core'
import type { FastifyInstance } from 'fastify'
import { exportJournals } from '../../app/books/journal-entries.ts'
import { renderJournals } from '../../app/books/journal-formats.ts'
import { booksOfMonth, type AssetMonth, type DocumentTotals } from '../../app/books/month.ts'
import { bookSettings, mappedAccount, setBookSettings, type BookSettings } from '../../app/books/settings.ts'
import type { ControlPlane } from '../../app/control-plane.ts'
import { EXPORTS } from '../contract.ts'
import type { bookRoutes } from '../contract/books.ts'
import { timeOf } from '../contract/fields.ts'
import type { Handlers } from '../handler.ts'
import { readInput } from '../read-input.ts'

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

function settingsBody({ accounts, subsidiary }: BookSettings) {
  return { accounts: { ...accounts }, subsidiary }
}

const TYPES = { csv: 'text/csv; charset=utf-8', 'netsuite-csv': 'text/csv; charset=utf-8', 'netsuite-json': 'application/x-ndjson' } as const

export function registerExports(app: FastifyInstance, plane: ControlPlane): void {
  const route = EXPORTS.exportJournals
  app.route({
    method: route.method,
    url: route.path,
    config: { operation: 'exportJournals' },
    handler: async (request, reply) => {
      const { from, to, format } = readInput(route.query, request.query, 'query')
      const { entries, settings, closedThrough } = await exportJournals(plane, { from: instant(Date.parse(from)), to: instant(Date.parse(to) + DAY_MS) })
      const ending = format === 'netsuite-json' ? 'ndjson' : 'csv'
      return reply.type(TYPES[format]).headers({ 'content-disposition': `attachment; filename="journals-${from}-${to}.${ending}"`, 'tollgate-closed-through': closedThrough ?? '' }).send(renderJournals(entries, format, settings))
    },
  })
}
