// Deferred fees by invoice line: written with their invoice, moved on as their time passes or a credit note takes them back.

import type { Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

/** Amounts are decimal text. */
export type DeferralRow = {
  readonly customer: string
  readonly invoice: string
  readonly line: number
  readonly asset: string
  readonly amount: string
  readonly startsAt: Instant
  readonly endsAt: Instant
  readonly released: string
  readonly basisAt: Instant
  readonly basisRecognised: string
  readonly recognised: string
  readonly recognisedUntil: Instant
}

export type NewDeferral = Pick<DeferralRow, 'customer' | 'invoice' | 'line' | 'asset' | 'amount' | 'startsAt' | 'endsAt'>

export async function insertDeferrals(tx: Transaction, rows: readonly NewDeferral[]): Promise<void> {
  if (rows.length === 0) return
  const starts = rows.map(({ startsAt }) => iso(startsAt))
  await tx`
    insert into deferral (customer_id, invoice_id, line, asset, amount, starts_at, ends_at, basis_at, recognised_until)
    select c, i, l, a, m, s, e, s, s
    from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ invoice }) => invoice)}::text[], ${rows.map(({ line }) => line)}::integer[], ${rows.map(({ asset }) => asset)}::text[],
      ${rows.map(({ amount }) => amount)}::numeric[], ${starts}::timestamptz[], ${rows.map(({ endsAt }) => iso(endsAt))}::timestamptz[]) as t(c, i, l, a, m, s, e)`
}

/** Customers with something to recognise by `through`, in order of id; `after` is exclusive. What was voided is nobody's revenue. */
export async function customersToRecognise(sql: Sql, input: { readonly through: Instant; readonly after: string; readonly limit: number }): Promise<string[]> {
  const rows = await sql<{ customer: string }[]>`
    select distinct d.customer_id as customer from deferral d join invoice i on i.customer_id = d.customer_id and i.id = d.invoice_id and i.state <> 'void'
    where d.recognised_until < d.ends_at and d.recognised_until < ${input.through} and d.customer_id > ${input.after} order by 1 limit ${input.limit}`
  return rows.map(({ customer }) => customer)
}

export type DueDeferral = DeferralRow & { readonly periodStart: Instant }

/** Under the lock of their customers. */
export async function dueDeferrals(tx: Transaction, customers: readonly string[], through: Instant): Promise<DueDeferral[]> {
  return tx<DueDeferral[]>`
    select ${columns(tx)}, i.period_start as "periodStart" from deferral d join invoice i on i.customer_id = d.customer_id and i.id = d.invoice_id and i.state <> 'void'
    where d.customer_id = any(${customers as string[]}::text[]) and d.recognised_until < d.ends_at and d.recognised_until < ${through}
    order by d.customer_id, d.invoice_id, d.line`
}

export async function deferralsOf(tx: Transaction, invoice: { readonly customer: string; readonly id: string }): Promise<DeferralRow[]> {
  return tx<DeferralRow[]>`select ${columns(tx)} from deferral d where d.customer_id = ${invoice.customer} and d.invoice_id = ${invoice.id} order by d.line`
}

type Moved = Pick<DeferralRow, 'customer' | 'invoice' | 'line' | 'recognised' | 'recognisedUntil' | 'released' | 'basisAt' | 'basisRecognised'>

export async function moveDeferrals(tx: Transaction, rows: readonly Moved[]): Promise<void> {
  if (rows.length === 0) return
  await tx`
    update deferral d set recognised = n.r, recognised_until = n.u, released = n.x, basis_at = n.ba, basis_recognised = n.br
    from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ invoice }) => invoice)}::text[], ${rows.map(({ line }) => line)}::integer[],
      ${rows.map(({ recognised }) => recognised)}::numeric[], ${rows.map(({ recognisedUntil }) => iso(recognisedUntil))}::timestamptz[], ${rows.map(({ released }) => released)}::numeric[],
      ${rows.map(({ basisAt }) => iso(basisAt))}::timestamptz[], ${rows.map(({ basisRecognised }) => basisRecognised)}::numeric[]) as n(c, i, l, r, u, x, ba, br)
    where d.customer_id = n.c and d.invoice_id = n.i and d.line = n.l`
}

function columns(sql: Sql | Transaction) {
  return sql`d.customer_id as customer, d.invoice_id as invoice, d.line, d.asset, d.amount, d.starts_at as "startsAt", d.ends_at as "endsAt", d.released, d.basis_at as "basisAt",
    d.basis_recognised as "basisRecognised", d.recognised, d.recognised_until as "recognisedUntil"`
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
