// A node's memory of one customer: its snapshot, the catalog it refers to, the slices leased for it, and where its prices
// stand by this node's knowledge. Filled from the directory, told of changes by the feed.

import {
  budgetOf, chargedRun, freeOf, fromHold, instant, laterPosition, LEASE_UNITS_MAX, openSlice, parsePosition, parseUnits, SLICES_PER_CUSTOMER_MAX, takeIdle, units, ZERO,
  type Budget, type Catalog, type Clock, type CustomerView, type CustomerSnapshot, type Instant, type Pace, type Position, type ReturnedLease, type Slice, type SliceLookup, type Units, walletOf,
} from '@tollgate/core'
import type { Drawn } from './lease-ahead.ts'
import { forgetNear, keepNear, nearSlice, type NearSlices } from './near-slices.ts'
import type { NodeRate } from './rates.ts'
import type { KnownThen } from './reservation.ts'

export type CustomerState = {
  snapshot: CustomerSnapshot
  catalog: Catalog
  /** A change was announced; the next request fetches before it decides. */
  stale: boolean
  refreshing: Promise<unknown> | null
  /** Calls to the authority that are on their way, by the budgets that they ask for. */
  readonly acquiring: Map<string, Promise<void>>
  /** Admissions whose hold is being raised: slices of their periods stay, also when those are over. */
  readonly extending: Set<{ readonly createdAt: Instant }>
  /** Idle amounts on their way back to the authority, which counts them as lent out until they arrive; never rejects. */
  returning: Promise<unknown> | null
  /** By budget id, of the current period. */
  readonly slices: Map<string, Slice>
  /** Of earlier periods, until their last request has settled. */
  past: Slice[]
  /** Of the two above, those that were looked for last. */
  readonly near: NearSlices
  /** Where each aggregate stands in the snapshot's period, by `positionKey`: compiled, then moved by this node's own settles. */
  positions: Map<string, Position>
  /** The three above, as a reservation remembers them: one object for all between two changes. */
  known: KnownThen
  balanceBases: Map<string, Units>
  /** The wallet's balance as last worked out, and out of what. */
  balance: { readonly snapshot: CustomerSnapshot; readonly used: number; readonly folded: Units; readonly amount: Units } | null
  /** Use that was taken out of a slice's counters, by budget: see {@link foldUsed}. */
  readonly folded: Map<string, Units>
  /** Where the pace of each budget is measured from: see lease-ahead.ts. */
  readonly drawn: Map<string, Drawn>
  /** Runs that this node has charged, by {@link chargedRun}: what another node charged is known to settlement only. */
  readonly chargedRuns: Set<string>
  readonly isRunCharged: (price: string, run: string) => boolean
  /** The slice of exactly a budget's period: {@link sliceIn}, as a decision asks for it. */
  readonly sliceOf: SliceLookup
  /** Buckets of rates, by budget. */
  readonly rates: Map<string, NodeRate>
  /** Nodes that have this customer in memory, this one included: they share its rates. */
  sharers: number
  /** Something of it is held by what is expected, not by the bound: what requests use is learnt. */
  learns: boolean
  /** Requests of runs, for telling what is unusual; null before the first. */
  pace: Pace | null
  /** Requests that are open now: bound by the gateway. */
  open: number
}

export function customerState(view: CustomerView, catalog: Catalog): CustomerState {
  const chargedRuns = new Set<string>()
  const state: CustomerState = {
    sliceOf: (budget) => sliceIn(state, budget), snapshot: view.snapshot, catalog, stale: false, refreshing: null, acquiring: new Map(), extending: new Set(), returning: null,
    slices: new Map(), past: [], near: [], positions: new Map(), known: { snapshot: view.snapshot, catalog, positions: new Map() }, balanceBases: new Map(), balance: null, folded: new Map(), drawn: new Map(), rates: new Map(), sharers: 1, learns: false, pace: null, chargedRuns, isRunCharged: (price, run) => chargedRuns.has(chargedRun(price, run)), open: 0,
  }
  refreshState(state, view, catalog)
  return state
}

