// Meters that are counted over the events of before they were made: a job goes through them customer by customer, a piece at a time,
// each piece with its totals in one transaction, so that a stop loses nothing and counts nothing twice. Events that came after the
// meter are counted by settlement. Nothing is charged for past events.

import { BACKFILL_CHUNK, type CatalogDocument, type Instant, type Meter } from '@tollgate/core'
import { hourOffset } from '@tollgate/core/period'
import { withRetry, type Transaction } from '../platform/postgres.ts'
import { advanceBackfill, catalogOfMeter, countCustomers, listBackfills, nextCustomer, openBackfill, pastEvents, type Backfill } from '../store/backfill.ts'
import type { StandingEvent } from '../store/corrections.ts'
import { lockCustomers } from '../store/customers.ts'
import { insertReadings, type ReadingRow } from '../store/readings.ts'
import { addRollups } from '../store/rollups.ts'
import { insertOutbox } from '../store/settlement.ts'
import type { ControlPlane } from './control-plane.ts'
import { getCustomer } from './customers.ts'
import { readingRows } from './settlement/aggregates.ts'
import { meteringOf } from './settlement/metering.ts'
import { createPlaces, valuesOf } from './settlement/places.ts'
import { emptyRollups, rollUp } from './settlement/roll-up.ts'
import { eventOf } from './settlement/stored-event.ts'

/** Pieces of one turn of the job: the others want a turn, too. */
const CHUNKS_PER_TURN = 50

/** Begins what the catalog in force asks for, and goes on with what runs. */
export async function backfillMeters(plane: ControlPlane): Promise<void> {
  const { version } = plane.catalogs.current()
  if (version > 0) await begin(plane, await plane.catalogs.document(version))
  for (let chunk = 0; chunk < CHUNKS_PER_TURN; chunk++) {
    const running = (await listBackfills(plane.sql)).find(({ state }) => state === 'running')
    if (running === undefined) return
    await backfillChunk(plane, running)
  }
}

async function begin(plane: ControlPlane, document: CatalogDocument): Promise<void> {
  const wanted = document.meters.filter(({ backfill }) => backfill === true).map(({ id }) => id)
  if (wanted.length === 0) return
  const known = new Set((await listBackfills(plane.sql)).map(({ meter }) => meter))
  for (const meter of wanted.filter((id) => !known.has(id))) {
    await openBackfill(plane.sql, { meter, catalogVersion: await catalogOfMeter(plane.sql, meter), customers: await countCustomers(plane.sql) })
    plane.log.info({ meter }, 'a new meter is counted over past events')
  }
}

/** The next piece of the customer that it stands at, else of the next one; done after the last. */
async function backfillChunk(plane: ControlPlane, backfill: Backfill): Promise<void> {
  const customer = backfill.atTime === null ? await nextCustomer(plane.sql, backfill.atCustomer) : backfill.atCustomer
  if (customer === null) {
    await advanceBackfill(plane.sql, backfill.meter, { state: 'done' })
    plane.log.info({ meter: backfill.meter, events: backfill.eventsDone }, 'a new meter has counted all past events')
    return
  }
  const catalog = await plane.catalogs.version(backfill.catalogVersion)
  const meter = catalog.meterById.get(backfill.meter)!
  const { timeZone } = await getCustomer(plane, customer)
  await withRetry(plane.sql, async (tx) => {
    await lockCustomers(tx, [customer])
    const rows = await pastEvents(tx, { customer, version: backfill.catalogVersion, after: backfill.atTime === null ? null : { time: backfill.atTime, sequence: backfill.atSequence! }, limit: BACKFILL_CHUNK })
    const counted = await count(tx, plane, rows, { catalog, meter, timeZone })
    const last = rows.at(-1)
    const isOver = rows.length < BACKFILL_CHUNK || last === undefined
    await advanceBackfill(tx, backfill.meter, { state: 'running', customer, time: isOver ? null : last.time, sequence: isOver ? null : last.sequence, events: counted, customers: isOver ? 1 : 0 })
  })
}

/** Returns how many events the meter counted. */
async function count(tx: Transaction, plane: ControlPlane, rows: readonly (StandingEvent & { readonly stands: boolean })[], by: { readonly catalog: Parameters<typeof meteringOf>[1]; readonly meter: Meter; readonly timeZone: string }): Promise<number> {
  const measured = rows.filter(({ stands }) => stands).map((row) => {
    const event = eventOf(row)
    const { readings } = meteringOf(event, by.catalog, by.catalog)
    return { row, event, readings: readings.filter(({ meter }) => meter.id === by.meter.id) }
  })
  const dimensions = await plane.queue.dimensions.open(tx, valuesOf(measured.flatMap(({ event, readings }) => readings.map(({ meter }) => ({ event, meter })))))
  const places = createPlaces(dimensions.keep)
  const rollups = emptyRollups()
  const kept: ReadingRow[] = []
  for (const { row, event, readings } of measured) {
    rollUp(rollups, { event, periodStart: row.periodStart, readings, charges: [], asset: row.asset, sign: 1, now: plane.clock.now(), offsetMs: hourOffset(by.timeZone, event.time), places })
    kept.push(...readingRows({ event, periodStart: row.periodStart, readings, meters: [by.meter], rated: NOTHING, places }))
  }
  await insertOutbox(tx, await dimensions.write())
  await addRollups(tx, 'rollup_hour', [...rollups.hours.values()])
  await addRollups(tx, 'rollup_minute', [...rollups.minutes.values()])
  await insertReadings(tx, kept)
  return measured.filter(({ readings }) => readings.length > 0).length
}

/** Prices do not count past events. */
const NOTHING = new Set<string>()

export type BackfillReport = { readonly meter: string; readonly state: 'running' | 'done'; readonly customersTotal: number; readonly customersDone: number; readonly eventsDone: bigint; readonly startedAt: Instant; readonly finishedAt: Instant | null }

export function backfillsOf(plane: ControlPlane): Promise<BackfillReport[]> {
  return listBackfills(plane.sql)
}
