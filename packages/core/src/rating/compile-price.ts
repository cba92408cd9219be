// Documents of prices → what is rated. Throws InputError with the path of the first field that cannot hold: amounts below zero,
// a minimum above its maximum, two entries that would answer the same usage. The tiers of a catalog are checked before, in
// catalog/validate-price.ts.

import { InputError } from '../assert.ts'
import { parseUnits, type Units } from '../money.ts'
import { parseQuantity, type Quantity } from '../quantity.ts'
import { OTHERWISE } from './matrix.ts'
import type { EventPriceModel, MatrixEntry, PriceModel, RecurringPrice, RecurringPriceModel, SelectedPriceModel, Tier, UsagePrice } from './price.ts'
import type { EventPriceDocument, PriceModelDocument, RecurringDocument, RecurringPriceDocument, SelectedPriceDocument, TierDocument, UsagePriceDocument } from './price-document.ts'
import { parsePercent } from './ratio.ts'

/** A price of a plan on the usage of a meter of `scale`, in `asset`. */
export function compileUsagePrice(price: UsagePriceDocument, context: { readonly scale: number; readonly asset: string; readonly path: string }): UsagePrice {
  const { scale, asset, path } = context
  const identity = { id: price.id, name: price.name, meter: price.meter, scale, asset, when: new Map(Object.entries(price.when ?? {})) }
  switch (price.model) {
    case 'per_unit':
    case 'graduated':
    case 'volume':
    case 'package':
      return { ...identity, ...compilePriceModel(price, { scale, currency: asset, path }) }
    case 'matrix':
    case 'credits':
      return { ...identity, ...compileSelectedPrice(price, context) }
    case 'percentage':
    case 'cost_plus':
    case 'dynamic':
    case 'outcome':
      return { ...identity, ...compileEventPrice(price, { currency: asset, path }) }
  }
}

export function compileRecurring(price: RecurringDocument, context: { readonly currency: string; readonly path: string }): RecurringPrice {
  return { id: price.id, name: price.name, ...compileRecurringPrice(price, context) }
}

/** A cumulative price of quantities at `scale` and amounts in `currency`, which may be a credit asset. */
export function compilePriceModel(price: PriceModelDocument, context: { readonly scale: number; readonly currency: string; readonly path: string }): PriceModel {
  const { scale, currency, path } = context
  const positive = (text: string, field: string): Quantity => {
    const value = parseQuantity(text, scale, `${path}.${field}`)
    if (value === 0n) throw new InputError({ code: 'out_of_range', field: `${path}.${field}`, message: `${field} must be above zero` })
    return value
  }
  switch (price.model) {
    case 'per_unit':
      return { model: 'per_unit', amount: parseUnits(price.amount, currency, `${path}.amount`), per: positive(price.per, 'per') }
    case 'package':
      return { model: 'package', amount: parseUnits(price.amount, currency, `${path}.amount`), size: positive(price.size, 'size') }
    case 'graduated':
    case 'volume':
      return { model: price.model, per: positive(price.per, 'per'), tiers: price.tiers.map((tier, index) => compileTier(tier, { scale, currency, path: `${path}.tiers[${index}]` })) }
  }
}

function compileTier(tier: TierDocument, context: { readonly scale: number; readonly currency: string; readonly path: string }): Tier {
  return {
    upTo: tier.up_to === null ? null : parseQuantity(tier.up_to, context.scale, `${context.path}.up_to`),
    amount: parseUnits(tier.amount, context.currency, `${context.path}.amount`),
    flat: parseUnits(tier.flat, context.currency, `${context.path}.flat`),
  }
}

export function compileEventPrice(price: EventPriceDocument, { currency, path }: { readonly currency: string; readonly path: string }): EventPriceModel {
  const amount = (text: string, field: string): Units => notNegative(parseUnits(text, currency, `${path}.${field}`), `${path}.${field}`)
  const optional = (text: string | null, field: string): Units | null => (text === null ? null : amount(text, field))
  switch (price.model) {
    case 'percentage':
      return {
        model: 'percentage', rate: parsePercent(price.percent, `${path}.percent`), fixed: amount(price.fixed, 'fixed'),
        freeEvents: price.free_events, freeAmount: optional(price.free_amount, 'free_amount'), ...bounds(optional(price.minimum, 'minimum'), optional(price.maximum, 'maximum'), path),
      }
    case 'cost_plus':
      return { model: 'cost_plus', currency, margin: parsePercent(price.margin_percent, `${path}.margin_percent`), cacheSavings: price.cache_savings, minimum: optional(price.minimum, 'minimum') }
    case 'dynamic':
      return { model: 'dynamic', ...bounds(optional(price.minimum, 'minimum'), optional(price.maximum, 'maximum'), path) }
    case 'outcome':
      return { model: 'outcome', amount: amount(price.amount, 'amount'), chargedOn: price.charged_on, features: price.features }
  }
}

