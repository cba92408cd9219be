// Catalog versions: immutable; in force is the one whose time came last.

import type { CatalogDocument, Instant, KeptPlanDocument } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type OverlayText = { readonly name: string; readonly source: string }

export type CatalogRow = {
  readonly version: number
  readonly document: CatalogDocument
  readonly source: string
  /** Files that were laid over `source`. */
  readonly overlays: readonly OverlayText[]
  readonly appliedAt: Instant
  readonly appliedBy: string
  readonly inForceFrom: Instant
  /** Imported rates that it is used with; 0 for none. */
  readonly ratesVersion: number
  /** Earlier plans that subscribers keep. */
  readonly keptPlans: readonly KeptPlanDocument[]
}

/** The version in force at `at`; null before the first. */
export async function catalogAt(sql: Sql | Transaction, at: Instant): Promise<CatalogRow | null> {
  const [row] = await sql<CatalogRow[]>`
    ${selectCatalog(sql)} where in_force_from <= ${at} and not exists (select 1 from catalog_withdrawal w where w.version = v.version)
    order by in_force_from desc, version desc limit 1`
  return row ?? null
}

export type InForce = { readonly version: number; readonly from: Instant }

/** Versions that have been in force by `at`, the newest first. */
export async function catalogsInForce(sql: Sql | Transaction, of: { readonly at: Instant; readonly limit: number }): Promise<InForce[]> {
  return sql<InForce[]>`
    select version, in_force_from as "from" from catalog_version v where in_force_from <= ${of.at} and not exists (select 1 from catalog_withdrawal w where w.version = v.version)
    order by in_force_from desc, version desc limit ${of.limit}`
}

/** The version that takes force after `at`; null where none is scheduled. Its copies with newer rates stand in its place. */
export async function scheduledCatalog(sql: Sql | Transaction, at: Instant): Promise<CatalogRow | null> {
  const [row] = await sql<CatalogRow[]>`
    ${selectCatalog(sql)} where in_force_from > ${at} and not exists (select 1 from catalog_withdrawal w where w.version = v.version)
    order by in_force_from, version desc limit 1`
  return row ?? null
}

export async function catalogVersion(sql: Sql | Transaction, version: number): Promise<CatalogRow | null> {
  const [row] = await sql<CatalogRow[]>`${selectCatalog(sql)} where version = ${version}`
  return row ?? null
}

/** The latest version that was in force before `version` and had another text; null where there is none. */
export async function versionBefore(sql: Sql | Transaction, version: number): Promise<number | null> {
  const [row] = await sql<{ version: number }[]>`
    select v.version from catalog_version v join catalog_force f on f.version = v.version, catalog_version own
    where own.version = ${version} and v.version < own.version and (v.source, v.overlays) is distinct from (own.source, own.overlays) order by v.version desc limit 1`
  return row?.version ?? null
}

function selectCatalog(sql: Sql | Transaction) {
  return sql`
    select version, document, source, overlays, applied_at as "appliedAt", applied_by as "appliedBy", in_force_from as "inForceFrom", rates_version as "ratesVersion", kept_plans as "keptPlans"
    from catalog_version v`
}

export type NewCatalog = Omit<CatalogRow, 'version' | 'appliedAt' | 'appliedBy'> & { readonly actor: string; /** The version that is published again. */ readonly restores: number | null }

/** One writer at a time: the version after `base` must still be free. */
export async function insertCatalog(tx: Transaction, input: NewCatalog): Promise<number> {
  const [row] = await tx<{ version: number }[]>`
    insert into catalog_version (document, source, overlays, rates_version, in_force_from, kept_plans, restores, applied_by)
    values (${tx.json(input.document as never)}, ${input.source}, ${tx.json(input.overlays as never)}, ${input.ratesVersion}, ${input.inForceFrom}, ${tx.json(input.keptPlans as never)}, ${input.restores}, ${input.actor}) returning version`
  return row!.version
}

/** New rates are for all versions that are or will be in force: each again with the same text. Returns that of the one in force. */
export async function copyWithRates(tx: Transaction, input: { readonly at: Instant; readonly ratesVersion: number | null; readonly actor: string; readonly applies: (document: CatalogDocument) => boolean }): Promise<number | null> {
  const [inForce, scheduled] = [await catalogAt(tx, input.at), await scheduledCatalog(tx, input.at)]
  const copied: number[] = []
  for (const row of [inForce, scheduled]) {
    if (row === null || !input.applies(row.document)) continue
    const version = await insertCatalog(tx, { ...row, ratesVersion: input.ratesVersion ?? row.ratesVersion, actor: input.actor, restores: null })
    if (row === inForce) await takenForce(tx, version)
    copied.push(version)
  }
  return copied[0] ?? null
}

/** True where it had not been noted yet. */
export async function takenForce(tx: Transaction, version: number): Promise<boolean> {
  const rows = await tx`insert into catalog_force (version) values (${version}) on conflict do nothing returning version`
  return rows.length > 0
}

export async function withdrawCatalog(tx: Transaction, version: number, actor: string): Promise<void> {
  await tx`insert into catalog_withdrawal (version, withdrawn_by) select version, ${actor} from catalog_version where in_force_from = (select in_force_from from catalog_version where version = ${version}) on conflict do nothing`
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

export type Subscribers = { readonly plan: string; /** When they came onto it. */ readonly since: Instant; readonly customers: number }

/** Customers by plan and by when they came onto it, cut at `cuts`: a plan's subscribers before the first, between two, after the last. */
export async function subscribersSince(sql: Sql | Transaction, plans: readonly string[], cuts: readonly Instant[]): Promise<readonly Subscribers[]> {
  const rows = await sql<{ plan: string; since: Instant; customers: bigint }[]>`
    with step as (
      select s.customer_id, s.plan as current, segment.value ->> 'plan' as plan, (segment.value ->> 'from')::float8 as starts,
        lag(segment.value ->> 'plan') over (partition by s.customer_id order by segment.ordinality) as before
      from subscription s, jsonb_array_elements(s.timeline) with ordinality as segment where s.plan = any(${plans as string[]}::text[])
    ), held as (
      select customer_id, current as plan, coalesce(max(starts) filter (where before is distinct from plan and starts <= extract(epoch from now()) * 1000), min(starts)) as since from step group by customer_id, current
    )
    select plan, coalesce((select max(cut) from unnest(${[...cuts] as number[]}::float8[]) as cut where cut <= since), 0)::float8 as since, count(*) as customers
    from held group by 1, 2 order by 1, 2`
  return rows.map((row) => ({ ...row, customers: Number(row.customers) }))
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
