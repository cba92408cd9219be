// The budgets of a customer as they stand: allowances, limits, caps and wallet, each with what was used and what is left.
// `remaining` counts what is lent to nodes as left, because it can be spent there.

import {
  budgetOf, cycleAt, exactToGrant, formatDecimal, instant, LIFETIME, openSlice, raised, parseDecimal, ruleIdOf, worstCase,
  type Budget, type Instant, type RuleOwner, type RuleTerms, type Slice, type WindowName, type WorstCase,
} from '@tollgate/core'
import { listBudgets, pageMembers, trailingSums, type BudgetView } from '../store/budgets.ts'
import { readOverrides } from '../store/entities.ts'
import { contextOf } from './customers.ts'
import type { ControlPlane } from './control-plane.ts'
import { budgetScale, budgetsOf, limitOf, writtenOf, type CustomerContext } from './customer-contexts.ts'
import { pageOf, type Page } from './listings.ts'
import { openRunning } from './open-budgets.ts'
import { nowOf } from './customer-time.ts'
import { Problem } from './problems.ts'

export type BudgetStanding = {
  readonly budget: Budget
  readonly kind: 'allowance' | 'limit' | 'cap' | 'wallet'
  readonly window: WindowName
  readonly terms: RuleTerms
  readonly owner: RuleOwner
  readonly scale: number
  /** Exact, in units of 10^-scale. */
  readonly limit: bigint
  readonly used: bigint
  readonly leased: bigint
  readonly rolledOver: bigint
  /** Units of the budget an hour, as of the last ten minutes: a forecast, no amount. */
  readonly perHour: number
  /** When it is used up at that pace, if within its period. */
  readonly exhaustedAt: Instant | null
  readonly worstCase: WorstCase
}

/** Every rule once: a template stands for its members. */
export async function budgetStandings(plane: ControlPlane, context: CustomerContext): Promise<BudgetStanding[]> {
  await openRunning(plane, context)
  const now = nowOf(plane, context.facts)
  const budgets = budgetsOf(context.snapshot).map((rule) => (rule.terms?.per === undefined ? { ...rule, period: cycleAt(rule, now) } : rule))
  const states = await listBudgets(plane.sql, context.snapshot.customer, now, budgets.map(({ id }) => id))
  return standingsOf(plane, context, budgets, states)
}

export async function budgetReport(plane: ControlPlane, customer: string): Promise<BudgetStanding[]> {
  return budgetStandings(plane, await contextOf(plane, customer))
}

/** A budget by id: of a rule, or of a template's member, which may not have been used yet. */
export async function budgetById(plane: ControlPlane, customer: string, id: string): Promise<BudgetStanding> {
  const context = await contextOf(plane, customer)
  const now = plane.clock.now()
  const budget = budgetOf(context.snapshot, id, now) ?? context.snapshot.limits.find((rule) => rule.id === id)
  if (budget === undefined) throw new Problem('not_found', `customer ${customer} has no budget ${id}`, 'budget')
  const [standing] = await standingsOf(plane, context, [budget], await listBudgets(plane.sql, customer, now, [id]))
  return standing!
}

/** The members of a template that were used in their running period, or have a limit of their own, used or not. */
export async function membersPage(plane: ControlPlane, customer: string, input: { readonly rule: string; readonly after: string | null; readonly limit: number }): Promise<Page<BudgetStanding>> {
  const context = await contextOf(plane, customer)
  const now = plane.clock.now()
  if (context.snapshot.limits.find((rule) => rule.id === input.rule)?.terms?.per === undefined) throw new Problem('not_found', `customer ${customer} has no budget ${input.rule} with members`, 'members_of')
  const page = pageOf(await pageMembers(plane.sql, { ...input, customer, at: now, limit: input.limit + 1 }), input.limit, (id) => id)
  const budgets = page.rows.flatMap((id) => budgetOf(context.snapshot, id, now) ?? [])
  return { rows: await standingsOf(plane, context, budgets, await listBudgets(plane.sql, customer, now, page.rows)), next: page.next }
}

