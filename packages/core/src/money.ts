// Amounts. Money is an integer of 10^-12 of the currency's major unit, so that every published per-token price is exact
// ($0.0375 per million tokens is 37,500 a token); credits are integers of 10^-6. No float ever touches them.
// An amount that crosses a module edge carries its asset (Money); inside one asset's arithmetic it is Units.

import { assert, InputError } from './assert.ts'
import { divideRounded, divideUp, formatDecimal, parseDecimal, pow10 } from './decimal.ts'

declare const unitsBrand: unique symbol
/** Integer units of an asset, at {@link assetScale}. */
export type Units = bigint & { readonly [unitsBrand]: true }

/** An ISO 4217 code (`USD`), or the lower-case id of a credit asset (`credits`). */
export type AssetId = string

/** An amount with its asset. */
export type Money = { readonly asset: AssetId; readonly units: Units }

export const MONEY_SCALE = 12
export const CREDIT_SCALE = 6
/** Scale of the numbers on the decision path: nano-units, so that 2^53 holds nine million dollars. */
export const HOLD_SCALE = 9

export const ZERO = 0n as Units

/** Marks an integer as units; the caller vouches for the scale. */
export function units(value: bigint): Units {
  return value as Units
}

export function isCurrency(asset: AssetId): boolean {
  return asset.length === 3 && isUpper(asset, 0) && isUpper(asset, 1) && isUpper(asset, 2)
}

function isUpper(text: string, index: number): boolean {
  const code = text.charCodeAt(index)
  return code >= 65 && code <= 90
}

/** Decimal places kept for an asset: 12 for a currency, 6 for a credit asset. */
export function assetScale(asset: AssetId): number {
  return isCurrency(asset) ? MONEY_SCALE : CREDIT_SCALE
}

/** Reads `"12.50"` as units of `asset`; more digits than the scale are refused. */
export function parseUnits(text: string, asset: AssetId, field = 'amount'): Units {
  return parseDecimal(text, assetScale(asset), field) as Units
}

/** Reads an amount that must be above zero: a top-up, a price tier, a limit. */
export function parsePositiveUnits(text: string, asset: AssetId, field = 'amount'): Units {
  const value = parseUnits(text, asset, field)
  if (value <= 0n) throw new InputError({ code: 'out_of_range', field, message: `${field} must be above zero, got ${text}` })
  return value
}

export function formatUnits(value: Units, asset: AssetId): string {
  return formatDecimal(value, assetScale(asset))
}

/** Decimal places that a currency prints: 2, but 0 for yen and won and 3 for the dinars (ISO 4217). */
export function minorDigits(currency: AssetId): number {
  return MINOR_DIGITS[currency] ?? 2
}

const MINOR_DIGITS: Readonly<Record<string, number>> = {
  BIF: 0, CLP: 0, DJF: 0, GNF: 0, ISK: 0, JPY: 0, KMF: 0, KRW: 0, PYG: 0, RWF: 0, UGX: 0, VND: 0, VUV: 0, XAF: 0, XOF: 0, XPF: 0,
  BHD: 3, IQD: 3, JOD: 3, KWD: 3, LYD: 3, OMR: 3, TND: 3,
}

/** Rounds to what the currency prints, half away from zero; the difference belongs to the rounding account. */
export function roundToMinor(value: Units, currency: AssetId): Units {
  const step = pow10(assetScale(currency) - minorDigits(currency))
  return (divideRounded(value, step) * step) as Units
}

/** Decimal places of holds in an asset: nano-units for money, the asset's own units for credits. */
export function holdScale(asset: AssetId): number {
  return Math.min(HOLD_SCALE, assetScale(asset))
}

/** Units as a hold, rounded up: a hold never covers less than the amount. */
export function toHold(value: Units, asset: AssetId): number {
  const short = Number(value)
  if (short >= 0 && short <= Number.MAX_SAFE_INTEGER) {
    // Whole numbers that a double holds exactly: the same division, without big integers.
    const step = 10 ** (assetScale(asset) - holdScale(asset))
    const rest = short % step
    return rest === 0 ? short / step : (short - rest) / step + 1
  }
  const hold = divideUp(value, pow10(assetScale(asset) - holdScale(asset)))
  assert(hold <= BigInt(Number.MAX_SAFE_INTEGER) && hold >= BigInt(Number.MIN_SAFE_INTEGER), 'a hold does not fit a safe integer')
  return Number(hold)
}

/** A hold as exact units. */
export function fromHold(hold: number, asset: AssetId): Units {
  assert(Number.isSafeInteger(hold), () => `not a hold: ${hold}`)
  const short = hold * 10 ** (assetScale(asset) - holdScale(asset))
  if (Number.isSafeInteger(short)) return BigInt(short) as Units
  return (BigInt(hold) * pow10(assetScale(asset) - holdScale(asset))) as Units
}

/** Splits `total` in proportion to `weights` so that the parts sum to the whole (largest remainder; ties to the first). */
export function splitByWeight(total: Units, weights: readonly bigint[]): Units[] {
  const sum = weights.reduce((a, b) => a + b, 0n)
  assert(weights.length > 0 && sum > 0n && weights.every((weight) => weight >= 0n), 'splitByWeight needs weights that sum above zero')
  const sign = total < 0n ? -1n : 1n
  const magnitude = total * sign
  const parts = weights.map((weight) => (magnitude * weight) / sum)
  const order = weights.map((weight, index) => ({ index, remainder: (magnitude * weight) % sum }))
  order.sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1))
  let left = magnitude - parts.reduce((a, b) => a + b, 0n)
  for (const { index } of order) {
    if (left === 0n) break
    parts[index] = parts[index]! + 1n
    left -= 1n
  }
  assert(left === 0n, 'splitByWeight: the parts do not sum to the whole')
  return parts.map((part) => (part * sign) as Units)
}
