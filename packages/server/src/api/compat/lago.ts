// Lago's API as its JavaScript client speaks it, under /lago/api/v1: events in, current usage and entitlements out. A team tries
// Tollgate by changing a base URL. Shapes are those of lago-javascript-client; amounts in cents are rounded, as there. Unlike
// there, an event of a subscription that does not exist is refused at once, and not an hour later.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { assetScale, EVENTS_PER_REQUEST_MAX, formatInstant, formatQuantity, InputError, instant, minorDigits, pow10, roundToMinor, units, type EventResult, type Instant } from '@tollgate/core'
import type { Caller } from '../../app/authenticate.ts'
import { flatData } from '../../app/compat/event-data.ts'
import { customerNamed, customersNamed } from '../../app/compat/references.ts'
import type { ControlPlane } from '../../app/control-plane.ts'
import { entitlementsOf } from '../../app/entitlements.ts'
import type { IncomingEvent } from '../../app/events/read-event.ts'
import { ingest } from '../../app/ingest.ts'
import { invoicePreview } from '../../app/reports.ts'
import { timeOf } from '../contract/fields.ts'
import { refusalOf } from '../problems.ts'
import { compatCaller, READERS } from './caller.ts'

const SOURCE = 'lago-api'
/** As there: its clients split at it. */
const BATCH_MAX = 100

type LagoEvent = { readonly transaction_id?: unknown; readonly external_subscription_id?: unknown; readonly code?: unknown; readonly timestamp?: unknown; readonly properties?: unknown; readonly precise_total_amount_cents?: unknown }

export function registerLago(app: FastifyInstance, { plane }: { readonly plane: ControlPlane }): void {
  void app.register(async (scope) => {
    scope.setErrorHandler((error, request, reply) => problem(error, request, reply))
    scope.post<{ Body: { event?: LagoEvent } }>('/events', async (request) => {
      const event = request.body?.event
      if (event === undefined) throw validation({ event: ['value_is_mandatory'] })
      const { taken, errors } = await take(plane, await compatCaller(plane, request, ['ingest']), [event])
      if (errors.size > 0) throw validation(errors.get(0)!)
      if (taken[0]?.status === 'duplicate') throw validation({ transaction_id: ['value_already_exist'] })
      return { event: eventBody(event, plane) }
    })
    scope.post<{ Body: { events?: readonly LagoEvent[] } }>('/events/batch', async (request) => {
      const events = request.body?.events ?? []
      if (!Array.isArray(events) || events.length === 0) throw validation({ events: ['no_events'] })
      if (events.length > Math.min(BATCH_MAX, EVENTS_PER_REQUEST_MAX)) throw validation({ events: ['too_many_events'] })
      const { errors } = await take(plane, await compatCaller(plane, request, ['ingest']), events)
      // What was sent before with this content counts as taken: a batch that is sent again after its faults were mended must pass.
      if (errors.size > 0) throw validation(Object.fromEntries([...errors].map(([index, fields]) => [String(index), fields])))
      return { events: events.map((event) => eventBody(event, plane)) }
    })
    scope.get<{ Params: { customer: string } }>('/customers/:customer/current_usage', async (request) => {
      const caller = await compatCaller(plane, request, READERS)
      return { customer_usage: await currentUsage(plane, await customerNamed(plane, caller, request.params.customer)) }
    })
    scope.get<{ Params: { subscription: string } }>('/subscriptions/:subscription/entitlements', async (request) => {
      const caller = await compatCaller(plane, request, READERS)
      return { entitlements: await entitlements(plane, await customerNamed(plane, caller, request.params.subscription)) }
    })
  }, { prefix: '/lago/api/v1' })
}

type Faults = Readonly<Record<string, readonly string[]>>

async function take(plane: ControlPlane, caller: Caller, events: readonly LagoEvent[]): Promise<{ readonly taken: readonly EventResult[]; readonly errors: ReadonlyMap<number, Faults> }> {
  const named = await customersNamed(plane, caller, events.flatMap(({ external_subscription_id: id }) => (typeof id === 'string' ? [id] : [])))
  const errors = new Map<number, Faults>()
  const incoming: IncomingEvent[] = []
  const positions: number[] = []
  for (const [index, event] of events.entries()) {
    const faults = faultsOf(event, named)
    if (faults === null) {
      positions.push(index)
      incoming.push(cloudEvent(event, named.get(event.external_subscription_id as string)!))
    } else errors.set(index, faults)
  }
  const results = incoming.length === 0 ? [] : await ingest(plane, incoming, { customer: caller.key.customer, key: caller.key.id })
  for (const [position, result] of results.entries()) {
    if (result.status === 'rejected') errors.set(positions[position]!, { [fieldOf(result.field)]: [result.reason] })
    if (result.status === 'conflict') errors.set(positions[position]!, { transaction_id: ['value_already_exist'] })
  }
  return { taken: results, errors }
}

function faultsOf(event: LagoEvent, named: ReadonlyMap<string, string>): Faults | null {
  for (const name of ['transaction_id', 'code', 'external_subscription_id'] as const) if (typeof event[name] !== 'string' || event[name] === '') return { [name]: ['value_is_mandatory'] }
  if (!named.has(event.external_subscription_id as string)) return { external_subscription_id: ['subscription_not_found'] }
  return timeIn(event.timestamp) === undefined ? { timestamp: ['invalid_format'] } : null
}

