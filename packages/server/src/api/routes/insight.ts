// What happened and how it stands. Of a decision a tenant is told what it is told of its events: no cost, no key, no context.

import { formatShare, timeBelow } from '@tollgate/core'
import { decisionsPage, getDecision, observedReport, overviewReport, parkedPage, plainAmount, systemReport, versionsPage, type Decision, type DecisionsPosition, type Durations, type Proof } from '../../app/insight.ts'
import { rateBehind } from '../../app/rates/rate-behind.ts'
import type { insightRoutes } from '../contract/insight.ts'
import { timeOf, timeOrNull } from '../contract/fields.ts'
import { readCursor, readSequence, writeCursor } from '../cursor.ts'
import type { Handlers } from '../handler.ts'
import { ApiError } from '../problems.ts'
import { eventBody } from './usage.ts'

export const insightHandlers: Handlers<keyof typeof insightRoutes> = {
  listDecisions: async ({ plane, query }) => {
    const { rows, next } = await decisionsPage(plane, {
      customer: query.customer ?? null, outcome: query.outcome ?? null, feature: query.feature ?? null, model: query.model ?? null, reason: query.reason ?? null,
      limit: query.limit, before: readPosition(query.cursor),
    })
    return { data: rows.map((row) => ({ ...commonOf(row), cost: costOf(row) })), next_cursor: writeCursor('decisions', next === null ? null : `${next.sequence}.${next.refusal}`) }
  },
  getDecision: async ({ plane, caller, params, query }) => {
    const row = await getDecision(plane, params.customer, params.decision, query.at ?? null)
    const estimate = row.kind === 'event' ? row.event.context['estimate'] : undefined
    const rate = caller.isOperator && row.kind === 'event' ? await rateBehind(plane, row.event) : null
    return {
      ...commonOf(row),
      estimate: typeof estimate === 'string' ? estimate : null,
      denial: row.kind === 'event' ? null : denialOf(row.refusal.payload),
      event: row.kind === 'event' ? eventBody(row.event, caller.isOperator) : null,
      ...(caller.isOperator ? { rate: rate === null ? null : { entry: rate.entry, layer: rate.layer, imported_version: rate.importedVersion } } : {}),
    }
  },
  listObserved: async ({ plane, params, query }) => {
    const { from, rows } = await observedReport(plane, { customer: params.customer, from: query.from ?? null })
    return { from: timeOf(from), requests: rows.reduce((sum, { requests }) => sum + Number(requests), 0), data: rows.map(({ requests, latest, ...row }) => ({ ...row, requests: Number(requests), latest: timeOf(latest) })) }
  },
  getOverview: async ({ plane }) => {
    const { customers, minutes, hourBefore, refusals, sample, decisions, authority, journal, rollups, books, ...rest } = await overviewReport(plane)
    return {
      ...rest,
      as_of: timeOf(plane.clock.now()),
      customers: { total: customers.total, by_standing: customers.byStanding, by_plan: customers.byPlan },
      minutes: minutes.map(({ start, events, denied, charge }) => ({ start: timeOf(start), events: Number(events), denied: Number(denied), charge })),
      hour_before: { events: Number(hourBefore.events), denied: Number(hourBefore.denied), charge: hourBefore.charge },
      decisions: durationsBody(decisions), authority: durationsBody(authority),
      journal: { waiting_bytes: journal.waitingBytes, writing: journal.isWriting },
      drift: { rollups: proofBody(rollups), books: proofBody(books) },
      refusals: refusals.map(({ reason, requests }) => ({ reason, requests: Number(requests) })),
      margin: { events: Number(sample.events), since: timeOrNull(sample.since), charge: sample.charge, cost: sample.cost, percent: sample.share === null ? null : formatShare(sample.share), unpriced: Number(sample.unpriced) },
    }
  },
  listParkedEvents: async ({ plane, query }) => {
    const page = await parkedPage(plane, { before: readSequence('parked', query.cursor), limit: query.limit })
    return { data: page.rows.map(({ id, at, ...row }) => ({ ...row, id: String(id), parked_at: timeOf(at) })), next_cursor: writeCursor('parked', page.next) }
  },
  listCatalogVersions: async ({ plane, query }) => {
    const before = readSequence('versions', query.cursor)
    const page = await versionsPage(plane, { before: before === null ? null : Number(before), limit: query.limit })
    return { data: page.rows.map(({ appliedAt, appliedBy, inForceFrom, ...row }) => ({ ...row, applied_at: timeOf(appliedAt), applied_by: appliedBy, in_force_from: timeOf(inForceFrom) })), next_cursor: writeCursor('versions', page.next) }
  },
  getSystem: async ({ plane }) => {
    const { database, nodes, ...rest } = await systemReport(plane)
    return {
      ...rest,
      database: { version: database.version, bytes: String(database.bytes), events: String(database.events) },
      nodes: nodes.map(({ id, incarnation, isConnected, registeredAt, leases, told }) => ({
        id, incarnation, connected: isConnected, registered_at: timeOf(registeredAt), leases: Number(leases),
        decision_p99_ms: told === null ? null : rounded(timeBelow(told.decisions, 0.99)), authority_p99_ms: told === null ? null : rounded(timeBelow(told.acquires, 0.99)), journal_waiting_bytes: told?.journalBytes ?? null, journal_writing: told?.isWriting ?? null,
      })),
    }
  },
}

