// Loads what invoices of many customers need, in a handful of statements: totals of prices, who paid, what was invoiced and shown, items,
// profiles. Nothing is decided here.

import { chargedStretches, isOver, LIFETIME, parseUnits, recurringPrices, quantity, QUANTITY_SCALE_MAX, seatChanges, segmentAt, units, ZERO, type Accumulated, type AgreedTime, type AssetPayment, type CloseContext, type Instant, type InvoicedLine, type Quantity, type RecurringPrice, type Span, type TaxTreatment, type UsagePrice } from '@tollgate/core'
import type { Transaction, Sql } from '../../platform/postgres.ts'
import { readSettings } from '../../store/billing.ts'
import { redemptionsOf } from '../../store/contracts.ts'
import { invoicedLines, shownCredits, usageCredits, waitingItems, type ItemRow } from '../../store/invoices.ts'
import { accumulatorOf, readAccumulatorsSince, type AccumulatorText } from '../../store/settlement.ts'
import { closeContextOf } from '../contracts/close-context.ts'
import type { CustomerContext } from '../customer-contexts.ts'
import type { PeriodFacts } from './compose.ts'
import { instantIn, spanOf, type ContextAt } from './periods.ts'
import type { BillingProfile, BillingSettings } from './settings.ts'
import { loadTaxes } from './taxes.ts'

export type BillingFacts = {
  readonly settings: BillingSettings | null
  /** `context` is of an instant in the period that is asked about; `contextAt` gives the same customer's of any other. */
  readonly of: (context: CustomerContext, contextAt: ContextAt) => CustomerBilling
}

export type CustomerBilling = {
  readonly profile: BillingProfile
  readonly tax: TaxTreatment
  readonly items: readonly ItemRow[]
  readonly current: PeriodFacts
  /** Earlier periods that have usage or were invoiced, oldest first; one that begins nowhere any more has no fees. */
  readonly earlier: () => PeriodFacts[]
}

/** `since`: earlier periods begin no earlier than this. `now`: of our clock, by which what a tax service said holds. */
export async function loadBilling(tx: Sql | Transaction, customers: readonly string[], { since, now }: { readonly since: Instant; readonly now: Instant }): Promise<BillingFacts> {
  const of = { customers, since }
  const [settings, taxes, totals, credits, invoiced, shown, items, redeemed] = await Promise.all([
    readSettings(tx), loadTaxes(tx, customers, now), readAccumulatorsSince(tx, of), usageCredits(tx, of), invoicedLines(tx, of), shownCredits(tx, of), waitingItems(tx, customers), redemptionsOf(tx, customers),
  ])
  const [redeemedOf, totalsOf, creditsOf, invoicedOf, shownOf, itemsOf] = [byCustomer(redeemed), byCustomer(totals), byCustomer(credits), byCustomer(invoiced), byCustomer(shown), byCustomer(items)]
  const periodFacts = (context: CustomerContext, contextAt: ContextAt, start = context.snapshot.period.start): PeriodFacts => {
    const { customer } = context.snapshot
    const period: Span = { start, end: context.snapshot.period.end }
    const at = <Row extends { readonly periodStart: Instant }>(rows: readonly Row[] | undefined) => (rows ?? []).filter(({ periodStart }) => periodStart === period.start)
    const own = at(totalsOf.get(customer))
    const paid = at(creditsOf.get(customer))
    const { currency } = context.plan
    const shownAs = (category: string) => units(at(shownOf.get(customer)).filter((row) => row.category === category).reduce((sum, { amount }) => sum + parseUnits(amount, currency), 0n))
    return {
      period: start === context.snapshot.period.start ? spanOf(context, contextAt) : period,
      input: inputOf({ context, period, totals: own, agreed: agreedIn(period, context, contextAt), close: isPast(context) ? undefined : closeContextOf(context, { redemptions: redeemedOf.get(customer) ?? [], totals: totalsOf.get(customer) ?? [] }), paid: paid.map(({ asset, ...row }): AssetPayment => ({ asset, drawn: units(parseUnits(row.paid, asset) + parseUnits(row.promotional, asset)), included: parseUnits(row.included, asset), accrued: parseUnits(row.accrued, asset), debt: parseUnits(row.debt, asset) })) }),
      recurring: agreementOf(context, start),
      invoiced: at(invoicedOf.get(customer)).map((row): InvoicedLine => ({ kind: row.kind as InvoicedLine['kind'], price: row.price, entry: row.entry, exact: parseUnits(row.exact, currency), amount: parseUnits(row.amount, currency) })),
      credits: paid,
      shown: { included: shownAs('included'), paid: shownAs('paid'), promotional: shownAs('promotional') },
    }
  }
  return {
    settings: settings as BillingSettings | null,
    of: (context, contextAt) => {
      const { customer, period } = context.snapshot
      return {
        profile: taxes.profileOf(customer),
        tax: taxes.treatmentOf({ id: customer, name: context.facts.name, currency: context.plan.currency }),
        items: itemsOf.get(customer) ?? [],
        current: periodFacts(context, contextAt),
        earlier: () => {
          const starts = new Set([...(totalsOf.get(customer) ?? []), ...(invoicedOf.get(customer) ?? [])].map(({ periodStart }) => periodStart).filter((start) => start < period.start))
          return [...starts].sort((a, b) => a - b).map((start) => periodFacts(contextAt(instantIn(start, contextAt) ?? start), contextAt, start))
        },
      }
    },
  }
}

