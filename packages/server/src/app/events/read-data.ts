// The `data` of an event → quantities and dimensions. What a meter reads must be a quantity at its scale, so that `"-5"` or `"NaN"` is
// refused and never passes for a label; what a meter selects or breaks down by is a dimension, so that a status of 200 matches.
// Else numbers and decimal texts are quantities, other texts dimensions.

import { DIMENSION_LENGTH_MAX, DIMENSIONS_MAX, formatQuantity, formatUnits, InputError, isCurrency, parseQuantity, parseUnits, QUANTITY_SCALE_MAX, type EventCost, type Meter } from '@tollgate/core'

/** Members of `data` that are neither. */
export const RESERVED = new Set(['entity', 'feature', 'run'])

/** What meters of one event type read: decimal places by property, and the dimensions they select by. */
export type Readers = { readonly scales: ReadonlyMap<string, number>; readonly dimensions: ReadonlySet<string> }

/** By the meters of a catalog and type; only of types that a meter reads, so that no sender can make it grow. */
const known = new WeakMap<readonly Meter[], Map<string, Readers>>()

export function readersOf(meters: readonly Meter[], type: string): Readers {
  let byType = known.get(meters)
  if (byType === undefined) known.set(meters, (byType = new Map()))
  const found = byType.get(type)
  if (found !== undefined) return found
  const own = meters.filter(({ eventType }) => eventType === type)
  const readers = workOut(own)
  if (own.length > 0) byType.set(type, readers)
  return readers
}

function workOut(own: readonly Meter[]): Readers {
  const scales = new Map<string, number>()
  const counted = own.filter(({ aggregation }) => aggregation === 'unique_count')
  for (const meter of own) {
    // An expression rounds nothing and keeps all digits; of what is counted distinctly, `0042` and `42` are two.
    const reads = meter.aggregation === 'unique_count' ? [] : meter.properties
    for (const property of reads) scales.set(property, Math.min(meter.scale, scales.get(property) ?? meter.scale))
    for (const property of meter.evaluate?.reads ?? []) scales.set(property, scales.get(property) ?? QUANTITY_SCALE_MAX)
  }
  return { scales, dimensions: new Set([...own.flatMap(({ filter, dimensions = [], pricedBy = [] }) => [...filter.keys(), ...dimensions, ...pricedBy]), ...counted.flatMap(({ properties }) => properties)]) }
}

export type EventData = { readonly quantities: Record<string, string>; readonly dimensions: Record<string, string> }

/** Throws InputError with the member at fault. */
export function readData(data: Readonly<Record<string, unknown>>, readers: Readers): EventData {
  const quantities: Record<string, string> = {}
  const dimensions: Record<string, string> = {}
  for (const [name, value] of Object.entries(data)) {
    if (RESERVED.has(name) || value === null || (name === 'cost' && typeof value === 'object')) continue
    const field = `data.${name.slice(0, 64)}`
    if (!/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(name)) throw new InputError({ code: 'invalid_event', field, message: 'names in data start with a letter and hold at most 64 letters, digits, _ . and -' })
    const isNumber = typeof value === 'number' || (typeof value === 'string' && /^\d+(\.\d+)?$/.test(value))
    if (readers.scales.has(name) || (isNumber && !readers.dimensions.has(name))) {
      const scale = readers.scales.get(name) ?? QUANTITY_SCALE_MAX
      quantities[name] = formatQuantity(parseQuantity(value, scale, field), scale)
    } else if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') {
      dimensions[name] = text(String(value), field, DIMENSION_LENGTH_MAX, { mayBeEmpty: true })
    } else {
      throw new InputError({ code: 'invalid_event', field, message: `${field} must be a number, a decimal string or a text` })
    }
  }
  if (Object.keys(dimensions).length > DIMENSIONS_MAX) throw new InputError({ code: 'too_many_dimensions', field: 'data', message: `at most ${DIMENSIONS_MAX} dimensions an event` })
  if (Object.keys(quantities).length > DIMENSIONS_MAX) throw new InputError({ code: 'too_many_quantities', field: 'data', message: `at most ${DIMENSIONS_MAX} quantities an event` })
  return { quantities, dimensions }
}

/** `{ amount, currency }`: what a provider charged for it, for prices on cost. A plain number of that name is a quantity like any other. */
export function readCost(value: unknown): EventCost | null {
  if (typeof value !== 'object' || value === null) return null
  const { amount, currency } = value as Readonly<Record<string, unknown>>
  if (typeof currency !== 'string' || !isCurrency(currency)) throw new InputError({ code: 'invalid_currency', field: 'data.cost.currency', message: 'data.cost.currency must be three capital letters of ISO 4217, such as USD' })
  const exact = parseUnits(text(amount, 'data.cost.amount', 40), currency, 'data.cost.amount')
  if (exact < 0n) throw new InputError({ code: 'out_of_range', field: 'data.cost.amount', message: 'data.cost.amount must not be negative' })
  return { amount: formatUnits(exact, currency), currency }
}

export function text(value: unknown, field: string, lengthMax: number, options: { readonly mayBeEmpty?: boolean } = {}): string {
  if (typeof value !== 'string' || (value === '' && options.mayBeEmpty !== true)) throw new InputError({ code: 'required', field, message: `${field} must be a non-empty text` })
  if (value.length > lengthMax) throw new InputError({ code: 'too_long', field, message: `${field} has ${value.length} characters; at most ${lengthMax}` })
  if (value.includes('\u0000')) throw new InputError({ code: 'invalid_text', field, message: `${field} contains a null character` })
  return value
}

export function optionalText(value: unknown, field: string, lengthMax: number): string | null {
  return value === undefined || value === null ? null : text(value, field, lengthMax)
}
