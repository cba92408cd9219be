// One settlement transaction: claims the events' keys, loads what they touch, rates them, and writes events, totals,
// transfers, budgets, rollups and outbox together. Exactly once: a key that was claimed before is answered, not charged.
// Locks in one order: customers by id, then budgets, then their leases.

import {
  allowanceBudget, assert, assetScale, chargedRun, DISTINCT_HASHES_MAX, eventFingerprint, evidenceLine, formatDecimal, formatUnits, InputError, parseDecimal, positionKey, TOTALS_TOLD_MAX, units, usageTransfers,
  type Catalog, type Clock, type EventResult, type IncomingUsage, type Instant, type JournalPosition, type Meter, type NodeIdentity, type UsageEvent,
} from '@tollgate/core'
import { createHash, hash, type Hash } from 'node:crypto'
import type { Sql, Transaction } from '../../platform/postgres.ts'
import { withRetry } from '../../platform/postgres.ts'
import { listBudgets, markAlerted, moveBudgets } from '../../store/budgets.ts'
import { lockCustomers, type StoredFacts } from '../../store/customers.ts'
import { deleteChargedRuns, insertChargedRuns, readChargedRuns } from '../../store/charged-runs.ts'
import { claimKeys, insertEvents, keyText, type EventRow } from '../../store/events.ts'
import { insertTransfers, type TransferRow } from '../../store/ledger.ts'
import { resolveDoubts } from '../../store/leases.ts'
import { markLevels } from '../../store/levels.ts'
import { advanceJournal } from '../../store/nodes.ts'
import { deleteReadings, insertReadings, reaggregateRollups } from '../../store/readings.ts'
import { addRollups } from '../../store/rollups.ts'
import {
  insertOutbox, openBatch, readAccumulators, readBlocks, readDebts, writeAccumulators, writeBlocks, writeDebts,
  type BlockRow, type OutboxRow,
} from '../../store/settlement.ts'
import type { Catalogs } from '../catalogs.ts'
import { budgetScale, paysAmounts, type CustomerContext, type CustomerContexts } from '../customer-contexts.ts'
import { openBudgets, openNamed } from '../open-budgets.ts'
import { accumulatorKey, debtKey, emptyOutput, headroomKey, postingKey, type BatchOutput, type BatchState, type Lapsed, type Metering, type Posting } from './batch-state.ts'
import { correct, type Job } from './correct.ts'
import { loadPaid, nothingPaid } from './load-paid.ts'
import { loseClaims } from './lose.ts'
import { loadAggregates } from './aggregates.ts'
import type { KnownDimensions } from './known-dimensions.ts'
import { meteringOf } from './metering.ts'
import { noteUnpriced } from './note-unpriced.ts'
import { createPlaces, valuesOf } from './places.ts'
import type { Pseudonyms } from './pseudonyms.ts'
import { rateInto } from './rate-batch.ts'
import { hashOf } from './roll-up.ts'
import { crossedThresholds } from './thresholds.ts'

export type SettlementParts = { readonly sql: Sql; readonly catalogs: Catalogs; readonly contexts: CustomerContexts; readonly clock: Clock; readonly randomText: () => string; readonly dimensions: KnownDimensions; readonly pseudonyms: Pseudonyms }

export type SettlementBatch = {
  readonly items: readonly IncomingUsage[]
  /** `node/<id>` or `ingest`. */
  readonly origin: string
  /** The journal position after this batch, moved in the same transaction. */
  readonly journal: { readonly identity: NodeIdentity; readonly to: JournalPosition } | null
  readonly outbox: readonly OutboxRow[]
}

/** Settles all or nothing of the batch; `results[i]` answers `items[i]`. A data error in one event fails the batch: the queue bisects. */
export async function settleBatch(parts: SettlementParts, batch: SettlementBatch): Promise<EventResult[]> {
  // Before the transaction, which must not wait for a second connection of its own pool.
  const catalogs = await catalogsOf(parts, batch.items)
  const { results, committed } = await withRetry(parts.sql, (tx) => settleIn(tx, { ...parts, versions: catalogs }, batch))
  committed()
  return results
}

/** The catalogs that the batch's decisions were made under, by version. */
async function catalogsOf(parts: SettlementParts, items: readonly IncomingUsage[]): Promise<Map<number, Catalog>> {
  const versions = new Set(items.flatMap(({ event }) => versionOf(parts, event) ?? []))
  return new Map(await Promise.all([...versions].map(async (version) => [version, await parts.catalogs.version(version)] as const)))
}