function inputOf({ context, period, totals, agreed, close, paid }: { readonly context: CustomerContext; readonly period: Span; readonly totals: readonly AccumulatorText[]; readonly agreed: readonly AgreedTime[]; readonly close: CloseContext | undefined; readonly paid: readonly AssetPayment[] }): PeriodFacts['input'] {
  const { catalog } = context
  const prices = pricesOf(context, totals)
  const accumulated = totals.map((row): Accumulated => {
    const total = accumulatorOf(row, prices.find((price) => price.id === row.price)!.scale)
    return { price: row.price, entry: row.entry, quantity: total.quantity as Quantity, included: total.included as Quantity, billable: total.billable as Quantity, amount: units(total.amount), events: total.events }
  })
  const { seatHistory, seats = 1 } = context.facts
  return { period, prices, agreed, accumulated, paid, seats: seatChanges(seatHistory ?? [{ from: LIFETIME.start, seats }], period), creditValue: (asset) => catalog.creditAssets.get(asset)?.value ?? null, ...(close === undefined ? {} : { close }) }
}

/** The period began when the agreement was over: only what was used all the same is asked for, and what waits. */
function isPast({ snapshot, facts }: CustomerContext): boolean {
  return (snapshot.standing === 'cancelled' || snapshot.standing === 'expired') && !facts.timeline.some(({ from, state }) => from >= snapshot.period.start && from < snapshot.period.end && !isOver(state))
}

/** What the fees of the period are asked for. Time that belongs to a period with another beginning is asked for there. */
function agreedIn(period: Span, context: CustomerContext, contextAt: ContextAt): AgreedTime[] {
  if (isPast(context)) return []
  return chargedStretches(context.facts.timeline, period).flatMap((stretch) => {
    const then = contextAt(stretch.start)
    if (then.snapshot.period.start !== period.start) return []
    return [{ ...stretch, plan: then.plan.id, recurring: agreementOf(then, stretch.start) }]
  })
}

/** What plan and add-ons of an instant ask for time. */
function agreementOf({ plan, catalog, facts }: CustomerContext, at: Instant): RecurringPrice[] {
  const held = segmentAt(facts.timeline, at)?.addOns ?? []
  return recurringPrices({ plan, addOns: held.flatMap(({ id, quantity: count }) => (catalog.addOns.has(id) ? [{ addOn: catalog.addOns.get(id)!, quantity: count }] : [])) })
}

/**
 * Prices of the plan, and those that charged usage of the period before the plan or the catalog changed: their usage is on the
 * invoice too. Of a price that no plan has any more only the sums are known.
 */
function pricesOf({ plan, catalog }: CustomerContext, charged: readonly { readonly price: string; readonly asset: string }[]): UsagePrice[] {
  const known = [...plan.prices, ...[...catalog.plans.values()].flatMap(({ prices }) => prices)]
  const former = new Map(charged.filter(({ price: id }) => !plan.prices.some((price) => price.id === id)).map((total) => [total.price, total.asset]))
  return [...plan.prices, ...[...former].map(([id, asset]): UsagePrice => known.find((price) => price.id === id && price.asset === asset)
    ?? { id, name: id, meter: id, scale: QUANTITY_SCALE_MAX, asset, when: new Map(), model: 'per_unit', amount: ZERO, per: quantity(1n) })]
}

function byCustomer<Row extends { readonly customer: string }>(rows: readonly Row[]): Map<string, Row[]> {
  const grouped = new Map<string, Row[]>()
  for (const row of rows) {
    const known = grouped.get(row.customer)
    if (known === undefined) grouped.set(row.customer, [row])
    else known.push(row)
  }
  return grouped
}
