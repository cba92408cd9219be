// OpenMeter's API as its SDK speaks it, under /openmeter: events in, meters queried, entitlements read. A team tries Tollgate by
// changing a base URL. Shapes are those of @openmeter/sdk; what it cannot ask for is not here. Unlike there, an answer of 204 means
// that the events are durable and charged, and an event that was not taken is told.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { formatDecimal, parseInstant, type EventResult, type Instant } from '@tollgate/core'
import { isTimeZone } from '@tollgate/core/period'
import type { Caller } from '../../app/authenticate.ts'
import { flatData } from '../../app/compat/event-data.ts'
import { queryMeter, type WindowSize } from '../../app/compat/meter-query.ts'
import { customerNamed, customersNamed, namesOf } from '../../app/compat/references.ts'
import type { ControlPlane } from '../../app/control-plane.ts'
import { entitlementOf, entitlementsOf, type Entitlements } from '../../app/entitlements.ts'
import { ingest } from '../../app/ingest.ts'
import type { IncomingEvent } from '../../app/events/read-event.ts'
import { getCustomer } from '../../app/customers.ts'
import { dimensionValues } from '../../app/dimension-values.ts'
import { readCloudEvents } from '../cloud-events.ts'
import { timeOf } from '../contract/fields.ts'
import { ApiError, refusalOf } from '../problems.ts'
import { compatCaller, READERS } from './caller.ts'

type Parts = { readonly plane: ControlPlane }

export function registerOpenMeter(app: FastifyInstance, { plane }: Parts): void {
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    scope.setErrorHandler((error, request, reply) => problem(error, request, reply))
    scope.post('/api/v1/events', async (request, reply) => {
      await takeEvents(plane, await compatCaller(plane, request, ['ingest']), readCloudEvents(request.headers, bytesOf(request)).events)
      return reply.code(204).send()
    })
    scope.get('/api/v1/meters', async (request) => {
      await compatCaller(plane, request, READERS)
      return plane.catalogs.current().meters.map((meter) => meterBody(meter))
    })
    scope.get<{ Params: { meter: string } }>('/api/v1/meters/:meter', async (request) => {
      await compatCaller(plane, request, READERS)
      return meterBody(meterNamed(plane, request.params.meter))
    })
    const query = async (request: FastifyRequest<{ Params: { meter: string } }>, input: QueryInput) => answerQuery(plane, await compatCaller(plane, request, READERS), request.params.meter, input)
    scope.get<{ Params: { meter: string } }>('/api/v1/meters/:meter/query', (request) => query(request, queryOfUrl(request.query as Query)))
    scope.post<{ Params: { meter: string } }>('/api/v1/meters/:meter/query', (request) => query(request, queryOfBody(jsonOf(request))))
    scope.get<{ Params: { meter: string; key: string } }>('/api/v1/meters/:meter/group-by/:key/values', async (request) => {
      const caller = await compatCaller(plane, request, READERS)
      return dimensionValues(plane, { customer: caller.key.customer, meter: meterNamed(plane, request.params.meter).id, dimension: request.params.key })
    })
    scope.get<{ Params: { customer: string } }>('/api/v1/customers/:customer', async (request) => customerBody(plane, await compatCaller(plane, request, READERS), request.params.customer))
    scope.get<{ Params: { customer: string } }>('/api/v1/customers/:customer/access', async (request) => {
      const all = await entitlementsOf(plane, await customerNamed(plane, await compatCaller(plane, request, READERS), request.params.customer))
      return { entitlements: Object.fromEntries(all.features.map((answer) => [answer.feature.id, valueBody({ ...all, features: [answer] })])) }
    })
    for (const path of ['/api/v1/customers/:customer/entitlements/:feature/value', '/api/v2/customers/:customer/entitlements/:feature/value', '/api/v1/subjects/:customer/entitlements/:feature/value']) {
      scope.get<{ Params: { customer: string; feature: string } }>(path, async (request) =>
        valueBody(await entitlementOf(plane, await customerNamed(plane, await compatCaller(plane, request, READERS), request.params.customer), request.params.feature)))
    }
  }, { prefix: '/openmeter' })
}