/** Takes over a new snapshot; returns what is idle in slices that no budget of it refers to. */
export function refreshState(state: CustomerState, view: CustomerView, catalog: Catalog): ReturnedLease[] {
  const samePeriod = state.snapshot.period.start === view.snapshot.period.start && state.snapshot.plan === view.snapshot.plan
  const positions = new Map<string, Position>()
  for (const [price, text] of Object.entries(view.snapshot.positions)) {
    const compiled = parsePosition(text)
    const known = samePeriod ? (state.positions.get(price) ?? compiled) : compiled
    // The compiled position lags behind this node's own settles; both only grow.
    positions.set(price, laterPosition(known, compiled))
  }
  if (samePeriod) for (const [price, known] of state.positions) if (!positions.has(price)) positions.set(price, known)
  state.snapshot = view.snapshot
  state.catalog = catalog
  state.positions = positions
  state.known = { snapshot: view.snapshot, catalog, positions }
  state.balanceBases = new Map(Object.entries(view.balanceBases).map(([budget, text]) => [budget, parseUnits(text, walletOf(budget).asset)]))
  state.learns = view.snapshot.limits.some(({ enforcement, terms }) => enforcement === 'soft' || terms?.rate !== undefined)
  state.sharers = Math.max(1, view.sharers ?? 1)
  state.stale = false
  for (const slice of state.slices.values()) slice.refused = null
  return dropForeignSlices(state)
}

export function sliceOf(state: CustomerState, budget: Budget): Slice | undefined {
  const slice = state.slices.get(budget.id)
  return slice !== undefined && slice.periodStart === budget.period.start ? slice : undefined
}

/** The slice to lease into or to book on, in the period that the budget names. An earlier one makes way and is given back once it is idle. */
export function sliceFor(state: CustomerState, budget: Budget): Slice {
  const known = sliceIn(state, budget)
  if (known !== undefined) return known
  const slice = openSlice({ budget: budget.id, periodStart: budget.period.start, periodEnd: budget.period.end })
  const current = state.slices.get(budget.id)
  if (current !== undefined && current.periodStart > budget.period.start) {
    state.past.push(slice)
    return slice
  }
  if (current !== undefined) state.past.push(current)
  state.slices.set(budget.id, slice)
  return slice
}

/** The slice of exactly this period, also when it is over. */
export function sliceIn(state: CustomerState, budget: Budget): Slice | undefined {
  const near = nearSlice(state.near, budget)
  if (near !== undefined) return near
  const found = sliceOf(state, budget) ?? state.past.find((slice) => slice.budget === budget.id && slice.periodStart === budget.period.start)
  if (found !== undefined) keepNear(state.near, budget, found)
  return found
}

/**
 * Takes what was used out of both counters once it is large: only their difference admits, and nine million dollars of one
 * customer must not end at 2^53.
 */
export function foldUsed(state: CustomerState, budget: Budget): void {
  const slice = sliceOf(state, budget)
  if (slice === undefined || slice.used < LEASE_UNITS_MAX) return
  if (budget.unit.kind === 'money') state.folded.set(budget.id, units((state.folded.get(budget.id) ?? 0n) + fromHold(slice.used, budget.unit.asset)))
  slice.granted -= slice.used
  slice.used = 0
}

/** Balance of the wallet that pays for everything by this node's knowledge, holds not subtracted; null without a wallet. */
export function balanceOf(state: CustomerState): Units | null {
  for (const source of state.snapshot.funding) {
    if (source.kind !== 'wallet' || source.budget.features !== null || source.budget.unit.kind !== 'money') continue
    const used = sliceIn(state, source.budget)?.used ?? 0
    const folded = state.folded.size === 0 ? ZERO : (state.folded.get(source.budget.id) ?? ZERO)
    const { balance } = state
    // All bases come with their snapshot: what was worked out for it holds until something is used.
    if (balance !== null && balance.snapshot === state.snapshot && balance.used === used && balance.folded === folded) return balance.amount
    const base = state.balanceBases.get(source.budget.id)
    if (base === undefined) return null
    const amount = units(base - fromHold(used, source.budget.unit.asset) - folded)
    state.balance = { snapshot: state.snapshot, used, folded, amount }
    return amount
  }
  return null
}

