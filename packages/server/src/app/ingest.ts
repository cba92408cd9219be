// Usage events from outside: each is read, checked, settled and answered by itself, so that one bad event never loses or
// doubles the others. Before events that nobody authorized are charged beyond an allowance, what nodes hold idle of it is
// recalled, so that a customer never pays for what its plan includes.

import {
  DIMENSION_LENGTH_MAX, DIMENSIONS_MAX, EVENT_AGE_MS_MAX, EVENT_AHEAD_MS_MAX, EVENT_BYTES_MAX, EVENTS_PER_REQUEST_MAX, InputError, instant, isCurrency, isOversized, measure, parseInstant, parseQuantity, parseUnits, formatQuantity, formatUnits, QUANTITY_SCALE_MAX, RECALL_WAIT_MS,
  type CustomerId, type EntityId, type EventCost, type EventResult, type IncomingUsage, type Meter, type UsageEvent,
} from '@tollgate/core'
import { listBudgets } from '../store/budgets.ts'
import type { ControlPlane } from './control-plane.ts'

/** A CloudEvent as JSON, in the structured form. `subject` is the customer. */
export type IncomingEvent = Readonly<Record<string, unknown>>

/**
 * Answers `incoming[i]` with `results[i]`. `customer` binds a tenant's key: events of others are refused.
 * Throws QueueFullError when too much waits; then nothing was taken.
 */
export async function ingest(plane: ControlPlane, incoming: readonly IncomingEvent[], binding: { readonly customer: CustomerId | null; readonly key: string }): Promise<EventResult[]> {
  if (incoming.length > EVENTS_PER_REQUEST_MAX) throw new InputError({ code: 'too_many_events', field: null, message: `at most ${EVENTS_PER_REQUEST_MAX} events a call, got ${incoming.length}` })
  const results: EventResult[] = []
  const items: { readonly index: number; readonly item: IncomingUsage }[] = []
  for (const [index, raw] of incoming.entries()) {
    try {
      items.push({ index, item: readEvent(plane, raw, binding) })
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      results[index] = { status: 'rejected', id: typeof raw?.['id'] === 'string' ? raw['id'].slice(0, 200) : null, field: error.field, reason: error.message }
    }
  }
  if (items.length > 0) {
    await makeRoom(plane, items.map(({ item }) => item.event))
    const settled = await plane.queue.accept(items.map(({ item }) => item))
    for (const [position, { index }] of items.entries()) results[index] = settled[position]!
  }
  return results
}

function readEvent(plane: ControlPlane, raw: IncomingEvent, binding: { readonly customer: CustomerId | null; readonly key: string }): IncomingUsage {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw new InputError({ code: 'invalid_event', message: 'an event is a JSON object' })
  if (isOversized(JSON.stringify(raw))) throw new InputError({ code: 'too_long', field: null, message: `an event has at most ${EVENT_BYTES_MAX} characters as JSON: dimensions are labels, not documents` })
  if (raw['specversion'] !== '1.0') throw new InputError({ code: 'invalid_event', field: 'specversion', message: 'specversion must be "1.0"' })
  // The key of a customer names it already.
  const subject = binding.customer !== null && (raw['subject'] === undefined || raw['subject'] === null) ? binding.customer : text(raw['subject'], 'subject', 64)
  if (binding.customer !== null && subject !== binding.customer) throw new InputError({ code: 'wrong_customer', field: 'subject', message: 'this key may send events of its own customer only' })
  const data = raw['data']
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw new InputError({ code: 'invalid_event', field: 'data', message: 'data must be an object with the quantities' })
  const type = text(raw['type'], 'type', 200)
  const { quantities, dimensions } = readData(data as Record<string, unknown>, readersOf(plane.catalogs.current().meters, type))
  const now = plane.clock.now()
  const time = raw['time'] === undefined || raw['time'] === null ? now : parseInstant(raw['time'], 'time')
  if (time > now + EVENT_AHEAD_MS_MAX) throw new InputError({ code: 'event_in_future', field: 'time', message: `time is more than ${EVENT_AHEAD_MS_MAX / 60_000} minutes ahead of the server's clock` })
  if (time < now - EVENT_AGE_MS_MAX) throw new InputError({ code: 'event_too_old', field: 'time', message: `time is more than ${EVENT_AGE_MS_MAX / 86_400_000} days back` })
  const fields = data as Record<string, unknown>
  return {
    statedTime: raw['time'] !== undefined && raw['time'] !== null,
    event: {
      id: text(raw['id'], 'id', 200),
      source: text(raw['source'], 'source', 300),
      type,
      customer: subject as CustomerId,
      time: instant(time),
      entity: optionalText(fields['entity'], 'data.entity', 64) as EntityId | null,
      feature: optionalText(fields['feature'], 'data.feature', 64),
      run: optionalText(fields['run'], 'data.run', 200),
      key: binding.key,
      quantities,
      dimensions,
      cost: readCost(fields['cost']),
      estimated: false,
      catalogVersion: null,
      settled: null,
      context: {},
    },
  }
}

