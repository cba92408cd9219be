// Reads the bodies of the hot API by hand: a schema library would cost more than the decision. Each reader names the field and
// says what is accepted; a member that nobody reads is refused too, because a misspelt one would silently mean nothing.

import {
  DIMENSIONS_MAX, DIMENSION_LENGTH_MAX, EVENT_BYTES_MAX, InputError, isCurrency, parseId, parseQuantity, parseUnits, QUANTITY_SCALE_MAX,
} from '@tollgate/core'
import { readBody, type Exchange } from '../exchange.ts'

export type Fields = Readonly<Record<string, unknown>>

/** The body as an object that has none but the `allowed` members. */
export async function readFields(exchange: Exchange, allowed: readonly string[]): Promise<Fields> {
  const body = await readBody(exchange, EVENT_BYTES_MAX)
  return fieldsOf(body.length === 0 ? {} : parse(body), allowed)
}

/** A value as an object that has none but the `allowed` members. */
export function fieldsOf(value: unknown, allowed: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('invalid_value', null, 'it must be a JSON object')
  for (const name of Object.keys(value)) {
    if (!allowed.includes(name)) throw wrong('unknown_field', name.slice(0, 60), `${JSON.stringify(name.slice(0, 60))} is not known here; known are ${allowed.join(', ')}`)
  }
  return value as Fields
}

function parse(body: Buffer): Fields {
  let value: unknown
  try {
    value = JSON.parse(body.toString())
  } catch (error) {
    throw wrong('invalid_json', null, `the body is not valid JSON: ${(error as Error).message.slice(0, 200)}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('invalid_json', null, 'the body must be a JSON object')
  return value as Fields
}

const WORD = /^[\x21-\x7e]{1,200}$/

/** A word of printable ASCII; null when it is absent. */
export function optionalWord(fields: Fields, name: string): string | null {
  const value = fields[name]
  if (value === undefined || value === null) return null
  if (typeof value === 'string' && WORD.test(value)) return value
  throw wrong('invalid_value', name, `${name} must be a word of 1 to 200 printable ASCII characters`)
}

export function requiredWord(fields: Fields, name: string): string {
  const value = optionalWord(fields, name)
  if (value === null) throw wrong('missing_field', name, `${name} is missing`)
  return value
}

export function optionalId<K extends 'customer' | 'entity' | 'reservation'>(fields: Fields, name: string, kind: K): ReturnType<typeof parseId<K>> | null {
  const value = optionalWord(fields, name)
  return value === null ? null : parseId(kind, value, name)
}

/** Numbers by property, as decimal text. At most {@link QUANTITY_SCALE_MAX} places; negative, NaN and absurd ones are refused. */
export function readQuantities(fields: Fields): Readonly<Record<string, string>> {
  const entries = entriesOf(fields, 'quantities')
  const quantities: Record<string, string> = {}
  for (const [property, value] of entries) {
    const field = `quantities.${property}`
    if (!/^[a-z][a-z0-9_]{0,63}$/.test(property)) throw wrong('invalid_property', field, `${field} must be a lower-case word of letters, digits and _`)
    parseQuantity(value, QUANTITY_SCALE_MAX, field)
    quantities[property] = String(value)
  }
  return quantities
}

export function readDimensions(fields: Fields): Readonly<Record<string, string>> {
  const dimensions: Record<string, string> = {}
  for (const [name, value] of entriesOf(fields, 'dimensions')) {
    const field = `dimensions.${name.slice(0, 60)}`
    if (!/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(name)) throw wrong('invalid_dimension', field, `${field} must start with a letter and hold at most 64 letters, digits, _, . and -`)
    if (typeof value !== 'string' || value.length > DIMENSION_LENGTH_MAX) throw wrong('invalid_dimension', field, `${field} must be text of at most ${DIMENSION_LENGTH_MAX} characters`)
    dimensions[name] = value
  }
  return dimensions
}

/** Provider cost as the caller knows it; null when absent. */
export function readCost(fields: Fields): { readonly amount: string; readonly currency: string } | null {
  const value = fields['cost']
  if (value === undefined || value === null) return null
  const { amount, currency } = (typeof value === 'object' ? value : {}) as Fields
  if (typeof currency !== 'string' || !isCurrency(currency)) throw wrong('invalid_currency', 'cost.currency', 'cost.currency must be an ISO 4217 code such as USD')
  if (typeof amount !== 'string') throw wrong('invalid_decimal', 'cost.amount', 'cost.amount must be a decimal string such as "0.0012"')
  if (parseUnits(amount, currency, 'cost.amount') < 0n) throw wrong('out_of_range', 'cost.amount', 'cost.amount must not be negative')
  return { amount, currency }
}

export function readFlag(fields: Fields, name: string): boolean {
  const value = fields[name]
  if (value === undefined || value === null) return false
  if (typeof value === 'boolean') return value
  throw wrong('invalid_value', name, `${name} must be true or false`)
}

export function readSeconds(fields: Fields, name: string, range: { readonly absentMs: number; readonly maxMs: number }): number {
  const value = fields[name]
  if (value === undefined || value === null) return range.absentMs
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value * 1_000 <= range.maxMs) return value * 1_000
  throw wrong('out_of_range', name, `${name} must be a whole number of seconds from 1 to ${range.maxMs / 1_000}`)
}

function entriesOf(fields: Fields, name: string): [string, unknown][] {
  const value = fields[name]
  if (value === undefined || value === null) return []
  if (typeof value !== 'object' || Array.isArray(value)) throw wrong('invalid_value', name, `${name} must be an object`)
  const entries = Object.entries(value)
  if (entries.length > DIMENSIONS_MAX) throw wrong('out_of_range', name, `${name} must have at most ${DIMENSIONS_MAX} members`)
  return entries
}

function wrong(code: string, field: string | null, message: string): InputError {
  return new InputError({ code, field, message })
}
