// Levels (`weighted_sum`) become usage: after each full hour an event says how much of a level it held, with an id made of meter, series
// and hour, so that it counts once however often this runs. A level that comes late, or is corrected, moves the work back to its hour; what
// was added up otherwise is corrected. All of it goes through settlement like any usage.

import { createHash } from 'node:crypto'
import { formatQuantity, HOUR_MS, hourOf, instant, LEVEL_EVENT_TYPE, LEVEL_HOURS_MAX, levelHours, parseQuantity, type CustomerId, type EntityId, type IncomingUsage, type Instant, type Meter, type UsageEvent } from '@tollgate/core'
import { addedHours, dueLevels, levelReadings, passLevel, type AddedHour, type DueLevel, type LevelRow } from '../store/levels.ts'
import type { ControlPlane } from './control-plane.ts'

const SOURCE = 'tollgate:levels'
/** Customers and meters of one turn. */
const DUE_PER_TURN = 200

export async function addUpLevels(plane: ControlPlane): Promise<void> {
  const until = hourOf(plane.clock.now())
  for (const due of await dueLevels(plane.sql, until, DUE_PER_TURN)) {
    const meter = plane.catalogs.current().meterById.get(due.meter)
    const to = instant(Math.min(until, due.from + LEVEL_HOURS_MAX * HOUR_MS))
    if (meter !== undefined && meter.aggregation === 'weighted_sum') await addUp(plane, meter, due, to)
    await passLevel(plane.sql, due, to)
  }
}

async function addUp(plane: ControlPlane, meter: Meter, due: DueLevel, to: Instant): Promise<void> {
  const added = new Map((await addedHours(plane.sql, { ...due, to, source: SOURCE })).map((row) => [row.id, row]))
  const items: IncomingUsage[] = []
  for (const series of seriesOf(await levelReadings(plane.sql, { ...due, to }))) {
    const hours = levelHours(series.readings.map(({ time, value }) => ({ time, value: parseQuantity(value, meter.scale, meter.id) })), due.from, to)
    for (const [hour, used] of hours) {
      const id = idOf(meter, series, hour)
      const known = added.get(id)
      added.delete(id)
      const text = formatQuantity(used, meter.scale)
      if (known === undefined) items.push({ statedTime: true, event: eventOf(due, series, { id, time: hour, quantities: { [meter.id]: text } }) })
      else if (parseQuantity(known.quantity, meter.scale, meter.id) !== used) items.push(correctionOf(plane, due, known, { [meter.id]: text }))
    }
  }
  // Hours that hold nothing any more.
  for (const known of added.values()) if (Number(known.quantity) !== 0) items.push(correctionOf(plane, due, known, { [meter.id]: '0' }))
  if (items.length === 0) return
  const refused = (await plane.queue.accept(items)).filter(({ status }) => status !== 'accepted' && status !== 'duplicate')
  if (refused.length > 0) throw new Error(`hours of the level ${meter.id} of ${due.customer} were not settled: ${JSON.stringify(refused[0])}`)
}

type Series = { readonly key: string; readonly feature: string | null; readonly entity: string | null; readonly dimensions: Readonly<Record<string, string>>; readonly readings: LevelRow[] }

function seriesOf(rows: readonly LevelRow[]): Series[] {
  const all = new Map<string, Series>()
  for (const row of rows) {
    const key = JSON.stringify([row.feature, row.entity, row.dimensions])
    let series = all.get(key)
    if (series === undefined) all.set(key, (series = { key, feature: row.feature || null, entity: row.entity || null, dimensions: JSON.parse(row.dimensions) as Record<string, string>, readings: [] }))
    series.readings.push(row)
  }
  return [...all.values()]
}

function idOf(meter: Meter, { key }: Series, hour: Instant): string {
  return `${meter.id}/${createHash('sha256').update(key).digest('hex').slice(0, 16)}/${new Date(hour).toISOString().slice(0, 13)}`
}

function eventOf(due: DueLevel, series: Pick<Series, 'feature' | 'entity' | 'dimensions'>, part: Pick<UsageEvent, 'id' | 'time' | 'quantities'>): UsageEvent {
  return {
    ...part, source: SOURCE, type: LEVEL_EVENT_TYPE, customer: due.customer as CustomerId, entity: series.entity as EntityId | null, feature: series.feature, run: null, key: null, dimensions: series.dimensions, cost: null, estimated: false,
    catalogVersion: null, settled: null, context: {},
  }
}

/** Numbered by how often the hour was corrected before: a repetition is the same correction. */
function correctionOf(plane: ControlPlane, due: DueLevel, known: AddedHour, set: Readonly<Record<string, string>>): IncomingUsage {
  const event = eventOf(due, { feature: null, entity: null, dimensions: {} }, { id: `${known.id}/${known.corrections + 1}`, time: plane.clock.now(), quantities: {} })
  return { statedTime: false, event: { ...event, type: 'tollgate.correction' }, correction: { of: { source: SOURCE, id: known.id }, set, reason: 'a level changed after its hour was added up' } }
}
