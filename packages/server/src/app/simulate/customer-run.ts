// Rates one customer's stored events again, under another catalog: the same functions as settlement, on totals in memory that begin
// with each billing period. It knows no database; its caller hands it the events in their order.

import {
  chargedRun, chargedRuns, contains, coverByAllowances, exchangeLookup, NONE, openingOf, positionKey, quantity, rateEvent, readMeters, START, units, ZERO,
  type Catalog, type Instant, type Plan, type Position, type Quantity, type Span, type Units, type UsageEvent,
} from '@tollgate/core'
import { resolveCustomer } from '@tollgate/core/resolve'
import type { StoredFacts } from '../../store/customers.ts'
import { quantitiesOf, type Aggregates } from '../settlement/aggregates.ts'

export type CustomerRun = {
  /** The charge of the event in the asset of its plan; null where some of it has no price. */
  readonly rate: (event: UsageEvent) => { readonly asset: string; readonly amount: Units; readonly isPriced: boolean }
  /** What is due without usage for the billing periods that begin in `span`, by asset. */
  readonly dueFor: (span: Span) => ReadonlyMap<string, Units>
  /** The plan and its billing period at an instant. */
  readonly planAt: (at: Instant) => { readonly plan: Plan; readonly period: Span }
  /** The billing period that holds `at`. */
  readonly periodAt: (at: Instant) => Span
}

type At = { readonly plan: Plan; readonly period: Span; readonly holds: Span; readonly seats: number }

/** Null where the catalog does not have the customer's plan. */
export function openCustomerRun(facts: StoredFacts, catalog: Catalog): CustomerRun | null {
  if (!catalog.plans.has(facts.plan)) return null
  const state = emptyState()
  let known: At | null = null

  function at(time: Instant): At {
    if (known !== null && contains(known.holds, time)) return known
    // A plan that it had once and that this catalog does not have is left out: it is priced by the one it has now.
    const timeline = facts.timeline.every(({ plan }) => catalog.plans.has(plan)) ? facts.timeline : []
    const { snapshot, plan, facts: then, holds } = resolveCustomer({ ...facts, timeline, positions: {}, walletChangesAt: null }, catalog, time, NO_LINKS)
    const spans = [snapshot.period, holds, ...(snapshot.termsHold === undefined ? [] : [snapshot.termsHold])]
    known = { plan, period: snapshot.period, seats: then.seats ?? 1, holds: { start: Math.max(...spans.map(({ start }) => start)) as Instant, end: Math.min(...spans.map(({ end }) => end)) as Instant } }
    return known
  }

  return {
    planAt: at,
    periodAt: (time) => at(time).period,
    rate: (event) => {
      const { plan, period, seats } = at(event.time)
      const measured = quantitiesOf(state.aggregates, event, period.start, readMeters(catalog.meters, event))
      const left = (allowance: string): string => `${period.start} ${allowance}`
      const coverage = coverByAllowances(plan, event, measured, (id) => state.allowances.get(left(id)) ?? includedIn(plan, id, seats))
      for (const { budget, quantity: taken } of coverage) {
        const id = budget.slice(budget.indexOf(':') + 1)
        state.allowances.set(left(id), quantity((state.allowances.get(left(id)) ?? includedIn(plan, id, seats)) - taken))
      }
      const positionOf = (key: string): Position => state.positions.get(`${period.start} ${key}`) ?? START
      const rated = rateEvent({
        plan, usage: event, measured, coverage, exchange: exchangeLookup(catalog.exchange, event.time),
        before: (price, entry) => positionOf(positionKey(price.id, entry)), isRunCharged: (price, run) => state.runs.has(chargedRun(price, run)),
      })
      for (const run of chargedRuns(plan, event.run, rated)) state.runs.add(run)
      for (const { price, entry, before, quantity: used, included } of rated.charges) {
        if (price === '') continue
        state.positions.set(`${period.start} ${positionKey(price, entry)}`, { billable: quantity(before.billable + used - included), included: quantity(before.included + included), events: before.events + 1 })
      }
      return { asset: plan.asset, amount: rated.amount, isPriced: rated.unpriced.length === 0 }
    },
    dueFor: (span) => {
      const due = new Map<string, Units>()
      const add = (asset: string, amount: bigint): void => void due.set(asset, units((due.get(asset) ?? ZERO) + amount))
      for (const start of periodStarts(span, (time) => at(time).period)) {
        const { plan, seats } = at(start)
        for (const price of plan.recurring) add(plan.currency, price.model === 'seat' ? price.amount * BigInt(seats) : price.amount)
        for (const price of plan.prices) add(price.asset, openingOf(price))
      }
      return due
    },
  }
}

/** A simulation tells nobody where to go. */
const NO_LINKS = { topUpUrl: '', upgradeUrl: '' }

/** No span has more billing periods: a century of months. */
const PERIODS_MAX = 1_200

function periodStarts(span: Span, periodOf: (at: Instant) => Span): Instant[] {
  const starts: Instant[] = []
  for (let period = periodOf(span.start); period.start < span.end && starts.length < PERIODS_MAX; period = periodOf(period.end)) if (period.start >= span.start) starts.push(period.start)
  return starts
}

function includedIn(plan: Plan, id: string, seats: number): Quantity {
  const allowance = plan.allowances.find((one) => one.id === id)
  return allowance === undefined ? NONE : quantity(allowance.perSeat === true ? allowance.quantity * BigInt(seats) : allowance.quantity)
}

function emptyState(): { readonly positions: Map<string, Position>; readonly allowances: Map<string, Quantity>; readonly runs: Set<string>; readonly aggregates: Aggregates } {
  return { positions: new Map(), allowances: new Map(), runs: new Set(), aggregates: { states: new Map(), labels: new Set() } }
}