/** That of its decision; of usage that nobody decided on, the one in force at its time. Null before there was any. */
function versionOf({ catalogs }: SettlementParts, { catalogVersion, time }: UsageEvent): number | null {
  const version = catalogVersion === null || catalogVersion === 0 ? catalogs.versionAt(time) : catalogVersion
  return version === 0 ? null : version
}

type Settled = { readonly results: EventResult[]; /** What memory may keep once the transaction stands. */ readonly committed: () => void }
type LoadedParts = SettlementParts & { readonly versions: Map<number, Catalog> }

async function settleIn(tx: Transaction, parts: LoadedParts, asked: SettlementBatch): Promise<Settled> {
  const results: (EventResult | null)[] = asked.items.map(() => null)
  const remember: (() => void)[] = []
  const lapsed: Lapsed = new Map()
  const facts = await parts.contexts.facts(tx, await lockCustomers(tx, [...new Set(asked.items.map(({ event }) => event.customer))]))
  // What makes two events the same is what was sent, also after a person was erased.
  const fresh = await claim(tx, asked.items, facts, results)
  const batch = { ...asked, items: fresh.length === 0 ? asked.items : await parts.pseudonyms.replace(tx, asked.items, new Set(fresh)) }
  const settle = async (jobs: readonly Job[], outbox: readonly OutboxRow[]): Promise<EventResult[]> => {
    const state = { ...(await loadState(tx, parts, jobs, facts)), lapsed }
    const output = emptyOutput()
    const lost = await loseClaims(tx, state, jobs)
    for (const { event, step } of jobs) if (!lost.has(event.id)) rateInto(output, state, event, step)
    await write(tx, parts, { origin: batch.origin, outbox, output, state })
    remember.push(state.dimensions.committed)
    const charged = output.results.values()
    return jobs.map(({ event }) => lost.get(event.id) ?? charged.next().value!)
  }
  await resolveDoubts(tx, fresh.map((index) => ({ customer: batch.items[index]!.event.customer, reservation: batch.items[index]!.event.id })))
  const usage = fresh.filter((index) => batch.items[index]!.correction === undefined)
  const corrections = fresh.filter((index) => batch.items[index]!.correction !== undefined)
  if (usage.length > 0) {
    const settled = await settle(usage.map((index) => ({ event: batch.items[index]!.event, step: { effect: 'use' } })), batch.outbox)
    for (const [position, index] of usage.entries()) results[index] = settled[position]!
  } else {
    await insertOutbox(tx, batch.outbox)
  }
  const corrected = await correct(tx, {
    catalogOf: (version) => catalogIn(tx, parts, version), current: parts.catalogs.current, settle: (jobs) => settle(jobs, []), tell: (rows) => insertOutbox(tx, rows),
  }, { corrections: corrections.map((index) => batch.items[index]!), usage: usage.map((index) => batch.items[index]!.event) })
  for (const [position, index] of corrections.entries()) results[index] = corrected[position]!
  if (batch.journal !== null) await advanceJournal(tx, batch.journal.identity, batch.journal.to)
  return {
    committed: () => remember.forEach((keep) => keep()),
    results: results.map((result) => {
      assert(result !== null, 'an event of the batch has no result')
      return result
    }),
  }
}

/** Inside the transaction: what a correction names may be of any version. */
async function catalogIn(tx: Transaction, parts: LoadedParts, version: number): Promise<Catalog> {
  const catalog = parts.versions.get(version) ?? (await parts.catalogs.version(version, tx))
  parts.versions.set(version, catalog)
  return catalog
}

