// What the operator's pages ask across customers: the newest decisions, one decision with all that is known of it, the figures of the
// overview, the audit log, parked events, catalog versions, and the state of the system. It reads; nothing here decides or charges.

import { addTimeCounts, formatUnits, marginShare, parseUnits, timeBelow, instant, units, INSIGHT_EVENTS_MAX, type Instant, type NodeReport, type TimeCounts } from '@tollgate/core'
import {
  activityByMinute, activityOf, costSample, customerCounts, databaseFacts, findEvent, findRefusal, listNodes, nextSequence, observedRefusals, pageParked, pageVersions, recentEvents, recentEventsOf, recentRefusals, refusalsByReason,
  type DecisionFilter, type MinuteRow, type NodeRow, type ObservedRow, type ParkedRow, type RecentEvent, type RefusalRow, type SampleRow, type VersionRow,
} from '../store/insight.ts'
import { pageTold } from '../store/outbox.ts'
import { parkedEvents } from './health.ts'
import type { ControlPlane } from './control-plane.ts'
import { getCustomer } from './customers.ts'
import { pageOf, type Page } from './listings.ts'
import { monthlyFees } from './monthly-fees.ts'
import { Problem } from './problems.ts'

export type Decision = { readonly kind: 'event'; readonly event: RecentEvent } | { readonly kind: 'refusal'; readonly refusal: RefusalRow }
export type DecisionsInput = DecisionFilter & { readonly outcome: 'allowed' | 'denied' | null; readonly limit: number; readonly before: DecisionsPosition | null }
/** Everything above was shown. */
export type DecisionsPosition = { readonly sequence: bigint; readonly refusal: bigint }

const FAR = 9_000_000_000_000_000_000n
const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

export async function decisionsPage(plane: ControlPlane, input: DecisionsInput): Promise<{ readonly rows: readonly Decision[]; readonly next: DecisionsPosition | null }> {
  const { sql } = plane
  if (input.customer !== null) await getCustomer(plane, input.customer)
  const position = input.before ?? { sequence: await nextSequence(sql), refusal: FAR }
  // A reason is a refusal's.
  const wantsEvents = input.outcome !== 'denied' && input.reason === null
  const limit = input.limit + 1
  const { customer } = input
  const [events, refusals] = await Promise.all([
    !wantsEvents ? [] : customer === null ? recentEvents(sql, { ...input, before: position.sequence, span: INSIGHT_EVENTS_MAX, limit }) : recentEventsOf(sql, { ...input, customer, before: position.sequence, limit }),
    input.outcome === 'allowed' ? [] : recentRefusals(sql, { ...input, before: position.refusal, limit }),
  ])
  const merged = [...events.map((event): Decision => ({ kind: 'event', event })), ...refusals.map((refusal): Decision => ({ kind: 'refusal', refusal }))].sort((a, b) => atOf(b) - atOf(a))
  const rows = merged.slice(0, input.limit)
  return { rows, next: merged.length > input.limit ? positionAfter(rows, position) : null }
}

function positionAfter(rows: readonly Decision[], from: DecisionsPosition): DecisionsPosition {
  const lowest = (ids: readonly bigint[], absent: bigint) => ids.reduce((low, id) => (id < low ? id : low), absent)
  return {
    sequence: lowest(rows.flatMap((row) => (row.kind === 'event' ? [row.event.sequence] : [])), from.sequence),
    refusal: lowest(rows.flatMap((row) => (row.kind === 'refusal' ? [row.refusal.id] : [])), from.refusal),
  }
}

function atOf(row: Decision): number {
  return row.kind === 'event' ? row.event.time : Number(row.refusal.payload['time'] ?? row.refusal.at)
}

/** A refusal by its decision id, or an event by its own. */
export async function getDecision(plane: ControlPlane, customer: string, id: string, at: Instant | null): Promise<Decision> {
  await getCustomer(plane, customer)
  if (id.startsWith('dec_')) {
    const refusal = await findRefusal(plane.sql, customer, id)
    if (refusal !== null) return { kind: 'refusal', refusal }
  } else {
    const event = await findEvent(plane.sql, customer, id, at)
    if (event !== null) return { kind: 'event', event }
  }
  throw new Problem('not_found', `customer ${customer} has no recorded decision ${id}; refusals are kept for a month, and of a flood of them the first few of a second`, 'decision')
}

/** How far back it is told what would have been refused, unless stated. */
const OBSERVED_MS = 7 * DAY_MS

export async function observedReport(plane: ControlPlane, input: { readonly customer: string; readonly from: Instant | null }): Promise<{ readonly from: Instant; readonly rows: readonly ObservedRow[] }> {
  await getCustomer(plane, input.customer)
  const from = input.from ?? instant(plane.clock.now() - OBSERVED_MS)
  return { from, rows: await observedRefusals(plane.sql, { customer: input.customer, from, span: INSIGHT_EVENTS_MAX }) }
}

