// Monthly partitions of the usage events: created ahead and as far back as events may come, attached with what had landed in the default
// partition meanwhile, and dropped as a whole when their time is over, with their sums kept.

import type { Instant } from '@tollgate/core'
import { withRetry, type Sql, type Transaction } from '../platform/postgres.ts'

type Month = { readonly name: string; readonly start: string; readonly end: string }

/** Creates the partitions from the month of `from` to that of `to` that are missing. Returns their names. */
export async function createPartitions(sql: Sql, from: Instant, to: Instant): Promise<string[]> {
  const created: string[] = []
  for (let month = monthOf(from, 0); Date.parse(month.start) <= to; month = monthOf(Date.parse(month.start), 1)) {
    const [known] = await sql<{ exists: boolean }[]>`select to_regclass(${month.name}) is not null as exists`
    if (known?.exists === true) continue
    await withRetry(sql, (tx) => attach(tx, month))
    created.push(month.name)
  }
  return created
}

/** Rows that came before their partition are moved into it: only here, and unchanged. */
async function attach(tx: Transaction, { name, start, end }: Month): Promise<void> {
  await tx`lock table usage_event in share row exclusive mode`
  const [stray] = await tx<{ exists: boolean }[]>`select exists (select 1 from usage_event_default where time >= ${start}::timestamptz and time < ${end}::timestamptz) as exists`
  if (stray?.exists !== true) {
    await tx.unsafe(`create table if not exists ${name} partition of usage_event for values from ('${start}') to ('${end}')`)
    return
  }
  await tx.unsafe(`create table ${name} (like usage_event including defaults including constraints)`)
  await tx.unsafe(`alter table usage_event_default disable trigger user`)
  await tx.unsafe(`with moved as (delete from usage_event_default where time >= '${start}' and time < '${end}' returning *) insert into ${name} select * from moved`)
  await tx.unsafe(`alter table usage_event_default enable trigger user`)
  await tx.unsafe(`alter table usage_event attach partition ${name} for values from ('${start}') to ('${end}')`)
}

/** Months whose last instant is before `before`, oldest first. */
export async function partitionsBefore(sql: Sql, before: Instant): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'usage_event'::regclass and c.relname ~ '^usage_event_[0-9]{4}_[0-9]{2}$' order by c.relname`
  return rows.map(({ name }) => name).filter((name) => Date.parse(monthNamed(name).end) <= before)
}

/** Drops a month and keeps its sums by customer, in one transaction. */
export async function dropPartition(sql: Sql, name: string): Promise<{ readonly events: bigint }> {
  const { start } = monthNamed(name)
  return withRetry(sql, async (tx) => {
    await tx`
      insert into retired_usage (customer_id, month, asset, events, amount)
      select customer_id, ${start}::timestamptz, asset, count(*), sum(amount) from ${tx(name)} group by customer_id, asset`
    const [row] = await tx<{ events: bigint }[]>`select coalesce(sum(events), 0)::bigint as events from retired_usage where month = ${start}::timestamptz`
    await tx.unsafe(`alter table usage_event detach partition ${name}`)
    await tx.unsafe(`drop table ${name}`)
    return { events: row!.events }
  })
}

/** The first instant of which all events are still there; null when none were dropped. */
export async function retiredUntil(sql: Sql | Transaction): Promise<Instant | null> {
  const [row] = await sql<{ until: Instant | null }[]>`select max(month) + interval '1 month' as until from retired_usage`
  return row?.until ?? null
}

function monthOf(at: number, offset: number): Month {
  const date = new Date(at)
  const start = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + offset, 1))
  const end = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + offset + 1, 1))
  return { name: `usage_event_${start.toISOString().slice(0, 7).replace('-', '_')}`, start: start.toISOString(), end: end.toISOString() }
}

function monthNamed(name: string): Month {
  const [, year, month] = /^usage_event_(\d{4})_(\d{2})$/.exec(name) ?? []
  return monthOf(Date.UTC(Number(year), Number(month) - 1, 1), 0)
}
