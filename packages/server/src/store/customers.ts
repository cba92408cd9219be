// Customers, their subscription, entities and budget rules: the facts a snapshot is compiled from.

import {
  assert, ENTITY_DEPTH_MAX, parseDecimal, segmentAt, standingOf, type BudgetRule, type BurnOrder, type CustomerFacts, type CustomerId, type EntityId, type EntityKind, type Instant, type RunawayRule, type Segment, type Standing, type WalletKind,
} from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'
import { contractsOf } from './contracts.ts'
import { readGrants } from './grants.ts'

export type CustomerRow = {
  readonly id: CustomerId
  readonly name: string
  readonly externalId: string | null
  readonly timeZone: string
  /** BCP 47; null where nobody said. */
  readonly locale: string | null
  /** Null for that of the catalog. */
  readonly currency: string | null
  readonly version: number
  readonly metadata: Record<string, unknown>
  readonly createdAt: Instant
  readonly plan: string
  readonly standing: Standing
  readonly subscription: string
  readonly anchorAt: Instant
  /** Everything is decided and recorded, and nothing is refused. */
  readonly observe: boolean
  /** What happens to a run that seems to be in a loop; null for the default. */
  readonly runaway: RunawayRule | null
  /** Those for some features. */
  readonly wallets: readonly WalletKind[]
  /** Null for that of the plan. */
  readonly burnOrder: BurnOrder | null
  readonly timeline: readonly Segment[]
  readonly testClock: string | null
  /** How far the customer's clock is ahead of ours: 0 unless a test turned it. */
  readonly clockOffsetMs: number
}

/** The row with plan, standing and anchor of an instant: what a list shows may be older than the last timer. */
export function customerAt(row: CustomerRow, at: Instant): CustomerRow {
  const segment = segmentAt(row.timeline, at)
  return segment === null ? row : { ...row, plan: segment.plan, standing: standingOf(segment.state), subscription: segment.subscription, anchorAt: segment.anchorAt }
}

/** Facts without what moves with usage (positions, wallet): those are read when a snapshot is compiled. */
export type StoredFacts = Omit<CustomerFacts, 'positions' | 'walletChangesAt'> & { readonly ruleLimits: ReadonlyMap<string, bigint> }

export async function insertCustomer(tx: Transaction, input: {
  readonly id: string; readonly name: string; readonly externalId: string | null; readonly timeZone: string; readonly locale: string | null; readonly currency: string | null; readonly metadata: Record<string, unknown>
  readonly plan: string; readonly subscription: string; readonly anchorAt: Instant; readonly testClock: string | null
}): Promise<boolean> {
  const rows = await tx`
    insert into customer (id, name, external_id, time_zone, locale, currency, metadata, test_clock_id)
    values (${input.id}, ${input.name}, ${input.externalId}, ${input.timeZone}, ${input.locale}, ${input.currency}, ${tx.json(input.metadata as never)}, ${input.testClock})
    on conflict do nothing returning id`
  if (rows.length === 0) return false
  await tx`insert into subscription (customer_id, id, plan, anchor_at) values (${input.id}, ${input.subscription}, ${input.plan}, ${input.anchorAt})`
  return true
}

export async function findCustomer(sql: Sql | Transaction, id: string): Promise<CustomerRow | null> {
  const [row] = await sql<CustomerRow[]>`${selectCustomer(sql)} where c.id = ${id}`
  return row === undefined ? null : { ...row, version: Number(row.version) }
}

/** By name, id or external id; ordered by id, after `after`. */
export async function listCustomers(sql: Sql, input: { readonly search: string | null; readonly after: string | null; readonly limit: number }): Promise<CustomerRow[]> {
  const pattern = input.search === null ? null : `%${input.search.replace(/[\\%_]/g, '\\$&')}%`
  const rows = await sql<CustomerRow[]>`
    ${selectCustomer(sql)}
    where (${input.after}::text is null or c.id > ${input.after})
      and (${pattern}::text is null or c.name ilike ${pattern} or c.id ilike ${pattern} or c.external_id ilike ${pattern})
    order by c.id limit ${input.limit}`
  return rows.map((row) => ({ ...row, version: Number(row.version) }))
}

