// The authority's rows of budgets; their leases are in leases.ts. Rows are locked in the order of (customer, budget, period), always
// the budget before its leases, so that acquires, settlements and top-ups never wait for each other in a circle.
// Amounts cross as exact bigints in the unit of the budget; the database holds them as plain decimals.

import { formatDecimal, type Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type BudgetKey = { readonly customer: string; readonly budget: string; readonly periodStart: Instant }
export type BudgetRow = BudgetKey & {
  readonly periodEnd: Instant; readonly scale: number; readonly limit: bigint
}

/**
 * Creates the rows that do not exist yet, with their limit: the member's own where it has one. Rows are inserted in the order in which all lock them.
 */
export async function ensureBudgets(tx: Sql | Transaction, wanted: readonly BudgetRow[]): Promise<void> {
  if (wanted.length === 0) return
  const rows = [...wanted].sort(inLockOrder)
  await tx`
    insert into budget_state (customer_id, budget_id, period_start, period_end, limit_amount)
    select b.customer_id, b.budget_id, b.period_start, b.period_end, coalesce(o.limit_amount, b.limit_amount) from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ budget }) => budget)}::text[],
      ${rows.map(({ periodStart }) => iso(periodStart))}::timestamptz[], ${rows.map(({ periodEnd }) => iso(periodEnd))}::timestamptz[],
      ${rows.map((row) => formatDecimal(row.limit, row.scale))}::numeric[]) with ordinality as b(customer_id, budget_id, period_start, period_end, limit_amount, place)
    left join budget_override o using (customer_id, budget_id) order by b.place
    on conflict do nothing`
}

function inLockOrder(a: BudgetKey, b: BudgetKey): number {
  return a.customer !== b.customer ? (a.customer < b.customer ? -1 : 1) : a.budget !== b.budget ? (a.budget < b.budget ? -1 : 1) : a.periodStart - b.periodStart
}

/**
 * `leased` is what the node took out of its lease, where it may differ from the amount; none beside it where there is no node. `unleased`:
 * the node had no lease yet, and counts it against its first one.
 */
export type BudgetMove = BudgetKey & { readonly scale: number; readonly amount: bigint; readonly leased: bigint; readonly unleased?: boolean; readonly node: string | null; readonly incarnation: number | null }

/** A budget after settlement, as decimal text. `alerted` is the percent that was told last in its period. */
export type MovedBudget = BudgetKey & { readonly limit: string; readonly settled: string; readonly alerted: number }

/**
 * Books settled amounts: on the budget always, and on the node's lease where the usage came out of one. The pace is a decaying
 * average over ten minutes: a forecast, so it may be a float.
 */
export async function moveBudgets(tx: Transaction, moves: readonly BudgetMove[]): Promise<MovedBudget[]> {
  if (moves.length === 0) return []
  const columns = {
    customers: moves.map(({ customer }) => customer), budgets: moves.map(({ budget }) => budget), starts: moves.map(({ periodStart }) => iso(periodStart)),
    amounts: moves.map((move) => formatDecimal(move.amount, move.scale)), leased: moves.map((move) => formatDecimal(move.leased, move.scale)), nodes: moves.map(({ node }) => node), incarnations: moves.map(({ incarnation }) => incarnation),
  }
  await tx`
    select 1 from budget_state b join (select distinct * from unnest(${columns.customers}::text[], ${columns.budgets}::text[], ${columns.starts}::timestamptz[]) as w(customer_id, budget_id, period_start)) w
      using (customer_id, budget_id, period_start) order by customer_id, budget_id, period_start for update of b`
  const unleased = moves.filter((move) => move.unleased === true && move.node !== null)
  if (unleased.length > 0) {
    await tx`
      insert into lease (customer_id, budget_id, period_start, node_id, incarnation, granted)
      select *, 0 from unnest(${unleased.map(({ customer }) => customer)}::text[], ${unleased.map(({ budget }) => budget)}::text[], ${unleased.map(({ periodStart }) => iso(periodStart))}::timestamptz[],
        ${unleased.map(({ node }) => node)}::text[], ${unleased.map(({ incarnation }) => incarnation)}::int[])
      on conflict do nothing`
  }
  return tx<MovedBudget[]>`
    with moves as (
      select * from unnest(${columns.customers}::text[], ${columns.budgets}::text[], ${columns.starts}::timestamptz[], ${columns.amounts}::numeric[], ${columns.leased}::numeric[], ${columns.nodes}::text[], ${columns.incarnations}::int[])
        as m(customer_id, budget_id, period_start, amount, leased, node_id, incarnation)
    ), used as (
      update lease l set used = l.used + m.leased from moves m
      where l.customer_id = m.customer_id and l.budget_id = m.budget_id and l.period_start = m.period_start and l.node_id = m.node_id and l.incarnation = m.incarnation
      returning l.customer_id, l.budget_id, l.period_start, greatest(0, l.granted - (l.used - m.leased)) - greatest(0, l.granted - l.used) as freed
    ), freed as (select customer_id, budget_id, period_start, sum(freed) as freed from used group by 1, 2, 3),
    totals as (select customer_id, budget_id, period_start, sum(amount) as amount from moves group by 1, 2, 3)
    update budget_state b set settled = b.settled + t.amount, escrow = b.escrow - coalesce(f.freed, 0), settled_at = now(),
      velocity = b.velocity * exp(-greatest(0, least(60000, coalesce(extract(epoch from now() - b.settled_at)::float8, 60000))) / 600) + t.amount::float8 / 600
    from totals t left join freed f using (customer_id, budget_id, period_start)
    where b.customer_id = t.customer_id and b.budget_id = t.budget_id and b.period_start = t.period_start
    returning b.customer_id as customer, b.budget_id as budget, b.period_start as "periodStart", b.limit_amount as limit, b.settled, b.alerted`
}

/** Marks how far thresholds were told. */
export async function markAlerted(tx: Transaction, rows: readonly (BudgetKey & { readonly percent: number })[]): Promise<void> {
  if (rows.length === 0) return
  await tx`
    update budget_state b set alerted = w.percent
    from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ budget }) => budget)}::text[], ${rows.map(({ periodStart }) => iso(periodStart))}::timestamptz[], ${rows.map(({ percent }) => percent)}::int[]) as w(customer_id, budget_id, period_start, percent)
    where b.customer_id = w.customer_id and b.budget_id = w.budget_id and b.period_start = w.period_start`
}

/** Books claims on leases that were given up: they change no headroom. */
export async function loseOnBudgets(tx: Transaction, moves: readonly BudgetMove[]): Promise<void> {
  if (moves.length === 0) return
  await tx`
    update budget_state b set lost = b.lost + t.amount from (
      select customer_id, budget_id, period_start, sum(amount) as amount
      from unnest(${moves.map(({ customer }) => customer)}::text[], ${moves.map(({ budget }) => budget)}::text[], ${moves.map(({ periodStart }) => iso(periodStart))}::timestamptz[], ${moves.map((move) => formatDecimal(move.amount, move.scale))}::numeric[])
        as m(customer_id, budget_id, period_start, amount) group by 1, 2, 3) t
    where b.customer_id = t.customer_id and b.budget_id = t.budget_id and b.period_start = t.period_start`
}

/** Raises or lowers a limit by `delta`, exact decimal text. The row must exist. */
export async function changeLimit(tx: Transaction, key: BudgetKey, delta: string): Promise<void> {
  await tx`
    update budget_state set limit_amount = limit_amount + ${delta}::numeric
    where customer_id = ${key.customer} and budget_id = ${key.budget} and period_start = ${iso(key.periodStart)}`
}

/** Gives rows that exist the limit of their rule, or the member's own, and keeps what came over from the period before. */
export async function setLimits(tx: Transaction, rows: readonly BudgetRow[]): Promise<void> {
  if (rows.length === 0) return
  await tx`
    update budget_state b set limit_amount = coalesce(o.limit_amount, w.limit_amount) + b.carried
    from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ budget }) => budget)}::text[], ${rows.map(({ periodStart }) => iso(periodStart))}::timestamptz[],
      ${rows.map((row) => formatDecimal(row.limit, row.scale))}::numeric[]) as w(customer_id, budget_id, period_start, limit_amount)
    left join budget_override o using (customer_id, budget_id)
    where b.customer_id = w.customer_id and b.budget_id = w.budget_id and b.period_start = w.period_start and b.limit_amount <> coalesce(o.limit_amount, w.limit_amount) + b.carried`
}

/** A budget that takes over what was left of its period before, within bounds at the budget's scale. */
export type CarryRow = BudgetKey & { readonly previousStart: Instant; readonly scale: number; readonly min: bigint; readonly max: bigint }

/**
 * Brings what is carried over up to date, one period after the other, oldest first: what is left of the period before, lent amounts
 * counted as used until they come back. Usage that is settled late, and leases that return, change it. Rows must exist.
 */
export async function carryOver(tx: Transaction, rows: readonly CarryRow[]): Promise<void> {
  for (const row of rows) {
    await tx`
      update budget_state b set limit_amount = b.limit_amount - b.carried + c.carried, carried = c.carried
      from (
        select least(${formatDecimal(row.max, row.scale)}::numeric, greatest(${formatDecimal(row.min, row.scale)}::numeric, p.limit_amount - p.settled - p.escrow, 0)) as carried
        from budget_state p where p.customer_id = ${row.customer} and p.budget_id = ${row.budget} and p.period_start = ${iso(row.previousStart)}) c
      where b.customer_id = ${row.customer} and b.budget_id = ${row.budget} and b.period_start = ${iso(row.periodStart)} and b.carried <> c.carried`
  }
}

/** Budgets of a customer whose period holds `at`: all of them, or one rule with its members; locked in the order in which all lock them. */
export async function runningBudgets(tx: Sql | Transaction, input: { readonly customer: string; readonly at: Instant; readonly rule: string | null }): Promise<{ readonly budget: string; readonly periodStart: Instant }[]> {
  return tx<{ budget: string; periodStart: Instant }[]>`
    select budget_id as budget, period_start as "periodStart" from budget_state
    where customer_id = ${input.customer} and period_end > ${iso(input.at)} and period_start <= ${iso(input.at)} and (${input.rule}::text is null or split_part(budget_id, '@', 1) = ${input.rule})
    order by budget_id, period_start for update`
}

export type BudgetView = BudgetKey & {
  readonly periodEnd: Instant; readonly limit: string; readonly settled: string; readonly escrow: string; readonly carried: string
  /** Settled units a second, as of `settledAt`. */
  readonly velocity: number; readonly settledAt: Instant | null
}

/** The named budgets of a customer in the periods that hold `at`, as decimal text. */
export async function listBudgets(sql: Sql | Transaction, customer: string, at: Instant, budgets: readonly string[]): Promise<BudgetView[]> {
  return sql<BudgetView[]>`${selectBudgets(sql)} where customer_id = ${customer} and budget_id = any(${budgets as string[]}::text[]) and period_start <= ${iso(at)} and period_end > ${iso(at)} order by budget_id`
}

/** Ids of the budgets of a template's members that were used in the period that holds `at` or have a limit of their own, after `after`. */
export async function pageMembers(sql: Sql, input: { readonly customer: string; readonly rule: string; readonly at: Instant; readonly after: string | null; readonly limit: number }): Promise<string[]> {
  const rows = await sql<{ budget: string }[]>`
    (select budget_id as budget from budget_state where customer_id = ${input.customer} and split_part(budget_id, '@', 1) = ${input.rule} and budget_id <> ${input.rule}
      and period_end > ${iso(input.at)} and period_start <= ${iso(input.at)} and (${input.after}::text is null or budget_id > ${input.after})
      order by budget_id limit ${input.limit})
    union
    (select budget_id from budget_override where customer_id = ${input.customer} and rule_id = ${input.rule} and (${input.after}::text is null or budget_id > ${input.after})
      order by budget_id limit ${input.limit})
    order by budget limit ${input.limit}`
  return rows.map(({ budget }) => budget)
}

function selectBudgets(sql: Sql | Transaction) {
  return sql`
    select customer_id as customer, budget_id as budget, period_start as "periodStart", period_end as "periodEnd", limit_amount as limit, settled, escrow, carried,
      velocity, settled_at as "settledAt" from budget_state`
}

/** What earlier cycles of rolling windows have settled and lent out, by budget, as decimal text. */
export async function trailingSums(sql: Sql | Transaction, customer: string, windows: readonly { readonly budget: string; readonly from: Instant; readonly before: Instant }[]): Promise<Map<string, { readonly settled: string; readonly escrow: string }>> {
  if (windows.length === 0) return new Map()
  const rows = await sql<{ budget: string; settled: string; escrow: string }[]>`
    select w.budget_id as budget, sum(b.settled) as settled, sum(b.escrow) as escrow
    from unnest(${windows.map(({ budget }) => budget)}::text[], ${windows.map(({ from }) => iso(from))}::timestamptz[], ${windows.map(({ before }) => iso(before))}::timestamptz[]) as w(budget_id, start, stop)
    join budget_state b on b.customer_id = ${customer} and b.budget_id = w.budget_id and b.period_start >= w.start and b.period_start < w.stop group by 1`
  return new Map(rows.map(({ budget, ...sums }) => [budget, sums]))
}

/** What this incarnation has had posted on a customer's wallets: joined to the posted balance it gives the node's base. */
export async function leaseUse(sql: Sql | Transaction, input: { readonly customer: string; readonly node: string; readonly incarnation: number }): Promise<Map<string, string>> {
  const rows = await sql<{ budget: string; used: string }[]>`
    select budget_id as budget, used from lease where customer_id = ${input.customer} and node_id = ${input.node} and incarnation = ${input.incarnation} and budget_id like 'wallet:%'`
  return new Map(rows.map(({ budget, used }) => [budget, used]))
}

/** Deletes at most `rows` ended budgets of members or of periods below a day, with their leases. Returns how many. */
export async function deleteBudgetsBefore(sql: Sql, before: Instant, rows: number): Promise<number> {
  const [deleted] = await sql<{ count: number }[]>`
    with old as (
      select customer_id, budget_id, period_start from budget_state
      where period_end < ${iso(before)} and escrow = 0 and (position('@' in budget_id) > 0 or period_end - period_start < interval '1 day')
      order by customer_id, budget_id, period_start limit ${rows} for update skip locked
    ), ended as (delete from lease l using old where (l.customer_id, l.budget_id, l.period_start) = (old.customer_id, old.budget_id, old.period_start)),
    gone as (delete from budget_state b using old where (b.customer_id, b.budget_id, b.period_start) = (old.customer_id, old.budget_id, old.period_start) returning 1)
    select count(*)::int as count from gone`
  return deleted!.count
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