/** All are sent to settlement together; one that is not taken is told after the others have been. */
async function takeEvents(plane: ControlPlane, caller: Caller, events: readonly IncomingEvent[]): Promise<void> {
  const named = await customersNamed(plane, caller, events.flatMap(({ subject }) => (typeof subject === 'string' ? [subject] : [])))
  const own = events.map((event) => ({ ...event, subject: named.get(String(event['subject'])) ?? event['subject'], data: flatData(event['data']) }))
  const results = await ingest(plane, own, { customer: caller.key.customer, key: caller.key.id })
  const refused = results.filter((result): result is Extract<EventResult, { reason: string }> => result.status !== 'accepted' && result.status !== 'duplicate')
  if (refused.length > 0) throw new ApiError('event_rejected', `${refused.length} of ${results.length} events were not taken, all others were: ${refused.slice(0, 3).map(({ id, reason }) => `${id ?? 'one without id'}: ${reason}`).join('; ')}`)
}

type Query = Readonly<Record<string, string | string[] | undefined>>
type QueryInput = {
  readonly from: Instant | null; readonly to: Instant | null; readonly window: WindowSize; readonly timeZone: string
  readonly subjects: readonly string[]; readonly groupBy: readonly string[]; readonly filters: ReadonlyMap<string, readonly string[]>
}

const WINDOWS: Readonly<Record<string, WindowSize>> = { MINUTE: 'minute', HOUR: 'hour', DAY: 'day', MONTH: 'month' }

/** Lists come as repeated members, objects as `filterGroupBy[model]`. */
function queryOfUrl(query: Query): QueryInput {
  const many = (name: string) => [query[name] ?? []].flat().flatMap((text) => text.split(','))
  const filters = Object.entries(query).flatMap(([name, value]) => {
    const key = /^filterGroupBy\[(.+)\]$/.exec(name)?.[1]
    return key === undefined || value === undefined ? [] : [[key, [value].flat()] as const]
  })
  return queryOf({ ...query, subject: many('subject'), filterCustomerId: many('filterCustomerId'), groupBy: many('groupBy'), filterGroupBy: Object.fromEntries(filters) })
}

function queryOfBody(body: Readonly<Record<string, unknown>>): QueryInput {
  return queryOf(body)
}

function queryOf(input: Readonly<Record<string, unknown>>): QueryInput {
  const texts = (name: string) => [input[name] ?? []].flat().filter((text): text is string => typeof text === 'string' && text !== '')
  const time = (name: string) => (input[name] === undefined ? null : parseInstant(input[name], name))
  const window = input['windowSize'] === undefined ? 'total' : WINDOWS[String(input['windowSize'])]
  if (window === undefined) throw new ApiError('invalid_choice', 'windowSize must be one of MINUTE, HOUR, DAY, MONTH', { field: 'windowSize' })
  const timeZone = typeof input['windowTimeZone'] === 'string' ? input['windowTimeZone'] : 'UTC'
  if (!isTimeZone(timeZone)) throw new ApiError('unknown_time_zone', `there is no time zone ${timeZone.slice(0, 64)}`, { field: 'windowTimeZone' })
  const filters = typeof input['filterGroupBy'] === 'object' && input['filterGroupBy'] !== null ? Object.entries(input['filterGroupBy'] as Record<string, unknown>) : []
  return {
    from: time('from'), to: time('to'), window, timeZone, subjects: [...texts('subject'), ...texts('filterCustomerId')], groupBy: texts('groupBy'),
    filters: new Map(filters.map(([name, accepted]) => [name, [accepted].flat().map(String)])),
  }
}

