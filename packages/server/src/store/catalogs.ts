// Catalog versions: immutable, the highest in force.

import type { CatalogDocument, Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type CatalogRow = { readonly version: number; readonly document: CatalogDocument; readonly source: string; readonly appliedAt: Instant; readonly appliedBy: string; /** Imported rates that it is used with; 0 for none. */ readonly ratesVersion: number }

export async function latestCatalog(sql: Sql | Transaction): Promise<CatalogRow | null> {
  const [row] = await sql<CatalogRow[]>`
    select version, document, source, applied_at as "appliedAt", applied_by as "appliedBy", rates_version as "ratesVersion" from catalog_version order by version desc limit 1`
  return row ?? null
}

export async function catalogVersion(sql: Sql | Transaction, version: number): Promise<CatalogRow | null> {
  const [row] = await sql<CatalogRow[]>`
    select version, document, source, applied_at as "appliedAt", applied_by as "appliedBy", rates_version as "ratesVersion" from catalog_version where version = ${version}`
  return row ?? null
}

/** One writer at a time: the version after `base` must still be free. */
export async function insertCatalog(tx: Transaction, input: { readonly document: CatalogDocument; readonly source: string; readonly ratesVersion: number; readonly actor: string }): Promise<number> {
  const [row] = await tx<{ version: number }[]>`
    insert into catalog_version (document, source, rates_version, applied_by) values (${tx.json(input.document as never)}, ${input.source}, ${input.ratesVersion}, ${input.actor}) returning version`
  return row!.version
}

export async function lockCatalog(tx: Transaction): Promise<void> {
  await tx`lock table catalog_version in share row exclusive mode`
}

/** How many customers are on each plan, or will be by what is known today. */
export async function customersByPlan(sql: Sql | Transaction): Promise<Map<string, number>> {
  const rows = await sql<{ plan: string; customers: bigint }[]>`
    select plan, count(distinct customer_id) as customers from (
      select customer_id, plan from subscription
      union all select customer_id, segment->>'plan' from subscription, jsonb_array_elements(timeline) as segment where (segment->>'from')::float8 > extract(epoch from now()) * 1000
    ) as known group by plan`
  return new Map(rows.map(({ plan, customers }) => [plan, Number(customers)]))
}

/** Sets a plan's limit on the running periods of all its customers but those with a limit of their own: by seats, add-ons or grants, or by what their contract says of it. */
export async function setPlanLimit(tx: Transaction, input: { readonly plan: string; readonly budget: string; readonly limit: string }): Promise<void> {
  await tx`
    update budget_state b set limit_amount = ${input.limit}::numeric + b.carried from subscription s
    where s.plan = ${input.plan} and b.customer_id = s.customer_id and split_part(b.budget_id, '@', 1) = ${input.budget} and b.period_end > now()
      and b.limit_amount <> ${input.limit}::numeric + b.carried
      and not exists (select 1 from budget_override o where o.customer_id = b.customer_id and o.budget_id = b.budget_id)
      and not exists (
        select 1 from (select distinct on (customer_id) document from contract_version v where v.customer_id = b.customer_id order by customer_id, version desc) c,
          jsonb_array_elements(c.document -> 'phases') phase, jsonb_array_elements(phase -> 'limits' || (phase -> 'allowances')) own
        where own ->> 'id' = split_part(${input.budget}, ':', 2))
      and not ${hasOwnQuantities(tx)}`
}

/** Brings those forward whose quantities are their own: the job of due subscriptions works them out anew. */
export async function markOwnQuantities(tx: Transaction): Promise<void> {
  await tx`update subscription s set next_at = least(next_at, now()) where ${hasOwnQuantities(tx)}`
}

/** Allowances and limits are not those of the plan alone: seats, add-ons, a trial, or what was granted. */
function hasOwnQuantities(tx: Transaction) {
  return tx`(
    jsonb_path_exists(s.timeline, '$[*] ? (@.seats > 1 || @.addOns[0].quantity > 0 || @.trialEndsAt > 0)')
    or exists (select 1 from entitlement_grant g where g.customer_id = s.customer_id and (g.allowances <> '[]' or g.limits <> '[]')))`
}
