// Proof that the rollups are the events: the totals of a span are worked out from its events once more, by the functions that
// settlement uses, and held against what is stored, row by row and to the last digit. It changes nothing; a difference is told.

import { DAY_MS, DISTINCT_HASHES_MAX, formatDecimal, HOUR_MS, hourOf, instant, parseDecimal, parseUnits, quantity, type Instant, type RatedEvent } from '@tollgate/core'
import { hourOffset } from '@tollgate/core/period'
import { withRetry, type Transaction } from '../platform/postgres.ts'
import { knownValues } from '../store/dimensions.ts'
import { customersWithUsage, eventsForCheck, rollupsForCheck, type CheckedEvent, type CheckedRollup } from '../store/rollup-check.ts'
import { retiredUntil } from '../store/partitions.ts'
import { insertOutbox } from '../store/settlement.ts'
import type { ControlPlane } from './control-plane.ts'
import { getCustomer } from './customers.ts'
import { OTHER_VALUE } from './settlement/known-dimensions.ts'
import { meteringOf } from './settlement/metering.ts'
import { createPlaces, type Places } from './settlement/places.ts'
import { emptyRollups, rollUp, type Rollups } from './settlement/roll-up.ts'
import { eventOf } from './settlement/stored-event.ts'

/** `sketch`: which distinct values a full one keeps. */
type Figure = (typeof FIGURES)[number]
const FIGURES = ['quantity', 'amount', 'events', 'sketch'] as const

export type RollupDifference = { readonly customer: string; readonly meter: string; readonly start: Instant; readonly place: string; readonly figure: Figure; readonly rollup: string; readonly events: string }
export type RollupCheck = { readonly from: Instant; readonly to: Instant; readonly customers: number; readonly events: number; readonly rows: number; readonly differences: readonly RollupDifference[] }

/** Differences that are told; whoever has more has one cause. */
const DIFFERENCES_MAX = 100

export async function checkRollups(plane: ControlPlane, input: { readonly customer: string | null; readonly from: Instant; readonly to: Instant }): Promise<RollupCheck> {
  const customers = input.customer === null ? await customersWithUsage(plane.sql, input) : [(await getCustomer(plane, input.customer)).id as string]
  const check = { from: input.from, to: input.to, customers: customers.length, events: 0, rows: 0, differences: [] as RollupDifference[] }
  for (const customer of customers) {
    if (check.differences.length >= DIFFERENCES_MAX) break
    const { timeZone } = await getCustomer(plane, customer)
    const offset = hourOffset(timeZone, input.from)
    const retired = await retiredUntil(plane.sql)
    const span = { from: hourOf(retired !== null && retired > input.from ? retired : input.from, offset), to: hourOf(instant(input.to + HOUR_MS - 1), offset) }
    await plane.sql.begin('isolation level repeatable read read only', async (tx) => checkCustomer(tx, plane, check, { customer, timeZone, ...span }))
  }
  return { ...check, differences: check.differences.slice(0, DIFFERENCES_MAX) }
}

type Span = { readonly customer: string; readonly timeZone: string; readonly from: Instant; readonly to: Instant }
type Found = { events: number; rows: number; readonly differences: RollupDifference[] }

async function checkCustomer(tx: Transaction, plane: ControlPlane, found: Found, span: Span): Promise<void> {
  const known = new Set((await knownValues(tx, span.customer)).map(({ meter, dimension, value }) => `${meter} ${dimension} ${value}`))
  const places = createPlaces(({ meter, dimension, value }: { readonly meter: string; readonly dimension: string; readonly value: string }) => (known.has(`${meter} ${dimension} ${value}`) ? value : OTHER_VALUE))
  /** Amounts, events and sums of all rows; and what of the others stands, by meter and event, because it does not add. */
  const sums = emptyRollups()
  const standing = new Map<string, Parameters<typeof rollUp>[1]>()
  const counts: Counts = new Map()
  for await (const rows of eventsForCheck(tx, span)) {
    for (const row of rows) {
      found.events += 1
      const input = await rolledUp(tx, plane, row, { places, offsetMs: hourOffset(span.timeZone, row.time), counts })
      rollUp(sums, input)
      const original = `${row.correctsSource ?? row.source} ${row.correctsId ?? row.id}`
      for (const reading of input.readings) {
        if (reading.kind === 'sum') continue
        if (input.sign === -1) standing.delete(`${reading.meter.id} ${original}`)
        else standing.set(`${reading.meter.id} ${original}`, { ...input, readings: [reading], charges: [] })
      }
    }
  }
  const others = emptyRollups()
  for (const input of standing.values()) rollUp(others, input)
  compare(found, span, { sums, others, stored: await rollupsForCheck(tx, span) })
}

/** Which meters have counted what stands for an event, by the event: what undoes it is counted by the same. */
type Counts = Map<string, Pick<CheckedEvent, 'rolledUpBy' | 'backfilled'>>

