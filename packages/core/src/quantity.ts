// Quantities of usage: decimals whose scale belongs to the meter (0 for tokens, up to 9). NaN, infinity, negatives and
// absurd sizes are refused at the edge, so that whoever holds a Quantity may add it without looking.

import { InputError } from './assert.ts'
import { formatDecimal, parseDecimal, pow10 } from './decimal.ts'

declare const quantityBrand: unique symbol
/** Integer of 10^-scale of the meter's unit. */
export type Quantity = bigint & { readonly [quantityBrand]: true }

export const QUANTITY_SCALE_MAX = 9
/** Largest quantity in one event, in whole units: a thousand times the largest plausible month of one customer. */
export const QUANTITY_MAX = 1_000_000_000_000n
export const NONE = 0n as Quantity

export function quantity(value: bigint): Quantity {
  return value as Quantity
}

/**
 * Reads a quantity from JSON: a decimal string, or a number that is a safe integer. A fraction must come as a string,
 * because a JSON fraction has already been a float.
 */
export function parseQuantity(value: unknown, scale: number, field: string): Quantity {
  if (scale === 0 && typeof value === 'string') {
    const short = shortWhole(value)
    if (short >= 0) return BigInt(short) as Quantity
  }
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value
  if (typeof text !== 'string') {
    throw new InputError({ code: 'invalid_quantity', field, message: `${field} must be a whole number or a decimal string, got ${describe(value)}` })
  }
  const parsed = parseDecimal(text, scale, field)
  if (parsed < 0n) throw new InputError({ code: 'negative_quantity', field, message: `${field} must not be negative; send a correction event instead` })
  if (parsed > QUANTITY_MAX * pow10(scale)) throw new InputError({ code: 'out_of_range', field, message: `${field} is above the largest accepted quantity ${QUANTITY_MAX}` })
  return parsed as Quantity
}

export function formatQuantity(value: Quantity, scale: number): string {
  return formatDecimal(value, scale)
}

/** Plain digits that fit a number, the form of nearly every token count; -1 for all else. Ten times faster than the pattern. */
function shortWhole(text: string): number {
  if (text.length === 0 || text.length > 12) return -1
  let whole = 0
  for (let index = 0; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 48
    if (digit < 0 || digit > 9) return -1
    whole = whole * 10 + digit
  }
  return whole
}

function describe(value: unknown): string {
  return typeof value === 'number' ? `${value} (a JSON fraction is already a float: send it as a string)` : value === undefined ? 'nothing' : typeof value
}
