// What a batch works on and what comes out of it: working copies of stored state, and everything that must be written.

import type { Catalog, EventResult, Instant, Units, UsageEvent } from '@tollgate/core'
import type { BudgetMove } from '../../store/budgets.ts'
import type { EventRow } from '../../store/events.ts'
import type { AccumulatorRow, BlockRow, RollupRow } from '../../store/settlement.ts'
import type { CustomerContext } from '../customer-contexts.ts'

/** Working copies of what the batch touches. */
export type BatchState = {
  readonly contextAt: (customer: string, at: Instant) => CustomerContext
  readonly catalogOf: (event: UsageEvent) => Catalog
  readonly accumulators: Map<string, AccumulatorRow>
  readonly blocks: ReadonlyMap<string, readonly BlockRow[]>
  readonly debts: Map<string, Units>
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

export function accumulatorKey(customer: string, periodStart: Instant, price: string): string {
  return `${customer} ${periodStart} ${price}`
}

export function headroomKey(customer: string, budget: string, periodStart: Instant): string {
  return `${customer} ${budget} ${periodStart}`
}

export function postingKey(customer: string, periodStart: Instant): string {
  return `${customer} ${periodStart}`
}
