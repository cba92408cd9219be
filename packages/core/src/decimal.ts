// Exact decimal text ↔ scaled integer. The one place where digits are read and written: money, credits and quantities
// all pass here. A number with more digits than the scale is refused, never rounded; exponents, NaN and Infinity are refused.

import { assert, InputError } from './assert.ts'

/** Longest decimal text that is read at all; a longer one is hostile. 38 digits is what `numeric(38, s)` holds. */
const TEXT_LENGTH_MAX = 42
const DIGITS_MAX = 38

const powers: bigint[] = Array.from({ length: 40 }, (_, exponent) => 10n ** BigInt(exponent))

/** 10^exponent as a bigint, exponent 0…39. */
export function pow10(exponent: number): bigint {
  const power = powers[exponent]
  assert(power !== undefined, `power of ten out of range: ${exponent}`)
  return power
}

/** Reads decimal text such as `-12.5` into an integer of 10^-scale units. `field` names the input in the error. */
export function parseDecimal(text: string, scale: number, field: string): bigint {
  const match = text.length <= TEXT_LENGTH_MAX ? /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) : null
  if (match === null) {
    throw new InputError({ code: 'invalid_decimal', field, message: `${field} must be a plain decimal such as "12.50", got ${JSON.stringify(text.slice(0, 60))}` })
  }
  const [, sign, whole = '', fraction = ''] = match
  const significant = fraction.replace(/0+$/, '')
  if (significant.length > scale) {
    throw new InputError({ code: 'too_many_digits', field, message: `${field} has ${significant.length} decimal places; at most ${scale} are kept, so ${text} is refused rather than rounded` })
  }
  if (whole.length + scale > DIGITS_MAX) {
    throw new InputError({ code: 'out_of_range', field, message: `${field} is too large: ${text}` })
  }
  const units = BigInt(whole) * pow10(scale) + BigInt(significant.padEnd(scale, '0') || '0')
  return sign === '-' ? -units : units
}

/** Writes an integer of 10^-scale units as the shortest decimal text: no trailing zeros, no exponent. */
export function formatDecimal(units: bigint, scale: number): string {
  const negative = units < 0n
  let digits = (negative ? -units : units).toString()
  if (digits.length <= scale) digits = digits.padStart(scale + 1, '0')
  const point = digits.length - scale
  let end = digits.length
  while (end > point && digits.charCodeAt(end - 1) === ZERO_DIGIT) end -= 1
  const text = end === point ? digits.slice(0, point) : `${digits.slice(0, point)}.${digits.slice(point, end)}`
  return negative ? `-${text}` : text
}

const ZERO_DIGIT = 0x30

/** Integer division rounded half away from zero, the rounding of every printed amount. */
export function divideRounded(numerator: bigint, denominator: bigint): bigint {
  assert(denominator > 0n, 'divideRounded: the denominator must be positive')
  const doubled = (numerator < 0n ? -numerator : numerator) * 2n + denominator
  const magnitude = doubled / (denominator * 2n)
  return numerator < 0n ? -magnitude : magnitude
}

/** Integer division rounded up (towards +∞), the rounding of every hold. */
export function divideUp(numerator: bigint, denominator: bigint): bigint {
  assert(denominator > 0n, 'divideUp: the denominator must be positive')
  const quotient = numerator / denominator
  return numerator > 0n && quotient * denominator !== numerator ? quotient + 1n : quotient
}
