// The charge of some usage by one price, whatever its model: the one door between a plan's prices and the models. Settlement,
// node, estimate, preview and explanation come in here. A charge is null where the price does not know the usage.

import { unreachable } from '../assert.ts'
import type { UsageEvent } from '../meter/event.ts'
import { assetScale, parseUnits, units, ZERO, type AssetId, type Money, type Units } from '../money.ts'
import { pow10 } from '../decimal.ts'
import { NONE, quantity, type Quantity } from '../quantity.ts'
import type { ExchangeRate } from './cost-plus.ts'
import { discountBound, discountedAdded, discountLines, discountTotal } from './discount.ts'
import { explainAdded } from './explain.ts'
import { sumOfLines, type PriceLine } from './line.ts'
import type { Dimensions } from './matrix.ts'
import type { OutcomePrice } from './chargeable.ts'
import { dynamicCharge } from './dynamic.ts'
import { isInsideOutcome, isRunPrice, outcomeCharge } from './outcome.ts'
import { percentageCharge, type FreeUsed } from './percentage.ts'
import { START, type Position } from './position.ts'
import type { CumulativePrice, EventPriceModel, EventPriceOf, PriceModel, UsagePrice } from './price.ts'
import { isLinear, rateAdded, rateBound, rateOpening } from './rate.ts'
import { boundEvent, chargeEvent, explainCharge, type EventFact } from './rate-one.ts'
import { boundSelected, entryPrice, explainSelected, selectPrice } from './rate-selected.ts'

/** What prices look at beside quantities. */
export type RatedUsage = Pick<UsageEvent, 'feature' | 'dimensions' | 'quantities' | 'run' | 'cost'>

/** The rate that was in force between two currencies; null where none is known. */
export type ExchangeLookup = (from: AssetId, to: AssetId) => ExchangeRate | null

/** What the provider charged; null where it is not known. */
export type ProviderCost = { readonly cost: Money | null; readonly uncached: Money | null }

/** Usage with what a caller knows beyond it. A plain record, made for each event: what only some prices ask is worked out when they do. */
export type PricedUsage = {
  readonly told: Pick<RatedUsage, 'feature' | 'dimensions' | 'run' | 'cost'>
  readonly exchange: ExchangeLookup | null
  /** Whether the run has been charged by this price already: it is charged once. */
  readonly isRunCharged: (price: string, run: string) => boolean
  /** The most that it can cost us, before it is known; null where the usage tells its cost. */
  readonly boundCost: (() => ProviderCost) | null
}

/** `free` is what the price itself gave away of the billable quantity; `entry` is empty for a price with one aggregate. */
export type UsageCharge = { readonly entry: string; readonly before: Position; readonly free: Quantity; readonly amount: Units | null }

/** Dimensions and feature: what conditions are held against. */
export function labelsOf({ feature, dimensions }: Pick<RatedUsage, 'feature' | 'dimensions'>): Dimensions {
  return feature === null ? dimensions : { ...dimensions, feature }
}

/** What a caller knows beyond the usage itself. */
export type RatingKnowledge = {
  /** Exchange rates in force at the time of the event; without them cost in another currency has no price. */
  readonly exchange?: ExchangeLookup | null
  readonly isRunCharged?: PricedUsage['isRunCharged'] | undefined
}

export function pricedUsage(usage: PricedUsage['told'], { exchange, isRunCharged }: RatingKnowledge, boundCost: PricedUsage['boundCost'] = null): PricedUsage {
  return { told: usage, exchange: exchange ?? null, isRunCharged: isRunCharged ?? noneCharged, boundCost }
}

function noneCharged(): boolean {
  return false
}

function costOf({ told: { cost }, boundCost }: PricedUsage): ProviderCost {
  if (boundCost !== null) return boundCost()
  if (cost === null) return { cost: null, uncached: null }
  const amount = (text: string): Money => ({ asset: cost.currency, units: parseUnits(text, cost.currency, 'cost') })
  const known = amount(cost.amount)
  return { cost: known, uncached: cost.uncached === undefined ? known : amount(cost.uncached) }
}