/** Indices of the events that are new; all others get their result. */
async function claim(tx: Transaction, items: readonly IncomingUsage[], facts: ReadonlyMap<string, StoredFacts>, results: (EventResult | null)[]): Promise<number[]> {
  const first = new Map<string, { readonly index: number; readonly hash: Uint8Array }>()
  for (const [index, item] of items.entries()) {
    const { event } = item
    if (!facts.has(event.customer)) {
      results[index] = { status: 'rejected', id: event.id, field: 'customer', reason: `there is no customer ${event.customer}` }
      continue
    }
    const digest = contentHash(item)
    const key = keyText(event)
    const twin = first.get(key)
    if (twin === undefined) first.set(key, { index, hash: digest })
    else results[index] = Buffer.compare(twin.hash, digest) === 0 ? { status: 'duplicate', id: event.id } : conflict(event)
  }
  const candidates = [...first.values()]
  if (candidates.length === 0) return []
  const claimed = await claimKeys(tx, candidates.map(({ index, hash }) => ({ customer: items[index]!.event.customer, source: items[index]!.event.source, id: items[index]!.event.id, time: items[index]!.event.time, hash })))
  const fresh: number[] = []
  for (const [position, { index }] of candidates.entries()) {
    const { event } = items[index]!
    if (claimed[position] === 'new') fresh.push(index)
    else results[index] = claimed[position] === 'duplicate' ? { status: 'duplicate', id: event.id } : conflict(event)
  }
  return fresh.sort((a, b) => a - b)
}

function conflict(event: UsageEvent): EventResult {
  return { status: 'conflict', id: event.id, reason: `an event with source ${event.source} and id ${event.id} was recorded before with other content; the first stands. Use a new id, or send a correction.` }
}

function contentHash(item: IncomingUsage): Uint8Array {
  const { correction } = item
  const content = eventFingerprint(item.event, item.statedTime) + (correction === undefined ? '' : JSON.stringify([correction.of.source, correction.of.id, correction.set]))
  return hash('sha256', content, 'buffer').subarray(0, 16)
}

async function loadState(tx: Transaction, parts: LoadedParts, jobs: readonly Job[], facts: ReadonlyMap<string, StoredFacts>): Promise<Omit<BatchState, 'lapsed'>> {
  const events = jobs.map(({ event }) => event)
  const now = parts.clock.now()
  const contextAt = (customer: string, at: Instant): CustomerContext => parts.contexts.at(facts.get(customer)!, at)
  const customers = [...new Set(events.map(({ customer }) => customer))]
  const contexts = [...new Set(events.map((event) => contextAt(event.customer, event.time)))]
  const periods = [...new Set(contexts.map(({ snapshot }) => snapshot.period.start))]
  const catalogOf = (event: UsageEvent) => parts.versions.get(versionOf(parts, event) ?? 0) ?? parts.catalogs.current()
  const metering = new Map(jobs.map((job) => [job.event, job.metering ?? meteringOf(job.event, catalogOf(job.event), parts.catalogs.current())]))
  const placed = [...metering].flatMap(([event, { readings }]) => readings.map((reading) => ({ event, periodStart: contextAt(event.customer, event.time).snapshot.period.start, reading })))
  const reversed = new Set(jobs.flatMap(({ event, step }) => (step.effect === 'reversal' ? [event] : [])))
  const undone = placed.filter(({ event }) => reversed.has(event))
  const mayFall = reversed.size > 0 || placed.some(({ reading }) => reading.kind === 'latest')
  const [aggregates, aggregatesLeft, paid, dimensions] = await Promise.all([
    loadAggregates(tx, placed),
    loadAggregates(tx, undone, undone.map(({ event, periodStart, reading }) => ({ customer: event.customer, meter: reading.meter.id, periodStart, time: event.time, source: event.source, id: event.id }))),
    mayFall ? loadPaid(tx, customers, periods, now) : nothingPaid(),
    parts.dimensions.open(tx, valuesOf(placedMeters(metering))),
  ])
  const [runs, totals, blocks, debts] = await Promise.all([readChargedRuns(tx, events.flatMap(({ customer, run }) => (run === null ? [] : [{ customer, run }]))), readAccumulators(tx, customers, periods), readBlocks(tx, customers, { spentToo: mayFall }), readDebts(tx, customers)])
  await openBudgets(tx, contexts, contextAt)
  return {
    contextAt,
    catalogOf,
    meteringOf: (event) => metering.get(event)!,
    aggregates,
    aggregatesLeft,
    dimensions,
    places: createPlaces(dimensions.keep),
    ...paid,
    chargedRuns: new Set(runs.map(({ customer, price, run }) => `${customer} ${chargedRun(price, run)}`)),
    totals: new Map(totals.map((row) => [accumulatorKey(row.customer, row.periodStart, positionKey(row.price, row.entry)), row])),
    accumulators: new Map(),
    blocks: blocksByCustomer(blocks),
    debts: new Map(debts.map((debt) => [debtKey(debt.customer, debt.asset), debt])),
    ...(await headrooms(tx, events.some(({ settled }) => settled === null) ? contexts : [], { mayFall })),
    now,
  }
}

