// Invoices as rows. What a closing run reads and writes is set-based: a few statements for hundreds of customers.

import { assert, type Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type InvoiceKind = 'period' | 'opening' | 'progressive' | 'manual'
export type StoredInvoiceState = 'draft' | 'open' | 'paid' | 'void' | 'uncollectible'

/** Amounts are decimal text. */
export type InvoiceRow = {
  readonly customer: string
  readonly id: string
  readonly kind: InvoiceKind
  readonly state: StoredInvoiceState
  readonly series: string | null
  readonly number: bigint | null
  readonly currency: string
  readonly periodStart: Instant
  readonly periodEnd: Instant
  readonly document: unknown
  readonly subtotal: string
  readonly net: string
  readonly tax: string
  readonly amountDue: string
  readonly creditedNet: string
  readonly creditedTax: string
  readonly createdAt: Instant
  readonly finalizedAt: Instant | null
  readonly dueAt: Instant | null
  readonly endedAt: Instant | null
  readonly reference: string | null
}

export type NewInvoice = Omit<InvoiceRow, 'creditedNet' | 'creditedTax' | 'endedAt' | 'reference'>

export async function insertInvoices(tx: Transaction, rows: readonly NewInvoice[]): Promise<void> {
  if (rows.length === 0) return
  const at = (pick: (row: NewInvoice) => Instant | null) => rows.map((row) => isoOrNull(pick(row)))
  await tx`
    insert into invoice (customer_id, id, kind, state, series, number, currency, period_start, period_end, document, subtotal, net, tax, amount_due, created_at, finalized_at, due_at)
    select c, i, k, s, se, n, cu, ps, pe, d::jsonb, su, ne, ta, am, cr, fi, du
    from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ id }) => id)}::text[], ${rows.map(({ kind }) => kind)}::text[], ${rows.map(({ state }) => state)}::text[],
      ${rows.map(({ series }) => series)}::text[], ${rows.map(({ number }) => (number === null ? null : String(number)))}::bigint[], ${rows.map(({ currency }) => currency)}::text[],
      ${at(({ periodStart }) => periodStart)}::timestamptz[], ${at(({ periodEnd }) => periodEnd)}::timestamptz[], ${rows.map(({ document }) => JSON.stringify(document))}::text[],
      ${rows.map(({ subtotal }) => subtotal)}::numeric[], ${rows.map(({ net }) => net)}::numeric[], ${rows.map(({ tax }) => tax)}::numeric[], ${rows.map(({ amountDue }) => amountDue)}::numeric[],
      ${at(({ createdAt }) => createdAt)}::timestamptz[], ${at(({ finalizedAt }) => finalizedAt)}::timestamptz[], ${at(({ dueAt }) => dueAt)}::timestamptz[]) as t(c, i, k, s, se, n, cu, ps, pe, d, su, ne, ta, am, cr, fi, du)`
}

export type LineRow = {
  readonly customer: string
  readonly invoice: string
  readonly line: number
  readonly kind: string
  readonly price: string
  readonly entry: string
  readonly periodStart: Instant
  readonly charges: string
  readonly exact: string
  readonly amount: string
}

export async function insertLines(tx: Transaction, rows: readonly LineRow[]): Promise<void> {
  if (rows.length === 0) return
  await tx`
    insert into invoice_line (customer_id, invoice_id, line, kind, price_id, entry, period_start, charges, exact, amount)
    select * from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ invoice }) => invoice)}::text[], ${rows.map(({ line }) => line)}::integer[], ${rows.map(({ kind }) => kind)}::text[],
      ${rows.map(({ price }) => price)}::text[], ${rows.map(({ entry }) => entry)}::text[], ${rows.map(({ periodStart }) => iso(periodStart))}::timestamptz[],
      ${rows.map(({ charges }) => charges)}::numeric[], ${rows.map(({ exact }) => exact)}::numeric[], ${rows.map(({ amount }) => amount)}::numeric[])`
}

/** What paid usage before it was asked for. */
export type CreditCategory = 'included' | 'paid' | 'promotional'

/** Credit that an invoice shows as having paid, exact. */
export type ShownCredit = { readonly customer: string; readonly invoice: string; readonly periodStart: Instant; readonly category: CreditCategory; readonly amount: string }

export async function insertShownCredits(tx: Transaction, rows: readonly ShownCredit[]): Promise<void> {
  if (rows.length === 0) return
  await tx`
    insert into invoice_credit (customer_id, invoice_id, period_start, category, amount)
    select * from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ invoice }) => invoice)}::text[], ${rows.map(({ periodStart }) => iso(periodStart))}::timestamptz[],
      ${rows.map(({ category }) => category)}::text[], ${rows.map(({ amount }) => amount)}::numeric[])`
}

export type InvoicedRow = { readonly customer: string; readonly periodStart: Instant; readonly kind: string; readonly price: string; readonly entry: string; readonly exact: string; readonly amount: string }

/** What was asked for of periods from `since` on, by line; voided invoices asked for nothing. */
export async function invoicedLines(sql: Sql | Transaction, input: { readonly customers: readonly string[]; readonly since: Instant }): Promise<InvoicedRow[]> {
  return sql<InvoicedRow[]>`
    select l.customer_id as customer, l.period_start as "periodStart", case l.kind when 'late_usage' then 'usage' when 'proration' then 'fee' else l.kind end as kind, l.price_id as price, l.entry,
      sum(l.exact)::text as exact, sum(l.amount)::text as amount
    from invoice_line l join invoice i on i.customer_id = l.customer_id and i.id = l.invoice_id and i.state not in ('void', 'draft')
    where l.customer_id = any(${input.customers as string[]}::text[]) and l.period_start >= ${input.since} and l.kind not in ('item', 'adjustment')
    group by 1, 2, 3, 4, 5`
}

export type CreditSum = { readonly customer: string; readonly periodStart: Instant; readonly category: CreditCategory; readonly amount: string }

export async function shownCredits(sql: Sql | Transaction, input: { readonly customers: readonly string[]; readonly since: Instant }): Promise<CreditSum[]> {
  return sql<CreditSum[]>`
    select c.customer_id as customer, c.period_start as "periodStart", c.category, sum(c.amount)::text as amount
    from invoice_credit c join invoice i on i.customer_id = c.customer_id and i.id = c.invoice_id and i.state not in ('void', 'draft')
    where c.customer_id = any(${input.customers as string[]}::text[]) and c.period_start >= ${input.since} group by 1, 2, 3`
}

export type UsageCredit = { readonly customer: string; readonly periodStart: Instant; readonly asset: string; readonly paid: string; readonly promotional: string; readonly included: string; readonly accrued: string; readonly debt: string }

/** Who paid the usage of periods from `since` on: bought credit, promotional credit, nobody yet, or the wallet's debt. */
export async function usageCredits(sql: Sql | Transaction, input: { readonly customers: readonly string[]; readonly since: Instant }): Promise<UsageCredit[]> {
  const customers = input.customers as string[]
  return sql<UsageCredit[]>`
    with moved as (
      select customer_id, period_start, asset, debit as account, amount from ledger_transfer
      where customer_id = any(${customers}::text[]) and period_start >= ${input.since} and cause = 'usage' and credit = 'usage_revenue'
      union all
      select customer_id, period_start, asset, credit, -amount from ledger_transfer
      where customer_id = any(${customers}::text[]) and period_start >= ${input.since} and cause = 'usage' and debit = 'usage_revenue')
    select m.customer_id as customer, m.period_start as "periodStart", m.asset,
      coalesce(sum(m.amount) filter (where b.category = 'paid'), 0)::text as paid, coalesce(sum(m.amount) filter (where b.category = 'promotional'), 0)::text as promotional,
      coalesce(sum(m.amount) filter (where m.account = 'included_usage'), 0)::text as included, coalesce(sum(m.amount) filter (where m.account = 'accrued_usage'), 0)::text as accrued, coalesce(sum(m.amount) filter (where m.account = 'wallet_debt'), 0)::text as debt
    from moved m left join credit_block b on m.account like 'wallet:%' and b.customer_id = m.customer_id and b.id = substr(m.account, 8)
    group by 1, 2, 3`
}

/** Takes `count` numbers of a series, without gaps: a transaction that fails gives them back. Returns the first. */
export async function takeNumbers(tx: Transaction, series: string, count: number): Promise<bigint> {
  const [row] = await tx<{ next: bigint }[]>`
    insert into invoice_series (series, next_number) values (${series}, ${1 + count})
    on conflict (series) do update set next_number = invoice_series.next_number + ${count} returning next_number as next`
  assert(row !== undefined, 'a series has a next number')
  return row.next - BigInt(count)
}

function selectInvoice(sql: Sql | Transaction) {
  return sql`
    select customer_id as customer, id, kind, state, series, number, currency, period_start as "periodStart", period_end as "periodEnd", document, subtotal, net, tax, amount_due as "amountDue",
      credited_net as "creditedNet", credited_tax as "creditedTax", created_at as "createdAt", finalized_at as "finalizedAt", due_at as "dueAt", ended_at as "endedAt", reference from invoice`
}

export async function findInvoice(sql: Sql | Transaction, key: { readonly customer: string; readonly id: string }): Promise<InvoiceRow | null> {
  const [row] = await sql<InvoiceRow[]>`${selectInvoice(sql)} where customer_id = ${key.customer} and id = ${key.id}`
  return row ?? null
}

/** Newest first; `before` is the id of the last one of the page before. */
export async function listInvoices(sql: Sql, input: { readonly customer: string | null; readonly state: string | null; readonly before: { readonly at: Instant; readonly id: string } | null; readonly limit: number }): Promise<InvoiceRow[]> {
  const at = isoOrNull(input.before?.at ?? null)
  return sql<InvoiceRow[]>`
    ${selectInvoice(sql)}
    where (${input.customer}::text is null or customer_id = ${input.customer}) and (${input.state}::text is null or state = ${input.state})
      and (${at}::timestamptz is null or (created_at, id) < (${at}::timestamptz, ${input.before?.id ?? ''}))
    order by created_at desc, id desc limit ${input.limit}`
}

export async function deleteDraft(tx: Transaction, key: { readonly customer: string; readonly id: string }): Promise<void> {
  await releaseItems(tx, key)
  await tx`delete from invoice where customer_id = ${key.customer} and id = ${key.id} and state = 'draft'`
}

export async function setInvoiceState(tx: Transaction, change: { readonly customer: string; readonly id: string; readonly state: StoredInvoiceState; readonly at: Instant; readonly reference: string | null }): Promise<void> {
  await tx`update invoice set state = ${change.state}, ended_at = ${change.at}, reference = ${change.reference} where customer_id = ${change.customer} and id = ${change.id}`
}

export type CreditableRow = { readonly line: number; readonly amount: string; readonly credited: string }

export async function creditableLines(tx: Transaction, key: { readonly customer: string; readonly id: string }): Promise<CreditableRow[]> {
  return tx<CreditableRow[]>`select line, amount, credited from invoice_line where customer_id = ${key.customer} and invoice_id = ${key.id} order by line`
}

export type NoteRow = { readonly customer: string; readonly id: string; readonly invoice: string; readonly series: string; readonly number: bigint; readonly reason: string; readonly document: unknown; readonly net: string; readonly tax: string; readonly createdAt: Instant }

export async function insertNote(tx: Transaction, note: NoteRow, take: readonly { readonly line: number; readonly amount: string }[]): Promise<void> {
  await tx`
    insert into credit_note (customer_id, id, invoice_id, series, number, reason, document, net, tax, created_at)
    values (${note.customer}, ${note.id}, ${note.invoice}, ${note.series}, ${note.number}, ${note.reason}, ${JSON.stringify(note.document)}::text::jsonb, ${note.net}, ${note.tax}, ${note.createdAt})`
  await tx`
    update invoice_line l set credited = l.credited + d.amount from unnest(${take.map(({ line }) => line)}::integer[], ${take.map(({ amount }) => amount)}::numeric[]) as d(line, amount)
    where l.customer_id = ${note.customer} and l.invoice_id = ${note.invoice} and l.line = d.line`
  await tx`update invoice set credited_net = credited_net + ${note.net}, credited_tax = credited_tax + ${note.tax} where customer_id = ${note.customer} and id = ${note.invoice}`
}

export async function findNote(sql: Sql, key: { readonly customer: string; readonly id: string }): Promise<NoteRow | null> {
  const [row] = await sql<NoteRow[]>`
    select customer_id as customer, id, invoice_id as invoice, series, number, reason, document, net, tax, created_at as "createdAt" from credit_note where customer_id = ${key.customer} and id = ${key.id}`
  return row ?? null
}

export async function listNotes(sql: Sql, customer: string, invoice: string | null): Promise<NoteRow[]> {
  return sql<NoteRow[]>`
    select customer_id as customer, id, invoice_id as invoice, series, number, reason, document, net, tax, created_at as "createdAt" from credit_note
    where customer_id = ${customer} and (${invoice}::text is null or invoice_id = ${invoice}) order by created_at desc, id desc limit 1000`
}

export type ItemRow = { readonly customer: string; readonly id: string; readonly kind: 'item' | 'proration' | 'adjustment'; readonly name: string; readonly amount: string; readonly currency: string; readonly periodStart: Instant; readonly periodEnd: Instant }

export async function insertItems(tx: Transaction, rows: readonly ItemRow[]): Promise<void> {
  if (rows.length === 0) return
  await tx`
    insert into invoice_item (customer_id, id, kind, name, amount, currency, period_start, period_end)
    select * from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ id }) => id)}::text[], ${rows.map(({ kind }) => kind)}::text[], ${rows.map(({ name }) => name)}::text[],
      ${rows.map(({ amount }) => amount)}::numeric[], ${rows.map(({ currency }) => currency)}::text[], ${rows.map(({ periodStart }) => iso(periodStart))}::timestamptz[], ${rows.map(({ periodEnd }) => iso(periodEnd))}::timestamptz[])
    on conflict do nothing`
}

/** Items that no invoice has taken yet, oldest first. */
export async function waitingItems(sql: Sql | Transaction, customers: readonly string[]): Promise<ItemRow[]> {
  return sql<ItemRow[]>`
    select customer_id as customer, id, kind, name, amount, currency, period_start as "periodStart", period_end as "periodEnd" from invoice_item
    where customer_id = any(${customers as string[]}::text[]) and invoice_id is null order by created_at, id`
}

export async function takeItems(tx: Transaction, rows: readonly { readonly customer: string; readonly item: string; readonly invoice: string }[]): Promise<void> {
  if (rows.length === 0) return
  await tx`
    update invoice_item i set invoice_id = d.invoice
    from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ item }) => item)}::text[], ${rows.map(({ invoice }) => invoice)}::text[]) as d(customer, item, invoice)
    where i.customer_id = d.customer and i.id = d.item`
}

/** What an invoice took waits for the next one again. */
export async function releaseItems(tx: Transaction, invoice: { readonly customer: string; readonly id: string }): Promise<void> {
  await tx`update invoice_item set invoice_id = null where customer_id = ${invoice.customer} and invoice_id = ${invoice.id}`
}

export async function deleteItem(tx: Transaction, key: { readonly customer: string; readonly id: string }): Promise<boolean> {
  return (await tx`delete from invoice_item where customer_id = ${key.customer} and id = ${key.id} and invoice_id is null and kind <> 'adjustment'`).count > 0
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}

function isoOrNull(at: Instant | null): string | null {
  return at === null ? null : iso(at)
}
