// What a batch works on and what comes out of it: working copies of stored state, and everything that must be written.

import type { Budget, Catalog, EventRef, EventResult, Instant, Meter, Reading, UsageEvent } from '@tollgate/core'
import type { BudgetMove } from '../../store/budgets.ts'
import type { EventRow } from '../../store/events.ts'
import type { EventKeyRef } from '../../store/corrections.ts'
import type { ReadingRow } from '../../store/readings.ts'
import type { AccumulatorRow, AccumulatorText, BlockRow, DebtRow } from '../../store/settlement.ts'
import type { ChargedRunRow } from '../../store/charged-runs.ts'
import type { CustomerContext } from '../customer-contexts.ts'
import type { Aggregates } from './aggregates.ts'
import type { DimensionBatch } from './known-dimensions.ts'
import type { Places } from './places.ts'
import type { PaidDraw } from './pay.ts'
import { emptyRollups, type Rollups } from './roll-up.ts'

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
  /** Runs that a price has charged, by customer and `chargedRun`. */
  readonly chargedRuns: Set<string>
  /** Headroom of allowances that events without a lease may draw, by {@link headroomKey}. */
  readonly headrooms: Map<string, bigint>
  /** What allowances have paid, for what is given back to them, by {@link headroomKey}. */
  readonly covered: Map<string, bigint>
  /** What a period has accrued, where usage is taken back, by {@link accrualKey}. */
  readonly accruals: Map<string, bigint>
  /** What usage drew from blocks that have expired, by block, where usage is taken back. */
  readonly drawn: Map<string, bigint>
  /** What corrections gave back to blocks that have expired, by {@link correctionKey}: it pays first for what stands instead. */
  readonly lapsed: Lapsed
  readonly now: Instant
  /** What each event says to its meters: those of the catalog that it is rated by, and those that came with later ones. */
  readonly meteringOf: (event: UsageEvent) => Metering
  readonly aggregates: Aggregates
  /** What they are without the events that are undone. */
  readonly aggregatesLeft: Aggregates
  readonly dimensions: DimensionBatch
  /** By the values that {@link BatchState.dimensions} keeps. */
  readonly places: Places
}

export type Metering = {
  readonly meters: readonly Meter[]
  readonly readings: readonly Reading[]
  /** Meters that prices may charge: those of the catalog that the event is rated by. */
  readonly rated: Pick<ReadonlySet<string>, 'has'>
}

export type Lapsed = Map<string, readonly PaidDraw[]>

export type BatchOutput = {
  readonly rows: EventRow[]
  readonly results: EventResult[]
  readonly moves: Map<string, BudgetMove>
  /** Limits that are moved, whose rows may not exist yet. */
  readonly limits: Map<string, { readonly budget: Budget; readonly context: CustomerContext }>
  /** Budgets whose thresholds are told, by customer and id. */
  readonly told: Map<string, Budget>
  readonly rollups: Rollups
  readonly readings: ReadingRow[]
  readonly touched: Set<AccumulatorRow>
  readonly runs: ChargedRunRow[]
  /** Events whose charges of runs are taken back. */
  readonly unchargedRuns: EventKeyRef[]
  /** Readings of events that are undone. */
  readonly removed: ReadingRow[]
  /** Draws by block, accrued and debt, per customer and period. */
  readonly postings: Map<string, Posting>
}

export type Posting = { readonly customer: string; readonly periodStart: Instant; readonly asset: string; readonly draws: Map<string, bigint>; readonly lapsed: Map<string, bigint>; included: bigint; accrued: bigint; debt: bigint; events: number; amount: bigint }

export function emptyOutput(): BatchOutput {
  return { rows: [], results: [], moves: new Map(), limits: new Map(), told: new Map(), rollups: emptyRollups(), readings: [], removed: [], unchargedRuns: [], touched: new Set(), runs: [], postings: new Map() }
}

/** `position` is the `positionKey` of price and entry. */
export function accumulatorKey(customer: string, periodStart: Instant, position: string): string {
  return `${customer} ${periodStart} ${position}`
}

export function accrualKey(customer: string, periodStart: Instant, asset: string): string {
  return `${customer} ${periodStart} ${asset}`
}

export function correctionKey(customer: string, by: EventRef): string {
  return JSON.stringify([customer, by.source, by.id])
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