function* placedMeters(metering: ReadonlyMap<UsageEvent, Metering>): Iterable<{ readonly event: UsageEvent; readonly meter: Meter }> {
  for (const [event, { meters, readings }] of metering) {
    for (const { meter } of readings) yield { event, meter }
    for (const meter of meters) if (meter.aggregation === 'weighted_sum') yield { event, meter }
  }
}

type Payer = { readonly id: string; readonly scale: number; readonly periodStart: Instant }

/** What pays amounts. Where usage is taken back, of other plans of the catalog too: the plan of its time may be another than that which charged it. */
function payersOf({ snapshot, catalog }: CustomerContext, mayFall: boolean): Payer[] {
  const own = snapshot.funding.flatMap((source): Payer[] => (paysAmounts(source) ? [{ id: source.budget.id, scale: budgetScale(source.budget), periodStart: source.budget.period.start }] : []))
  if (!mayFall) return own
  const others = [...catalog.plans.values()].flatMap(({ allowances }) => allowances.map((allowance): Payer => ({ id: allowanceBudget(allowance.id), scale: allowance.asset === undefined ? allowance.scale : assetScale(allowance.asset), periodStart: snapshot.period.start })))
  return [...own, ...others.filter(({ id }, index) => !own.some((one) => one.id === id) && others.findIndex((one) => one.id === id) === index)]
}

async function headrooms(tx: Transaction, contexts: readonly CustomerContext[], { mayFall }: { readonly mayFall: boolean }): Promise<Pick<BatchState, 'headrooms' | 'covered'>> {
  const found = new Map<string, bigint>()
  const covered = new Map<string, bigint>()
  for (const context of contexts) {
    const payers = payersOf(context, mayFall)
    if (payers.length === 0) continue
    const rows = await listBudgets(tx, context.snapshot.customer, context.snapshot.period.start, payers.map(({ id }) => id))
    for (const payer of payers) {
      const row = rows.find((candidate) => candidate.budget === payer.id)
      if (row === undefined) continue
      const exact = (text: string) => parseDecimal(text, payer.scale, payer.id)
      const free = exact(row.limit) - exact(row.settled) - exact(row.escrow)
      const key = headroomKey(context.snapshot.customer, payer.id, payer.periodStart)
      found.set(key, free > 0n ? free : 0n)
      covered.set(key, exact(row.settled))
    }
  }
  return { headrooms: found, covered }
}

function blocksByCustomer(blocks: readonly BlockRow[]): Map<string, BlockRow[]> {
  const grouped = new Map<string, BlockRow[]>()
  for (const block of blocks) grouped.set(block.customer, [...(grouped.get(block.customer) ?? []), block])
  return grouped
}

type Written = { readonly origin: string; readonly outbox: readonly OutboxRow[]; readonly output: BatchOutput; readonly state: BatchState }

async function write(tx: Transaction, parts: SettlementParts, { origin, outbox, output, state }: Written): Promise<void> {
  const id = await openBatch(tx, { origin, events: output.rows.length, catalogVersion: parts.catalogs.current().version })
  await insertEvents(tx, id, output.rows)
  const overflows = await state.dimensions.write()
  const unpriced = await noteUnpriced(tx, output.rows)
  await openNamed(tx, [...output.limits.values()], state.contextAt)
  const [moved] = await Promise.all([
    moveBudgets(tx, [...output.moves.values()]),
    writeAccumulators(tx, [...output.touched]),
    replaceChargedRuns(tx, output),
    writeBlocks(tx, [...state.blocks.values()].flat().filter(({ changed }) => changed)),
    writeDebts(tx, [...state.debts.values()]),
    insertTransfers(tx, transfersOf(output, id, parts.randomText)),
    addRollups(tx, 'rollup_hour', [...output.rollups.hours.values()]),
    addRollups(tx, 'rollup_minute', [...output.rollups.minutes.values()]),
    replaceReadings(tx, output),
  ])
  const crossed = crossedThresholds(moved, output.told)
  await markAlerted(tx, crossed)
  await insertOutbox(tx, [...outbox, ...settlementMessages(output, id), ...overflows, ...crossed.flatMap(({ messages }) => messages), ...unpriced])
}