/** The charge of `billable` units by `price`, its discount taken off; `before(entry)` is where that aggregate stands. */
export function chargeUsage(price: UsagePrice, billable: Quantity, usage: PricedUsage, before: (entry: string) => Position): UsageCharge {
  const full = chargeInFull(price, billable, usage, before)
  if (price.discount === undefined || full.amount === null) return full
  const model = cumulativeOf(price, full.entry)
  const amount = model === null ? discountTotal(price.discount, full.amount) : discountedAdded(model, price.discount, { before: full.before.billable, added: billable })
  return { ...full, amount }
}

/** R of one aggregate of a price; null for a price by event. */
function cumulativeOf(price: UsagePrice, entry: string): PriceModel | null {
  if (isCumulative(price)) return price
  return price.model === 'matrix' || price.model === 'credits' ? entryPrice(price, entry) : null
}

function chargeInFull(price: UsagePrice, billable: Quantity, usage: PricedUsage, before: (entry: string) => Position): UsageCharge {
  switch (price.model) {
    case 'per_unit':
    case 'graduated':
    case 'volume':
    case 'package':
      return chargeOn(price, '', billable, before(''))
    case 'matrix':
    case 'credits': {
      const selected = selectPrice(price, labelsOf(usage.told))
      return selected === null ? { entry: '', before: START, free: NONE, amount: null } : chargeOn(selected.price, selected.entry, billable, before(selected.entry))
    }
    case 'percentage': {
      const position = before('')
      const charge = percentageCharge(price, amountOf(price, billable), freeUsed(price, position))
      return { entry: '', before: position, free: quantityOf(price, charge.free), amount: charge.amount }
    }
    case 'outcome':
      return { entry: '', before: before(''), free: NONE, amount: isOwed(price, usage) ? outcomeCharge(price, resultOf(usage)) : ZERO }
    case 'dynamic':
      return { entry: '', before: before(''), free: NONE, amount: dynamicCharge(price, amountOf(price, billable)) }
    case 'cost_plus':
      return { entry: '', before: before(''), free: NONE, amount: chargeEvent(price, factOf(price, billable, usage), NO_FREE).amount }
    default:
      return unreachable(price)
  }
}

/**
 * An upper bound of the charge of at most `most` units, wherever the aggregate stands, for usage of which only `usage.labels`
 * are certain and that costs at most `usage.cost`. Null where it may have no price.
 */
export function boundUsage(price: UsagePrice, most: Quantity, usage: PricedUsage): Units | null {
  const bound = boundInFull(price, most, usage)
  return bound === null || price.discount === undefined ? bound : discountBound(price.discount, bound)
}

function boundInFull(price: UsagePrice, most: Quantity, usage: PricedUsage): Units | null {
  switch (price.model) {
    case 'per_unit':
    case 'graduated':
    case 'volume':
    case 'package':
      return rateBound(price, most)
    case 'matrix':
    case 'credits':
      return boundSelected(price, most, labelsOf(usage.told))
    case 'percentage':
    case 'cost_plus':
    case 'dynamic':
    case 'outcome':
      return boundEvent(price, factOf(price, most, usage))
    default:
      return unreachable(price)
  }
}

/** {@link chargeUsage} line by line. */
export function explainUsage(price: UsagePrice, billable: Quantity, usage: PricedUsage, before: (entry: string) => Position): readonly PriceLine[] {
  const lines = explainInFull(price, billable, usage, before)
  if (price.discount === undefined) return lines
  const charged = chargeUsage(price, billable, usage, before).amount
  return charged === null ? lines : [...lines, ...discountLines(sumOfLines(lines), charged, price.discount)]
}

