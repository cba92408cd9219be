// The one way to change a subscription: facts are written, everything is folded anew, and what follows (the row, the told events, the
// outbox, the budgets' limits) is written in the same transaction, under the customer's lock. Telling the same fact again changes
// nothing; telling an older one later corrects what was told.

import {
  announcementKey, assert, InputError, reconcile, segmentAt, standingOf, SUBSCRIPTION_FACTS_MAX,
  type Announcement, type Fact, type Folded, type Instant, type Told,
} from '@tollgate/core'
import { calendarOf, fold } from '@tollgate/core/subscription'
import type { Transaction } from '../../platform/postgres.ts'
import type { CustomerRow } from '../../store/customers.ts'
import { insertOutbox, type OutboxRow } from '../../store/settlement.ts'
import { insertFacts, insertTold, readFacts, readTold, toldByNumber, writeSubscription, type EventRecord, type ToldRow } from '../../store/subscriptions.ts'
import type { Actor } from '../actor.ts'

export type Recorded = { /** Facts that were new. */ readonly added: number; readonly told: number; readonly folded: Folded }

/** Adds facts to a locked customer and brings everything in line with them as of `now`. */
export async function recordFacts(tx: Transaction, input: { readonly customer: Pick<CustomerRow, 'id' | 'timeZone'>; readonly actor: Actor; readonly facts: readonly Fact[]; readonly now: Instant }): Promise<Recorded> {
  const { customer, actor, facts, now } = input
  const added = await insertFacts(tx, customer.id, actor.id, facts)
  const all = await readFacts(tx, customer.id)
  if (all.length > SUBSCRIPTION_FACTS_MAX) throw new InputError({ code: 'too_many_facts', field: 'customer', message: `customer ${customer.id} has ${SUBSCRIPTION_FACTS_MAX} facts about its subscriptions; move it to a new customer` })
  const folded = fold(all, now, calendarOf(customer.timeZone))
  const told = await tell(tx, customer.id, folded.announcements)
  const current = segmentAt(folded.segments, now)
  if (current !== null) {
    await writeSubscription(tx, customer.id, {
      id: current.subscription, plan: current.plan, standing: standingOf(current.state), anchorAt: current.anchorAt, timeline: folded.segments, nextAt: folded.nextAt,
    })
  }
  return { added, told, folded }
}

async function tell(tx: Transaction, customer: string, announcements: readonly Announcement[]): Promise<number> {
  const { told, last } = await readTold(tx, customer)
  const { tell: news, voided } = reconcile(told, announcements)
  if (news.length === 0 && voided.length === 0) return 0
  const void_ = await voids(tx, customer, voided)
  const records = [...void_, ...news.map((announcement): Omit<EventRecord, 'sequence'> => ({ ...announcement, key: announcementKey(announcement), voids: null }))].map(
    (record, index): EventRecord => ({ ...record, sequence: last + 1 + index }),
  )
  await insertTold(tx, customer, records)
  await insertOutbox(tx, records.map((record) => message(customer, record)))
  return records.length
}

/** An event that takes back what turned out not to have happened. */
async function voids(tx: Transaction, customer: string, voided: readonly Told[]): Promise<Omit<EventRecord, 'sequence'>[]> {
  const rows = new Map((await toldByNumber(tx, customer, voided.map(({ sequence }) => sequence))).map((row) => [row.sequence, row]))
  return voided.map(({ sequence, key }) => {
    const row: ToldRow | undefined = rows.get(sequence)
    assert(row !== undefined, `event ${sequence} of ${customer} was told but is not stored`)
    return { name: 'subscription.event_voided', subscription: row.subscription, at: row.at, state: row.state, plan: row.plan, reason: `${row.name} did not happen so: a fact that came later tells otherwise`, data: {}, key: `void ${sequence} ${key}`, voids: sequence }
  })
}

/** A told event as the outbox carries it. */
function message(customer: string, { sequence, name, subscription, at, state, plan, reason, data, voids: voided }: EventRecord): OutboxRow {
  const { takesEffectAt, period, addOns, ...rest } = data
  const time = (value: Instant) => new Date(value).toISOString()
  return {
    customer,
    type: name,
    payload: {
      sequence,
      subscription,
      effective_at: time(at),
      state,
      plan,
      reason,
      ...rest,
      ...(addOns === undefined ? {} : { add_ons: addOns }),
      ...(takesEffectAt === undefined ? {} : { takes_effect_at: takesEffectAt === null ? null : time(takesEffectAt) }),
      ...(period === undefined ? {} : { period: { start: time(period.start), end: time(period.end) } }),
      ...(voided === null ? {} : { voids: voided }),
    },
  }
}
