// Posting a re-rating: each entry that is due becomes a ledger transfer with a cause of its own and an item that waits for the customer's
// next invoice, in one transaction under the customer's lock. Charges are never touched. Posting again posts what is left and nothing
// twice; an entry whose span was adjusted after the preview is left out, told as outdated.

import { adjustmentTransfers, formatUnits, parseUnits, RERATING_ENTRIES_AT_ONCE, units } from '@tollgate/core'
import { withRetry, type Transaction } from '../../platform/postgres.ts'
import { insertAudit } from '../../store/audit.ts'
import { lockCustomers } from '../../store/customers.ts'
import { insertItems } from '../../store/invoices.ts'
import { insertTransfers } from '../../store/ledger.ts'
import { entryTotals, findRerating, listEntries, moveRerating, postedEntries, setEntryState, type EntryRow, type ReratingRow } from '../../store/reratings.ts'
import { insertOutbox } from '../../store/settlement.ts'
import type { Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { dayOf } from '../invoices/compose.ts'
import { Problem } from '../problems.ts'
import { adjustedBy, readRerating } from './reratings.ts'

const posting = new WeakMap<ControlPlane, Set<string>>()

/** Begins to post, or goes on where it was interrupted; it answers at once. Posted already, it changes nothing. */
export async function startPosting(plane: ControlPlane, actor: Actor, id: string): Promise<ReratingRow> {
  const { row } = await readRerating(plane, id)
  if (row.state !== 'previewed' && row.state !== 'posting' && row.state !== 'posted') throw new Problem('rerating_state', `re-rating ${id} is ${row.state}: only a finished preview is posted`, 'rerating')
  const busy = posting.get(plane) ?? new Set<string>()
  posting.set(plane, busy)
  if (row.state === 'posted' || busy.has(id)) return row
  busy.add(id)
  const entries = (await entryTotals(plane.sql, id)).map(({ customers, ...sums }) => ({ ...sums, customers: Number(customers) }))
  await withRetry(plane.sql, async (tx) => {
    if (await moveRerating(tx, id, { from: ['previewed'], to: 'posting', postedBy: actor.id })) await insertAudit(tx, { actor: actor.id, action: 'rerating.posted', customer: null, target: `rerating/${id}`, before: null, after: { entries }, reason: row.reason })
  })
  void postAll(plane, row).catch((error: unknown) => plane.log.error({ error, rerating: id }, 'posting a re-rating stopped: post it again to go on')).finally(() => busy.delete(id))
  return (await findRerating(plane.sql, id))!
}

/** All that are due; for the customers of one transaction their chains go on together. */
export async function postAll(plane: ControlPlane, rerating: Pick<ReratingRow, 'id' | 'reason'>): Promise<void> {
  for (;;) {
    const due = await listEntries(plane.sql, { rerating: rerating.id, after: null, limit: RERATING_ENTRIES_AT_ONCE, state: 'due' })
    if (due.length === 0) break
    await withRetry(plane.sql, (tx) => postSome(tx, plane, due))
  }
  await moveRerating(plane.sql, rerating.id, { from: ['posting'], to: 'posted' })
}

async function postSome(tx: Transaction, plane: ControlPlane, entries: readonly EntryRow[]): Promise<void> {
  const customers = [...new Set(entries.map(({ customer }) => customer))]
  const facts = await plane.contexts.facts(tx, await lockCustomers(tx, customers))
  const span = { from: Math.min(...entries.map(({ from }) => from)) as EntryRow['from'], to: Math.max(...entries.map(({ to }) => to)) as EntryRow['to'] }
  const posted = await postedEntries(tx, { customers, ...span })
  for (const entry of entries) {
    const { rerating, customer, asset, periodStart } = entry
    const exact = (text: string): bigint => parseUnits(text, asset)
    const earlier = posted.filter((one) => one.customer === customer && one.periodStart === periodStart && one.asset === asset)
    const isOutdated = adjustedBy(earlier, { start: entry.from, end: entry.to }, asset) !== exact(entry.adjusted) || earlier.some((one) => one.rerating === rerating)
    await setEntryState(tx, entry, isOutdated ? 'outdated' : 'posted')
    if (isOutdated) continue
    const difference = units(exact(entry.after) - exact(entry.charged) - exact(entry.adjusted))
    const item = `ini_${rerating.slice(4)}_${periodStart / 1000}`
    const days = [entry.from, (entry.to - 1) as EntryRow['to']].map((at) => dayOf(at, facts.get(customer)!.timeZone))
    await insertTransfers(tx, adjustmentTransfers(asset, difference).map((transfer) => ({ ...transfer, customer, id: `trf_${plane.randomText()}`, cause: 'rerating', causeId: rerating, batch: null, periodStart })))
    await insertItems(tx, [{ customer, id: item, kind: 'adjustment', name: `Usage rated again, ${days[0]} to ${days[1]}`, amount: formatUnits(difference, asset), currency: asset, periodStart: entry.from, periodEnd: entry.to }])
    await insertOutbox(tx, [{ customer, type: 'usage.rerated', payload: { rerating, period_start: new Date(periodStart).toISOString(), charged: entry.charged, adjusted: entry.adjusted, after: entry.after, difference: formatUnits(difference, asset), currency: asset } }])
  }
}
