// Re-rating: the stored usage of a span rated again under a corrected price. First a preview, entry by entry: what a customer was charged in
// a period, what it would have been, the difference. It is the simulation that everything else is tried with; nothing is rated here.
// Posting is in post.ts. One re-rating is previewed at a time; a control plane that stops ends it.

import { formatUnits, InputError, parseUnits, units, type Catalog, type Instant, type Span, type Units } from '@tollgate/core'
import { compileCatalog } from '../../platform/meter-expression.ts'
import { withRetry } from '../../platform/postgres.ts'
import { insertAudit } from '../../store/audit.ts'
import { entryTotals, findRerating, insertEntries, insertRerating, listEntries, listReratings, moveRerating, postedEntries, type EntryRow, type EntryState, type EntryTotals, type ReratingRow } from '../../store/reratings.ts'
import type { Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { pageOf, type Page } from '../listings.ts'
import type { CatalogText } from '../plan-catalog.ts'
import { Problem } from '../problems.ts'
import { simulate, type RatedPeriod, type SimulationProgress } from '../simulate/simulate.ts'
import { draftDocument } from '../simulate/simulations.ts'

export type ReratingInput = {
  /** The corrected catalog; null for that in force. */
  readonly text: CatalogText | null
  readonly from: Instant
  /** Not later than now: a span that is still filled could not be looked at again. */
  readonly to: Instant
  readonly plans: readonly string[] | null
  readonly reason: string
}

type Running = { progress: SimulationProgress; readonly cancel: () => void }
const running = new WeakMap<ControlPlane, Map<string, Running>>()

export async function startRerating(plane: ControlPlane, actor: Actor, input: ReratingInput): Promise<ReratingRow> {
  const own = runningOf(plane)
  if (own.size > 0) throw new Problem('simulation_running', 'another re-rating is being looked at: wait for it, or cancel it')
  if (input.from >= input.to || input.to > plane.clock.now()) throw new InputError({ code: 'out_of_range', field: 'to', message: 'the span ends before it begins, or lies in the future: only what happened is rated again' })
  const catalog = await correctedCatalog(plane, input.text)
  const id = `rrt_${plane.randomText()}`
  const aborting = new AbortController()
  own.set(id, { progress: { events: 0, eventsExpected: 0, customers: 0, customersExpected: 0 }, cancel: () => aborting.abort() })
  try {
    await withRetry(plane.sql, async (tx) => {
      await insertRerating(tx, { id, catalogVersion: input.text === null ? catalog.version : null, source: input.text?.source ?? null, overlays: input.text?.overlays ?? [], from: input.from, to: input.to, plans: input.plans, reason: input.reason, createdBy: actor.id })
      await insertAudit(tx, { actor: actor.id, action: 'rerating.started', customer: null, target: `rerating/${id}`, before: null, after: { from: new Date(input.from).toISOString(), to: new Date(input.to).toISOString(), plans: input.plans }, reason: input.reason })
    })
  } catch (error) {
    own.delete(id)
    throw error
  }
  void preview(plane, { id, catalog, span: { start: input.from, end: input.to }, plans: input.plans, signal: aborting.signal }).finally(() => own.delete(id))
  return (await findRerating(plane.sql, id))!
}

/** With how far it is; a preview whose control plane stopped is told as failed. */
export async function readRerating(plane: ControlPlane, id: string): Promise<{ readonly row: ReratingRow; readonly progress: SimulationProgress | null }> {
  const row = await findRerating(plane.sql, id)
  if (row === null) throw new Problem('not_found', `there is no re-rating ${id}`, 'rerating')
  const own = runningOf(plane).get(id)
  if (row.state !== 'running' || own !== undefined) return { row, progress: own?.progress ?? null }
  await moveRerating(plane.sql, id, { from: ['running'], to: 'failed', failure: 'the control plane stopped meanwhile: start another' })
  return { row: (await findRerating(plane.sql, id))!, progress: null }
}

export async function cancelRerating(plane: ControlPlane, id: string): Promise<ReratingRow> {
  const { row } = await readRerating(plane, id)
  if (row.state !== 'running' && row.state !== 'previewed') return row
  runningOf(plane).get(id)?.cancel()
  await moveRerating(plane.sql, id, { from: ['running', 'previewed'], to: 'cancelled' })
  return (await findRerating(plane.sql, id))!
}

export async function reratingsPage(plane: ControlPlane, input: { readonly after: string | null; readonly limit: number }): Promise<Page<ReratingRow>> {
  return pageOf(await listReratings(plane.sql, { before: input.after, limit: input.limit + 1 }), input.limit, ({ id }) => id)
}

export async function reratingEntries(plane: ControlPlane, input: { readonly rerating: string; readonly after: Pick<EntryRow, 'customer' | 'periodStart' | 'asset'> | null; readonly limit: number }): Promise<Page<EntryRow>> {
  await readRerating(plane, input.rerating)
  return pageOf(await listEntries(plane.sql, { ...input, limit: input.limit + 1, state: null }), input.limit, ({ customer, periodStart, asset }) => `${customer} ${periodStart} ${asset}`)
}

export function reratingTotals(plane: ControlPlane, id: string): Promise<EntryTotals[]> {
  return entryTotals(plane.sql, id)
}

type Preview = { readonly id: string; readonly catalog: Catalog; readonly span: Span; readonly plans: readonly string[] | null; readonly signal: AbortSignal }

async function preview(plane: ControlPlane, { id, catalog, span, plans, signal }: Preview): Promise<void> {
  try {
    const { customers, events, unpriced } = await simulate({
      sql: plane.sql, current: plane.catalogs.current(), draft: catalog, span, plans, signal,
      onProgress: (progress) => {
        const own = runningOf(plane).get(id)
        if (own !== undefined) own.progress = progress
      },
      onPeriods: async (periods) => insertEntries(plane.sql, await entriesOf(plane, { id, catalog, span, periods })),
    })
    await moveRerating(plane.sql, id, { from: ['running'], to: 'previewed', counts: { customers, events, unpriced } })
  } catch (error) {
    if (signal.aborted) return
    plane.log.error({ error, rerating: id }, 'a re-rating failed')
    await moveRerating(plane.sql, id, { from: ['running'], to: 'failed', failure: error instanceof InputError ? error.message : 'something broke on our side; the log has more' })
  }
}

/** An entry for each period of a customer and asset in which something is different. */
async function entriesOf(plane: ControlPlane, of: { readonly id: string; readonly catalog: Catalog; readonly span: Span; readonly periods: readonly RatedPeriod[] }): Promise<Omit<EntryRow, 'postedAt'>[]> {
  const { span, periods } = of
  const posted = await postedEntries(plane.sql, { customers: [...new Set(periods.map(({ customer }) => customer))], from: span.start, to: span.end })
  return periods.flatMap(({ customer, period, assets, events }) => {
    const part: Span = { start: Math.max(period.start, span.start) as Instant, end: Math.min(period.end, span.end) as Instant }
    return [...assets].flatMap(([asset, { current, simulated, isInvoiced }]): Omit<EntryRow, 'postedAt'>[] => {
      const earlier = posted.filter((entry) => entry.customer === customer && entry.periodStart === period.start && entry.asset === asset)
      const adjusted = adjustedBy(earlier, part, asset)
      if (units(current + adjusted) === simulated) return []
      const state: EntryState = !isInvoiced ? 'prepaid' : earlier.some((entry) => overlaps(entry, part)) ? 'overlaps' : 'due'
      const text = (amount: bigint): string => formatUnits(units(amount), asset)
      return [{ rerating: of.id, customer, periodStart: period.start, periodEnd: period.end, from: part.start, to: part.end, asset, charged: text(current), adjusted: text(adjusted), after: text(simulated), events: BigInt(events), state }]
    })
  })
}

/** What earlier re-ratings posted for exactly this part of a period. */
export function adjustedBy(posted: readonly EntryRow[], part: Span, asset: string): Units {
  const exact = (text: string): bigint => parseUnits(text, asset)
  return units(posted.filter(({ from, to }) => from === part.start && to === part.end).reduce((sum, entry) => sum + exact(entry.after) - exact(entry.charged) - exact(entry.adjusted), 0n))
}

function overlaps({ from, to }: EntryRow, part: Span): boolean {
  return from < part.end && to > part.start && !(from === part.start && to === part.end)
}

/** Subscribers who keep an earlier plan are rated by that, also under a text that is not published. */
async function correctedCatalog(plane: ControlPlane, text: CatalogText | null): Promise<Catalog> {
  const current = plane.catalogs.current()
  if (text === null) return current
  const { kept_plans: kept } = await plane.catalogs.document(current.version)
  return compileCatalog({ ...(await draftDocument(plane, text)), ...(kept === undefined ? {} : { kept_plans: kept }) }, 0)
}

function runningOf(plane: ControlPlane): Map<string, Running> {
  const own = running.get(plane) ?? new Map<string, Running>()
  running.set(plane, own)
  return own
}
