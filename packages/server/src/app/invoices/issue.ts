// Writes composed invoices: numbers, documents, lines, ledger transfers, messages, in one transaction with what else the caller does.
// Invariant: an invoice that has a number has its transfers, and the other way round.

import { assert, DAY_MS, formatInstant, formatUnits, instant, invoiceTransfers, isDeferred, makeId, units, ZERO, type Instant, type InvoiceDocument, type Span, type TaxTreatment, type Transfer } from '@tollgate/core'
import type { Transaction } from '../../platform/postgres.ts'
import { insertDeferrals, type NewDeferral } from '../../store/deferrals.ts'
import { insertInvoices, insertLines, insertShownCredits, takeItems, takeNumbers, type InvoiceKind, type LineRow, type NewInvoice } from '../../store/invoices.ts'
import { insertTransfers, type TransferRow } from '../../store/ledger.ts'
import { insertOutbox, type OutboxRow } from '../../store/settlement.ts'
import type { CustomerContext } from '../customer-contexts.ts'
import { documentOf, numberText, unitOf, type Composed } from './compose.ts'
import type { BillingProfile, BillingSettings } from './settings.ts'

export type ToIssue = {
  readonly context: CustomerContext
  /** The day of the invoice: now, of the customer's clock. */
  readonly now: Instant
  readonly kind: InvoiceKind
  readonly period: Span
  readonly composed: Composed
  readonly profile: BillingProfile
  readonly tax: TaxTreatment
}

export type Issuing = { readonly settings: BillingSettings | null; readonly randomText: () => string; /** Give numbers; else leave drafts. */ readonly finalize: boolean }

export type Issued = { readonly customer: string; readonly id: string; readonly number: string | null; readonly amountDue: string }

export async function issue(tx: Transaction, list: readonly ToIssue[], issuing: Issuing): Promise<Issued[]> {
  if (list.length === 0) return []
  const { settings } = issuing
  const isFinal = issuing.finalize && settings !== null
  const first = isFinal ? await takeNumbers(tx, settings.series, list.length) : 0n
  const rows = list.map((one, index) => rowOf(one, issuing, isFinal ? first + BigInt(index) : null))
  await insertInvoices(tx, rows)
  await insertLines(tx, rows.flatMap((row, index) => lineRows(row, list[index]!)))
  await insertShownCredits(tx, rows.flatMap((row, index) => list[index]!.composed.shown.map(({ periodStart, category, amount }) => ({ customer: row.customer, invoice: row.id, periodStart, category, amount: formatUnits(amount, row.currency) }))))
  await takeItems(tx, rows.flatMap((row, index) => list[index]!.composed.items.map((item) => ({ customer: row.customer, item, invoice: row.id }))))
  if (isFinal) {
    await insertTransfers(tx, rows.flatMap((row, index) => transferRows(row, list[index]!, issuing)))
    await insertDeferrals(tx, rows.flatMap((row, index) => deferralRows(row, list[index]!)))
    await insertOutbox(tx, rows.map((row) => messageOf(row, 'invoice.finalized')))
  }
  return rows.map((row) => ({ customer: row.customer, id: row.id, number: (row.document as InvoiceDocument).number, amountDue: row.amountDue }))
}

function rowOf(one: ToIssue, { settings, randomText }: Issuing, number: bigint | null): NewInvoice {
  const { context, composed, now, period } = one
  const { closed } = composed
  const paymentDays = one.profile.paymentDays ?? settings?.paymentDays ?? 0
  const dueAt = number === null ? null : instant(now + paymentDays * DAY_MS)
  const amount = (value: bigint) => formatUnits(units(value), closed.currency)
  const document = documentOf(closed, {
    number: number === null ? null : numberText(settings!.series, number), issuedAt: number === null ? null : now, dueAt, period, timeZone: context.facts.timeZone, settings,
    profile: one.profile, customerName: context.facts.name, tax: one.tax, unitOf: unitOf(context),
  })
  const isSettled = number !== null && closed.amountDue === ZERO
  return {
    customer: context.snapshot.customer, id: makeId('invoice', randomText()), kind: one.kind, state: number === null ? 'draft' : isSettled ? 'paid' : 'open', series: number === null ? null : settings!.series, number,
    currency: closed.currency, periodStart: period.start, periodEnd: period.end, document, subtotal: amount(closed.subtotal), net: amount(closed.taxed.net), tax: amount(closed.taxed.tax), amountDue: amount(closed.amountDue),
    createdAt: now, finalizedAt: number === null ? null : now, dueAt,
  }
}

function lineRows(row: NewInvoice, { composed }: ToIssue): LineRow[] {
  const amount = (value: bigint) => formatUnits(units(value), row.currency)
  return composed.closed.lines.map((line, index) => ({
    customer: row.customer, invoice: row.id, line: index + 1, kind: line.kind, price: line.price, entry: line.entry, periodStart: line.period.start,
    charges: amount(line.charges), exact: amount(line.exact), amount: amount(line.amount),
  }))
}

function transferRows(row: NewInvoice, { composed, period }: ToIssue, { randomText }: Issuing): TransferRow[] {
  const own = invoiceTransfers(composed.posting)
  const exchanged = composed.exchanged.flatMap(({ asset, credits }): Transfer[] => (credits > ZERO ? [{ debit: 'exchange', credit: 'accrued_usage', asset, amount: credits }] : []))
  return [...own, ...exchanged].map((transfer) => ({ ...transfer, customer: row.customer, id: makeId('transfer', randomText()), cause: 'invoice', causeId: row.id, batch: null, periodStart: period.start }))
}

/** The lines that the posting defers, each with the time that it is for: a job recognises them as it passes. */
function deferralRows(row: NewInvoice, { composed: { closed, posting }, now }: ToIssue): NewDeferral[] {
  const lines = closed.lines.flatMap((line, index) => (isDeferred(line, now) && line.exact !== ZERO ? [{ line, number: index + 1 }] : []))
  assert(lines.reduce((sum, { line }) => sum + line.exact, 0n) === posting.deferred, 'what an invoice defers is the sum of its deferred lines')
  return lines.map(({ line, number }): NewDeferral => ({ customer: row.customer, invoice: row.id, line: number, asset: row.currency, amount: formatUnits(line.exact, row.currency), startsAt: (line.time ?? line.period).start, endsAt: (line.time ?? line.period).end }))
}

export function messageOf(row: Pick<NewInvoice, 'customer' | 'id' | 'currency' | 'amountDue' | 'kind' | 'document' | 'dueAt'>, type: string): OutboxRow {
  return {
    customer: row.customer, type,
    payload: { invoice: row.id, number: (row.document as InvoiceDocument).number, kind: row.kind, amount_due: row.amountDue, currency: row.currency, due_at: row.dueAt === null ? null : formatInstant(row.dueAt) },
  }
}
