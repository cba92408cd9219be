// The least that any event store does: a multi-row insert with a unique key and an hourly rollup, in one transaction. What benchmarks of
// settlement and of ingestion are held against.

import type { Sql } from '../packages/server/src/platform/postgres.ts'

export type BareEvent = { readonly customer: string; readonly source: string; readonly id: string; readonly type: string; readonly time: number; readonly model: string; readonly quantity: string; readonly data: string }

export async function createBare(sql: Sql): Promise<void> {
  await sql`create table bare_event (customer_id text not null, source text not null, id text not null, type text not null, time timestamptz not null, data jsonb not null, amount numeric not null, primary key (customer_id, source, id))`
  await sql`create table bare_rollup (customer_id text not null, hour timestamptz not null, model text not null, quantity numeric not null, events bigint not null, primary key (customer_id, hour, model))`
}

export async function insertBare(sql: Sql, events: readonly BareEvent[]): Promise<void> {
  const customers = events.map(({ customer }) => customer)
  const times = events.map(({ time }) => new Date(time).toISOString())
  const quantities = events.map(({ quantity }) => quantity)
  await sql.begin(async (tx) => {
    await tx`
      insert into bare_event select c, s, i, t, at::timestamptz, d::jsonb, a::numeric
      from unnest(${customers}::text[], ${events.map(({ source }) => source)}::text[], ${events.map(({ id }) => id)}::text[], ${events.map(({ type }) => type)}::text[], ${times}::text[],
        ${events.map(({ data }) => data)}::text[], ${quantities}::text[]) as e(c, s, i, t, at, d, a) on conflict do nothing`
    await tx`
      insert into bare_rollup select c, date_trunc('hour', at::timestamptz), m, sum(q::numeric), count(*)
      from unnest(${customers}::text[], ${times}::text[], ${events.map(({ model }) => model)}::text[], ${quantities}::text[]) as e(c, at, m, q) group by 1, 2, 3
      on conflict (customer_id, hour, model) do update set quantity = bare_rollup.quantity + excluded.quantity, events = bare_rollup.events + excluded.events`
  })
}
