// The rows of what is lent: leases by holder, and what of them is in doubt. Each function is one rule of core's step(), set-based.
// Budgets are always locked before their leases, in the order of (customer, budget, period), so that acquires, settlements and
// top-ups never wait for each other in a circle.

import { formatDecimal, holderOf, parseDecimal, unusedOf, type BudgetState, type Instant, type NodeIdentity } from '@tollgate/core'
import type postgres from 'postgres'
import type { Transaction } from '../platform/postgres.ts'
import type { BudgetKey } from './budgets.ts'

/** Decimal places of the columns: exact for every unit. */
export const STORED_SCALE = 12

/** A piece of a statement. */
type Fragment = postgres.PendingQuery<postgres.Row[]>

export type LockedLeases = {
  readonly key: BudgetKey
  readonly state: BudgetState
  /** Of the holders asked for. */
  readonly leases: ReadonlyMap<string, { readonly granted: bigint; readonly used: bigint; readonly isOpen: boolean }>
  /** Nodes of the others that have some of it unused. */
  readonly otherNodes: readonly string[]
}

/** `trailingMs`: the reach of a rolling window. Its other cycles within that reach are locked and read, too. */
export type WantedBudget = BudgetKey & { readonly trailingMs?: number }

export function budgetKeyText(key: BudgetKey): string {
  return `${key.customer} ${key.budget} ${key.periodStart}`
}

/** Locks budgets and reads them with the leases of the holders, each named once; amounts at {@link STORED_SCALE}. Budgets that do not exist are missing in the answer. */
export async function lockLeases(tx: Transaction, keys: readonly WantedBudget[], holders: readonly NodeIdentity[]): Promise<Map<string, LockedLeases>> {
  const [customers, budgets, starts] = columnsOf(keys)
  // Sent together: the leases are read when the locks are held.
  const locked = tx<(BudgetKey & { limit: string; settled: string; escrow: string })[]>`
    select b.customer_id as customer, b.budget_id as budget, b.period_start as "periodStart", b.limit_amount as limit, b.settled, b.escrow
    from ${keys.some(({ trailingMs = 0 }) => trailingMs > 0) ? withinReach(tx, keys) : tx`budget_state b join unnest(${customers}::text[], ${budgets}::text[], ${starts}::timestamptz[]) as w(customer_id, budget_id, period_start) using (customer_id, budget_id, period_start)`}
    order by b.customer_id, b.budget_id, b.period_start for update of b`
  const lent = tx<{ key: bigint; place: bigint | null; node: string; granted: string; used: string; isOpen: boolean }[]>`
    select wanted.key, h.place, l.node_id as node, l.granted, l.used, l.phase = 'open' as "isOpen"
    from unnest(${customers}::text[], ${budgets}::text[], ${starts}::timestamptz[]) with ordinality as wanted(customer_id, budget_id, period_start, key)
    join lease l using (customer_id, budget_id, period_start)
    left join unnest(${holders.map(({ node }) => node)}::text[], ${holders.map(({ incarnation }) => incarnation)}::int[]) with ordinality as h(node_id, incarnation, place) using (node_id, incarnation)
    where h.place is not null or (l.phase = 'open' and l.granted > l.used)`
  const [states, leases] = await Promise.all([locked, lent])
  const found = new Map(states.map((row) => [budgetKeyText(row), {
    key: { customer: row.customer, budget: row.budget, periodStart: row.periodStart },
    state: { limit: exact(row.limit), settled: exact(row.settled), escrow: exact(row.escrow) }, leases: new Map<string, { granted: bigint; used: bigint; isOpen: boolean }>(), otherNodes: [] as string[],
  }]))
  for (const { key, place, node, granted, used, isOpen } of leases) {
    const budget = found.get(budgetKeyText(keys[Number(key) - 1]!))
    if (budget === undefined) continue
    const holder = place === null ? undefined : holders[Number(place) - 1]
    if (holder !== undefined) budget.leases.set(holderOf(holder.node, holder.incarnation), { granted: exact(granted), used: exact(used), isOpen })
    else if (!budget.otherNodes.includes(node)) budget.otherNodes.push(node)
  }
  return found
}

