// The JSON of a public price list with every number as the digits that were written, so that a price is never a float, and those
// digits as plain decimal text per million units. Lists are written by many hands: a value that is no price is none, not an error.

import { InputError } from '@tollgate/core'

export type Fields = Readonly<Record<string, unknown>>

/** @throws InputError when the text is no JSON. */
export function parseList(text: string, name: string): unknown {
  try {
    return JSON.parse(text, function exact(this: unknown, _key: string, value: unknown, context?: { readonly source?: string }): unknown {
      return typeof value === 'number' && context?.source !== undefined ? context.source : value
    })
  } catch (error) {
    throw new InputError({ code: 'invalid_price_list', field: 'lists', message: `${name} is no JSON: ${error instanceof Error ? error.message : String(error)}` })
  }
}

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}

/** More digits than a price can have: a line of noise. */
const DIGITS_MAX = 30

/** The number `text` times ten to the `shift`, as plain decimal text; null where it is no number of zero or more. */
export function plainDecimal(text: unknown, shift: number): string | null {
  const match = typeof text === 'string' ? /^(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,2}))?$/i.exec(text.trim()) : null
  if (match === null) return null
  const [, whole = '', fraction = '', exponent = '0'] = match
  const places = fraction.length - shift - Number(exponent)
  const digits = `${whole}${fraction}${'0'.repeat(Math.max(0, -places))}`.replace(/^0+(?=\d)/, '')
  if (digits.length > DIGITS_MAX || places > DIGITS_MAX) return null
  if (places <= 0) return digits
  const padded = digits.padStart(places + 1, '0')
  const decimals = padded.slice(-places).replace(/0+$/, '')
  return decimals === '' ? padded.slice(0, -places) : `${padded.slice(0, -places)}.${decimals}`
}

/** A whole number of tokens; null where there is none. */
export function tokenCount(value: unknown): number | null {
  const text = plainDecimal(value, 0)
  const count = text === null ? NaN : Number(text)
  return Number.isSafeInteger(count) && count > 0 && count <= 100_000_000 ? count : null
}

export function isZero(text: string): boolean {
  return /^0+(?:\.0+)?$/.test(text)
}
