// Follows the events of a customer's subscriptions and applies each exactly once: the effect and the number of the event are written in
// one transaction of the consumer's own database, so that a crash between them cannot be. A repeated page changes nothing, and
// an event that voids another takes its effect back.

import { DatabaseSync } from 'node:sqlite'

export type SubscriptionEvent = { readonly sequence: number; readonly type: string; readonly effective_at: string; readonly state: string; readonly plan: string; readonly voids: number | null }
export type ReadPage = (after: number) => Promise<{ readonly data: readonly SubscriptionEvent[]; readonly next_after: number | null }>

export function openStore(path: string): DatabaseSync {
  const store = new DatabaseSync(path)
  store.exec(`
    create table if not exists applied (customer text, sequence integer, type text, effective_at text, state text, plan text, voided integer default 0, primary key (customer, sequence));
    create table if not exists position (customer text primary key, sequence integer not null)`)
  return store
}

/** Applies all that is new; returns how many. May be called as often as you like, also after a crash in the middle. */
export async function consume(store: DatabaseSync, customer: string, readPage: ReadPage): Promise<number> {
  let count = 0
  for (let after: number | null = positionOf(store, customer); after !== null; ) {
    const page = await readPage(after)
    for (const event of page.data) count += apply(store, customer, event)
    after = page.next_after
  }
  return count
}

function apply(store: DatabaseSync, customer: string, event: SubscriptionEvent): number {
  const expected = positionOf(store, customer) + 1
  if (event.sequence < expected) return 0
  // Numbers have no gaps: one that is missing was not read yet.
  if (event.sequence > expected) throw new Error(`event ${expected} of ${customer} is missing before ${event.sequence}`)
  store.exec('begin immediate')
  try {
    if (event.voids === null) {
      store.prepare('insert into applied (customer, sequence, type, effective_at, state, plan) values (?, ?, ?, ?, ?, ?)').run(customer, event.sequence, event.type, event.effective_at, event.state, event.plan)
    } else {
      store.prepare('update applied set voided = 1 where customer = ? and sequence = ?').run(customer, event.voids)
    }
    store.prepare('insert into position values (?, ?) on conflict (customer) do update set sequence = excluded.sequence').run(customer, event.sequence)
    store.exec('commit')
    return 1
  } catch (error) {
    store.exec('rollback')
    throw error
  }
}

/** What really happened, in the order in which it took effect. */
export function historyOf(store: DatabaseSync, customer: string): readonly string[] {
  return (store.prepare('select type from applied where customer = ? and voided = 0 order by effective_at, sequence').all(customer) as { type: string }[]).map(({ type }) => type)
}

function positionOf(store: DatabaseSync, customer: string): number {
  return (store.prepare('select sequence from position where customer = ?').get(customer) as { sequence: number } | undefined)?.sequence ?? 0
}