/** Budgets, and of rolling windows the other cycles within their reach. */
function withinReach(tx: Transaction, keys: readonly WantedBudget[]): Fragment {
  const [customers, budgets, starts] = columnsOf(keys)
  return tx`budget_state b
    where (b.customer_id, b.budget_id, b.period_start) in (
      select o.customer_id, o.budget_id, o.period_start from unnest(${customers}::text[], ${budgets}::text[], ${starts}::timestamptz[], ${keys.map(({ trailingMs }) => trailingMs ?? 0)}::float8[]) as w(customer_id, budget_id, period_start, reach_ms)
      join budget_state o on o.customer_id = w.customer_id and o.budget_id = w.budget_id
        and o.period_start between w.period_start - w.reach_ms * interval '1 ms' and w.period_start + w.reach_ms * interval '1 ms')`
}

export type LeaseWrite = BudgetKey & NodeIdentity & { readonly granted: bigint; readonly before: { readonly granted: bigint; readonly used: bigint } }

/** Writes grown or shrunk leases and the escrow that follows. The budgets are locked already; a lease is named at most once. */
export async function writeLeases(tx: Transaction, writes: readonly LeaseWrite[]): Promise<void> {
  if (writes.length === 0) return
  const [customers, budgets, starts] = columnsOf(writes)
  const added = writes.map(({ granted, before }) => decimal(unusedOf({ granted, used: before.used }) - unusedOf(before)))
  await tx`
    with written as (
      select * from unnest(${customers}::text[], ${budgets}::text[], ${starts}::timestamptz[], ${writes.map(({ node }) => node)}::text[], ${writes.map(({ incarnation }) => incarnation)}::int[],
        ${writes.map(({ granted }) => decimal(granted))}::numeric[], ${added}::numeric[]) as w(customer_id, budget_id, period_start, node_id, incarnation, granted, added)
    ), lent as (
      insert into lease (customer_id, budget_id, period_start, node_id, incarnation, granted)
      select customer_id, budget_id, period_start, node_id, incarnation, granted from written
      on conflict (customer_id, budget_id, period_start, node_id, incarnation) do update set granted = excluded.granted
    )
    update budget_state b set escrow = b.escrow + d.added
    from (select customer_id, budget_id, period_start, sum(added) as added from written group by 1, 2, 3) d
    where b.customer_id = d.customer_id and b.budget_id = d.budget_id and b.period_start = d.period_start and d.added <> 0`
}

export type DoubtRow = BudgetKey & NodeIdentity & { readonly reservation: string; /** In units of 10^-12. */ readonly amount: bigint; readonly endsAt: Instant }

/**
 * Closes the open leases of a node's replaced incarnations: what they did not use is headroom again, except what is in doubt.
 * The journal of an incarnation that is not `kept` may have lost its end: all of its leases may be used, so the rest is in doubt, too.
 */
