// Corrections inside a settlement transaction, after the usage of the batch: each is recorded, and where it now holds for an event
// that is here, what stands of the event is reversed and what holds replaces it, both in the event's period and by its catalog. A
// correction that comes before its event waits for it. Nothing that was written is changed.

import { assert, formatUnits, InputError, parseQuantity, parseUnits, quantity, units, type Catalog, type EventRef, type EventResult, type IncomingUsage, type Meter, type UndoneCharge, type UsageEvent } from '@tollgate/core'
import type { Transaction } from '../../platform/postgres.ts'
import { backfilledMeters } from '../../store/backfill.ts'
import { customersWithCorrections, insertCorrections, readCorrections, readStanding, refuseCorrection, type CorrectionRow, type EventKeyRef, type StandingEvent } from '../../store/corrections.ts'
import { keyText } from '../../store/events.ts'
import type { OutboxRow } from '../../store/settlement.ts'
import { CORRECTION_TYPES } from '../events/read-correction.ts'
import { correctedEvent } from '../events/corrected.ts'
import type { Metering } from './batch-state.ts'
import { amend, type Amendment } from './corrections.ts'
import { meteringOf } from './metering.ts'
import type { Step } from './rate-batch.ts'
import { eventOf } from './stored-event.ts'

/** One event to rate: usage, or a step of its correction. */
export type Job = { readonly event: UsageEvent; readonly step: Step; /** Left out: the meters of its catalog and of the one in force. */ readonly metering?: Metering }

export type CorrectionParts = {
  readonly catalogOf: (version: number) => Promise<Catalog>
  readonly current: () => Catalog
  readonly settle: (jobs: readonly Job[]) => Promise<EventResult[]>
  readonly tell: (rows: readonly OutboxRow[]) => Promise<void>
}

/**
 * Applies the `corrections` of a batch, and those that waited for its `usage`. Answers the result of each of `corrections`.
 * Throws InputError for one that does not fit its event, so that it is refused by itself.
 */
export async function correct(tx: Transaction, parts: CorrectionParts, batch: { readonly corrections: readonly IncomingUsage[]; readonly usage: readonly UsageEvent[] }): Promise<EventResult[]> {
  const rows = batch.corrections.map(rowOf)
  if (rows.length > 0) await insertCorrections(tx, rows)
  const waited = await customersWithCorrections(tx, [...new Set(batch.usage.map(({ customer }) => customer))])
  const arrived = batch.usage.filter(({ customer }) => waited.includes(customer))
  if (rows.length === 0 && arrived.length === 0) return []

  const originals = new Map<string, EventKeyRef>([...rows, ...arrived].map(({ customer, source, id }) => [keyText({ customer, source, id }), { customer, source, id }]))
  const known = groupByEvent(await readCorrections(tx, [...originals.values()]))
  const fresh = new Set(rows.map((row) => keyText({ customer: row.customer, source: row.bySource, id: row.byId })))
  const arrivedKeys = new Set(arrived.map(keyText))
  const amendments = [...originals].flatMap(([key, original]): Amendment[] => {
    const all = known.get(key) ?? []
    const isNew = (row: CorrectionRow) => arrivedKeys.has(key) || fresh.has(keyText({ customer: row.customer, source: row.bySource, id: row.byId }))
    const amendment = amend(original, all.filter((row) => !isNew(row)), all.filter(isNew))
    return amendment === null ? [] : [amendment]
  })
  const charges = await applyAll(tx, parts, amendments, { asked: fresh })
  return rows.map((row): EventResult => ({ status: 'accepted', id: row.byId, charge: charges.get(keyText({ customer: row.customer, source: row.bySource, id: row.byId })) ?? null }))
}

type Charge = { readonly amount: string; readonly currency: string }

/** By key of the correction: what it charged or gave back in sum. */
async function applyAll(tx: Transaction, parts: CorrectionParts, amendments: readonly Amendment[], { asked }: { readonly asked: ReadonlySet<string> }): Promise<Map<string, Charge>> {
  const rows = await readStanding(tx, amendments.flatMap(({ original, standing }) => [{ original, row: original }, ...(standing === null || keyText({ ...standing, customer: original.customer }) === keyText(original) ? [] : [{ original, row: standing }])]))
  const byKey = new Map(rows.map((row) => [keyText(row), row]))
  const additive: Job[] = []
  const charges = new Map<string, Charge>()
  for (const amendment of amendments) {
    const original = byKey.get(keyText(amendment.original))
    // It has not come yet: the correction waits.
    if (original === undefined) continue
    if (original.effect !== 'use' || CORRECTION_TYPES.has(original.type)) throw new InputError({ code: 'invalid_event', field: 'data.corrects', message: `${original.id} is a correction itself: name the event that it corrects` })
    const jobs = await jobsOf(tx, parts, amendment, { original, byKey, isAsked: asked.has(keyText({ customer: amendment.by.customer, source: amendment.by.bySource, id: amendment.by.byId })) })
    // What does not add is taken anew from what is left, so each step must see the one before.
    if (jobs.some(({ metering }) => metering?.readings.some(({ kind }) => kind !== 'sum'))) for (const job of jobs) collect(charges, [job], await parts.settle([job]))
    else additive.push(...jobs)
  }
  if (additive.length > 0) collect(charges, additive, await parts.settle(additive))
  return charges
}