const RESERVED = new Set(['entity', 'feature', 'run'])

/** What meters of one event type read: decimal places by property, and the dimensions they select by. */
type Readers = { readonly scales: ReadonlyMap<string, number>; readonly dimensions: ReadonlySet<string> }

function readersOf(meters: readonly Meter[], type: string): Readers {
  const own = meters.filter(({ eventType }) => eventType === type)
  const scales = new Map<string, number>()
  const counted = own.filter(({ aggregation }) => aggregation === 'unique_count')
  for (const meter of own) {
    // An expression rounds nothing and keeps all digits; of what is counted distinctly, `0042` and `42` are two.
    const reads = meter.aggregation === 'unique_count' ? [] : meter.properties
    for (const property of reads) scales.set(property, Math.min(meter.scale, scales.get(property) ?? meter.scale))
    for (const property of meter.evaluate?.reads ?? []) scales.set(property, scales.get(property) ?? QUANTITY_SCALE_MAX)
  }
  return { scales, dimensions: new Set([...own.flatMap(({ filter, dimensions = [] }) => [...filter.keys(), ...dimensions]), ...counted.flatMap(({ properties }) => properties)]) }
}

/**
 * What a meter reads must be a quantity at its scale, so that `"-5"` or `"NaN"` is refused and never passes for a label; what a meter
 * selects by is a dimension, so that a status of 200 matches. Else numbers and decimal texts are quantities, other texts dimensions.
 */
function readData(data: Readonly<Record<string, unknown>>, readers: Readers): { readonly quantities: Record<string, string>; readonly dimensions: Record<string, string> } {
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
function readCost(value: unknown): EventCost | null {
  if (typeof value !== 'object' || value === null) return null
  const { amount, currency } = value as Readonly<Record<string, unknown>>
  if (typeof currency !== 'string' || !isCurrency(currency)) throw new InputError({ code: 'invalid_currency', field: 'data.cost.currency', message: 'data.cost.currency must be three capital letters of ISO 4217, such as USD' })
  const exact = parseUnits(text(amount, 'data.cost.amount', 40), currency, 'data.cost.amount')
  if (exact < 0n) throw new InputError({ code: 'out_of_range', field: 'data.cost.amount', message: 'data.cost.amount must not be negative' })
  return { amount: formatUnits(exact, currency), currency }
}

function text(value: unknown, field: string, lengthMax: number, options: { readonly mayBeEmpty?: boolean } = {}): string {
  if (typeof value !== 'string' || (value === '' && options.mayBeEmpty !== true)) throw new InputError({ code: 'required', field, message: `${field} must be a non-empty text` })
  if (value.length > lengthMax) throw new InputError({ code: 'too_long', field, message: `${field} has ${value.length} characters; at most ${lengthMax}` })
  if (value.includes('\u0000')) throw new InputError({ code: 'invalid_text', field, message: `${field} contains a null character` })
  return value
}

function optionalText(value: unknown, field: string, lengthMax: number): string | null {
  return value === undefined || value === null ? null : text(value, field, lengthMax)
}

/** Recalls what nodes hold idle of an allowance that has less left at the authority than these events use. */
async function makeRoom(plane: ControlPlane, events: readonly UsageEvent[]): Promise<void> {
  if (plane.hub.nodes().length === 0) return
  for (const customer of new Set(events.map((event) => event.customer))) {
    const rows = await listBudgets(plane.sql, customer, plane.clock.now())
    const short = rows.filter((row) => row.budget.startsWith('allowance:') && Number(row.escrow) > 0 && Number(row.limit) - Number(row.settled) - Number(row.escrow) < wantedOf(plane, row.budget, events.filter((event) => event.customer === customer)))
    if (short.length > 0) await plane.hub.broadcast({ kind: 'recall', customer, budgets: short.map(({ budget }) => budget) }, RECALL_WAIT_MS)
  }
}

/** Whole units that the events would take from an allowance. An estimate for the recall only: rating counts exactly. */
function wantedOf(plane: ControlPlane, budget: string, events: readonly UsageEvent[]): number {
  const { meters, plans } = plane.catalogs.current()
  const covered = new Set([...plans.values()].flatMap(({ allowances }) => allowances.filter(({ id }) => `allowance:${id}` === budget).flatMap((allowance) => allowance.meters)))
  return events.reduce((sum, event) => sum + measure(meters, event).reduce((units, { meter, quantity }) => (covered.has(meter.id) ? units + Number(quantity) / 10 ** meter.scale : units), 0), 0)
}