export async function closeLeases(tx: Transaction, node: string, input: { readonly doubts: readonly DoubtRow[]; readonly kept: readonly number[]; readonly restUntil: Instant }): Promise<void> {
  const { doubts, kept, restUntil } = input
  await lockBudgetsOf(tx, node)
  const [customers, budgets, starts] = columnsOf(doubts)
  await tx`
    with claimed as (
      select row_number() over () as place, * from unnest(${doubts.map(({ reservation }) => reservation)}::text[], ${customers}::text[], ${budgets}::text[], ${starts}::timestamptz[],
        ${doubts.map(({ incarnation }) => incarnation)}::int[], ${doubts.map(({ amount }) => decimal(amount))}::numeric[], ${doubts.map(({ endsAt }) => iso(endsAt))}::timestamptz[])
        as d(reservation_id, customer_id, budget_id, period_start, incarnation, amount, ends_at)
    ), covered as (
      -- An amount that its lease no longer covers was overrun already: nothing is left to keep for it.
      select c.*, l.granted - l.used - coalesce(sum(c.amount) over (partition by c.customer_id, c.budget_id, c.period_start, c.incarnation order by c.place rows between unbounded preceding and 1 preceding), 0) as left
      from claimed c join lease l using (customer_id, budget_id, period_start, incarnation) where l.node_id = ${node} and l.phase = 'open' and l.granted > l.used
    )
    insert into lease_doubt (reservation_id, customer_id, budget_id, period_start, node_id, incarnation, amount, ends_at)
    select reservation_id, customer_id, budget_id, period_start, ${node}, incarnation, least(amount, "left"), ends_at from covered where "left" > 0
    on conflict do nothing`
  await tx`
    insert into lease_doubt (reservation_id, customer_id, budget_id, period_start, node_id, incarnation, amount, ends_at)
    select 'rest:' || l.node_id || '/' || l.incarnation, l.customer_id, l.budget_id, l.period_start, l.node_id, l.incarnation, l.granted - l.used - coalesce(d.amount, 0), ${iso(restUntil)}
    from (${openLeasesOf(tx, node)}) l left join lateral (
      select sum(amount) as amount from lease_doubt d where (d.customer_id, d.budget_id, d.period_start, d.node_id, d.incarnation) = (l.customer_id, l.budget_id, l.period_start, l.node_id, l.incarnation)) d on true
    where l.granted - l.used - coalesce(d.amount, 0) > 0 and l.incarnation <> all(${kept as number[]}::int[])
    on conflict do nothing`
  await endLeases(tx, tx`
    select l.customer_id, l.budget_id, l.period_start, l.node_id, l.incarnation, coalesce(d.amount, 0) as kept from (${openLeasesOf(tx, node)}) l left join lateral (
      select sum(amount) as amount from lease_doubt d where (d.customer_id, d.budget_id, d.period_start, d.node_id, d.incarnation) = (l.customer_id, l.budget_id, l.period_start, l.node_id, l.incarnation)) d on true`, 'closed')
}

/** Ends the open leases that an incarnation has on the named budgets, null for all. */
export async function endLeasesOf(tx: Transaction, holder: NodeIdentity, phase: 'closed' | 'given_up', keys: readonly BudgetKey[] | null): Promise<void> {
  const [customers, budgets, starts] = columnsOf(keys ?? [])
  const chosen = tx`
    select l.customer_id, l.budget_id, l.period_start, l.node_id, l.incarnation, 0::numeric as kept from lease l
    where l.node_id = ${holder.node} and l.incarnation = ${holder.incarnation} and l.phase = 'open'
      and (${keys === null} or (l.customer_id, l.budget_id, l.period_start) in (select * from unnest(${customers}::text[], ${budgets}::text[], ${starts}::timestamptz[])))`
  await tx`
    select 1 from budget_state b where (b.customer_id, b.budget_id, b.period_start) in (select customer_id, budget_id, period_start from (${chosen}) c)
    order by b.customer_id, b.budget_id, b.period_start for update of b`
  await endLeases(tx, chosen, phase)
}

/** Budgets on which an incarnation has an open lease with something unused. */
export async function openBudgetsOf(tx: Transaction, holder: NodeIdentity): Promise<BudgetKey[]> {
  return tx<BudgetKey[]>`
    select customer_id as customer, budget_id as budget, period_start as "periodStart" from lease
    where node_id = ${holder.node} and incarnation = ${holder.incarnation} and phase = 'open' and granted > used order by 1, 2, 3`
}

/** What was in doubt of these reservations is so no more. Answers how much was freed of each budget. */
export async function resolveDoubts(tx: Transaction, doubts: readonly { readonly customer: string; readonly reservation: string }[]): Promise<void> {
  if (doubts.length === 0) return
  await freeDoubts(tx, tx`(customer_id, reservation_id) in (select * from unnest(${doubts.map(({ customer }) => customer)}::text[], ${doubts.map(({ reservation }) => reservation)}::text[]))`)
}

/** Doubts whose time is over, at most `limit`; answers their customers, reservations and amounts. */
export async function endDoubts(tx: Transaction, now: Instant, limit: number): Promise<{ readonly customer: string; readonly reservation: string; readonly budget: string; readonly amount: string }[]> {
  return freeDoubts(tx, tx`(reservation_id, customer_id, budget_id, period_start) in (select reservation_id, customer_id, budget_id, period_start from lease_doubt where ends_at <= ${iso(now)} order by ends_at limit ${limit})`)
}

