// Tax on an invoice: once per rate on the rounded base, so that what is printed can be computed from what is printed. Which rates
// apply to whom is for the caller to say; nothing here knows a country.

import { divideRounded, pow10 } from '../decimal.ts'
import { assetScale, minorDigits, roundToMinor, splitByWeight, units, ZERO, type AssetId, type Units } from '../money.ts'
import { applyRatio, ONE, type Ratio } from '../rating/ratio.ts'

export type TaxRate = {
  readonly id: string
  /** Printed on the invoice, such as `VAT`. */
  readonly name: string
  /** 0.19 for 19 percent. */
  readonly percent: Ratio
}

export type TaxTreatment =
  | {
      readonly kind: 'rates'
      readonly rates: readonly TaxRate[]
      /** Prices already hold the tax. */
      readonly inclusive: boolean
    }
  /** No tax, for this reason, which is printed. */
  | { readonly kind: 'exempt'; readonly reason: string }
  /** The customer owes the tax in its own country; the invoice says so. */
  | { readonly kind: 'reverse_charge' }

export type TaxLine = { readonly rate: TaxRate; readonly base: Units; readonly amount: Units }

export type Taxed = {
  /** Without tax. */
  readonly net: Units
  readonly taxes: readonly TaxLine[]
  readonly tax: Units
  /** With tax. */
  readonly gross: Units
}

/** `amount` is what the invoice prints before tax, or with it where prices are inclusive; already rounded to what the currency prints. */
export function taxOn(amount: Units, treatment: TaxTreatment, currency: AssetId): Taxed {
  if (treatment.kind !== 'rates' || treatment.rates.length === 0) return { net: amount, taxes: [], tax: ZERO, gross: amount }
  return treatment.inclusive ? taxInside(amount, treatment.rates, currency) : taxOnTop(amount, treatment.rates, currency)
}

function taxOnTop(net: Units, rates: readonly TaxRate[], currency: AssetId): Taxed {
  const taxes = rates.map((rate) => ({ rate, base: net, amount: roundToMinor(applyRatio(net, rate.percent), currency) }))
  const tax = sum(taxes)
  return { net, taxes, tax, gross: units(net + tax) }
}

/** The net amount is rounded once; the tax inside is the rest, split by the rates so that the parts sum to it. */
function taxInside(gross: Units, rates: readonly TaxRate[], currency: AssetId): Taxed {
  const percents = rates.map(({ percent }) => percent as bigint)
  const all = percents.reduce((total, percent) => total + percent, 0n)
  const net = roundToMinor(units(divideRounded(gross * ONE, ONE + all)), currency)
  const tax = units(gross - net)
  const step = pow10(assetScale(currency) - minorDigits(currency))
  const parts = all === 0n ? rates.map(() => 0n) : splitByWeight(units(tax / step), percents)
  const taxes = rates.map((rate, index) => ({ rate, base: net, amount: units(parts[index]! * step) }))
  return { net, taxes, tax, gross }
}

function sum(taxes: readonly TaxLine[]): Units {
  return units(taxes.reduce((total: bigint, { amount }) => total + amount, 0n))
}