export type OverviewReport = {
  readonly currency: string
  readonly customers: { readonly total: number; readonly byStanding: Readonly<Record<string, number>>; readonly byPlan: Readonly<Record<string, number>> }
  readonly recurring: string
  readonly minutes: readonly MinuteRow[]
  readonly hourBefore: Omit<MinuteRow, 'start'>
  readonly refusals: readonly { readonly reason: string; readonly requests: bigint }[]
  readonly sample: SampleRow & { /** Hundredths of a percent. */ readonly share: bigint | null }
  readonly nodes: number
  readonly waiting: number
  readonly parked: number
  readonly decisions: Durations
  readonly authority: Durations
  readonly journal: { readonly waitingBytes: number; readonly isWriting: boolean }
  readonly rollups: Proof
  readonly books: Proof
}

/** Of the last five minutes, over all nodes that told. */
export type Durations = { readonly p50Ms: number | null; readonly p99Ms: number | null; readonly measured: number }
/** A standing check: when it last ended, and when it last found that something differs. */
export type Proof = { readonly checkedAt: Instant | null; readonly differedAt: Instant | null }

function durationsOf(reports: readonly NodeReport[], of: (report: NodeReport) => TimeCounts): Durations {
  const counts = addTimeCounts(reports.map(of))
  return { p50Ms: timeBelow(counts, 0.5), p99Ms: timeBelow(counts, 0.99), measured: counts.reduce((sum, count) => sum + count, 0) }
}

async function proofOf(plane: ControlPlane, { job, type }: { readonly job: string; readonly type: string }): Promise<Proof> {
  const [told] = await pageTold(plane.sql, { types: [type], customer: null, before: null, limit: 1 })
  return { checkedAt: plane.jobs.jobs().find(({ name }) => name === job)?.endedAt ?? null, differedAt: told?.createdAt ?? null }
}

export async function overviewReport(plane: ControlPlane): Promise<OverviewReport> {
  const { sql } = plane
  const { currency } = plane.catalogs.current()
  const now = plane.clock.now()
  const above = (await nextSequence(sql)) - BigInt(INSIGHT_EVENTS_MAX)
  const [recurring, counts, minutes, hourBefore, rollups, books, refusals, sample, parked] = await Promise.all([
    monthlyFees(plane), customerCounts(sql), activityByMinute(sql, instant(now - HOUR_MS)), activityOf(sql, { from: instant(now - 2 * HOUR_MS), to: instant(now - HOUR_MS) }),
    proofOf(plane, { job: 'prove-rollups', type: 'rollups.differ' }), proofOf(plane, { job: 'check-books', type: 'books.disagree' }),
    refusalsByReason(sql, instant(now - DAY_MS)), costSample(sql, { above, from: instant(now - DAY_MS), currency }), parkedEvents(plane),
  ])
  const [charge, cost] = [parseUnits(sample.charge, currency), parseUnits(sample.cost, currency)]
  const by = (name: 'plan' | 'standing') => {
    const sums: Record<string, number> = {}
    for (const row of counts) sums[row[name]] = (sums[row[name]] ?? 0) + Number(row.customers)
    return sums
  }
  const reports = [...plane.hub.reports().values()]
  return {
    currency, minutes, hourBefore, rollups, books, refusals, parked, sample: { ...sample, share: marginShare({ margin: units(charge - cost), revenue: charge }) },
    decisions: durationsOf(reports, ({ decisions }) => decisions), authority: durationsOf(reports, ({ acquires }) => acquires),
    journal: { waitingBytes: reports.reduce((sum, { journalBytes }) => sum + journalBytes, 0), isWriting: reports.every(({ isWriting }) => isWriting) },
    nodes: plane.hub.nodes().length, waiting: plane.queue.waiting(), recurring,
    customers: { total: counts.reduce((sum, { customers }) => sum + Number(customers), 0), byStanding: by('standing'), byPlan: by('plan') },
  }
}

export async function parkedPage(plane: ControlPlane, input: { readonly before: bigint | null; readonly limit: number }): Promise<Page<ParkedRow>> {
  return pageOf(await pageParked(plane.sql, { before: input.before ?? FAR, limit: input.limit + 1 }), input.limit, ({ id }) => String(id))
}

export async function versionsPage(plane: ControlPlane, input: { readonly before: number | null; readonly limit: number }): Promise<Page<VersionRow>> {
  return pageOf(await pageVersions(plane.sql, { before: input.before ?? 2 ** 31 - 1, limit: input.limit + 1 }), input.limit, ({ version }) => String(version))
}

export type SystemReport = {
  readonly database: { readonly version: string; readonly bytes: bigint; readonly events: bigint }
  readonly nodes: readonly (NodeRow & { readonly isConnected: boolean; readonly told: NodeReport | null })[]
  readonly waiting: number
  readonly parked: number
}

export async function systemReport(plane: ControlPlane): Promise<SystemReport> {
  const [database, nodes, parked] = await Promise.all([databaseFacts(plane.sql), listNodes(plane.sql), parkedEvents(plane)])
  const connected = new Set(plane.hub.nodes())
  const reports = plane.hub.reports()
  return { database, nodes: nodes.map((node) => ({ ...node, isConnected: connected.has(node.id), told: reports.get(node.id) ?? null })), waiting: plane.queue.waiting(), parked }
}

/** Stored decimals carry trailing zeros. */
export function plainAmount(text: string, asset: string): string {
  return formatUnits(parseUnits(text, asset), asset)
}