async function rolledUp(tx: Transaction, plane: ControlPlane, row: CheckedEvent, { counts, ...place }: { readonly counts: Counts; readonly places: Places; readonly offsetMs: number }): Promise<Parameters<typeof rollUp>[1]> {
  const event = eventOf(row)
  const catalog = await plane.catalogs.version(row.catalogVersion, tx)
  const original = `${row.correctsSource ?? row.source} ${row.correctsId ?? row.id}`
  const by = (row.effect === 'reversal' ? counts.get(original) : undefined) ?? row
  counts.set(original, by)
  const counted = by.rolledUpBy === null ? catalog : await plane.catalogs.version(by.rolledUpBy, tx)
  const later = await Promise.all(by.backfilled.map(async ({ meter, version }) => (await plane.catalogs.version(version, tx)).meterById.get(meter)!))
  const { readings } = meteringOf(event, catalog, counted, later)
  return { event, periodStart: row.periodStart, readings, charges: chargesOf(row), asset: row.asset, sign: row.effect === 'reversal' ? -1 : 1, now: plane.clock.now(), ...place }
}

function chargesOf(row: CheckedEvent): RatedEvent['charges'] {
  return row.charges.lines.map((line) => ({ meter: line.meter, amount: parseUnits(line.amount, row.asset), price: line.price ?? '', entry: '', quantity: quantity(0n), included: quantity(0n), before: { billable: quantity(0n), included: quantity(0n), events: 0 } }))
}

const SCALE = { quantity: 9, amount: 12 }

function compare(found: Found, { customer }: Span, { sums, others, stored }: { readonly sums: Rollups; readonly others: Rollups; readonly stored: readonly CheckedRollup[] }): void {
  const rows = new Map(stored.map((row) => [keyOf(row), row]))
  const expected = new Map([...sums.hours.values()].map((row) => [keyOf(row), row]))
  const standing = new Map([...others.hours.values()].map((row) => [keyOf(row), row]))
  for (const key of new Set([...rows.keys(), ...expected.keys()])) {
    found.rows += 1
    const [row, want] = [rows.get(key), expected.get(key)]
    const figures = {
      quantity: want === undefined ? 0n : parseDecimal(formatDecimal((want.kind === 'sum' ? want : (standing.get(key) ?? { quantity: 0n })).quantity, want.scale), SCALE.quantity, 'quantity'),
      amount: want?.amount ?? 0n, events: BigInt(want?.events ?? 0), sketch: ceilingOf(standing.get(key)?.hashes ?? null),
    }
    const has = { quantity: parseDecimal(row?.quantity ?? '0', SCALE.quantity, 'quantity'), amount: row === undefined ? 0n : parseUnits(row.amount, row.asset), events: row?.events ?? 0n, sketch: row?.ceiling ?? 0n }
    for (const figure of FIGURES) {
      if (has[figure] === figures[figure] || (figure === 'quantity' && figures.events === 0n && has.events === 0n)) continue
      const [meter, start, place] = JSON.parse(key) as [string, number, string]
      const text = (value: bigint) => (figure === 'quantity' ? formatDecimal(value, SCALE.quantity) : String(value))
      found.differences.push({ customer, meter, start: instant(start), place, figure, rollup: text(has[figure]), events: text(figures[figure]) })
    }
  }
}

/** The last hash of a full sketch, which every value after it would change; zero for one that is not full. */
function ceilingOf(hashes: ReadonlySet<bigint> | null): bigint {
  if (hashes === null || hashes.size < DISTINCT_HASHES_MAX) return 0n
  return [...hashes].sort((a, b) => (a < b ? -1 : 1))[DISTINCT_HASHES_MAX - 1]!
}

function keyOf(row: { readonly meter: string; readonly start: Instant; readonly periodStart: Instant; readonly feature: string; readonly entity: string; readonly dimensions: string; readonly asset: string }): string {
  return JSON.stringify([row.meter, row.start, JSON.stringify([row.periodStart, row.feature, row.entity, Object.entries(JSON.parse(row.dimensions) as object).sort(), row.asset])])
}

/** How far back the standing check looks each time, and how many days it walks through beside that, one a time. */
const RECENT_MS = 2 * HOUR_MS
const SWEPT_DAYS = 40

/** The job: the last two hours, and one day of the last forty. A difference is an error in the log and a message. */
export async function proveRollups(plane: ControlPlane): Promise<void> {
  const now = plane.clock.now()
  const daysBack = 1 + (Math.floor(now / (5 * 60_000)) % SWEPT_DAYS)
  const spans = [{ from: instant(now - RECENT_MS), to: now }, { from: instant(now - (daysBack + 1) * DAY_MS), to: instant(now - daysBack * DAY_MS) }]
  for (const span of spans) {
    const { differences } = await checkRollups(plane, { customer: null, ...span })
    if (differences.length === 0) continue
    plane.log.error({ differences: differences.slice(0, 5), count: differences.length }, 'rollups differ from their events')
    await withRetry(plane.sql, (tx) => insertOutbox(tx, [{ customer: null, type: 'rollups.differ', payload: { count: differences.length, first: differences[0] } }]))
  }
}