async function jobsOf(tx: Transaction, parts: CorrectionParts, { original: { customer }, standing, by }: Amendment, known: { readonly original: StandingEvent; readonly byKey: ReadonlyMap<string, StandingEvent>; readonly isAsked: boolean }): Promise<Job[]> {
  const { original } = known
  const corrects = { source: original.source, id: original.id }
  const ref: EventRef = { source: by.bySource, id: by.byId }
  const catalog = await parts.catalogOf(original.catalogVersion)
  const jobs: Job[] = []
  const stands = standing === null ? null : (known.byKey.get(keyText({ customer, ...standing })) ?? null)
  assert(standing === null || stands !== null, `what stands for event ${original.id} is not found`)
  if (stands !== null) {
    const event = eventOf(stands)
    const counted = stands.rolledUpBy === null ? catalog : await parts.catalogOf(stands.rolledUpBy)
    const later = await laterMeters(tx, parts, stands)
    jobs.push({ event, step: { effect: 'reversal', by: ref, corrects, undone: undoneOf(stands, catalog) }, metering: meteringOf(event, catalog, counted, later) })
  }
  if (by.set !== null) {
    try {
      const event = { ...correctedEvent(eventOf(original), by.set, catalog.meters), id: by.byId, source: by.bySource }
      jobs.push({ event, step: { effect: 'replacement', by: ref, corrects }, metering: meteringOf(event, catalog, parts.current()) })
    } catch (error) {
      if (known.isAsked || !(error instanceof InputError)) throw error
      // It came before its event, which must not be refused for it.
      await refuseCorrection(tx, by, error.message)
      await parts.tell([{ customer: null, type: 'correction.refused', payload: { customer, source: by.bySource, id: by.byId, corrects, reason: error.message } }])
      return []
    }
  }
  return jobs
}

/** Meters that were made after the event was settled and have counted it since. */
async function laterMeters(tx: Transaction, parts: CorrectionParts, { customer, time, sequence, rolledUpBy }: StandingEvent): Promise<Meter[]> {
  const found = await backfilledMeters(tx, { customer, time, sequence, countedBy: rolledUpBy })
  return Promise.all(found.map(async ({ meter, version }) => (await parts.catalogOf(version)).meterById.get(meter)!))
}

function rowOf({ event, correction }: IncomingUsage): CorrectionRow {
  const { of, set, reason } = correction!
  return { customer: event.customer, ...of, bySource: event.source, byId: event.id, at: event.time, isVoid: set === null, set, reason }
}

function undoneOf(row: StandingEvent, catalog: Catalog): UndoneCharge[] {
  return row.charges.lines.map((line) => {
    const scale = catalog.meterById.get(line.meter)?.scale ?? 0
    return { price: line.price ?? '', entry: line.entry ?? '', meter: line.meter, included: parseSigned(line.included, scale, line.meter), amount: parseUnits(line.amount, row.asset) }
  })
}

/** An aggregate that fell has given back included units. */
function parseSigned(text: string, scale: number, field: string) {
  return text.startsWith('-') ? quantity(-parseQuantity(text.slice(1), scale, field)) : parseQuantity(text, scale, field)
}

function collect(charges: Map<string, Charge>, jobs: readonly Job[], results: readonly EventResult[]): void {
  for (const [index, { event, step }] of jobs.entries()) {
    const result = results[index]!
    if (step.effect === 'use' || result.status !== 'accepted' || result.charge === null) continue
    const key = keyText({ customer: event.customer, ...step.by })
    const { amount, currency } = result.charge
    const sum = parseUnits(charges.get(key)?.amount ?? '0', currency) + parseUnits(amount, currency)
    charges.set(key, { amount: formatUnits(units(sum), currency), currency })
  }
}

function groupByEvent(rows: readonly CorrectionRow[]): Map<string, CorrectionRow[]> {
  const grouped = new Map<string, CorrectionRow[]>()
  for (const row of rows) grouped.set(keyText(row), [...(grouped.get(keyText(row)) ?? []), row])
  return grouped
}
