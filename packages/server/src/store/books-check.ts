// The other sides of what the ledger says: invoices and credit notes that were posted in a span, and what stands now by line, by block and by
// invoice. Read in one snapshot with the ledger, so that the two can be held against each other to the last digit.

import type { Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

type Span = { readonly from: Instant; readonly to: Instant }

export type DocumentSums = { readonly currency: string; readonly documents: bigint; readonly net: string; readonly tax: string; readonly gross: string }

/** By the time at which their transfers were posted. */
export async function invoicesPosted(sql: Sql | Transaction, span: Span): Promise<DocumentSums[]> {
  return sql<DocumentSums[]>`
    select i.currency, count(*) as documents, sum(i.net)::text as net, sum(i.tax)::text as tax, sum(i.amount_due)::text as gross
    from (select distinct customer_id, cause_id from ledger_transfer where posted_at >= ${iso(span.from)}::timestamptz and posted_at < ${iso(span.to)}::timestamptz and cause = 'invoice') t
    join invoice i on i.customer_id = t.customer_id and i.id = t.cause_id group by 1 order by 1`
}

export async function notesPosted(sql: Sql | Transaction, span: Span): Promise<DocumentSums[]> {
  return sql<DocumentSums[]>`
    select i.currency, count(*) as documents, sum(n.net)::text as net, sum(n.tax)::text as tax, sum(n.net + n.tax)::text as gross
    from (select distinct customer_id, cause_id from ledger_transfer where posted_at >= ${iso(span.from)}::timestamptz and posted_at < ${iso(span.to)}::timestamptz and cause = 'credit_note') t
    join credit_note n on n.customer_id = t.customer_id and n.id = t.cause_id join invoice i on i.customer_id = n.customer_id and i.id = n.invoice_id group by 1 order by 1`
}

export type StandingSum = { readonly asset: string; readonly amount: string }

/** What is deferred of lines that stand; of one customer, or of all. */
export async function deferredByLine(sql: Sql | Transaction, customer: string | null): Promise<StandingSum[]> {
  return sql<StandingSum[]>`
    select d.asset, sum(d.amount - d.released - d.recognised)::text as amount from deferral d join invoice i on i.customer_id = d.customer_id and i.id = d.invoice_id and i.state <> 'void'
    where ${customer}::text is null or d.customer_id = ${customer} group by 1`
}

/**
 * What invoices still ask for after credit notes, less what is owed to customers by notes over what was paid or written off. What was paid then is
 * asked of the ledger, because a note may have come before or after.
 */
export async function outstanding(sql: Sql | Transaction, customer: string | null): Promise<StandingSum[]> {
  return sql<StandingSum[]>`
    select i.currency as asset, sum(i.amount_due - i.credited_net - i.credited_tax - coalesce(p.amount, 0))::text as amount from invoice i
    left join lateral (
      select sum(case when t.credit = 'receivable' then t.amount else -t.amount end) as amount from ledger_transfer t
      where i.state <> 'open' and t.customer_id = i.customer_id and t.cause_id = i.id and t.cause in ('payment', 'invoice_write_off') and 'receivable' in (t.debit, t.credit)) p on true
    where (i.state = 'open' or (i.state in ('paid', 'uncollectible') and i.credited_net + i.credited_tax <> 0)) and (${customer}::text is null or i.customer_id = ${customer}) group by 1`
}

/** What was paid for what is left of credits that are no money, by the currency of the payment. */
export async function openUnits(sql: Sql | Transaction): Promise<StandingSum[]> {
  return sql<StandingSum[]>`
    select cost_currency as asset, sum(round(remaining * cost / granted, 12))::text as amount from credit_block where remaining > 0 and cost is not null and asset !~ '^[A-Z]{3}$' group by 1`
}

export async function openBlocks(sql: Sql | Transaction): Promise<(StandingSum & { readonly category: 'paid' | 'promotional' })[]> {
  return sql`select asset, category, sum(remaining)::text as amount from credit_block where remaining > 0 group by 1, 2`
}

/** Balance of one account of one customer, credits minus debits. */
export async function accountSums(sql: Sql | Transaction, of: { readonly customer: string; readonly account: string }): Promise<StandingSum[]> {
  return sql<StandingSum[]>`
    select asset, sum(case when credit = ${of.account} then amount else -amount end)::text as amount from ledger_transfer
    where customer_id = ${of.customer} and ${of.account} in (debit, credit) group by 1`
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
