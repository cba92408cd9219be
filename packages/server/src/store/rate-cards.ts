// Imported rates: immutable versions, the highest in force; and models that answered without a price.

import type { Instant, RateDocument } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type RateCardRow = { readonly version: number; readonly rates: readonly RateDocument[]; readonly sources: readonly string[]; readonly appliedAt: Instant; readonly appliedBy: string }

export async function latestRateCard(sql: Sql | Transaction): Promise<RateCardRow | null> {
  const [row] = await sql<RateCardRow[]>`
    select version, rates, sources, applied_at as "appliedAt", applied_by as "appliedBy" from rate_card_version order by version desc limit 1`
  return row ?? null
}

export async function importedRates(sql: Sql | Transaction, version: number): Promise<readonly RateDocument[] | null> {
  const [row] = await sql<{ rates: readonly RateDocument[] }[]>`select rates from rate_card_version where version = ${version}`
  return row?.rates ?? null
}

/** Called under the lock of the catalog, because the catalog in force gets a version with it. */
export async function insertRateCard(tx: Transaction, input: { readonly rates: readonly RateDocument[]; readonly sources: readonly string[]; readonly actor: string }): Promise<number> {
  const [row] = await tx<{ version: number }[]>`
    insert into rate_card_version (rates, sources, applied_by) values (${tx.json(input.rates as never)}, ${input.sources as string[]}, ${input.actor}) returning version`
  return row!.version
}

export type UnpricedRow = { readonly model: string; readonly firstAt: Instant; readonly lastAt: Instant; readonly events: bigint }

/** Counts answers without a price; names the models that nobody was told of for a day. Beyond `most` models new ones are not kept. */
export async function countUnpriced(tx: Transaction, events: ReadonlyMap<string, number>, most: number): Promise<readonly string[]> {
  const rows = await tx<{ model: string }[]>`
    with seen as (select * from unnest(${[...events.keys()]}::text[], ${[...events.values()]}::bigint[]) as s(model, events)),
    old as (
      update unpriced_model u set events = u.events + s.events, last_at = now(), told_at = case when u.told_at < now() - interval '1 day' then now() else u.told_at end
      from seen s where u.model = s.model returning u.model, u.told_at = now() as is_told),
    new as (
      insert into unpriced_model (model, events)
      select model, events from seen where (select count(*) from unpriced_model) < ${most} on conflict (model) do nothing returning model)
    select model from old where is_told union select model from new`
  return rows.map(({ model }) => model)
}

export async function listUnpriced(sql: Sql, limit: number): Promise<UnpricedRow[]> {
  return sql<UnpricedRow[]>`select model, first_at as "firstAt", last_at as "lastAt", events from unpriced_model order by last_at desc, model limit ${limit}`
}

/** What is priced now is no gap any more. */
export async function forgetUnpriced(tx: Transaction, models: readonly string[]): Promise<void> {
  await tx`delete from unpriced_model where model = any(${models as string[]}::text[])`
}