async function freeDoubts(tx: Transaction, which: Fragment): Promise<{ customer: string; reservation: string; budget: string; amount: string }[]> {
  const found = await tx<BudgetKey[]>`select distinct customer_id as customer, budget_id as budget, period_start as "periodStart" from lease_doubt where ${which}`
  if (found.length === 0) return []
  const [customers, budgets, starts] = columnsOf(found)
  await tx`
    select 1 from budget_state b join unnest(${customers}::text[], ${budgets}::text[], ${starts}::timestamptz[]) as w(customer_id, budget_id, period_start) using (customer_id, budget_id, period_start)
    order by b.customer_id, b.budget_id, b.period_start for update of b`
  return tx<{ customer: string; reservation: string; budget: string; amount: string }[]>`
    with gone as (delete from lease_doubt where ${which} returning *),
    of_lease as (select customer_id, budget_id, period_start, node_id, incarnation, sum(amount) as amount from gone group by 1, 2, 3, 4, 5),
    freed as (
      update lease l set granted = l.granted - g.amount from of_lease g
      where (l.customer_id, l.budget_id, l.period_start, l.node_id, l.incarnation) = (g.customer_id, g.budget_id, g.period_start, g.node_id, g.incarnation)
      returning l.customer_id, l.budget_id, l.period_start, greatest(0, l.granted + g.amount - l.used) - greatest(0, l.granted - l.used) as amount
    ), of_budget as (select customer_id, budget_id, period_start, sum(amount) as amount from freed group by 1, 2, 3),
    moved as (
      update budget_state b set escrow = b.escrow - f.amount from of_budget f
      where (b.customer_id, b.budget_id, b.period_start) = (f.customer_id, f.budget_id, f.period_start)
    )
    select customer_id as customer, reservation_id as reservation, budget_id as budget, amount::text as amount from gone`
}

function openLeasesOf(tx: Transaction, node: string) {
  return tx`select l.* from lease l join node_incarnation n using (node_id, incarnation) where l.node_id = ${node} and l.phase = 'open' and n.standing = 'replaced'`
}

function lockBudgetsOf(tx: Transaction, node: string) {
  return tx`
    select 1 from budget_state b where (b.customer_id, b.budget_id, b.period_start) in (select customer_id, budget_id, period_start from (${openLeasesOf(tx, node)}) l where l.granted > l.used)
    order by b.customer_id, b.budget_id, b.period_start for update of b`
}

/** `chosen`: the leases, each with how much of it is `kept` as lent out. */
async function endLeases(tx: Transaction, chosen: Fragment, phase: 'closed' | 'given_up'): Promise<void> {
  await tx`
    with chosen as (${chosen}),
    ended as (
      update lease l set phase = ${phase}, granted = case when l.granted > l.used then l.used + c.kept else l.granted end from chosen c, lease old
      where (l.customer_id, l.budget_id, l.period_start, l.node_id, l.incarnation) = (c.customer_id, c.budget_id, c.period_start, c.node_id, c.incarnation)
        and (old.customer_id, old.budget_id, old.period_start, old.node_id, old.incarnation) = (l.customer_id, l.budget_id, l.period_start, l.node_id, l.incarnation)
      returning l.customer_id, l.budget_id, l.period_start, greatest(0, old.granted - old.used) - greatest(0, l.granted - l.used) as freed
    ), freed as (select customer_id, budget_id, period_start, sum(freed) as freed from ended group by 1, 2, 3)
    update budget_state b set escrow = b.escrow - f.freed from freed f
    where (b.customer_id, b.budget_id, b.period_start) = (f.customer_id, f.budget_id, f.period_start) and f.freed <> 0`
}

function columnsOf(keys: readonly BudgetKey[]): readonly [string[], string[], string[]] {
  return [keys.map(({ customer }) => customer), keys.map(({ budget }) => budget), keys.map(({ periodStart }) => iso(periodStart))]
}

function exact(text: string): bigint {
  return parseDecimal(text, STORED_SCALE, 'lease')
}

function decimal(amount: bigint): string {
  return formatDecimal(amount, STORED_SCALE)
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