function explainInFull(price: UsagePrice, billable: Quantity, usage: PricedUsage, before: (entry: string) => Position): readonly PriceLine[] {
  switch (price.model) {
    case 'per_unit':
    case 'graduated':
    case 'volume':
    case 'package':
      return explainAdded(price, before('').billable, billable).lines
    case 'matrix':
    case 'credits':
      return explainSelected(price, billable, labelsOf(usage.told), (entry) => before(entry).billable)
    case 'outcome':
      return isOwed(price, usage) ? explainCharge(price, factOf(price, billable, usage), NO_FREE) : []
    case 'percentage':
    case 'cost_plus':
    case 'dynamic':
      return explainCharge(price, factOf(price, billable, usage), price.model === 'percentage' ? freeUsed(price, before('')) : NO_FREE)
    default:
      return unreachable(price)
  }
}

/** R(0) of a price, discount taken off: what is due when the period opens. Zero for a price without one aggregate. */
export function openingOf(price: UsagePrice): Units {
  if (!isCumulative(price)) return units(0n)
  const opening = rateOpening(price)
  return price.discount === undefined ? opening : discountTotal(price.discount, opening)
}

/** Whether the price is R(aggregate) of one aggregate, whatever the dimensions of the usage. */
export function isCumulative(price: UsagePrice): price is CumulativePrice {
  return price.model === 'per_unit' || price.model === 'graduated' || price.model === 'volume' || price.model === 'package'
}

/** True when a charge does not depend on what came before, so that any node can state it finally. */
export function isFinalCharge(price: UsagePrice, usage: PricedUsage): boolean {
  const { discount } = price
  if (discount !== undefined && discount.off > 0n) return false
  switch (price.model) {
    case 'per_unit':
    case 'graduated':
    case 'volume':
    case 'package':
      return isLinear(price, discount?.keep)
    case 'matrix':
    case 'credits': {
      const selected = selectPrice(price, labelsOf(usage.told))
      return selected === null || isLinear(selected.price, discount?.keep)
    }
    case 'percentage':
      return price.freeEvents === null && price.freeAmount === null
    case 'outcome':
      return usage.told.run === null
    default:
      return true
  }
}

/** A run is charged once; a price of the run itself charges nothing outside of one. */
function isOwed(price: OutcomePrice, { told: { run, feature }, isRunCharged }: PricedUsage): boolean {
  if (isRunPrice(price) && !isInsideOutcome(price, { run, feature })) return false
  return run === null || !isRunCharged(price.id, run)
}

/** What a run came to, such as `succeeded`. */
function resultOf({ told }: PricedUsage): string | null {
  return told.dimensions['result'] ?? null
}

function chargeOn(price: PriceModel, entry: string, billable: Quantity, before: Position): UsageCharge {
  return { entry, before, free: NONE, amount: rateAdded(price, before.billable, billable) }
}

const NO_FREE: FreeUsed = { events: 0, amount: units(0n) }

function freeUsed(price: UsagePrice & EventPriceOf<'percentage'>, { events, included }: Position): FreeUsed {
  if (price.freeEvents === null && price.freeAmount === null) return NO_FREE
  return { events, amount: amountOf(price, included) }
}

/** The quantity of a meter that counts money, as an amount. Its scale is never finer than that of the asset (validate-price.ts). */
function amountOf({ scale, asset }: UsagePrice, count: Quantity): Units {
  return units(count * pow10(assetScale(asset) - scale))
}

function quantityOf({ scale, asset }: UsagePrice, amount: Units): Quantity {
  return quantity(amount / pow10(assetScale(asset) - scale))
}

const NO_FACT: EventFact = { amount: null, cost: null, costUncached: null, result: null, exchange: null }

function factOf(price: UsagePrice & EventPriceModel, billable: Quantity, usage: PricedUsage): EventFact {
  switch (price.model) {
    case 'percentage':
    case 'dynamic':
      return { ...NO_FACT, amount: amountOf(price, billable) }
    case 'outcome':
      return { ...NO_FACT, result: resultOf(usage) }
    case 'cost_plus': {
      const { cost, uncached } = costOf(usage)
      const isForeign = cost !== null && cost.asset !== price.currency
      return { ...NO_FACT, cost, costUncached: uncached, exchange: isForeign && usage.exchange !== null ? usage.exchange(cost.asset, price.currency) : null }
    }
    default:
      return unreachable(price)
  }
}
