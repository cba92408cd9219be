// The ledger as rows: transfers are posted at the end of their customer's chain and never change. Whoever posts holds the
// customer's lock, so that two transactions cannot continue one chain at the same place.

import { assert, CHAIN_START, chainText, formatUnits, type ChainLink, type Instant, type Transfer } from '@tollgate/core'
import { createHash } from 'node:crypto'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type TransferRow = Transfer & {
  readonly customer: string
  readonly id: string
  readonly cause: string
  readonly causeId: string
  readonly batch: bigint | null
  readonly periodStart: Instant | null
  /** SHA-256 over the events behind it, hexadecimal; null or left out where there are none. */
  readonly evidence?: string | null
}

/** Posts the transfers in the order given, one statement for all customers. */
export async function insertTransfers(tx: Transaction, rows: readonly TransferRow[]): Promise<void> {
  if (rows.length === 0) return
  const heads = await lockHeads(tx, [...new Set(rows.map(({ customer }) => customer))])
  const links = rows.map((row) => continueChain(heads, row))
  const touched = [...heads.byCustomer]
  await tx`
    insert into ledger_transfer (customer_id, id, debit, credit, asset, amount, cause, cause_id, batch_id, period_start, posted_at, position, evidence, hash)
    select c, i, d, r, a, m, k, ki, b, p, ${iso(heads.now)}::timestamptz, n, decode(e, 'hex'), decode(h, 'hex')
    from unnest(${links.map(({ customer }) => customer)}::text[], ${links.map(({ id }) => id)}::text[], ${links.map(({ debit }) => debit)}::text[], ${links.map(({ credit }) => credit)}::text[],
      ${links.map(({ asset }) => asset)}::text[], ${links.map(({ amount }) => amount)}::numeric[], ${links.map(({ cause }) => cause)}::text[], ${links.map(({ causeId }) => causeId)}::text[],
      ${rows.map(({ batch }) => (batch === null ? null : String(batch)))}::bigint[], ${links.map(({ periodStart }) => (periodStart === null ? null : iso(periodStart)))}::timestamptz[],
      ${links.map(({ position }) => position)}::bigint[], ${links.map(({ evidence }) => evidence)}::text[], ${links.map(({ hash }) => hash)}::text[]) as t(c, i, d, r, a, m, k, ki, b, p, n, e, h)`
  await tx`
    insert into ledger_head (customer_id, position, hash, changed_at)
    select c, n, decode(h, 'hex'), ${iso(heads.now)}::timestamptz
    from unnest(${touched.map(([customer]) => customer)}::text[], ${touched.map(([, { position }]) => position)}::bigint[], ${touched.map(([, { hash }]) => hash)}::text[]) as t(c, n, h)
    on conflict (customer_id) do update set position = excluded.position, hash = excluded.hash, changed_at = excluded.changed_at`
}

type Head = { position: number; hash: string }
type Heads = { readonly now: Instant; readonly byCustomer: Map<string, Head> }

async function lockHeads(tx: Transaction, customers: readonly string[]): Promise<Heads> {
  const rows = await tx<{ now: Instant; customer: string; position: bigint | null; hash: string | null }[]>`
    select date_trunc('milliseconds', now()) as now, c as customer, h.position, encode(h.hash, 'hex') as hash
    from unnest(${customers as string[]}::text[]) as t(c) left join ledger_head h on h.customer_id = c`
  const now = rows[0]?.now
  assert(now !== undefined, 'a chain is continued for a customer')
  return { now, byCustomer: new Map(rows.map(({ customer, position, hash }) => [customer, { position: Number(position ?? 0), hash: hash ?? CHAIN_START }])) }
}

function continueChain(heads: Heads, row: TransferRow): ChainLink {
  const head = heads.byCustomer.get(row.customer)
  assert(head !== undefined, 'a transfer has a chain')
  const { customer, id, debit, credit, asset, cause, causeId, periodStart } = row
  const transfer = { customer, id, debit, credit, asset, cause, causeId, periodStart, amount: formatUnits(row.amount, asset), evidence: row.evidence ?? null, position: head.position + 1, postedAt: heads.now }
  const hash = sha256(chainText(head.hash, transfer))
  head.position = transfer.position
  head.hash = hash
  return { ...transfer, hash }
}

/** The hash of every chain, hexadecimal. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

export type StoredTransfer = {
  readonly sequence: bigint
  readonly id: string
  readonly debit: string
  readonly credit: string
  readonly asset: string
  readonly amount: string
  readonly cause: string
  readonly causeId: string
  readonly periodStart: Instant | null
  readonly postedAt: Instant
  /** Null for what was posted before there was a chain. */
  readonly position: bigint | null
  readonly evidence: string | null
  readonly hash: string | null
}

export type TransferFilter = { readonly customer: string; readonly after: bigint | null; readonly limit: number; readonly account: string | null }

/** A customer's transfers in the order in which they were posted. */
export async function listTransfers(sql: Sql | Transaction, input: TransferFilter): Promise<StoredTransfer[]> {
  return sql<StoredTransfer[]>`
    select sequence, id, debit, credit, asset, amount, cause, cause_id as "causeId", period_start as "periodStart", posted_at as "postedAt",
      position, encode(evidence, 'hex') as evidence, encode(hash, 'hex') as hash
    from ledger_transfer
    where customer_id = ${input.customer} and (${input.after}::bigint is null or sequence > ${input.after}::bigint)
      and (${input.account}::text is null or debit = ${input.account} or credit = ${input.account})
    order by sequence limit ${input.limit}`
}

/** The transfers that one thing caused, oldest first. */
export async function listCauseTransfers(sql: Sql | Transaction, of: { readonly customer: string; readonly causeId: string }): Promise<Pick<StoredTransfer, 'debit' | 'credit' | 'asset' | 'amount' | 'cause'>[]> {
  return sql<StoredTransfer[]>`select debit, credit, asset, amount, cause from ledger_transfer where customer_id = ${of.customer} and cause_id = ${of.causeId} order by sequence`
}

export type AccountBalance = { readonly account: string; readonly asset: string; readonly debits: string; readonly credits: string }

/** Sums of every account, of all that was posted before `before`. */
export async function accountBalances(sql: Sql | Transaction, customer: string, before: Instant | null): Promise<AccountBalance[]> {
  const until = before === null ? null : iso(before)
  return sql<AccountBalance[]>`
    with posted as (select debit, credit, asset, amount from ledger_transfer where customer_id = ${customer} and (${until}::timestamptz is null or posted_at < ${until}::timestamptz))
    select account, asset, sum(debit) as debits, sum(credit) as credits from (
      select debit as account, asset, amount as debit, 0 as credit from posted
      union all select credit, asset, 0, amount from posted) sides
    group by account, asset order by account`
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