/** Seconds, with decimals for milliseconds, as number or text; null where there is none. */
function timeIn(timestamp: unknown): Instant | null | undefined {
  if (timestamp === undefined || timestamp === null) return null
  const text = String(timestamp)
  return /^\d{1,11}(\.\d{1,9})?$/.test(text) ? instant(Math.round(Number(text) * 1_000)) : undefined
}

function cloudEvent(event: LagoEvent, customer: string): IncomingEvent {
  const time = timeIn(event.timestamp) ?? null
  const amount = event.precise_total_amount_cents
  return {
    specversion: '1.0', id: event.transaction_id, source: SOURCE, type: event.code, subject: customer, ...(time === null ? {} : { time: formatInstant(time) }),
    data: { ...flatData(event.properties), ...(typeof amount === 'string' ? { precise_total_amount_cents: amount } : {}) },
  }
}

function fieldOf(field: string | null): string {
  if (field === 'time') return 'timestamp'
  return field?.startsWith('data.') === true ? `properties.${field.slice(5)}` : 'transaction_id'
}

function eventBody(event: LagoEvent, plane: ControlPlane) {
  return {
    lago_id: null, transaction_id: event.transaction_id, lago_customer_id: null, code: event.code, timestamp: timeOf(timeIn(event.timestamp) ?? plane.clock.now()),
    precise_total_amount_cents: event.precise_total_amount_cents ?? null, properties: event.properties ?? {}, lago_subscription_id: null,
    external_subscription_id: event.external_subscription_id, created_at: timeOf(plane.clock.now()),
  }
}

async function currentUsage(plane: ControlPlane, customer: string) {
  const { preview, context } = await invoicePreview(plane, customer)
  const { period } = context.snapshot
  const { catalog } = context
  const { currency } = catalog
  const cents = (amount: bigint) => Number(roundToMinor(units(amount), currency) / pow10(assetScale(currency) - minorDigits(currency)))
  const lines = preview.lines.filter((line) => line.kind === 'usage')
  const total = lines.reduce((sum: bigint, line) => sum + line.exact, 0n)
  return {
    from_datetime: timeOf(period.start), to_datetime: timeOf(period.end), issuing_date: timeOf(period.end).slice(0, 10), lago_invoice_id: null, currency,
    amount_cents: cents(total), taxes_amount_cents: 0, total_amount_cents: cents(total),
    charges_usage: lines.map((line) => {
      const price = context.plan.prices.find(({ id }) => id === line.price)
      const meter = price === undefined ? undefined : catalog.meterById.get(price.meter)
      const used = formatQuantity(line.quantity, line.scale)
      return {
        units: used, total_aggregated_units: used, events_count: line.events, amount_cents: cents(line.exact), amount_currency: currency,
        charge: { lago_id: line.price, charge_model: 'standard', invoice_display_name: line.name },
        billable_metric: { lago_id: meter?.id ?? line.price, name: meter?.name ?? line.name, code: meter?.id ?? line.price, aggregation_type: `${meter?.aggregation ?? 'sum'}_agg` },
        filters: [], grouped_usage: [],
      }
    }),
  }
}

async function entitlements(plane: ControlPlane, customer: string) {
  const { features } = await entitlementsOf(plane, customer)
  return features.filter(({ isGranted }) => isGranted).map(({ feature, value, entitled }) => ({
    code: feature.id, name: feature.name, description: null, overrides: {},
    privileges: feature.kind === 'value'
      ? [{ code: 'value', name: feature.name, value_type: 'string', config: {}, value, plan_value: value, override_value: null }]
      : [{ code: 'access', name: 'Access', value_type: 'boolean', config: {}, value: entitled, plan_value: true, override_value: null }],
  }))
}

class ValidationError extends Error {
  override readonly name = 'ValidationError'
  readonly details: Readonly<Record<string, unknown>>
  constructor(details: Readonly<Record<string, unknown>>) {
    super('the event is not valid')
    this.details = details
  }
}

function validation(details: Readonly<Record<string, unknown>>): ValidationError {
  return new ValidationError(details)
}

const TITLES: Readonly<Record<number, string>> = { 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found', 429: 'Too Many Requests' }

function problem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof ValidationError) return reply.code(422).send({ status: 422, error: 'Unprocessable Entity', code: 'validation_errors', error_details: error.details })
  if (error instanceof InputError) return reply.code(422).send({ status: 422, error: 'Unprocessable Entity', code: 'validation_errors', error_details: { [error.field ?? 'event']: [error.message] } })
  const refused = refusalOf(error)
  if (!refused.isExpected) request.log.error({ err: error, request: request.id }, 'a request failed inside the API')
  const rate = refused.status === 429 ? { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': refused.headers['retry-after'] ?? '1' } : {}
  return reply.code(refused.status).headers({ ...refused.headers, ...rate }).send({ status: refused.status, error: TITLES[refused.status] ?? refused.title, code: refused.code })
}
