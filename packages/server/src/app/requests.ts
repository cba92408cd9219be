// The record of each request at the gateway: who asked for what, what was decided, which model answered, what it used and cost.
// Prompts and answers are not among it: where they are kept at all, they are kept apart (prompts.ts).

import { DENIAL_STATUS, formatUnits, parseUnits, type DenialReason, type Instant } from '@tollgate/core'
import { findDenied, findRun, listDenied, listRuns, type DeniedRow, type RequestFilter, type RunRow } from '../store/requests.ts'
import type { ControlPlane } from './control-plane.ts'
import { getCustomer } from './customers.ts'
import type { Page } from './listings.ts'
import { Problem } from './problems.ts'

export type RequestRecord = {
  readonly id: string
  readonly outcome: 'served' | 'failed' | 'denied'
  readonly time: Instant
  readonly requestId: string | null
  readonly surface: string | null
  readonly status: number
  readonly entity: string | null
  readonly feature: string | null
  readonly run: string | null
  readonly key: string | null
  readonly tags: Readonly<Record<string, string>>
  readonly model: string | null
  readonly modelReturned: string | null
  readonly provider: string | null
  readonly upstream: string | null
  readonly upstreamKey: string | null
  readonly tried: string | null
  readonly attempts: number
  readonly modelAsked: string | null
  readonly degraded: string | null
  readonly cache: 'hit' | 'none'
  readonly isStream: boolean
  readonly ending: string | null
  readonly error: string | null
  readonly latencyMs: number | null
  readonly firstByteMs: number | null
  readonly usage: Readonly<Record<string, string>>
  readonly isEstimated: boolean
  readonly estimate: string | null
  readonly charge: string | null
  readonly currency: string | null
  readonly cost: { readonly amount: string; readonly currency: string } | null
  readonly denial: { readonly reason: string; readonly scope: string; readonly required: string | null } | null
}

export type RequestsInput = Omit<RequestFilter, 'customer' | 'before'> & { readonly after: string | null; readonly outcome: RequestRecord['outcome'] | null }

export async function requestsPage(plane: ControlPlane, customer: string, input: RequestsInput): Promise<Page<RequestRecord>> {
  await getCustomer(plane, customer)
  const filter = { ...input, customer, before: placeOf(input.after), limit: input.limit + 1 }
  const [runs, denied] = await Promise.all([
    input.outcome === 'denied' ? [] : listRuns(plane.sql, filter),
    input.outcome === null || input.outcome === 'denied' ? listDenied(plane.sql, filter) : [],
  ])
  const read = [...runs.map(recordOfRun), ...denied.map(recordOfDenial)].sort((a, b) => b.time - a.time || (a.id < b.id ? 1 : -1))
  const shown = read.slice(0, input.limit)
  const last = shown.at(-1)
  const next = read.length > input.limit && last !== undefined ? `${last.time}.${last.id}` : null
  // Filtered after the page is cut: its cursor stays that of the rows that were read.
  return { rows: input.outcome === null ? shown : shown.filter(({ outcome }) => outcome === input.outcome), next }
}

export async function getRequest(plane: ControlPlane, customer: string, id: string): Promise<RequestRecord> {
  await getCustomer(plane, customer)
  const around = timeIn(id)
  if (around !== null) {
    const run = id.startsWith('res_') ? await findRun(plane.sql, customer, id, around) : null
    if (run !== null) return recordOfRun(run)
    const denied = id.startsWith('dec_') ? await findDenied(plane.sql, customer, id, around) : null
    if (denied !== null) return recordOfDenial(denied)
  }
  throw new Problem('not_found', `customer ${customer} has no request ${id}; its id is told in the header x-tollgate-decision of the answer, and is known a moment after it`, 'request')
}

/** Ids begin with their time in digits of base 32: nine of them, or ten with a leading zero (platform/random-id.ts). */
const TIME = /^[a-z]{3}_(0[0-9a-v]{9}|[1-9a-v][0-9a-v]{8})/
const CLOCK_SLACK_MS = 60_000

function timeIn(id: string): { readonly from: number; readonly to: number } | null {
  const digits = TIME.exec(id)?.[1]
  if (digits === undefined) return null
  const time = Number.parseInt(digits, 32)
  return { from: time - CLOCK_SLACK_MS, to: time + CLOCK_SLACK_MS }
}

function placeOf(after: string | null): { readonly time: number; readonly id: string } | null {
  const match = after === null ? null : /^(\d{1,16})\.(.+)$/.exec(after)
  return match === null ? null : { time: Number(match[1]), id: match[2]! }
}

const TAG = 'tag_'

function recordOfRun(row: RunRow): RequestRecord {
  const { context, dimensions } = row
  const number = (name: string) => (typeof context[name] === 'number' ? context[name] : null)
  const text = (name: string) => (typeof context[name] === 'string' ? context[name] : null)
  const isFailed = row.type === 'ai.request_failed'
  return {
    id: row.id, outcome: isFailed ? 'failed' : 'served', time: row.time, requestId: text('request_id'), surface: text('surface') ?? 'chat', status: number('status') ?? 200,
    entity: row.entity, feature: row.feature, run: row.run, key: row.key,
    tags: Object.fromEntries(Object.entries(dimensions).flatMap(([name, value]) => (name.startsWith(TAG) ? [[name.slice(TAG.length), value]] : []))),
    model: dimensions['model'] ?? null, modelReturned: dimensions['model_returned'] ?? null, provider: dimensions['provider'] ?? null, upstream: dimensions['upstream'] ?? null,
    upstreamKey: text('upstream_key'), tried: text('tried'), attempts: number('attempts') ?? 1, modelAsked: text('model_asked'), degraded: text('degraded'), cache: context['cache'] === 'hit' ? 'hit' : 'none', isStream: context['stream'] === true, ending: text('ending'), error: text('error'),
    latencyMs: number('latency_ms'), firstByteMs: number('first_byte_ms'), usage: row.quantities, isEstimated: row.estimated, estimate: text('estimate'),
    charge: formatUnits(parseUnits(row.amount, row.asset), row.asset), currency: row.asset, cost: row.cost, denial: null,
  }
}

function recordOfDenial({ id, time, payload }: DeniedRow): RequestRecord {
  const text = (name: string) => (typeof payload[name] === 'string' ? payload[name] : null)
  const reason = text('reason') ?? 'budget_unavailable'
  return {
    id, outcome: 'denied', time, requestId: null, surface: null, status: DENIAL_STATUS[reason as DenialReason]?.status ?? 403, entity: null, feature: text('feature'), run: null, key: text('key'), tags: {},
    model: text('model'), modelReturned: null, provider: null, upstream: null, upstreamKey: null, tried: null, attempts: 0, modelAsked: null, degraded: null, cache: 'none', isStream: false, ending: null, error: null, latencyMs: null, firstByteMs: null,
    usage: {}, isEstimated: false, estimate: null, charge: null, currency: null, cost: null, denial: { reason, scope: text('scope') ?? '', required: text('required') },
  }
}
