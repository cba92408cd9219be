// What a batch works on and what comes out of it: working copies of stored state, and everything that must be written.

import type { Catalog, EventResult, Instant, UsageEvent } from '@tollgate/core'
import type { BudgetMove } from '../../store/budgets.ts'
import type { EventRow } from '../../store/events.ts'
import type { AccumulatorRow, AccumulatorText, BlockRow, DebtRow, RollupRow } from '../../store/settlement.ts'
import type { CustomerContext } from '../customer-contexts.ts'

/** Working copies of what the batch touches. */
export type BatchState = {
  readonly contextAt: (customer: string, at: Instant) => CustomerContext
  readonly catalogOf: (event: UsageEvent) => Catalog
  /** Running totals as stored, by {@link accumulatorKey}. */
  readonly totals: ReadonlyMap<string, AccumulatorText>
  /** Those that the batch has asked for, at the scale of their price. */
  readonly accumulators: Map<string, AccumulatorRow>
  readonly blocks: ReadonlyMap<string, readonly BlockRow[]>
  /** By {@link debtKey}. */
  readonly debts: Map<string, DebtRow>
  /** Headroom of allowances that events without a lease may draw, by {@link headroomKey}. */
  readonly headrooms: Map<string, bigint>
  readonly now: Instant
}

export type BatchOutput = {
  readonly rows: EventRow[]
  readonly results: EventResult[]
  readonly moves: Map<string, BudgetMove>
  readonly rollups: Map<string, RollupRow>
  readonly touched: Set<AccumulatorRow>
  /** Draws by block, accrued and debt, per customer and period. */
  readonly postings: Map<string, Posting>
}

export type Posting = { readonly customer: string; readonly periodStart: Instant; readonly asset: string; readonly draws: Map<string, bigint>; accrued: bigint; debt: bigint; events: number; amount: bigint }

export function emptyOutput(): BatchOutput {
  return { rows: [], results: [], moves: new Map(), rollups: new Map(), touched: new Set(), postings: new Map() }
}

/** `position` is the `positionKey` of price and entry. */
export function accumulatorKey(customer: string, periodStart: Instant, position: string): string {
  return `${customer} ${periodStart} ${position}`
}

export function debtKey(customer: string, asset: string): string {
  return `${customer} ${asset}`
}

export function headroomKey(customer: string, budget: string, periodStart: Instant): string {
  return `${customer} ${budget} ${periodStart}`
}

export function postingKey(customer: string, periodStart: Instant, asset: string): string {
  return `${customer} ${periodStart} ${asset}`
}