async function standingsOf(plane: ControlPlane, context: CustomerContext, budgets: readonly Budget[], states: readonly BudgetView[]): Promise<BudgetStanding[]> {
  const { customer } = context.snapshot
  const [trailing, overrides] = await Promise.all([
    trailingSums(plane.sql, customer, budgets.flatMap(({ id, period, terms }) => (terms?.trailing === undefined || terms.cycleMs === undefined || terms.per !== undefined && !id.includes('@') ? [] : [{ budget: id, from: instant(period.start - terms.trailing * terms.cycleMs), before: period.start }]))),
    budgets.some(({ id }) => id.includes('@')) ? readOverrides(plane.sql, customer, null) : new Map<string, string>(),
  ])
  return budgets.map((budget) => standingOf(plane, context, budget, { state: states.find((row) => row.budget === budget.id && row.periodStart === budget.period.start), trailing: trailing.get(budget.id), override: overrides.get(budget.id) }))
}

type Stored = { readonly state: BudgetView | undefined; readonly trailing: { readonly settled: string; readonly escrow: string } | undefined; readonly override: string | undefined }

function standingOf(plane: ControlPlane, context: CustomerContext, budget: Budget, { state, trailing, override }: Stored): BudgetStanding {
  const scale = budgetScale(budget)
  const exact = (text: string | undefined) => parseDecimal(text ?? '0', scale, budget.id)
  const { window, terms } = writtenOf(context, budget.id)
  const ruleLimit = override === undefined ? (limitOf(context, budget) ?? 0n) : exact(override)
  const limit = state === undefined ? ruleLimit : exact(state.limit)
  const used = exact(state?.settled) + exact(trailing?.settled)
  const leased = exact(state?.escrow) + exact(trailing?.escrow)
  const below = used + leased - limit
  const pace = paceOf(plane.clock.now(), state)
  return {
    budget, scale, window, terms, limit, used, leased,
    kind: kindOf(budget),
    owner: context.facts.budgets.find(({ id }) => id === ruleIdOf(budget.id))?.owner ?? 'operator',
    rolledOver: exact(state?.carried),
    perHour: pace * 3_600,
    exhaustedAt: forecast(plane.clock.now(), budget, { left: Number(limit - used) / 10 ** scale, pace }),
    worstCase: worstCase(budget, { nodes: plane.hub.nodes().length, lentBelow: leased > 0n && below > 0n ? (below < leased ? below : leased) : 0n, limit }),
  }
}

/** How fast the average forgets: a burst of ten minutes ago counts a third. */
const PACE_MEMORY_MS = 600_000

/** Units a second, as of the last settlements. */
function paceOf(now: Instant, state: BudgetView | undefined): number {
  if (state === undefined || state.settledAt === null) return 0
  return state.velocity * Math.exp(-Math.max(0, now - state.settledAt) / PACE_MEMORY_MS)
}

function forecast(now: Instant, budget: Budget, { left, pace }: { readonly left: number; readonly pace: number }): Instant | null {
  if (pace <= 0 || left <= 0) return null
  const at = now + (left / pace) * 1_000
  return at < Math.min(budget.period.end, LIFETIME.end) ? instant(Math.round(at)) : null
}

/** Exact amount as decimal text in the unit of the budget. */
export function textOf(standing: BudgetStanding, exact: bigint): string {
  return formatDecimal(exact, standing.scale)
}

/** When the budget starts anew; null for one that never does, or that rolls. */
export function resetOf({ budget }: BudgetStanding): Instant | null {
  return budget.period.end === LIFETIME.end || budget.terms?.trailing !== undefined ? null : budget.period.end
}

/** The budget as a slice that holds all that is left and will never get more: what {@link decide} needs to answer for good. */
export function sliceOfAll({ budget, limit, used }: BudgetStanding): Slice {
  const empty = openSlice({ budget: budget.id, periodStart: budget.period.start, periodEnd: budget.period.end })
  return raised(empty, exactToGrant(budget.unit, limit - used), { min: 1, until: LIFETIME.end })
}

function kindOf(budget: Budget): BudgetStanding['kind'] {
  const kind = budget.id.slice(0, budget.id.indexOf(':'))
  return kind === 'allowance' || kind === 'limit' || kind === 'wallet' ? kind : 'cap'
}