function selectCustomer(sql: Sql | Transaction) {
  return sql`
    select c.id, c.name, c.external_id as "externalId", c.time_zone as "timeZone", c.locale, c.currency, c.version, c.metadata, c.observe, c.runaway, c.wallets, c.burn_order as "burnOrder", c.created_at as "createdAt",
      s.plan, s.standing, s.id as subscription, s.anchor_at as "anchorAt", s.timeline,
      c.test_clock_id as "testClock", coalesce(t.offset_ms, 0)::float8 as "clockOffsetMs"
    from customer c join subscription s on s.customer_id = c.id left join test_clock t on t.id = c.test_clock_id`
}

export async function customerExists(sql: Sql | Transaction, id: string): Promise<boolean> {
  const rows = await sql`select 1 from customer where id = ${id}`
  return rows.length > 0
}

/** Serialises everything that moves a customer's money: settlement, top-ups, plan changes. Always in order of id. */
export async function lockCustomers(tx: Transaction, ids: readonly string[]): Promise<Map<string, number>> {
  const rows = await tx<{ id: string; version: bigint }[]>`
    select id, version from customer where id = any(${ids as string[]}::text[]) order by id for no key update`
  return new Map(rows.map(({ id, version }) => [id, Number(version)]))
}

/** Versions by customer, without a lock. */
export async function customerVersions(sql: Sql | Transaction, ids: readonly string[]): Promise<Map<string, number>> {
  const rows = await sql<{ id: string; version: bigint }[]>`select id, version from customer where id = any(${ids as string[]}::text[])`
  return new Map(rows.map(({ id, version }) => [id, Number(version)]))
}

/** Wallets for some features. */
export async function walletsOf(sql: Sql | Transaction, customer: string): Promise<readonly WalletKind[]> {
  const [row] = await sql<{ wallets: WalletKind[] }[]>`select wallets from customer where id = ${customer}`
  return row?.wallets ?? []
}

/** Of a customer whose lock the caller holds; the version must follow. */
export async function writeWallets(tx: Transaction, customer: string, wallets: readonly WalletKind[]): Promise<void> {
  await tx`update customer set wallets = ${tx.json(wallets as never)} where id = ${customer}`
}

/** Announces that a snapshot is out of date. Returns the new version. */
export async function bumpVersion(tx: Transaction, customer: string): Promise<number> {
  const [row] = await tx<{ version: bigint }[]>`update customer set version = version + 1 where id = ${customer} returning version`
  assert(row !== undefined, `no customer ${customer}`)
  return Number(row.version)
}

export async function setRunaway(tx: Transaction, customer: string, rule: RunawayRule): Promise<void> {
  await tx`update customer set runaway = ${tx.json(rule as never)} where id = ${customer}`
}

export async function setLocale(tx: Transaction, customer: string, locale: string | null): Promise<void> {
  await tx`update customer set locale = ${locale} where id = ${customer}`
}

export async function setObserve(tx: Transaction, customer: string, observe: boolean): Promise<void> {
  await tx`update customer set observe = ${observe} where id = ${customer}`
}

export async function setBurnOrder(tx: Transaction, customer: string, order: BurnOrder | null): Promise<void> {
  await tx`update customer set burn_order = ${order as string[] | null} where id = ${customer}`
}