export function compileRecurringPrice(price: RecurringPriceDocument, { currency, path }: { readonly currency: string; readonly path: string }): RecurringPriceModel {
  const amount = notNegative(parseUnits(price.amount, currency, `${path}.amount`), `${path}.amount`)
  return price.model === 'flat' ? { model: 'flat', amount, timing: price.timing } : { model: 'seat', amount, timing: price.timing, removal: price.removal }
}

/** `asset` is the currency of a matrix, or the credit asset of a multiplier matrix. */
export function compileSelectedPrice(price: SelectedPriceDocument, context: { readonly scale: number; readonly asset: string; readonly path: string }): SelectedPriceModel {
  const { scale, asset, path } = context
  refuseAmbiguous(price.entries, path)
  if (price.model === 'credits') {
    const multiplier = (text: string, field: string): Units => notNegative(parseUnits(text, asset, field), field)
    const per = parseQuantity(price.per, scale, `${path}.per`)
    if (per === 0n) throw new InputError({ code: 'out_of_range', field: `${path}.per`, message: `${path}.per must be above zero` })
    const entries = price.entries.map(({ id, when, credits }, index): MatrixEntry<Units> => ({ id, when: new Map(Object.entries(when)), value: multiplier(credits, `${path}.entries[${index}].credits`) }))
    return { model: 'credits', per, entries, otherwise: price.otherwise === null ? null : multiplier(price.otherwise, `${path}.otherwise`) }
  }
  const compile = (document: PriceModelDocument, at: string): PriceModel => compilePriceModel(document, { scale, currency: asset, path: at })
  const entries = price.entries.map(({ id, when, price: of }, index): MatrixEntry<PriceModel> => ({ id, when: new Map(Object.entries(when)), value: compile(of, `${path}.entries[${index}].price`) }))
  return { model: 'matrix', entries, otherwise: price.otherwise === null ? null : compile(price.otherwise, `${path}.otherwise`) }
}

type Conditions = { readonly id: string; readonly when: Readonly<Record<string, readonly string[]>> }

/** The most conditions win, so two entries with as many must not fit the same usage. */
function refuseAmbiguous(entries: readonly Conditions[], path: string): void {
  for (const [index, entry] of entries.entries()) {
    const at = `${path}.entries[${index}]`
    if (entry.id === OTHERWISE) throw new InputError({ code: 'duplicate_id', field: `${at}.id`, message: `${OTHERWISE} is the id of the default: give the entry another one` })
    for (const [position, other] of entries.slice(0, index).entries()) {
      if (other.id === entry.id) throw new InputError({ code: 'duplicate_id', field: `${at}.id`, message: `entry ${entry.id} stands twice (also at entries[${position}])` })
      if (canFitTogether(entry, other)) {
        throw new InputError({ code: 'ambiguous_entries', field: `${at}.when`, message: `entries ${other.id} and ${entry.id} have as many conditions and may fit the same usage: add an entry for what both fit, or make them exclude each other` })
      }
    }
  }
}

/** Whether some usage fits both, and neither asks for more than the other. */
export function canFitTogether(a: Pick<Conditions, 'when'>, b: Pick<Conditions, 'when'>): boolean {
  const conditions = Object.entries(a.when)
  if (conditions.length !== Object.keys(b.when).length) return false
  return conditions.every(([dimension, accepted]) => b.when[dimension] === undefined || accepted.some((value) => b.when[dimension]!.includes(value)))
}

function bounds(minimum: Units | null, maximum: Units | null, path: string): { readonly minimum: Units | null; readonly maximum: Units | null } {
  if (minimum !== null && maximum !== null && minimum > maximum) throw new InputError({ code: 'out_of_range', field: `${path}.minimum`, message: `${path}.minimum is above ${path}.maximum` })
  return { minimum, maximum }
}

function notNegative(amount: Units, field: string): Units {
  if (amount < 0n) throw new InputError({ code: 'out_of_range', field, message: `${field} must not be negative` })
  return amount
}
