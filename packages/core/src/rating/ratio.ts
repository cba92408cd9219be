// Proportions (a percentage, a factor, a discount) as exact integers of 10^-9: applying one multiplies first and divides once,
// half away from zero. A proportion with more digits is refused, never rounded.

import { InputError } from '../assert.ts'
import { divideRounded, formatDecimal, parseDecimal, pow10 } from '../decimal.ts'
import { units, type Units } from '../money.ts'

declare const ratioBrand: unique symbol
/** Integer of 10^-9: 1.5 is 1_500_000_000. */
export type Ratio = bigint & { readonly [ratioBrand]: true }

export const RATIO_SCALE = 9
export const ONE = pow10(RATIO_SCALE) as Ratio

/** Reads a factor such as `"1.1"`; not negative. */
export function parseRatio(text: string, field: string): Ratio {
  return notNegative(parseDecimal(text, RATIO_SCALE, field), text, field)
}

/** Reads percent: `"2.9"` is 0.029. */
export function parsePercent(text: string, field: string): Ratio {
  return notNegative(parseDecimal(text, RATIO_SCALE - 2, field), text, field)
}

/** Reads percent up to 100: a discount or a share. */
export function parseShare(text: string, field: string): Ratio {
  const share = parsePercent(text, field)
  if (share > ONE) throw new InputError({ code: 'out_of_range', field, message: `${field} must be at most 100 percent, got ${text}` })
  return share
}

export function formatRatio(ratio: Ratio): string {
  return formatDecimal(ratio, RATIO_SCALE)
}

export function formatPercent(ratio: Ratio): string {
  return formatDecimal(ratio, RATIO_SCALE - 2)
}

/** `amount × ratio`, rounded once. */
export function applyRatio(amount: Units, ratio: Ratio): Units {
  return units(divideRounded(amount * ratio, ONE))
}

function notNegative(value: bigint, text: string, field: string): Ratio {
  if (value < 0n) throw new InputError({ code: 'out_of_range', field, message: `${field} must not be negative, got ${text}` })
  return value as Ratio
}
