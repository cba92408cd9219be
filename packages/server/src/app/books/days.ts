// The books by day. Usage is added up by the day on which it was settled, batch by batch; a day that is over is closed: its sums of the ledger, and
// what providers cost, are kept for ever. Invariant: a day is closed once, in order, only when nothing can be posted into it any more and when what was
// added up of it is what its events say.

import { DAY_MS, formatUnits, HOUR_MS, instant, parseUnits, units, ZERO, type AccountMove, type Instant } from '@tollgate/core'
import { withRetry, type Sql, type Transaction } from '../../platform/postgres.ts'
import { closedMoves, firstPosted, insertBookDay, isSettledBefore, lastClosedDay, ledgerMoves, lockBooks, type MoveRow } from '../../store/books.ts'
import { insertOutbox } from '../../store/settlement.ts'
import { addUsageDays, moveCursor, providerCosts, recountDay, takeBatches, usageOfBatches, type UsageDayRow } from '../../store/usage-days.ts'
import { loadFacts } from '../../store/customers.ts'
import type { ControlPlane } from '../control-plane.ts'

/** Of one transaction: some tens of milliseconds of reading, so that a minute's usage is added up in a turn. */
const EVENTS_PER_TRANSACTION = 20_000
const BATCHES_PER_TRANSACTION = 500
/** Days closed in one turn: an installation that starts to keep books catches up on a year in a few. */
const DAYS_PER_TURN = 100

/** The job: adds up what was settled since. Returns how many batches. */
export async function addUpUsage(plane: ControlPlane): Promise<number> {
  for (let added = 0; ; ) {
    const batches = await withRetry(plane.sql, async (tx) => {
      const taken = await takeBatches(tx, 'usage_day_cursor', { eventsMax: EVENTS_PER_TRANSACTION, batchesMax: BATCHES_PER_TRANSACTION })
      if (taken === null) return 0
      const rows = await usageOfBatches(tx, taken.ids)
      await addUsageDays(tx, await withPlans(tx, plane, rows))
      await moveCursor(tx, 'usage_day_cursor', taken.last)
      return taken.ids.length
    })
    if (batches === 0) return added
    added += batches
  }
}

/** The plan that the customer was on at the end of the day of use. */
async function withPlans(tx: Transaction, plane: ControlPlane, rows: readonly UsageDayRow[]): Promise<(UsageDayRow & { readonly plan: string })[]> {
  const facts = await loadFacts(tx, [...new Set(rows.map(({ customer }) => customer))])
  const plans = new Map<string, string>()
  return rows.map((row) => {
    const key = `${row.customer} ${row.day}`
    const known = plans.get(key)
    if (known !== undefined) return { ...row, plan: known }
    const of = facts.get(row.customer)
    const plan = of === undefined ? '' : plane.contexts.at(of, instant(Date.parse(row.day) + DAY_MS - 1)).plan.id
    plans.set(key, plan)
    return { ...row, plan }
  })
}

/** The job: closes days that are over. Returns the days. */
export async function closeDays(plane: ControlPlane): Promise<string[]> {
  const closed: string[] = []
  while (closed.length < DAYS_PER_TURN) {
    await addUpUsage(plane)
    const day = await withRetry(plane.sql, (tx) => closeNext(tx, plane))
    if (day === null) break
    closed.push(day)
  }
  return closed
}

async function closeNext(tx: Transaction, plane: ControlPlane): Promise<string | null> {
  await lockBooks(tx)
  const from = await firstOpen(tx)
  if (from === null) return null
  const span = { from, to: instant(from + DAY_MS) }
  if (!(await isSettledBefore(tx, span.to))) return null
  const day = dayText(from)
  const { days, events } = await recountDay(tx, day)
  // Usage that committed a moment ago is added up at the next turn; what stays different keeps the day open, and somebody must look.
  if (days !== events) {
    if (plane.clock.now() > span.to + HOUR_MS) plane.log.error({ day, added_up: days, events }, 'a day of the books cannot be closed: its usage is not what its events say')
    return null
  }
  await insertBookDay(tx, day, await openMoves(tx, span))
  await insertOutbox(tx, [{ customer: null, type: 'books.day_closed', payload: { day } }])
  plane.log.info({ day }, 'the books of a day are closed')
  return day
}

/** The first instant that no closed day holds; null while nothing was ever posted. */
async function firstOpen(sql: Sql | Transaction): Promise<Instant | null> {
  const last = await lastClosedDay(sql)
  if (last !== null) return instant(Date.parse(last) + DAY_MS)
  const first = await firstPosted(sql)
  return first === null ? null : startOfDay(first)
}

/** What stands in the ledger, and what providers cost, of a span that is not closed. */
async function openMoves(sql: Sql | Transaction, span: { readonly from: Instant; readonly to: Instant }): Promise<MoveRow[]> {
  if (span.from >= span.to) return []
  const [moves, costs] = [await ledgerMoves(sql, span), await providerCosts(sql, span)]
  return [...moves, ...costs.flatMap(({ asset, cost }): MoveRow[] => {
    const amount = parseUnits(cost, asset)
    if (amount === ZERO) return []
    const [debit, credit] = amount > ZERO ? ['provider_cost', 'accrued_provider_cost'] as const : ['accrued_provider_cost', 'provider_cost'] as const
    const text = formatUnits(units(amount > ZERO ? amount : -amount), asset)
    return [{ asset, account: debit, cause: 'provider_cost', debits: text, credits: '0' }, { asset, account: credit, cause: 'provider_cost', debits: '0', credits: text }]
  })]
}

/** What moved in a span of whole days, closed or not; `from` null: since the beginning. */
export async function movesBetween(sql: Sql | Transaction, span: { readonly from: Instant | null; readonly to: Instant }): Promise<MoveRow[]> {
  const open = await firstOpen(sql)
  if (open === null) return []
  const closed = await closedMoves(sql, { from: span.from === null ? null : dayText(span.from), to: dayText(span.to) })
  const rest = await openMoves(sql, { from: span.from !== null && span.from > open ? span.from : open, to: span.to })
  return [...closed, ...rest]
}

/** By asset, one move an account and cause. */
export function byAsset(rows: readonly MoveRow[]): Map<string, AccountMove[]> {
  const assets = new Map<string, Map<string, AccountMove>>()
  for (const { asset, account, cause, debits, credits } of rows) {
    const moves = assets.get(asset) ?? new Map<string, AccountMove>()
    assets.set(asset, moves)
    const key = `${account} ${cause}`
    const known = moves.get(key)
    moves.set(key, { account, cause, debits: units((known?.debits ?? 0n) + parseUnits(debits, asset)), credits: units((known?.credits ?? 0n) + parseUnits(credits, asset)) })
  }
  return new Map([...assets].map(([asset, moves]) => [asset, [...moves.values()]]))
}

export function dayText(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

export function startOfDay(at: number): Instant {
  return instant(Math.floor(at / DAY_MS) * DAY_MS)
}
