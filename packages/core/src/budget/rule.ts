// What an operator or tenant writes: a budget rule, in the catalog as a plan's limit or by API beside it. resolve.ts compiles
// it into the budgets of a snapshot. Windows are words; what is exact in them is decided there, with the calendar.

import type { EntityId } from '../id.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../time.ts'
import type { BudgetUnit, Enforcement, Exhausted } from './budget.ts'

export const WINDOWS = ['second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year', 'billing_period', 'lifetime'] as const
export type WindowName = (typeof WINDOWS)[number]

/** The terms of a rule as they are written and stored; plain JSON, amounts as decimal text. */
export type RuleTerms = {
  /** The window moves with the clock instead of starting anew. */
  readonly rolling?: boolean
  /** What was not used of a period is added to the next one, up to this. */
  readonly rolloverMax?: string
  readonly where?: Readonly<Record<string, readonly string[]>>
  readonly per?: readonly string[]
  readonly exhausted?: Exhausted
  readonly failMode?: { readonly mode: 'closed' } | { readonly mode: 'open'; readonly amount: string | null }
  readonly observe?: boolean
  readonly thresholds?: readonly number[]
  /** The budgets of entities below may together exceed this one; true unless stated. */
  readonly overcommit?: boolean
  /** Of a rate: how much may pass at once; the limit unless stated. */
  readonly burst?: string
}

export type RuleOwner = 'operator' | 'tenant'

export type BudgetRule = {
  readonly id: string
  readonly name: string
  readonly unit: BudgetUnit
  readonly window: WindowName
  readonly enforcement: Enforcement
  readonly entity: EntityId | null
  readonly features: readonly string[] | null
  readonly terms?: RuleTerms
  readonly owner?: RuleOwner
}

/**
 * A rolling window is counted in cycles: the running one and `trailing` before it. What is counted is therefore up to one
 * cycle more than the window, never less: no position of the window holds more than the limit.
 */
export const ROLLING: Readonly<Partial<Record<WindowName, { readonly cycleMs: number; readonly trailing: number }>>> = {
  hour: { cycleMs: 5 * MINUTE_MS, trailing: 12 },
  day: { cycleMs: HOUR_MS, trailing: 24 },
  week: { cycleMs: 6 * HOUR_MS, trailing: 28 },
  month: { cycleMs: DAY_MS, trailing: 30 },
  quarter: { cycleMs: 7 * DAY_MS, trailing: 13 },
  year: { cycleMs: 7 * DAY_MS, trailing: 53 },
}

/** Windows that are rates: shared among the nodes of a customer, not leased. */
export const RATE_WINDOW_MS: Readonly<Partial<Record<WindowName, number>>> = { second: 1_000, minute: MINUTE_MS }
