// Runs that a price has charged: each once, by the event that the row names, whatever period or batch its other events fall into.

import type { Transaction } from '../platform/postgres.ts'

export type ChargedRunRow = { readonly customer: string; readonly price: string; readonly run: string; readonly source: string; readonly event: string }

/** Those of the named runs that were charged, by any price. The customers are locked. */
export async function readChargedRuns(tx: Transaction, runs: readonly { readonly customer: string; readonly run: string }[]): Promise<Pick<ChargedRunRow, 'customer' | 'price' | 'run'>[]> {
  if (runs.length === 0) return []
  return tx<Pick<ChargedRunRow, 'customer' | 'price' | 'run'>[]>`
    select customer_id as customer, price_id as price, run from charged_run
    join (select distinct * from unnest(${runs.map(({ customer }) => customer)}::text[], ${runs.map(({ run }) => run)}::text[]) as w(customer_id, run)) w using (customer_id, run)`
}

export async function insertChargedRuns(tx: Transaction, rows: readonly ChargedRunRow[]): Promise<void> {
  if (rows.length === 0) return
  await tx`
    insert into charged_run (customer_id, price_id, run, source, event_id)
    select * from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ price }) => price)}::text[], ${rows.map(({ run }) => run)}::text[],
      ${rows.map(({ source }) => source)}::text[], ${rows.map(({ event }) => event)}::text[])`
}

/** Those that the named events have charged: their charges are taken back. */
export async function deleteChargedRuns(tx: Transaction, events: readonly { readonly customer: string; readonly source: string; readonly id: string }[]): Promise<void> {
  if (events.length === 0) return
  await tx`
    delete from charged_run r using unnest(${events.map(({ customer }) => customer)}::text[], ${events.map(({ source }) => source)}::text[], ${events.map(({ id }) => id)}::text[]) as e(customer_id, source, id)
    where r.customer_id = e.customer_id and r.source = e.source and r.event_id = e.id`
}