/** A step of a fifth has no more digits to tell. */
function rounded(ms: number | null): number | null {
  return ms === null ? null : Number(ms.toPrecision(2))
}

function durationsBody({ p50Ms, p99Ms, measured }: Durations) {
  return { p50_ms: rounded(p50Ms), p99_ms: rounded(p99Ms), measured }
}

function proofBody({ checkedAt, differedAt }: Proof) {
  return { checked_at: timeOrNull(checkedAt), differed_at: timeOrNull(differedAt) }
}

function readPosition(cursor: string | undefined): DecisionsPosition | null {
  const position = readCursor('decisions', cursor)
  if (position === null) return null
  const match = /^(\d{1,18})\.(\d{1,19})$/.exec(position)
  if (match === null) throw new ApiError('invalid_cursor', 'cursor must be the next_cursor of an earlier page of this list', { field: 'cursor' })
  return { sequence: BigInt(match[1]!), refusal: BigInt(match[2]!) }
}

function commonOf(row: Decision) {
  if (row.kind === 'event') {
    const { event } = row
    const latency = event.context['latency_ms']
    return {
      id: event.id, outcome: 'allowed' as const, customer: event.customer, time: timeOf(event.time), type: event.type, feature: event.feature, model: event.dimensions['model'] ?? null, entity: event.entity,
      charge: plainAmount(event.amount, event.asset), currency: event.asset, estimated: event.estimated, reason: null, scope: null, latency_ms: typeof latency === 'number' ? latency : null,
    }
  }
  const { payload, customer, at } = row.refusal
  return {
    id: textOf(payload['decision']) ?? '', outcome: 'denied' as const, customer, time: timeOf(Number(payload['time'] ?? at)), type: null, feature: textOf(payload['feature']), model: textOf(payload['model']),
    entity: textOf(payload['entity']), charge: null, currency: null, estimated: false, reason: textOf(payload['reason']), scope: textOf(payload['scope']), latency_ms: null,
  }
}

function costOf(row: Decision): string | null {
  return row.kind === 'event' ? (row.event.cost?.amount ?? null) : null
}

function denialOf(payload: Readonly<Record<string, unknown>>) {
  return {
    reason: textOf(payload['reason']) ?? '', scope: textOf(payload['scope']) ?? '', message: textOf(payload['message']), required: textOf(payload['required']), limit: textOf(payload['limit']),
    used: textOf(payload['used']), unit: textOf(payload['unit']), resets_at: typeof payload['resetsAt'] === 'number' ? timeOf(payload['resetsAt']) : null, unrecorded: Number(payload['unrecorded'] ?? 0),
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