/** A run whose charge is taken back may be charged again. */
async function replaceChargedRuns(tx: Transaction, { runs, unchargedRuns }: BatchOutput): Promise<void> {
  await deleteChargedRuns(tx, unchargedRuns)
  await insertChargedRuns(tx, runs)
}

/** Readings of what is undone go, and the aggregates of their spans are taken anew from those that are left. */
async function replaceReadings(tx: Transaction, { readings, removed }: BatchOutput): Promise<void> {
  await insertReadings(tx, readings)
  await markLevels(tx, [...readings, ...removed].filter(({ isLevel }) => isLevel).map(({ customer, meter, time }) => ({ customer, meter, from: time })))
  if (removed.length === 0) return
  await deleteReadings(tx, removed)
  const hashes = { max: DISTINCT_HASHES_MAX, of: (labels: readonly string[]) => labels.map(hashOf) }
  await reaggregateRollups(tx, 'rollup_hour', removed, hashes)
  await reaggregateRollups(tx, 'rollup_minute', removed, hashes)
}

function transfersOf(output: BatchOutput, batch: bigint, randomText: () => string): TransferRow[] {
  const evidence = evidenceByPosting(output.rows)
  return [...output.postings].flatMap(([key, posting]) =>
    usageTransfers({
      asset: posting.asset,
      draws: [...posting.draws].map(([block, amount]) => ({ block, amount: units(amount) })),
      included: units(posting.included),
      accrued: units(posting.accrued),
      debt: units(posting.debt),
      lapsed: [...posting.lapsed].map(([block, amount]) => ({ block, amount: units(amount) })),
    }).map((transfer): TransferRow => ({
      ...transfer, customer: posting.customer, id: `trf_${randomText()}`, cause: 'usage', causeId: `bat_${batch}`, batch, periodStart: posting.periodStart, evidence: evidence.get(key) ?? null,
    })),
  )
}

/** One hash over the events of each posting: with it a tenant can tell whether the events it was shown are those that it paid. */
function evidenceByPosting(rows: readonly EventRow[]): Map<string, string> {
  const hashes = new Map<string, Hash>()
  for (const row of rows) {
    const key = postingKey(row.customer, row.periodStart, row.asset)
    let hash = hashes.get(key)
    if (hash === undefined) hashes.set(key, (hash = createHash('sha256')))
    hash.update(evidenceLine(row))
  }
  return new Map([...hashes].map(([key, hash]) => [key, hash.digest('hex')]))
}

/** How many event ids one message lists; a larger batch says how many there are. */
const EVENTS_LISTED_MAX = 20

function settlementMessages(output: BatchOutput, batch: bigint): OutboxRow[] {
  const latest = new Map<string, EventRow[]>()
  for (const row of output.rows) {
    const key = postingKey(row.customer, row.periodStart, row.asset)
    const rows = latest.get(key)
    if (rows === undefined) latest.set(key, [row])
    else rows.push(row)
  }
  return [...output.postings].map(([key, posting]) => ({
    customer: posting.customer,
    type: 'usage.settled',
    payload: {
      batch: `bat_${batch}`,
      events: posting.events,
      charge: { amount: formatUnits(units(posting.amount), posting.asset), currency: posting.asset },
      totals: totalsOf(output, posting),
      latest: (latest.get(key) ?? []).slice(-EVENTS_LISTED_MAX).map(({ id, type, feature, amount, estimated }) => ({ id, type, feature, amount, estimated })),
    },
  }))
}

/** Where the prices that were charged stand in their period now. */
function totalsOf(output: BatchOutput, { customer, periodStart }: Posting) {
  return [...output.touched].filter((row) => row.customer === customer && row.periodStart === periodStart).slice(0, TOTALS_TOLD_MAX)
    .map((row) => ({ price: row.price, ...(row.entry === '' ? {} : { entry: row.entry }), quantity: formatDecimal(row.quantity, row.scale), amount: formatUnits(units(row.amount), row.asset), currency: row.asset }))
}

/** True for an error that the same data will cause again: bad numbers, broken references, failed assertions. */
export function isDataError(error: unknown): boolean {
  if (error instanceof InputError || (error instanceof Error && error.name === 'AssertionFailure')) return true
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^(22|23)/.test(code)
}
