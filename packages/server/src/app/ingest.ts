// Usage events from outside: each is read, checked, settled and answered by itself, so that one bad event never loses or
// doubles the others. Before events that nobody authorized are charged beyond an allowance, what nodes hold idle of it is
// recalled, so that a customer never pays for what its plan includes.

import { EVENTS_PER_REQUEST_MAX, InputError, measure, type EventResult, type IncomingUsage, type UsageEvent } from '@tollgate/core'
import { listBudgets } from '../store/budgets.ts'
import type { ControlPlane } from './control-plane.ts'
import { readEvent, type IncomingEvent, type Sender } from './events/read-event.ts'

/**
 * Answers `incoming[i]` with `results[i]`. A tenant's key is bound to its customer.
 * Throws QueueFullError when too much waits; then nothing was taken.
 */
export async function ingest(plane: ControlPlane, incoming: readonly IncomingEvent[], sender: Sender): Promise<EventResult[]> {
  if (incoming.length > EVENTS_PER_REQUEST_MAX) throw new InputError({ code: 'too_many_events', field: null, message: `at most ${EVENTS_PER_REQUEST_MAX} events a call, got ${incoming.length}` })
  const reading = { catalog: plane.catalogs.current(), now: plane.clock.now(), bounds: plane.eventBounds, sender }
  const results: EventResult[] = []
  const items: { readonly index: number; readonly item: IncomingUsage }[] = []
  for (const [index, raw] of incoming.entries()) {
    try {
      items.push({ index, item: readEvent(raw, reading) })
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      results[index] = { status: 'rejected', id: typeof raw?.['id'] === 'string' ? raw['id'].slice(0, 200) : null, field: error.field, reason: error.message }
    }
  }
  if (items.length > 0) {
    await makeRoom(plane, items.map(({ item }) => item.event))
    const settled = await plane.queue.accept(items.map(({ item }) => item))
    for (const [position, { index }] of items.entries()) results[index] = settled[position]!
  }
  return results
}

/** Recalls what nodes hold idle of an allowance that has less left at the authority than these events use. */
async function makeRoom(plane: ControlPlane, events: readonly UsageEvent[]): Promise<void> {
  if (plane.hub.nodes().length === 0) return
  const allowances = [...new Set([...plane.catalogs.current().plans.values()].flatMap((plan) => plan.allowances.map(({ id }) => `allowance:${id}`)))]
  for (const customer of new Set(events.map((event) => event.customer))) {
    const rows = await listBudgets(plane.sql, customer, plane.clock.now(), allowances)
    const short = rows.filter((row) => row.budget.startsWith('allowance:') && Number(row.escrow) > 0 && Number(row.limit) - Number(row.settled) - Number(row.escrow) < wantedOf(plane, row.budget, events.filter((event) => event.customer === customer)))
    if (short.length > 0) await plane.hub.recall({ customer, budgets: short.map(({ budget }) => budget) })
  }
}

/** Whole units that the events would take from an allowance. An estimate for the recall only: rating counts exactly. */
function wantedOf(plane: ControlPlane, budget: string, events: readonly UsageEvent[]): number {
  const { meters, plans } = plane.catalogs.current()
  const covered = new Set([...plans.values()].flatMap(({ allowances }) => allowances.filter(({ id }) => `allowance:${id}` === budget).flatMap((allowance) => allowance.meters)))
  return events.reduce((sum, event) => sum + measure(meters, event).reduce((units, { meter, quantity }) => (covered.has(meter.id) ? units + Number(quantity) / 10 ** meter.scale : units), 0), 0)
}