export async function loadFacts(sql: Sql | Transaction, ids: readonly string[]): Promise<Map<string, StoredFacts>> {
  const list = ids as string[]
  const [customers, contracts, entities, rules, overrides, grants] = await Promise.all([
    sql<CustomerRow[]>`${selectCustomer(sql)} where c.id = any(${list}::text[])`,
    contractsOf(sql, list),
    sql<EntityFact[]>`
      select customer_id as customer, id, parent_id as parent, kind from entity where customer_id = any(${list}::text[])`,
    sql<RuleRow[]>`
      select customer_id as customer, id, name, unit, "window", enforcement, limit_amount as "limit", entity_id as entity, features, terms, owner
      from budget_rule where customer_id = any(${list}::text[]) order by id`,
    // Only rates are decided by nodes themselves; the limits of all other members stay with the authority.
    sql<{ customer: string; rule: string; budget: string; limit: string }[]>`
      select o.customer_id as customer, o.rule_id as rule, o.budget_id as budget, o.limit_amount as "limit" from budget_override o
      join budget_rule r on r.customer_id = o.customer_id and r.id = o.rule_id and r."window" in ('second', 'minute') where o.customer_id = any(${list}::text[])`,
    readGrants(sql, list),
  ])
  return new Map(customers.map((row) => {
    const own = rules.filter(({ customer }) => customer === row.id)
    const members = entities.filter(({ customer }) => customer === row.id)
    const scaleOf = (rule: string) => scaleOfRule(own.find(({ id }) => id === rule))
    return [row.id, {
      customer: row.id, name: row.name, version: Number(row.version), standing: row.standing, plan: row.plan, timeZone: row.timeZone, currency: row.currency, contract: contracts.get(row.id) ?? null, anchorAt: row.anchorAt, timeline: row.timeline, clockOffsetMs: row.clockOffsetMs,
      grants: grants.filter(({ customer }) => customer === row.id).map(({ customer: _, ...grant }) => grant),
      entityPaths: pathsOf(members),
      ...(members.length === 0 ? {} : { entityKinds: Object.fromEntries(members.map(({ id, kind }) => [id, kind])) }),
      ...(row.observe ? { observe: true } : {}),
      ...(row.runaway === null ? {} : { runaway: row.runaway }),
      ...(row.wallets.length === 0 ? {} : { wallets: row.wallets }),
      ...(row.burnOrder === null ? {} : { burnOrder: row.burnOrder }),
      budgets: own.map(({ customer: _, limit: __, ...rule }) => rule),
      ruleLimits: new Map(own.map((rule) => [rule.id, parseDecimal(rule.limit, scaleOfRule(rule), rule.id)])),
      overrides: new Map(overrides.filter(({ customer }) => customer === row.id).map(({ rule, budget, limit }) => [budget, parseDecimal(limit, scaleOf(rule), budget)])),
    }]
  }))
}

type RuleRow = BudgetRule & { readonly customer: string; readonly limit: string }
type EntityFact = { readonly customer: string; readonly id: EntityId; readonly parent: EntityId | null; readonly kind: EntityKind }

function scaleOfRule(rule: BudgetRule | undefined): number {
  return rule === undefined || rule.unit.kind === 'money' ? 12 : rule.unit.scale
}

/** Parents of each entity, nearest first. The depth is bounded, so that a cycle cannot hang a node. */
function pathsOf(entities: readonly { readonly id: EntityId; readonly parent: EntityId | null }[]): Record<EntityId, EntityId[]> {
  const parents = new Map(entities.map(({ id, parent }) => [id, parent]))
  const paths: Record<EntityId, EntityId[]> = {}
  for (const { id } of entities) {
    const path: EntityId[] = []
    for (let next = parents.get(id) ?? null; next !== null && path.length < ENTITY_DEPTH_MAX; next = parents.get(next) ?? null) path.push(next)
    paths[id] = path
  }
  return paths
}

/** Customers by what others call them: our id, the external id, or the id of the subscription. Keys are the names that were asked for. */
export async function customersByReference(sql: Sql, references: readonly string[]): Promise<Map<string, { readonly id: CustomerId; readonly externalId: string | null }>> {
  const rows = await sql<{ reference: string; id: CustomerId; externalId: string | null }[]>`
    select distinct on (r.reference) r.reference, c.id, c.external_id as "externalId" from unnest(${references as string[]}::text[]) as r(reference)
    join customer c on c.id = r.reference or c.external_id = r.reference or c.id = (select customer_id from subscription s where s.id = r.reference)
    order by r.reference, c.id = r.reference desc, c.id`
  return new Map(rows.map(({ reference, id, externalId }) => [reference, { id, externalId }]))
}

/** What customers are called outside: their external id, else ours. */
export async function referencesOf(sql: Sql, customers: readonly string[]): Promise<Map<string, string>> {
  const rows = await sql<{ id: string; reference: string }[]>`select id, coalesce(external_id, id) as reference from customer where id = any(${customers as string[]}::text[])`
  return new Map(rows.map(({ id, reference }) => [id, reference]))
}