/** Runs that a node remembers of one customer: a run that is older is charged once all the same, by settlement. */
const CHARGED_RUNS_MAX = 10_000

export function rememberRun(state: CustomerState, run: string): void {
  state.chargedRuns.add(run)
  if (state.chargedRuns.size > CHARGED_RUNS_MAX) state.chargedRuns.delete(state.chargedRuns.values().next().value!)
}

/** Idle amounts of the named budgets, taken out of their slices: the answer to a recall. */
export function returnIdle(state: CustomerState, budgets: readonly string[]): ReturnedLease[] {
  const returned: ReturnedLease[] = []
  for (const id of budgets) {
    const slice = state.slices.get(id)
    if (slice === undefined) continue
    slice.refused = null
    // What is taken away was not drawn.
    slice.renewBelow = 0
    state.drawn.delete(id)
    const amount = takeIdle(slice)
    if (amount > 0) returned.push({ customer: state.snapshot.customer, budget: id, periodStart: slice.periodStart, amount })
  }
  return returned
}

/**
 * What is idle in slices of periods that are over: of a rolling window it counts against the running one until it is back. Where
 * there are too many slices, the oldest that hold nothing and owe nothing are forgotten and what they have comes back too.
 */
export function takePast(state: CustomerState): ReturnedLease[] {
  const returned: ReturnedLease[] = []
  const take = (slice: Slice) => {
    const amount = takeIdle(slice)
    if (amount > 0) returned.push({ customer: state.snapshot.customer, budget: slice.budget, periodStart: slice.periodStart, amount })
  }
  if (state.past.length > 0) {
    forgetNear(state.near)
    for (const slice of state.past) if (!isExtended(state, slice)) take(slice)
    state.past = state.past.filter((slice) => slice.held > 0 || isExtended(state, slice))
  }
  if (state.slices.size <= SLICES_PER_CUSTOMER_MAX) return returned
  let looked = 0
  forgetNear(state.near)
  for (const [id, slice] of state.slices) {
    if ((looked += 1) > SLICES_FORGOTTEN_AT_ONCE) break
    if (slice.held > 0 || freeOf(slice) < 0) continue
    take(slice)
    state.slices.delete(id)
    state.drawn.delete(id)
  }
  return returned
}

/** Whether an admission of the slice's period is being extended: what it was lent or refused a moment ago is not forgotten before it has decided. */
function isExtended(state: CustomerState, { periodStart, periodEnd }: Slice): boolean {
  for (const { createdAt } of state.extending) if (periodStart <= createdAt && createdAt < periodEnd) return true
  return false
}

/** How many slices are looked at in one go: a request waits for it. */
const SLICES_FORGOTTEN_AT_ONCE = 256

/** Everything idle, also of periods that are over: when the customer is forgotten, or the node drains. */
export function returnEverything(state: CustomerState): ReturnedLease[] {
  const past = takePast(state)
  return [...returnIdle(state, [...state.slices.keys()]), ...past]
}

/** What is idle in slices of budgets that the snapshot no longer has, and of periods that are over. */
function dropForeignSlices(state: CustomerState): ReturnedLease[] {
  const isCurrent = (slice: Slice) => budgetOf(state.snapshot, slice.budget, slice.periodStart)?.period.start === slice.periodStart
  const foreign = [...state.past, ...[...state.slices.values()].filter((slice) => !isCurrent(slice))]
  const returned: ReturnedLease[] = []
  for (const slice of foreign) {
    if (isExtended(state, slice)) continue
    const amount = takeIdle(slice)
    if (amount > 0) returned.push({ customer: state.snapshot.customer, budget: slice.budget, periodStart: slice.periodStart, amount })
  }
  state.past = state.past.filter((slice) => slice.held > 0 || isExtended(state, slice))
  forgetNear(state.near)
  return returned
}

/** The customer's own time: this node's, unless a test turned its clock. */
export function timeOf(node: { readonly clock: Clock }, { snapshot }: Pick<CustomerState, 'snapshot'>): Instant {
  return instant(node.clock.now() + snapshot.clockOffsetMs)
}