async function answerQuery(plane: ControlPlane, caller: Caller, slug: string, input: QueryInput) {
  const meter = meterNamed(plane, slug)
  const named = await customersNamed(plane, caller, input.subjects)
  const asked = input.subjects.length > 0 ? [...named.values()] : caller.key.customer === null ? null : [caller.key.customer]
  const isBySubject = input.groupBy.includes('subject') || input.groupBy.includes('customerId')
  const names = input.groupBy.filter((name) => name !== 'subject' && name !== 'customerId')
  const { from, to, rows } = await queryMeter(plane, { ...input, meter: meter.id, customers: asked, groupBy: [...(isBySubject ? ['customer'] : []), ...names] })
  const references = isBySubject ? await namesOf(plane, [...new Set(rows.map(({ groups }) => groups[0]!))]) : new Map<string, string>()
  return {
    from: timeOf(from), to: timeOf(to), ...(input.window === 'total' ? {} : { windowSize: input.window.toUpperCase() }),
    data: rows.map((row) => {
      const groups = isBySubject ? row.groups.slice(1) : row.groups
      return {
        value: Number(row.quantity), windowStart: timeOf(row.windowStart), windowEnd: timeOf(row.windowEnd),
        subject: input.groupBy.includes('subject') ? (references.get(row.groups[0]!) ?? row.groups[0]!) : null,
        ...(input.groupBy.includes('customerId') ? { customerId: row.groups[0]! } : {}),
        groupBy: Object.fromEntries(names.map((name, index) => [name, groups[index] || null])),
      }
    }),
  }
}

function meterNamed(plane: ControlPlane, slug: string) {
  const meter = plane.catalogs.current().meterById.get(slug)
  if (meter === undefined) throw new ApiError('not_found', `there is no meter ${slug.slice(0, 64)}`, { field: 'meter' })
  return meter
}

const AGGREGATIONS = { sum: 'SUM', count: 'COUNT', max: 'MAX', unique_count: 'UNIQUE_COUNT', latest: 'LATEST', weighted_sum: 'SUM' } as const

function meterBody(meter: ReturnType<typeof meterNamed>) {
  const groups = ['model', ...(meter.dimensions ?? [])]
  return {
    id: meter.id, slug: meter.id, name: meter.name, eventType: meter.eventType, aggregation: AGGREGATIONS[meter.aggregation],
    ...(meter.properties.length === 1 ? { valueProperty: `$.${meter.properties[0]!}` } : {}), groupBy: Object.fromEntries(groups.map((name) => [name, `$.${name}`])),
  }
}

async function customerBody(plane: ControlPlane, caller: Caller, name: string) {
  const customer = await getCustomer(plane, await customerNamed(plane, caller, name))
  const key = customer.externalId ?? customer.id
  return { id: customer.id, key, name: customer.name, usageAttribution: { subjectKeys: [key] }, createdAt: timeOf(customer.createdAt), metadata: customer.metadata }
}

/** Access is the decision that a request would get; the figures are those of the first budget in units that the feature draws on. */
function valueBody({ features: [answer], budgets }: Entitlements) {
  const { feature, entitled, value, isGranted } = answer!
  if (feature.kind === 'value') return { hasAccess: isGranted, ...(value === null ? {} : { config: JSON.stringify(value) }) }
  const standing = budgets.find(({ budget, kind }) => answer!.budgets.includes(budget.id) && budget.unit.kind === 'meters' && (kind === 'allowance' || kind === 'limit'))
  if (standing === undefined) return { hasAccess: entitled }
  const { limit, used, scale } = standing
  const number = (units: bigint) => Number(formatDecimal(units, scale))
  return { hasAccess: entitled, balance: number(limit > used ? limit - used : 0n), usage: number(used), overage: number(used > limit ? used - limit : 0n), totalAvailableGrantAmount: number(limit) }
}

function bytesOf(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
}

function jsonOf(request: FastifyRequest): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(bytesOf(request).toString('utf8') || '{}') as Record<string, unknown>
  } catch {
    throw new ApiError('invalid_json', 'the body is not valid JSON')
  }
}

/** RFC 7807 as its SDK reads it: the content type is exact, the detail becomes the message. */
function problem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refused = refusalOf(error)
  if (!refused.isExpected) request.log.error({ err: error, request: request.id }, 'a request failed inside the API')
  const body = { type: 'about:blank', title: refused.title, status: refused.status, detail: refused.detail, instance: `urn:request:${request.id}` }
  return reply.code(refused.status).headers(refused.headers).header('content-type', 'application/problem+json').send(Buffer.from(JSON.stringify(body)))
}
