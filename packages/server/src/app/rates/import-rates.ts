// Importing price lists: what they would change, and putting it in force. Entries are added from a day on; nothing is overwritten, so
// that usage of before keeps its cost. A change above the percentage that the caller names is held back unless it is confirmed.

import { InputError, parseDecimal, rateKey, RATES_IMPORTED_MAX, type RateDocument } from '@tollgate/core'
import { withRetry } from '../../platform/postgres.ts'
import { insertAudit } from '../../store/audit.ts'
import { catalogAt, copyWithRates, lockCatalog } from '../../store/catalogs.ts'
import { forgetUnpriced, insertRateCard, latestRateCard } from '../../store/rate-cards.ts'
import { insertOutbox } from '../../store/settlement.ts'
import type { Actor } from '../actor.ts'
import { EMPTY_CATALOG } from '../catalogs.ts'
import type { ControlPlane } from '../control-plane.ts'
import { Problem } from '../problems.ts'
import { announceCatalog } from '../force-catalog.ts'
import { diffRates, type DiffOptions, type RateChange, type RatesDiff } from './diff-rates.ts'
import { effectiveRates } from './effective-rates.ts'
import { readPriceList, type PriceList } from './read-list.ts'

export type ImportRequest = Omit<DiffOptions, 'from'> & { readonly lists: readonly PriceList[]; /** First day of the new entries; today unless stated. */ readonly from: string | null }

export type ImportPlan = RatesDiff & {
  /** Version of the imported rates that it starts from; 0 for none. */
  readonly baseVersion: number
  readonly from: string
  readonly lists: readonly { readonly name: string; readonly source: string; readonly entries: number; readonly skipped: Readonly<Record<string, number>> }[]
}

export async function planImport(plane: ControlPlane, request: ImportRequest): Promise<ImportPlan> {
  const from = request.from ?? new Date(plane.clock.now()).toISOString().slice(0, 10)
  const lists = request.lists.map((list) => ({ name: list.name, ...readPriceList(list, { from }) }))
  const [catalog, imported] = await Promise.all([catalogAt(plane.sql, plane.clock.now()), latestRateCard(plane.sql)])
  const card = effectiveRates(catalog?.document ?? EMPTY_CATALOG, imported?.rates ?? [])
  return {
    ...diffRates(card, lists, { ...request, from }), baseVersion: imported?.version ?? 0, from,
    lists: lists.map(({ name, source, rates, skipped }) => ({ name, source, entries: rates.length, skipped })),
  }
}

export type ImportOutcome = { readonly version: number; readonly applied: readonly RateChange[]; /** Above the threshold, and not confirmed. */ readonly held: readonly RateChange[]; readonly plan: ImportPlan }

export async function applyImport(
  plane: ControlPlane,
  actor: Actor,
  request: ImportRequest & { /** Percent, decimal text. */ readonly confirmAbove: string; readonly isConfirmed: boolean; readonly baseVersion: number | null },
): Promise<ImportOutcome> {
  const plan = await planImport(plane, request)
  const threshold = parseDecimal(request.confirmAbove, 1, 'confirm_above')
  const news = plan.changes.filter(({ rate, isOverridden }) => rate !== null && !isOverridden)
  const needsYes = (change: RateChange): boolean => !request.isConfirmed && (change.perMille === null || change.perMille > threshold)
  const applied = news.filter((change) => !needsYes(change))
  const held = news.filter(needsYes)
  if (applied.length === 0) return { version: plan.baseVersion, applied, held, plan }
  const { version, catalog } = await withRetry(plane.sql, async (tx) => {
    await lockCatalog(tx)
    const latest = await latestRateCard(tx)
    const base = latest?.version ?? 0
    if (base !== plan.baseVersion || (request.baseVersion !== null && request.baseVersion !== base)) throw new Problem('rates_conflict', `version ${base} of the imported rates is in force, but the import was planned on version ${request.baseVersion ?? plan.baseVersion}: plan again`, 'base_version')
    const rates = added(latest?.rates ?? [], applied.map(({ rate }) => rate!))
    const version = await insertRateCard(tx, { rates, sources: [...new Set(plan.lists.map(({ source }) => source))], actor: actor.id })
    const catalog = await copyWithRates(tx, { at: plane.clock.now(), ratesVersion: version, actor: actor.id, applies: () => true })
    await forgetUnpriced(tx, applied.map(({ model }) => model))
    await insertAudit(tx, { actor: actor.id, action: 'rates.imported', customer: null, target: `rates/${version}`, before: { version: base }, after: { version, catalog_version: catalog, entries: applied.length } })
    await insertOutbox(tx, [{ customer: null, type: 'rates.imported', payload: { version, catalog_version: catalog, entries: applied.length, held: held.length } }])
    return { version, catalog }
  })
  if (catalog !== null) await announceCatalog(plane, catalog)
  return { version, applied, held, plan }
}

/** Entries with those of `news`; one of the same day is replaced by the later import. */
function added(before: readonly RateDocument[], news: readonly RateDocument[]): readonly RateDocument[] {
  const byKey = new Map([...before, ...news].map((rate) => [rateKey(rate), rate]))
  if (byKey.size > RATES_IMPORTED_MAX) throw new InputError({ code: 'too_many_rates', field: 'lists', message: `the rate card would have ${byKey.size} imported entries; at most ${RATES_IMPORTED_MAX} are kept. Name the providers that you use` })
  return [...byKey.values()]
}
